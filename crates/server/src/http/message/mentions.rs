//! `POST /api/message/mentions`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rim_core::GroupId;
use rim_protocol::Id;
use rim_protocol::rest::MessageList;
use rim_store::Store;
use serde::Deserialize;
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
}

/// List the messages that mention oneself
///
/// Or everybody; not one's own.
#[utoipa::path(
    post,
    path = "/api/message/mentions",
    tag = "message",
    responses((status = 200, body = MessageList, description = "A page, the newest first.")),
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
    let (store, zone) = (&store, &config.time_zone);
    bounded
        .object(
            user,
            |_| async move { Ok(wire::found(&store.mentions(user, group, page).await?, user, zone)) },
        )
        .await
}
