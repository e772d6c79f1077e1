//! `GET /api/user/token`

use std::sync::Arc;

use axum::extract::State;
use rim_core::Refusal;
use rim_protocol::rest::{TokenQuery, User};
use rim_store::Store;

use crate::accounts::Accounts;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::query::Query;
use crate::wire;

/// Get the user of a token
///
/// For one's own tokens only; any other is answered with code 1001.
#[utoipa::path(
    get,
    path = "/api/user/token",
    tag = "user",
    params(TokenQuery),
    responses((status = 200, body = User, description = "Oneself.")),
)]
pub(super) async fn get_user_of_token(
    State(store): State<Arc<dyn Store>>,
    State(accounts): State<Arc<Accounts>>,
    caller: Caller,
    Query(query): Query<TokenQuery>,
) -> Answer<User> {
    let session = accounts.authenticate(&query.token).await?;
    if session.is_none_or(|session| session.user != caller.user) {
        return Err(ApiError::NoSuchUser("token not found"));
    }
    let user = store.user(caller.user).await?.ok_or(Refusal::NoSuchUser)?;
    Ok(Data(wire::user(&user, caller.user)))
}
