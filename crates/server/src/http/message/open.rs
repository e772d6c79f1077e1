//! `POST /api/message/open`

use axum::extract::State;
use rim_core::note::Act;
use rim_protocol::rest::{Message, MessageRef};

use super::acts::Acts;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Say that one has played a voice message
///
/// Once, and of those of others. Who sees it is told who has.
#[utoipa::path(
    post,
    path = "/api/message/open",
    tag = "message",
    responses((status = 200, body = Message, description = "The message as it is now.")),
)]
pub(super) async fn open_message(
    State(acts): State<Acts>,
    caller: Caller,
    Json(body): Json<MessageRef>,
) -> Answer<Message> {
    acts.act(&caller, &body, Act::Open).await
}
