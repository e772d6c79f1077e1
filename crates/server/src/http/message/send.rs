//! `POST /api/message/send`

use std::sync::Arc;

use axum::extract::State;
use rim_core::message::{NewMessage, Write, Written};
use rim_core::{Clock, ConnectionId, GroupId};
use rim_protocol::frame::Extras;
use rim_protocol::rest::Message;
use rim_protocol::{Id, Kind};
use rim_store::{Store, StoreError, callback};
use serde::Deserialize;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::acts::{mentioned, sent_kind};
use super::client_msg_id::given_or_drawn;
use crate::config::Config;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::limits::RateLimits;
use crate::metrics::Metrics;
use crate::wire;

/// `POST /api/message/send`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"gid": 2001, "content": "The build is green.", "clientMsgId": "build-4711"}))]
pub struct MessageSend {
    gid: Id,
    /// What the kind says.
    content: String,
    /// `Text` where it is left out.
    #[serde(default)]
    kind: Option<Kind>,
    /// 1 to 64 bytes, chosen by the client: the same message again is stored once.
    #[serde(default)]
    client_msg_id: Option<String>,
    /// The message that it answers.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    reply_to: Option<Id>,
    /// At most 50 members.
    #[serde(default)]
    mentions: Vec<Id>,
    /// Whether it mentions everybody.
    #[serde(default)]
    mention_all: bool,
}

/// Send a message
///
/// As a `Msg` of the WebSocket does: it is answered once it is stored, and every connection of every member hears of it,
/// one's own included.
#[utoipa::path(
    post,
    path = "/api/message/send",
    tag = "message",
    responses((status = 200, body = Message, description = "The message; of one that was sent before that one.")),
)]
pub(super) async fn send_message(
    State(store): State<Arc<dyn Store>>,
    State(limits): State<Arc<RateLimits>>,
    State(clock): State<Arc<dyn Clock>>,
    State(config): State<Arc<Config>>,
    State(metrics): State<Arc<Metrics>>,
    caller: Caller,
    Json(body): Json<MessageSend>,
) -> Answer<Message> {
    let kind = body.kind.map_or(Ok(Kind::Text), sent_kind)?;
    kind.check(&body.content)?;
    let (group, reply_to) = (GroupId(body.gid.get()), body.reply_to.map(Id::get));
    let extras = Extras { reply_to, mentions: mentioned(body.mentions)?, mention_all: body.mention_all };
    let message = NewMessage {
        group,
        sender: caller.user,
        client_msg_id: given_or_drawn(body.client_msg_id)?,
        kind: wire::stored_kind(kind),
        content: body.content,
        extras: (extras != Extras::default()).then(|| Box::new(wire::extras(extras))),
        session: Some(caller.session.id),
        now: clock.now(),
        // All of their connections are others.
        connection: ConnectionId::default(),
    };
    limits.message(caller.user)?;
    let (done, stored) = oneshot::channel();
    // One who does not wait any more has sent it all the same.
    store.submit(Write::Append(message), callback(move |result| drop(done.send(result))))?;
    match stored.await.unwrap_or(Err(StoreError::Unsure)) {
        Ok(Written::Appended { id, .. }) => {
            metrics.messages_accepted.inc();
            let message = store.message(caller.user, group, id).await?;
            Ok(Data(wire::message(&message, &config.time_zone)))
        }
        Ok(Written::Marked) => Err(ApiError::Fault("a message was marked, and not appended".to_owned())),
        Err(error) => {
            metrics.messages_refused.inc();
            Err(error.into())
        }
    }
}
