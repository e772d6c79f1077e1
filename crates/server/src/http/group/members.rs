//! `GET /api/group/user/get`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rim_core::member_list::MembersQuery;
use rim_core::{GroupId, Rev};
use rim_protocol::rest::{GidQuery, MemberItem};
use rim_store::{Part, Store};

use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::query::Query;
use crate::wire;

/// List the members of a group
///
/// In order of joining, all of them, however many: `group/user/list` has them in pages. Empty for those who are not
/// members, and for a group that does not exist.
#[utoipa::path(
    get,
    path = "/api/group/user/get",
    tag = "group",
    params(GidQuery),
    responses((status = 200, body = Vec<MemberItem>, description = "The members and their roles.")),
)]
pub(super) async fn list_members(
    State(store): State<Arc<dyn Store>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Query(query): Query<GidQuery>,
) -> Result<Response, ApiError> {
    let (store, group) = (Arc::clone(&store), GroupId(query.gid.get()));
    bounded
        .list(caller.user, Rev(0), move |after, bytes| {
            let store = Arc::clone(&store);
            async move {
                let query = MembersQuery { after, size: u32::MAX, named: None, bytes };
                let page = store.members_page(caller.user, group, query).await?;
                let rows = page.members.iter().map(|member| wire::member(member, caller.user)).collect();
                Ok(Part { rows, rest: page.next })
            }
        })
        .await
}
