//! `POST /api/message/forward`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rim_core::message::forward::{Forward, MAX_BYTES, MAX_CLIENT_MSG_ID_BYTES, MAX_GROUPS, MAX_MESSAGES};
use rim_core::{Clock, ConnectionId, GroupId, MessageId};
use rim_protocol::limits::{Invalid, MAX_CONTENT_BYTES};
use rim_protocol::{Id, rest};
use rim_store::Store;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::client_msg_id::given_or_drawn;
use crate::config::Config;
use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::limits::RateLimits;
use crate::wire;

/// `POST /api/message/forward`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"from": 2001, "msgIds": [30001, 30002], "to": [2002, 2003]}))]
pub struct MessageForward {
    /// The group in which the messages are.
    #[schema(value_type = u64)]
    from: Id,
    msg_ids: Vec<Id>,
    /// The groups that they go to.
    to: Vec<Id>,
    /// Whether they become one message, of the kind Merged.
    #[serde(default)]
    merged: bool,
    /// Whether nothing says who wrote them.
    #[serde(default)]
    without_origin: bool,
    /// By which it is known if it comes again. Without one it is not.
    #[serde(default)]
    client_msg_id: Option<String>,
}

/// Forward messages
///
/// To several groups, in the order in which they were sent: all of them or none. One must see each of them and be a member of each
/// group. Messages that were recalled, or will expire, are not forwarded. A copy is a message of one's own, without
/// mentions, reply and edit mark, and says in `forwardedFrom` who wrote it first. All copies count as messages sent.
#[utoipa::path(
    post,
    path = "/api/message/forward",
    tag = "message",
    responses((status = 200, body = Vec<Vec<rest::Message>>, description = "The copies in each group, in the order of `to`.")),
)]
pub(super) async fn forward_messages(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    State(config): State<Arc<Config>>,
    State(limits): State<Arc<RateLimits>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Json(body): Json<MessageForward>,
) -> Result<Response, ApiError> {
    let messages = ids("msgIds", &body.msg_ids, MAX_MESSAGES)?.map(MessageId).collect();
    let to = ids("to", &body.to, MAX_GROUPS)?.map(GroupId).collect();
    let forward = Forward {
        user: caller.user,
        from: GroupId(body.from.get()),
        messages,
        to,
        merged: body.merged,
        without_origin: body.without_origin,
        client_msg_id: shortened(given_or_drawn(body.client_msg_id)?),
        session: Some(caller.session.id),
        now: clock.now(),
        connection: ConnectionId::default(),
        content_bytes: MAX_CONTENT_BYTES,
    };
    let count = forward.copies() * forward.to.len();
    limits.messages(caller.user, count)?;
    // The most that so many may be: what a control character costs is six bytes.
    let bytes = (count * (6 * MAX_CONTENT_BYTES + 1024)).min(MAX_BYTES + 1024);
    bounded
        .once(caller.user, bytes, async {
            let copies = store.forward(forward).await?;
            Ok(copies.iter().map(|copies| wire::messages(copies, &config.time_zone)).collect::<Vec<_>>())
        })
        .await
}

fn ids(field: &'static str, ids: &[Id], most: usize) -> Result<impl Iterator<Item = u64>, ApiError> {
    if ids.is_empty() || ids.len() > most {
        return Err(Invalid::new(field, format!("a list of 1 to {most} ids")).into());
    }
    Ok(ids.iter().map(|id| id.get()))
}

/// Room is left for the numbers of the copies: what is longer is known by its hash.
fn shortened(client_msg_id: String) -> String {
    if client_msg_id.len() <= MAX_CLIENT_MSG_ID_BYTES {
        return client_msg_id;
    }
    let hash = Sha256::digest(&client_msg_id);
    hash[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
