//! `POST /api/group/role/modify`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{GroupId, UserId};
use rim_protocol::rest::RoleChange;

use crate::App;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::wire;

/// Give a member another role
///
/// The creator may, and not to himself.
#[utoipa::path(
    post,
    path = "/api/group/role/modify",
    tag = "group",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn change_role(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(body): Json<RoleChange>,
) -> Answer<bool> {
    let (group, user) = (GroupId(body.gid.get()), UserId(body.uid.get()));
    app.store.set_role(caller.user, group, user, wire::role(body.role), app.clock.now()).await?;
    Ok(Data(true))
}
