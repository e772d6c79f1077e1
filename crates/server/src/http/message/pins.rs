//! `POST /api/message/pins`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rim_core::GroupId;
use rim_protocol::rest::{GroupRef, MessageList};
use rim_store::Store;

use crate::config::Config;
use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::wire;

/// List what is pinned in a group
///
/// As far as one sees it.
#[utoipa::path(
    post,
    path = "/api/message/pins",
    tag = "message",
    responses((status = 200, body = MessageList, description = "The latest pin first.")),
)]
pub(super) async fn list_pins(
    State(store): State<Arc<dyn Store>>,
    State(config): State<Arc<Config>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Json(body): Json<GroupRef>,
) -> Result<Response, ApiError> {
    let (user, group) = (caller.user, GroupId(body.gid.get()));
    let (store, zone) = (&store, &config.time_zone);
    bounded
        .object(user, |_| async move { Ok(wire::found(&store.pins(user, group).await?, user, zone)) })
        .await
}
