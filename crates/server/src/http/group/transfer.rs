//! `POST /api/group/transfer`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{Clock, GroupId, UserId};
use rim_protocol::rest::GroupTransfer;
use rim_store::Store;

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
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
    Json(body): Json<GroupTransfer>,
) -> Answer<bool> {
    let (group, user) = (GroupId(body.gid.get()), UserId(body.uid.get()));
    store.hand_over_group(caller.user, group, user, clock.now()).await?;
    Ok(Data(true))
}
