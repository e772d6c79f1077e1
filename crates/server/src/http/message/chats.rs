//! `POST /api/message/chat/list`

use std::sync::Arc;

use axum::extract::State;
use rim_protocol::rest::{ChatItem, ChatList};

use super::page;
use crate::App;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::wire;

/// List one's chats
///
/// Groups that one is or was in with a message that one may see, each with its latest message, its first other member
/// and the number of unread messages. Of a group that one has left these are those of one's own part, and `left` is
/// true. Pages are cut newest activity first; the rows of a page ascend by message id.
#[utoipa::path(
    post,
    path = "/api/message/chat/list",
    tag = "message",
    responses((status = 200, body = Vec<ChatItem>, description = "A page of chats; empty past the end.")),
)]
pub(super) async fn list_chats(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(body): Json<ChatList>,
) -> Answer<Vec<ChatItem>> {
    if body.uid.get() != caller.user.0 {
        return Ok(Data(Vec::new()));
    }
    let chats = app.store.chats(caller.user, page(body.page, body.size)).await?;
    Ok(Data(chats.iter().map(|chat| wire::chat(chat, caller.user, &app.config.time_zone)).collect()))
}
