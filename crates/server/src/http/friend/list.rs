//! `GET /api/friend/list`

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rim_core::UserId;
use rim_core::friend::Friendship;
use rim_protocol::rest::{Direction, FriendQuery, User};
use rim_store::{Part, Store};

use crate::http::answer::Data;
use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::query::Query;
use crate::wire;

/// List friends and requests
///
/// By ascending id. Status 2, the blocked ones, is empty for now.
#[utoipa::path(
    get,
    path = "/api/friend/list",
    tag = "friend",
    params(FriendQuery),
    responses((status = 200, body = Vec<User>, description = "The users of that status.")),
)]
pub(super) async fn list_friends(
    State(store): State<Arc<dyn Store>>,
    State(bounded): State<Bounded>,
    caller: Caller,
    Query(query): Query<FriendQuery>,
) -> Result<Response, ApiError> {
    let states: &'static [Friendship] = match (query.status.unwrap_or(FRIENDS), query.direction) {
        (WAITING, None) => &[Friendship::Incoming, Friendship::Outgoing],
        (WAITING, Some(Direction::In)) => &[Friendship::Incoming],
        (WAITING, Some(Direction::Out)) => &[Friendship::Outgoing],
        (FRIENDS, _) => &[Friendship::Friends],
        (BLOCKED, _) => return Ok(Data(Vec::<User>::new()).into_response()),
        _ => return Err(ApiError::InvalidRequest),
    };
    let store = Arc::clone(&store);
    bounded
        .list(caller.user, UserId(0), move |after, bytes| {
            let store = Arc::clone(&store);
            async move {
                let part = store.friends_part(caller.user, states, after, bytes).await?;
                Ok(Part { rows: wire::users(&part.rows, caller.user), rest: part.rest })
            }
        })
        .await
}

const WAITING: u8 = 0;
const FRIENDS: u8 = 1;
const BLOCKED: u8 = 2;
