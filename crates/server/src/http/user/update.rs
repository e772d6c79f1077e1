//! `POST /api/user/update`

use std::sync::Arc;

use axum::extract::State;
use rim_core::user::ProfileChange;
use rim_core::{Clock, Refusal};
use rim_protocol::limits::{self, Invalid};
use rim_protocol::rest::{User, UserUpdate};
use rim_store::Store;

use crate::files::Filing;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::limits::RateLimits;
use crate::wire;

/// Change one's profile
///
/// The keys that are present are changed. One's other devices hear of it by a `ProfileUpdated`; of a new name or
/// picture so do friends, and the members of one's groups.
#[utoipa::path(
    post,
    path = "/api/user/update",
    tag = "user",
    responses((status = 200, body = User, description = "Oneself, as changed.")),
)]
pub(super) async fn update_user(
    State(store): State<Arc<dyn Store>>,
    State(clock): State<Arc<dyn Clock>>,
    State(limits): State<Arc<RateLimits>>,
    State(filing): State<Arc<Filing>>,
    caller: Caller,
    Json(body): Json<UserUpdate>,
) -> Answer<User> {
    let mut change = ProfileChange {
        name: body.name.map(|name| limits::user_name(&name)).transpose()?,
        avatar: checked(body.avatar, limits::avatar)?,
        email: checked(body.email, limits::email)?,
    };
    limits.profile(caller.user)?;
    if let Some(avatar) = change.avatar.take() {
        change.avatar = Some(filing.avatar(caller.user, avatar).await?);
    }
    store.update_profile(caller.user, change, clock.now()).await?;
    let user = store.user(caller.user).await?.ok_or(Refusal::NoSuchUser)?;
    Ok(Data(wire::user(&user, caller.user)))
}

fn checked(
    field: Option<String>,
    limit: fn(&str) -> Result<&str, Invalid>,
) -> Result<Option<String>, Invalid> {
    field.map(|text| limit(&text).map(str::to_owned)).transpose()
}
