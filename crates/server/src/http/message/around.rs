//! `POST /api/message/around`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rim_core::sight::Target;
use rim_core::{GroupId, MessageId, Seq};
use rim_protocol::Id;
use rim_protocol::limits::Invalid;
use rim_protocol::rest::{Message, User};
use rim_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config::Config;
use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::wire;

/// `POST /api/message/around`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"gid": 2001, "msgId": 30001, "before": 20, "after": 20}))]
pub struct AroundRequest {
    gid: Id,
    /// Needed unless there is a `seq`.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    msg_id: Option<Id>,
    /// Its place, in place of `msgId`.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    seq: Option<Id>,
    /// Messages before it: none where left out, 200 at the most.
    #[serde(default)]
    before: u32,
    /// Messages behind it: none where left out, 200 at the most.
    #[serde(default)]
    after: u32,
}

/// Messages around one, ascending; nothing in between is left out that one may see.
#[derive(Serialize, ToSchema)]
pub struct AroundAnswer {
    messages: Vec<Message>,
    /// Everybody whom they name, once.
    users: Vec<User>,
    /// Whether there are others before the first.
    older: bool,
    /// Whether there are others behind the last.
    newer: bool,
}

/// Read the messages around one
///
/// It is among them and not counted. What one may not see is passed over.
#[utoipa::path(
    post,
    path = "/api/message/around",
    tag = "message",
    responses((status = 200, body = AroundAnswer, description = "The nearest of them, as many as fit into an answer.")),
)]
pub(super) async fn read_around(
    State(store): State<Arc<dyn Store>>,
    State(config): State<Arc<Config>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Json(body): Json<AroundRequest>,
) -> Result<Response, ApiError> {
    let AroundRequest { gid, msg_id, seq, before, after } = body;
    let target = match (msg_id, seq) {
        (Some(id), _) => Target::Message(MessageId(id.get())),
        (None, Some(seq)) => Target::Place(Seq(seq.get())),
        (None, None) => return Err(Invalid::new("msgId", "needed unless there is a `seq`").into()),
    };
    let (user, group) = (caller.user, GroupId(gid.get()));
    let (store, zone) = (&store, &config.time_zone);
    bounded
        .object(user, |bytes| async move {
            let around = store.around(user, group, target, before, after, bytes).await?;
            Ok(AroundAnswer {
                messages: wire::messages(&around.messages, zone),
                users: wire::users(&around.users, user),
                older: around.older,
                newer: around.newer,
            })
        })
        .await
}
