//! `POST /api/user/login`

use std::sync::Arc;

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse};
use http::HeaderMap;
use http::header::{SET_COOKIE, USER_AGENT};
use rim_core::account::fold;
use rim_protocol::limits::{self, MAX_NAME_CHARS};
use rim_protocol::rest::UserLogin;

use crate::accounts::pass::{Holder, MediaPath};
use crate::accounts::{AccountError, Accounts, Login};
use crate::http::answer::Data;
use crate::http::caller::ClientAddress;
use crate::http::error::ApiError;
use crate::http::json::Json;
use crate::limits::{Guesser, RateLimits};

/// Log in
///
/// Opens a session for one device; other sessions of the user go on. The session ends by
/// `/api/user/logout`, or when it was not used for as long as the settings allow. A cookie tells the server that this
/// browser was logged in to the account, so that nobody who guesses passwords keeps it out, and another one lets it fetch
/// files; clients need not send them.
#[utoipa::path(
    post,
    path = "/api/user/login",
    tag = "user",
    security(()),
    responses((
        status = 200,
        body = String,
        description = "The token, to be sent as `Authorization: Bearer <token>` and in the Login frame.",
    )),
)]
pub(super) async fn log_in(
    State(accounts): State<Arc<Accounts>>,
    State(limits): State<Arc<RateLimits>>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Json(body): Json<UserLogin>,
) -> Result<impl IntoResponse, ApiError> {
    let account = fold(&body.account);
    let name = match &body.device {
        Some(device) => limits::device_name(device)?,
        None => user_agent(&headers),
    };
    let device = accounts.device(&body.account, &account, &headers).await?;
    match device {
        Some(_) => limits.login_of_device(&account, address)?,
        None => limits.login(address)?,
    }
    let guesser = match device {
        Some(number) => Guesser::Device(number),
        None if limits.is_under_attack(&account) => accounts.guesser_at(&body.account, address).await?,
        None => Guesser::Stranger(address),
    };
    let attempt = limits.password_attempt(&account, guesser)?;
    let login = Login { account: body.account.clone(), password: body.password, device: name, address };
    let outcome = accounts.login(login).await;
    let wrong = outcome.as_ref().is_err_and(AccountError::is_failed_login);
    accounts.password_attempted(&account, guesser, &attempt, wrong);
    let (token, Holder { user, session }) = outcome?;
    // The session is open: without cookies it is as good.
    let no_cookie = |error| tracing::warn!(%error, "a device that has logged in was given no cookie");
    let of_device = accounts.remember_device(&body.account, &account, device).await;
    let of_files = accounts.media_cookie(user, session, &MediaPath::default()).await;
    let cookies = [of_device.map_err(no_cookie).ok().flatten(), of_files.map_err(no_cookie).ok()];
    let cookies =
        AppendHeaders(cookies.map(|cookie| cookie.map(|cookie| (SET_COOKIE, cookie))).into_iter().flatten());
    Ok((cookies, Data(token.to_text())))
}

/// What the client calls itself, shortened to the length of a device's name.
fn user_agent(headers: &HeaderMap) -> String {
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let printable = agent.trim().chars().filter(|char| !char.is_control());
    printable.take(MAX_NAME_CHARS).collect()
}
