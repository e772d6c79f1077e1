//! `POST /api/group/create`

use std::sync::Arc;

use axum::extract::State;
use rim_core::group::NewGroup;
use rim_core::{Clock, UserId};
use rim_protocol::limits;
use rim_protocol::rest::GroupCreate;
use rim_store::Store;

use crate::config::Config;
use crate::files::Filing;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::limits::RateLimits;
use crate::wire;

/// Create a group
///
/// The caller is its creator and an admin. `mode` 1 with exactly one other user is a single chat: if the
/// two have one already, the answer is its id, and who had left it is back in it. Whoever is in as many group chats as
/// one may be, or was put into too many by people who are no contacts of theirs, cannot be named. A group of more than
/// 500 is told as created with the first of them, and of the others as added, 500 at a time.
#[utoipa::path(
    post,
    path = "/api/group/create",
    tag = "group",
    responses((status = 200, body = u64, description = "The id of the group.")),
)]
pub(super) async fn create_group(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    State(limits): State<Arc<RateLimits>>,
    State(config): State<Arc<Config>>,
    State(filing): State<Arc<Filing>>,
    caller: Caller,
    Json(body): Json<GroupCreate>,
) -> Answer<u64> {
    limits::user_list("users", &body.users)?;
    limits.named(caller.user, body.users.len())?;
    let group = NewGroup {
        creator: caller.user,
        name: limits::group_name(&body.group.name)?,
        avatar: filing.avatar(caller.user, limits::avatar(&body.group.avatar)?.to_owned()).await?,
        mode: body.group.mode,
        members: body.users.iter().map(|user| (UserId(user.uid.get()), wire::role(user.role))).collect(),
    };
    let group = store.create_group(group, config.bounds(), clock.now()).await?;
    Ok(Data(group.0))
}
