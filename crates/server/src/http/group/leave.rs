//! `POST /api/group/leave`

use std::sync::Arc;

use axum::extract::State;
use rim_core::GroupId;
use rim_protocol::rest::GroupRef;

use crate::App;
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
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(body): Json<GroupRef>,
) -> Answer<bool> {
    let group = GroupId(body.gid.get());
    app.store.remove_members(caller.user, group, vec![caller.user], app.clock.now()).await?;
    Ok(Data(true))
}
