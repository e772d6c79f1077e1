//! `POST /api/group/role/modify`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{Clock, GroupId, UserId};
use rim_protocol::rest::RoleChange;
use rim_store::Store;

use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::wire;

/// Give a member another role
///
/// The creator may, and not to themselves.
#[utoipa::path(
    post,
    path = "/api/group/role/modify",
    tag = "group",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn change_role(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
    Json(body): Json<RoleChange>,
) -> Answer<bool> {
    let (group, user) = (GroupId(body.gid.get()), UserId(body.uid.get()));
    store.set_role(caller.user, group, user, wire::role(body.role), clock.now()).await?;
    Ok(Data(true))
}
