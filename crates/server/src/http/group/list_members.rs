//! `POST /api/group/user/list`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rim_core::member_list::{MAX_PAGE, MembersQuery, Named};
use rim_core::{GroupId, Rev};
use rim_protocol::limits::part_of_name;
use rim_protocol::rest::{MembersAnswer, MembersRequest};
use rim_store::Store;

use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::wire;

/// List the members of a group in pages
///
/// In order of joining; ask on with `next` as `after` until it is null. With `q` those whose name or account holds it,
/// in any case: then a page may have fewer members than were asked for, even none, though there are more. Nobody for those who
/// are not members, and of a group that does not exist.
#[utoipa::path(
    post,
    path = "/api/group/user/list",
    tag = "group",
    responses((status = 200, body = MembersAnswer, description = "A page of members.")),
)]
pub(super) async fn list_members_in_pages(
    State(store): State<Arc<dyn Store>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Json(body): Json<MembersRequest>,
) -> Result<Response, ApiError> {
    let query = MembersQuery {
        after: Rev(body.after.map_or(0, |after| after.get())),
        size: body.size.unwrap_or(DEFAULT_PAGE).clamp(1, MAX_PAGE),
        named: body.q.as_deref().map(part_of_name).transpose()?.and_then(Named::new),
        bytes: 0,
    };
    let (user, group) = (caller.user, GroupId(body.gid.get()));
    let store = &store;
    bounded
        .object(user, |bytes| {
            let query = MembersQuery { bytes, ..query.clone() };
            async move {
                let page = store.members_page(user, group, query).await?;
                Ok(MembersAnswer {
                    members: page.members.iter().map(|member| wire::listed_member(member, user)).collect(),
                    count: page.count,
                    next: page.next.map(|next| next.0),
                    role: page.role.map(wire::role_number),
                })
            }
        })
        .await
}

/// Members of a page where the request names no number.
const DEFAULT_PAGE: u32 = 100;
