//! `POST /api/message/recall`

use axum::extract::State;
use rim_core::note::Act;
use rim_protocol::rest::{Message, MessageRef};

use super::acts::Acts;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Recall a message
///
/// One's own, within the server's window. An admin recalls those of common members, the creator of the group all. What it said is
/// gone for everybody and for ever; its place stays.
#[utoipa::path(
    post,
    path = "/api/message/recall",
    tag = "message",
    responses((status = 200, body = Message, description = "The message as it is now.")),
)]
pub(super) async fn recall_message(
    State(acts): State<Acts>,
    caller: Caller,
    Json(body): Json<MessageRef>,
) -> Answer<Message> {
    acts.act(&caller, &body, Act::Recall).await
}
