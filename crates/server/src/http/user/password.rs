//! `POST /api/user/password`

use std::sync::Arc;

use axum::extract::State;
use rim_core::Refusal;
use rim_core::account::fold;
use rim_protocol::rest::PasswordChange;

use crate::App;
use crate::accounts::AccountError;
use crate::http::answer::{Answer, Data};
use crate::http::caller::{Caller, ClientAddress};
use crate::http::json::Json;

/// Change one's password
///
/// Ends every other session of one's own, and closes their WebSockets.
#[utoipa::path(
    post,
    path = "/api/user/password",
    tag = "user",
    responses((status = 200, body = bool, description = "`true`.")),
)]
pub(super) async fn change_password(
    State(app): State<Arc<App>>,
    caller: Caller,
    ClientAddress(address): ClientAddress,
    Json(body): Json<PasswordChange>,
) -> Answer<bool> {
    // Whoever holds a token may guess here as he may at the login, so guesses count together.
    let account = app.store.user(caller.user).await?.ok_or(Refusal::NoSuchUser)?.account;
    let account = fold(&account);
    app.limits.password_attempt(&account, address)?;
    let outcome =
        app.accounts.change_password(&app.store, &caller.session, body.old_password, body.new_password).await;
    let wrong = outcome.as_ref().is_err_and(AccountError::is_failed_login);
    app.password_attempted(&account, address, wrong);
    outcome?;
    Ok(Data(true))
}
