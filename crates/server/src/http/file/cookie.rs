//! `POST /api/file/cookie`

use std::sync::Arc;

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse};
use http::header::SET_COOKIE;

use crate::accounts::Accounts;
use crate::http::answer::Data;
use crate::http::caller::Caller;
use crate::http::error::ApiError;

/// Get the cookie for files
///
/// A browser that has it fetches files without a token, as it does for the pictures of a page. A login sets it as well. It
/// opens what the session's user may see, and ends with the session.
#[utoipa::path(
    post,
    path = "/api/file/cookie",
    tag = "file",
    responses((status = 200, body = bool, description = "`true`; the cookie is `rim_media`.")),
)]
pub(super) async fn set_cookie(
    State(accounts): State<Arc<Accounts>>,
    caller: Caller,
) -> Result<impl IntoResponse, ApiError> {
    let cookie = accounts.media_cookie(caller.user, caller.session.id).await?;
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), Data(true)))
}
