//! `POST /api/group/leave`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{Clock, GroupId};
use rim_protocol::rest::GroupRef;
use rim_store::Store;

use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Leave a group
///
/// One still reads one's part of it. A creator who leaves hands over to the longest-standing admin, else
/// to the longest-standing member.
#[utoipa::path(
    post,
    path = "/api/group/leave",
    tag = "group",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn leave_group(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
    Json(body): Json<GroupRef>,
) -> Answer<bool> {
    let group = GroupId(body.gid.get());
    store.remove_members(caller.user, group, vec![caller.user], clock.now()).await?;
    Ok(Data(true))
}
