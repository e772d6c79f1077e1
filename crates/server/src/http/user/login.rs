//! `POST /api/user/login`

use std::sync::Arc;

use axum::extract::State;
use http::HeaderMap;
use http::header::USER_AGENT;
use rim_core::account::fold;
use rim_protocol::limits::{self, MAX_NAME_CHARS};
use rim_protocol::rest::UserLogin;

use crate::App;
use crate::accounts::{AccountError, Login};
use crate::http::answer::{Answer, Data};
use crate::http::caller::ClientAddress;
use crate::http::json::Json;

/// Log in
///
/// Opens a session for one device; other sessions of the user go on. The session ends by
/// `/api/user/logout`, or when it was not used for as long as the settings allow.
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
    State(app): State<Arc<App>>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Json(body): Json<UserLogin>,
) -> Answer<String> {
    let account = fold(&body.account);
    let device = match &body.device {
        Some(device) => limits::device_name(device)?,
        None => user_agent(&headers),
    };
    app.limits.login(address)?;
    app.limits.password_attempt(&account, address)?;
    let login = Login { account: body.account, password: body.password, device, address };
    let outcome = app.accounts.login(&app.store, &*app.clock, login).await;
    let wrong = outcome.as_ref().is_err_and(AccountError::is_failed_login);
    app.password_attempted(&account, address, wrong);
    Ok(Data(outcome?.to_text()))
}

/// What the client calls itself, shortened to the length of a device's name.
fn user_agent(headers: &HeaderMap) -> String {
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let printable = agent.trim().chars().filter(|char| !char.is_control());
    printable.take(MAX_NAME_CHARS).collect()
}
