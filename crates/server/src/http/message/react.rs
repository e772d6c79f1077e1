//! `POST /api/message/react`

use axum::extract::State;
use rim_core::note::Act;
use rim_protocol::rest::{Message, MessageRef};
use rim_protocol::{Emoji, Id};
use serde::Deserialize;
use utoipa::ToSchema;

use super::acts::Acts;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::json::Json;

/// `POST /api/message/react` and `/api/message/unreact`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"gid": 2001, "msgId": 30001, "emoji": "👍"}))]
pub struct MessageReaction {
    pub(super) gid: Id,
    pub(super) msg_id: Id,
    /// One emoji.
    pub(super) emoji: String,
}

/// React to a message
///
/// With one emoji, once. A message has at most 20 different ones.
#[utoipa::path(
    post,
    path = "/api/message/react",
    tag = "message",
    responses((status = 200, body = Message, description = "The message as it is now.")),
)]
pub(super) async fn react(
    State(acts): State<Acts>,
    caller: Caller,
    Json(MessageReaction { gid, msg_id, emoji }): Json<MessageReaction>,
) -> Answer<Message> {
    let emoji = Emoji::read("emoji", &emoji)?.as_str().to_owned();
    acts.act(&caller, &MessageRef { gid, msg_id }, Act::React { emoji }).await
}
