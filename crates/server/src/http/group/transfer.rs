//! `POST /api/group/transfer`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{GroupId, UserId};
use rim_protocol::rest::GroupTransfer;

use crate::App;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Hand a group over
///
/// The creator may, to any member, and stays an admin.
#[utoipa::path(
    post,
    path = "/api/group/transfer",
    tag = "group",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn transfer_group(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(body): Json<GroupTransfer>,
) -> Answer<bool> {
    let (group, user) = (GroupId(body.gid.get()), UserId(body.uid.get()));
    app.store.hand_over_group(caller.user, group, user, app.clock.now()).await?;
    Ok(Data(true))
}
