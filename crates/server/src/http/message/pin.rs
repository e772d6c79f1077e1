//! `POST /api/message/pin`

use axum::extract::State;
use rim_core::note::Act;
use rim_protocol::rest::{Message, MessageRef};

use super::acts::Acts;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Pin a message
///
/// For everybody in the group: whoever the group allows to, and both people of a single chat.
#[utoipa::path(
    post,
    path = "/api/message/pin",
    tag = "message",
    responses((status = 200, body = Message, description = "The message as it is now.")),
)]
pub(super) async fn pin_message(
    State(acts): State<Acts>,
    caller: Caller,
    Json(body): Json<MessageRef>,
) -> Answer<Message> {
    acts.act(&caller, &body, Act::Pin).await
}
