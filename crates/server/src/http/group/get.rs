//! `GET /api/group/get`

use std::sync::Arc;

use axum::extract::State;
use rim_protocol::rest::{Group, UidQuery};

use crate::App;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::query::Query;
use crate::http::wire;

/// List one's groups
///
/// By ascending id. The list of another user is empty.
#[utoipa::path(
    get,
    path = "/api/group/get",
    tag = "group",
    params(UidQuery),
    responses((status = 200, body = Vec<Group>, description = "The groups one is a member of.")),
)]
pub(super) async fn list_groups(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<UidQuery>,
) -> Answer<Vec<Group>> {
    if query.uid.is_some_and(|uid| uid.get() != caller.user.0) {
        return Ok(Data(Vec::new()));
    }
    let groups = app.store.groups_of(caller.user).await?;
    Ok(Data(groups.iter().map(wire::group).collect()))
}
