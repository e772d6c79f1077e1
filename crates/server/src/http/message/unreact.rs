//! `POST /api/message/unreact`

use axum::extract::State;
use rim_core::note::Act;
use rim_protocol::Emoji;
use rim_protocol::rest::{Message, MessageRef};

use super::acts::Acts;
use super::react::MessageReaction;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Take back a reaction
#[utoipa::path(
    post,
    path = "/api/message/unreact",
    tag = "message",
    responses((status = 200, body = Message, description = "The message as it is now.")),
)]
pub(super) async fn unreact(
    State(acts): State<Acts>,
    caller: Caller,
    Json(MessageReaction { gid, msg_id, emoji }): Json<MessageReaction>,
) -> Answer<Message> {
    let emoji = Emoji::read("emoji", &emoji)?.as_str().to_owned();
    acts.act(&caller, &MessageRef { gid, msg_id }, Act::Unreact { emoji }).await
}
