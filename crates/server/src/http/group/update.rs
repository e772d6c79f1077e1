//! `POST /api/group/update`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{Clock, GroupId};
use rim_protocol::limits;
use rim_protocol::rest::GroupUpdate;
use rim_store::Store;

use crate::files::Filing;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Change the name and avatar of a group
///
/// Admins and the creator may.
#[utoipa::path(
    post,
    path = "/api/group/update",
    tag = "group",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn update_group(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    State(filing): State<Arc<Filing>>,
    caller: Caller,
    Json(body): Json<GroupUpdate>,
) -> Answer<bool> {
    let group = GroupId(body.id.get());
    let name = limits::group_name(&body.name)?;
    let avatar = filing.avatar(caller.user, limits::avatar(&body.avatar)?.to_owned()).await?;
    store.update_group(caller.user, group, name, avatar, clock.now()).await?;
    Ok(Data(true))
}
