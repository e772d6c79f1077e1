//! `POST /api/message/mentions`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rim_core::{GroupId, MessageId};
use rim_protocol::Id;
use rim_protocol::rest::{Message, MessageList, User};
use rim_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::optional_page;
use crate::config::Config;
use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::wire;

/// `POST /api/message/mentions`.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"gid": 2001, "page": 1, "size": 20}))]
pub struct MentionsRequest {
    /// Of all groups where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    gid: Option<Id>,
    /// From 1, where it is left out.
    #[serde(default)]
    page: Option<u32>,
    /// 50 where left out, 200 at the most.
    #[serde(default)]
    size: Option<u32>,
    /// Only older ones: the `next` of the answer before. Pages are counted from there.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    before: Option<Id>,
}

/// Messages that mention one, the newest first.
#[derive(Serialize, ToSchema)]
pub struct MentionList {
    messages: Vec<Message>,
    /// Everybody whom they name, once.
    users: Vec<User>,
    /// Whether there are more.
    more: bool,
    /// Where they begin.
    next: Option<u64>,
}

/// List the messages that mention oneself
///
/// Or everybody; not one's own.
#[utoipa::path(
    post,
    path = "/api/message/mentions",
    tag = "message",
    responses((status = 200, body = MentionList, description = "A page, the newest first.")),
)]
pub(super) async fn list_mentions(
    State(store): State<Arc<dyn Store>>,
    State(config): State<Arc<Config>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Json(body): Json<MentionsRequest>,
) -> Result<Response, ApiError> {
    let (user, group) = (caller.user, body.gid.map(|gid| GroupId(gid.get())));
    let page = optional_page(body.page, body.size);
    let below = body.before.map(|id| MessageId(id.get()));
    let (store, zone) = (&store, &config.time_zone);
    bounded
        .object(user, |_| async move {
            let (found, rest) = store.mentions(user, group, below, page).await?;
            let MessageList { messages, users, .. } = wire::found(&found, user, zone);
            Ok(MentionList { messages, users, more: rest.is_some(), next: rest.map(|id| id.0) })
        })
        .await
}
