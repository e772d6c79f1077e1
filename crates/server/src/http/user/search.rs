//! `GET /api/user/search`

use std::sync::Arc;

use axum::extract::State;
use rim_protocol::rest::{AccountQuery, User};
use rim_store::Store;

use super::look_up::People;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::query::Query;
use crate::wire;

/// Find a user by account
///
/// The exact account; case, surrounding blanks and the form of its characters aside. If there is none the answer is
/// `{"ok":false,"code":200,"msg":"fail","data":null}`, which is what old clients look for; so it is where the setting
/// `directory` does not let one look them up.
#[utoipa::path(
    get,
    path = "/api/user/search",
    tag = "user",
    params(AccountQuery),
    responses((status = 200, body = User, description = "The user of that account.")),
)]
pub(super) async fn search_user(
    State(store): State<Arc<dyn Store>>,
    State(people): State<People>,
    caller: Caller,
    Query(query): Query<AccountQuery>,
) -> Answer<User> {
    let found = store.user_by_account(&query.account).await?.map(|user| user.id);
    match people.look_up(caller.user, found).await? {
        Some(user) => Ok(Data(wire::user(&user, caller.user))),
        None => Err(ApiError::NothingFound),
    }
}
