//! `GET /api/friend/list`

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rim_core::UserId;
use rim_core::friend::Friendship;
use rim_protocol::rest::{Direction, FriendQuery, User};
use rim_store::{Part, Store};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::Data;
use crate::http::bounded::Bounded;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::query::Query;
use crate::wire;

/// A user, and what the caller calls them.
#[derive(Serialize, ToSchema)]
pub struct ListedFriend {
    id: u64,
    name: String,
    avatar: String,
    email: String,
    account: String,
    password: String,
    /// See `/api/friend/remark`; left out where there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    remark: String,
}

/// List friends and requests
///
/// By ascending id. Status 2, the blocked ones, is empty for now.
#[utoipa::path(
    get,
    path = "/api/friend/list",
    tag = "friend",
    params(FriendQuery),
    responses((status = 200, body = Vec<ListedFriend>, description = "The users of that status.")),
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
        (BLOCKED, _) => return Ok(Data(Vec::<ListedFriend>::new()).into_response()),
        _ => return Err(ApiError::InvalidRequest),
    };
    let store = Arc::clone(&store);
    bounded
        .list(caller.user, UserId(0), move |after, bytes| {
            let store = Arc::clone(&store);
            async move {
                let part = store.friends_part(caller.user, states, after, bytes).await?;
                let at = |user: Option<&rim_core::user::User>| user.map_or(after, |user| user.id);
                let (first, last) = (at(part.rows.first()), at(part.rows.last()));
                let remarks = store.remarks(caller.user, first, last).await?;
                let mut remarks: HashMap<_, _> = remarks.into_iter().collect();
                let listed = part.rows.iter().map(|user| {
                    let User { id, name, avatar, email, account, password } = wire::user(user, caller.user);
                    let remark = remarks.remove(&user.id).unwrap_or_default();
                    ListedFriend { id, name, avatar, email, account, password, remark }
                });
                Ok(Part { rows: listed.collect(), rest: part.rest })
            }
        })
        .await
}

const WAITING: u8 = 0;
const FRIENDS: u8 = 1;
const BLOCKED: u8 = 2;
