//! `POST /api/group/user/change`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{Clock, GroupId, UserId};
use rim_protocol::limits;
use rim_protocol::rest::{MemberChange, OpType};
use rim_store::Store;

use crate::config::Config;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::limits::RateLimits;

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
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    State(limits): State<Arc<RateLimits>>,
    State(config): State<Arc<Config>>,
    caller: Caller,
    Json(body): Json<MemberChange>,
) -> Answer<bool> {
    limits::user_list("uids", &body.uids)?;
    limits.named(caller.user, body.uids.len())?;
    let group = GroupId(body.gid.get());
    let users = body.uids.iter().map(|uid| UserId(uid.get())).collect();
    let now = clock.now();
    match body.op_type {
        OpType::Add => store.add_members(caller.user, group, users, config.bounds(), now).await?,
        OpType::Remove => store.remove_members(caller.user, group, users, now).await?,
    }
    Ok(Data(true))
}
