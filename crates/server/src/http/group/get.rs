//! `GET /api/group/get`

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rim_core::GroupId;
use rim_protocol::rest::{Group, UidQuery};
use rim_store::{Part, Store};

use crate::http::answer::Data;
use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::query::Query;
use crate::wire;

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
    State(store): State<Arc<dyn Store>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Query(query): Query<UidQuery>,
) -> Result<Response, ApiError> {
    if query.uid.is_some_and(|uid| uid.get() != caller.user.0) {
        return Ok(Data(Vec::<Group>::new()).into_response());
    }
    let store = Arc::clone(&store);
    bounded
        .list(caller.user, GroupId(0), move |after, bytes| {
            let store = Arc::clone(&store);
            async move {
                let part = store.groups_part(caller.user, after, bytes).await?;
                Ok(Part { rows: part.rows.iter().map(wire::group).collect(), rest: part.rest })
            }
        })
        .await
}
