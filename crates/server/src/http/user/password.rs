//! `POST /api/user/password`

use std::sync::Arc;

use axum::extract::State;
use rim_core::Refusal;
use rim_core::account::fold;
use rim_protocol::rest::PasswordChange;
use rim_store::Store;

use crate::accounts::{AccountError, Accounts};
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::limits::{Guesser, RateLimits};

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
    State(store): State<Arc<dyn Store>>,
    State(accounts): State<Arc<Accounts>>,
    State(limits): State<Arc<RateLimits>>,
    caller: Caller,
    Json(body): Json<PasswordChange>,
) -> Answer<bool> {
    // Whoever holds a token may guess here; it counts for the session, and nobody who guesses elsewhere keeps its
    // owner from changing the password.
    let account = store.user(caller.user).await?.ok_or(Refusal::NoSuchUser)?.account;
    let (account, guesser) = (fold(&account), Guesser::session(caller.session.id));
    let attempt = limits.password_attempt(&account, guesser)?;
    let outcome = accounts.change_password(&caller.session, body.old_password, body.new_password).await;
    let wrong = outcome.as_ref().is_err_and(AccountError::is_failed_login);
    accounts.password_attempted(&account, guesser, &attempt, wrong);
    outcome?;
    Ok(Data(true))
}
