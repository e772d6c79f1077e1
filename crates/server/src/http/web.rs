//! What a person sees in a browser: the web client, or the pages that stand in for it.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, StatusCode, Uri};

use super::headers::{STATIC_PAGE, web_client};
use super::parts::Api;
use crate::config::Config;

mod client;

/// At `/` while there is no client.
const LANDING: &str = include_str!("web/landing.html");
const NOT_FOUND: &str = include_str!("web/not_found.html");
/// No page is the longer for a path of a thousand slashes.
const MOST_DEPTH: usize = 32;
const STYLE: &str = include_str!("web/style.css");

/// The client's files are found by the fallback: which there are is known to its build alone.
pub fn routes() -> Router<Api> {
    Router::new().route("/style.css", get(async || style(STYLE))).fallback(get(file).fallback(not_found))
}

/// A file of the client. It finds its way by what follows `#`, so nothing but `/` is a page of its own.
async fn file(State(config): State<Arc<Config>>, uri: Uri, headers: HeaderMap) -> Response {
    match client::find(uri.path()) {
        Some(file) => file.answer(&headers, web_client(config.remote_pictures)),
        None if uri.path() == "/" => page(StatusCode::OK, LANDING),
        None => not_found(uri).await,
    }
}

/// Its links lead to the start from wherever it is shown, also where a proxy has cut off the beginning of the path.
pub async fn not_found(uri: Uri) -> Response {
    let depth = uri.path().matches('/').count().saturating_sub(1).min(MOST_DEPTH);
    page(StatusCode::NOT_FOUND, NOT_FOUND.replace("{start}", &format!("./{}", "../".repeat(depth))))
}

/// A page without scripts.
pub fn page(status: StatusCode, html: impl Into<Cow<'static, str>>) -> Response {
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    (status, headers, [(CONTENT_SECURITY_POLICY, STATIC_PAGE)], html.into()).into_response()
}

pub fn style(css: &'static str) -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "no-cache")], css).into_response()
}
