//! `GET /api/group/user/get`

use std::sync::Arc;

use axum::extract::State;
use rim_core::GroupId;
use rim_protocol::rest::{GidQuery, MemberItem};

use crate::App;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::query::Query;
use crate::http::wire;

/// List the members of a group
///
/// In order of joining. Empty for those who are not members, and for a group that does not exist.
#[utoipa::path(
    get,
    path = "/api/group/user/get",
    tag = "group",
    params(GidQuery),
    responses((status = 200, body = Vec<MemberItem>, description = "The members and their roles.")),
)]
pub(super) async fn list_members(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<GidQuery>,
) -> Answer<Vec<MemberItem>> {
    let members = app.store.members(caller.user, GroupId(query.gid.get())).await?;
    Ok(Data(members.iter().map(|member| wire::member(member, caller.user)).collect()))
}
