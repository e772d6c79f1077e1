//! `POST /api/user/create`

use std::sync::Arc;

use axum::extract::State;
use rim_core::Refusal;
use rim_protocol::rest::UserCreate;
use rim_store::StoreError;

use crate::accounts::{AccountError, Accounts, Registration};
use crate::config::Config;
use crate::http::answer::{Answer, Data};
use crate::http::caller::ClientAddress;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::limits::RateLimits;

/// Create a user
///
/// Open to everybody unless registration is closed by a setting. Accounts are unique without regard to
/// case and surrounding blanks; a taken one is refused with `Account Existed`,
/// or, where the setting `login-errors` is `uniform`, in the same words as one that looks too much like another.
#[utoipa::path(
    post,
    path = "/api/user/create",
    tag = "user",
    security(()),
    responses((status = 200, body = u64, description = "The id of the new user.")),
)]
pub(super) async fn create_user(
    State(accounts): State<Arc<Accounts>>,
    State(limits): State<Arc<RateLimits>>,
    State(config): State<Arc<Config>>,
    ClientAddress(address): ClientAddress,
    Json(body): Json<UserCreate>,
) -> Answer<u64> {
    if !config.registration {
        return Err(ApiError::Refused("registration is closed".to_owned()));
    }
    limits.register(address)?;
    let secret = !config.precise_login_errors;
    if secret {
        limits.taken(address)?;
    }
    let registration = Registration {
        account: body.account,
        name: body.name,
        avatar: body.avatar,
        email: body.email.unwrap_or_default(),
        password: body.password,
    };
    let created = accounts.register(registration).await;
    match created {
        Err(AccountError::Store(StoreError::Refused(Refusal::AccountTaken | Refusal::AccountConfusable)))
            if secret =>
        {
            Err(AccountError::Unavailable.into())
        }
        created => {
            if secret {
                limits.not_taken(address);
            }
            Ok(Data(created?.0))
        }
    }
}
