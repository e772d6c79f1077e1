//! `POST /api/file/cookie`

use std::sync::Arc;

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse};
use http::header::SET_COOKIE;
use rim_protocol::limits::Invalid;
use rim_protocol::rest::CookieQuery;

use crate::accounts::Accounts;
use crate::accounts::pass::{MEDIA_PATH, MediaPath};
use crate::http::answer::Data;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::query::Query;

/// Get the cookie for files
///
/// A browser that has it fetches files without a token, as it does for the pictures of a page. A login sets it as well. It
/// opens what the session's user may see, and ends with the session. A page that a proxy has put below a path of its own,
/// as `/chat/`, says where that is (`path=/chat/media`): else its browser would not send it.
#[utoipa::path(
    post,
    path = "/api/file/cookie",
    tag = "file",
    params(CookieQuery),
    responses((status = 200, body = bool, description = "`true`; the cookie is `rim_media`.")),
)]
pub(super) async fn set_cookie(
    State(accounts): State<Arc<Accounts>>,
    Query(query): Query<CookieQuery>,
    caller: Caller,
) -> Result<impl IntoResponse, ApiError> {
    let path = query.path.map_or(Some(MediaPath::default()), |path| MediaPath::parse(&path));
    let path = path.ok_or_else(|| Invalid::new("path", MEDIA_PATH))?;
    let cookie = accounts.media_cookie(caller.user, caller.session.id, &path).await?;
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), Data(true)))
}
