//! `POST /api/group/dissolve`

use std::sync::Arc;

use axum::extract::State;
use rim_core::GroupId;
use rim_protocol::rest::GroupRef;

use crate::App;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;

/// Dissolve a group
///
/// The creator may. Everybody leaves it for good, and still reads his part.
#[utoipa::path(
    post,
    path = "/api/group/dissolve",
    tag = "group",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn dissolve_group(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(body): Json<GroupRef>,
) -> Answer<bool> {
    app.store.dissolve_group(caller.user, GroupId(body.gid.get()), app.clock.now()).await?;
    Ok(Data(true))
}
