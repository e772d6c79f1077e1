//! `GET /api/user/get`

use axum::extract::State;
use rim_core::{Refusal, UserId};
use rim_protocol::rest::{UidQuery, User};

use super::look_up::People;
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
    State(people): State<People>,
    caller: Caller,
    Query(query): Query<UidQuery>,
) -> Answer<User> {
    let uid = query.uid.map_or(caller.user, |uid| UserId(uid.get()));
    let user = people.look_up(caller.user, Some(uid)).await?.ok_or(Refusal::NoSuchUser)?;
    Ok(Data(wire::user(&user, caller.user)))
}
