//! Lets web pages of allowed origins read the answers of `/api`.
//!
//! Own code instead of a library's layer: a preflight is only what asks for a method, the origin is judged
//! by the `Host` beside it, and one that is not allowed hears 403.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderValue, Method, StatusCode};

use crate::config::Config;
use crate::origin;

/// What pages may read of an answer beside its body: when to come again, and what tus says.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "retry-after, location, tus-resumable, tus-version, tus-extension, tus-max-size, upload-offset, upload-length, \
     upload-expires, rim-file",
);

/// Answers preflights, before anybody asks for a token, and marks every other answer for its page.
///
/// A request of a page that is not allowed is served like any other, as a client that is no browser
/// could send it anyway; without the mark the browser keeps the answer from the page.
pub async fn share(State(config): State<Arc<Config>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let allowed = origin.filter(|_| origin::allowed(&config, request.headers()));
    let mut response =
        if is_preflight(&request) { preflight(allowed.is_some()) } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    response
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(allowed: bool) -> Response {
    if !allowed {
        return StatusCode::FORBIDDEN.into_response();
    }
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, HEAD, PATCH, DELETE, OPTIONS"),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, tus-resumable, upload-length, upload-offset, upload-metadata, \
             upload-checksum, x-http-method-override",
        ),
        // Two hours, the most that Chromium takes.
        (ACCESS_CONTROL_MAX_AGE, "7200"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
