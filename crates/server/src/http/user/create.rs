//! `POST /api/user/create`

use std::sync::Arc;

use axum::extract::State;
use rim_protocol::rest::UserCreate;

use crate::App;
use crate::accounts::Registration;
use crate::http::answer::{Answer, Data};
use crate::http::caller::ClientAddress;
use crate::http::error::ApiError;
use crate::http::json::Json;

/// Create a user
///
/// Open to everybody unless registration is closed by a setting. Accounts are unique without regard to
/// case and surrounding blanks; a taken one is refused with `Account Existed`.
#[utoipa::path(
    post,
    path = "/api/user/create",
    tag = "user",
    security(()),
    responses((status = 200, body = u64, description = "The id of the new user.")),
)]
pub(super) async fn create_user(
    State(app): State<Arc<App>>,
    ClientAddress(address): ClientAddress,
    Json(body): Json<UserCreate>,
) -> Answer<u64> {
    if !app.config.registration {
        return Err(ApiError::Refused("registration is closed".to_owned()));
    }
    app.limits.register(address)?;
    let registration = Registration {
        account: body.account,
        name: body.name,
        avatar: body.avatar,
        email: body.email.unwrap_or_default(),
        password: body.password,
    };
    let user = app.accounts.register(&app.store, &*app.clock, registration).await?;
    Ok(Data(user.0))
}
