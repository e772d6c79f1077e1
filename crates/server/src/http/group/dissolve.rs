//! `POST /api/group/dissolve`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{Clock, GroupId};
use rim_protocol::rest::GroupRef;
use rim_store::Store;

use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Dissolve a group
///
/// The creator may. Everybody leaves it for good, and still reads their part.
#[utoipa::path(
    post,
    path = "/api/group/dissolve",
    tag = "group",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn dissolve_group(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
    Json(body): Json<GroupRef>,
) -> Answer<bool> {
    store.dissolve_group(caller.user, GroupId(body.gid.get()), clock.now()).await?;
    Ok(Data(true))
}
