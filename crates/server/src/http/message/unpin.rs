//! `POST /api/message/unpin`

use axum::extract::State;
use rim_core::note::Act;
use rim_protocol::rest::{Message, MessageRef};

use super::acts::Acts;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Unpin a message
///
/// Whoever may pin.
#[utoipa::path(
    post,
    path = "/api/message/unpin",
    tag = "message",
    responses((status = 200, body = Message, description = "The message as it is now.")),
)]
pub(super) async fn unpin_message(
    State(acts): State<Acts>,
    caller: Caller,
    Json(body): Json<MessageRef>,
) -> Answer<Message> {
    acts.act(&caller, &body, Act::Unpin).await
}
