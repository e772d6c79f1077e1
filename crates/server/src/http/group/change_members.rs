//! `POST /api/group/user/change`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{GroupId, UserId};
use rim_protocol::limits;
use rim_protocol::rest::{MemberChange, OpType};

use crate::App;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Add or remove members
///
/// Any member may add; adding who is a member already changes nothing. Admins and the creator may remove,
/// and anybody may remove themself. A list is checked as a whole: where one of it is refused, nothing is changed. A list of
/// more than 500 is carried out in parts, each of which is told by itself, so that others do not wait for all of it.
/// Each is asked for anew: where the caller may not go on, the answer is 504, and a part is done. Asking again is safe.
#[utoipa::path(
    post,
    path = "/api/group/user/change",
    tag = "group",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn change_members(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(body): Json<MemberChange>,
) -> Answer<bool> {
    limits::user_list("uids", &body.uids)?;
    app.limits.named(caller.user, body.uids.len())?;
    let group = GroupId(body.gid.get());
    let users = body.uids.iter().map(|uid| UserId(uid.get())).collect();
    let now = app.clock.now();
    match body.op_type {
        OpType::Add => app.store.add_members(caller.user, group, users, app.bounds(), now).await?,
        OpType::Remove => app.store.remove_members(caller.user, group, users, now).await?,
    }
    Ok(Data(true))
}
