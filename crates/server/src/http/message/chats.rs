//! `POST /api/message/chat/list`

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rim_core::message::WantedChats;
use rim_protocol::rest::{ChatItem, ChatList};
use rim_store::{Part, Store};

use super::page::page;
use crate::config::Config;
use crate::http::answer::Data;
use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::wire;

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
    State(store): State<Arc<dyn Store>>,
    State(config): State<Arc<Config>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Json(body): Json<ChatList>,
) -> Result<Response, ApiError> {
    if body.uid.get() != caller.user.0 {
        return Ok(Data(Vec::<ChatItem>::new()).into_response());
    }
    let (store, zone) = (Arc::clone(&store), config.time_zone.clone());
    let wanted = WantedChats::Page(page(body.page, body.size));
    bounded
        .list(caller.user, wanted, move |wanted, bytes| {
            let (store, zone) = (Arc::clone(&store), zone.clone());
            async move {
                let part = store.chats_part(caller.user, wanted, bytes).await?;
                let rows = part.rows.iter().map(|chat| wire::chat(chat, caller.user, &zone)).collect();
                Ok(Part { rows, rest: part.rest.map(WantedChats::Rest) })
            }
        })
        .await
}
