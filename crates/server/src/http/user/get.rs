//! `GET /api/user/get`

use std::sync::Arc;

use axum::extract::State;
use rim_core::{Refusal, UserId};
use rim_protocol::rest::{UidQuery, User};

use super::look_up::look_up;
use crate::App;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::query::Query;
use crate::wire;

/// Get a user
///
/// Oneself where `uid` is left out. An unknown user is answered with code 1001, and so is one whom the setting
/// `directory` does not let one look up. Strangers are looked up at a pace of people.
#[utoipa::path(
    get,
    path = "/api/user/get",
    tag = "user",
    params(UidQuery),
    responses((status = 200, body = User, description = "The user.")),
)]
pub(super) async fn get_user(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(query): Query<UidQuery>,
) -> Answer<User> {
    let uid = query.uid.map_or(caller.user, |uid| UserId(uid.get()));
    let user = look_up(&app, caller.user, Some(uid)).await?.ok_or(Refusal::NoSuchUser)?;
    Ok(Data(wire::user(&user, caller.user)))
}
