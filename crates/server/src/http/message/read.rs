//! `POST /api/message/group/read`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{Clock, GroupId};
use rim_protocol::rest::GroupRead;
use rim_store::Store;

use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Mark a group as read
///
/// Everything in it, by the caller, or their own part if they have left; a `uid` in the body is ignored.
#[utoipa::path(
    post,
    path = "/api/message/group/read",
    tag = "message",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn mark_group_read(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
    Json(body): Json<GroupRead>,
) -> Answer<bool> {
    store.mark_all_read(caller.user, GroupId(body.gid.get()), clock.now()).await?;
    Ok(Data(true))
}
