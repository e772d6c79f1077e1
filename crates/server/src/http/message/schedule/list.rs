//! `POST /api/message/schedule/list`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rim_core::GroupId;
use rim_core::schedule::Turn;
use rim_protocol::{Id, rest};
use rim_store::{Part, Store};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::wire;

/// `POST /api/message/schedule/list`.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"gid": 2001}))]
pub struct ScheduledList {
    /// Without one: of all groups.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    gid: Option<Id>,
}

/// List one's scheduled messages
///
/// Those that wait and those that have failed, in the order of their times.
#[utoipa::path(
    post,
    path = "/api/message/schedule/list",
    tag = "message",
    responses((status = 200, body = Vec<rest::ScheduledMessage>, description = "All of them: 100 at the most.")),
)]
pub(super) async fn list_scheduled(
    State(store): State<Arc<dyn Store>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Json(body): Json<ScheduledList>,
) -> Result<Response, ApiError> {
    let group = body.gid.map(|gid| GroupId(gid.get()));
    bounded
        .list(caller.user, Turn::FIRST, move |after, bytes| {
            let store = Arc::clone(&store);
            async move {
                let part = store.scheduled_part(caller.user, group, after, bytes).await?;
                let rows = part.rows.iter().filter_map(wire::scheduled).collect();
                Ok(Part { rows, rest: part.rest })
            }
        })
        .await
}
