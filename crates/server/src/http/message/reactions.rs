//! `POST /api/message/reactions`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rim_core::{GroupId, MessageId};
use rim_protocol::rest::User;
use rim_protocol::{Emoji, Id};
use rim_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::optional_page;
use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::wire;

/// `POST /api/message/reactions`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"gid": 2001, "msgId": 30001, "emoji": "👍", "page": 1, "size": 50}))]
pub struct ReactionsRequest {
    gid: Id,
    msg_id: Id,
    /// Only those who gave this one.
    #[serde(default)]
    emoji: Option<String>,
    /// From 1, where it is left out.
    #[serde(default)]
    page: Option<u32>,
    /// 50 where left out, 200 at the most.
    #[serde(default)]
    size: Option<u32>,
}

/// Somebody who reacted to a message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reactor {
    emoji: String,
    user: User,
    /// When they did, Unix milliseconds.
    created_at: i64,
}

/// List who reacted to a message
#[utoipa::path(
    post,
    path = "/api/message/reactions",
    tag = "message",
    responses((status = 200, body = Vec<Reactor>, description = "A page of them, the latest first; empty past the end.")),
)]
pub(super) async fn list_reactions(
    State(store): State<Arc<dyn Store>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Json(body): Json<ReactionsRequest>,
) -> Result<Response, ApiError> {
    let (user, group, message) = (caller.user, GroupId(body.gid.get()), MessageId(body.msg_id.get()));
    let emoji = body.emoji.map(|emoji| Emoji::read("emoji", &emoji)).transpose()?;
    let page = optional_page(body.page, body.size);
    let store = &store;
    bounded
        .object(user, |_| async move {
            let emoji = emoji.map(|emoji| emoji.as_str().to_owned());
            let (reactors, _) = store.reactors(user, group, message, emoji, page).await?;
            let reactor = |each: rim_core::note::Reactor| Reactor {
                user: wire::user(&each.user, user),
                emoji: each.emoji,
                created_at: each.at.0,
            };
            Ok(reactors.into_iter().map(reactor).collect::<Vec<_>>())
        })
        .await
}
