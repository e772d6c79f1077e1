//! Headers that tell a browser to be careful.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

use crate::config::{Config, RemotePictures};

/// For answers that are no pages: nothing in them may be loaded, run or framed.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// For pages of ours without scripts: styles and pictures from this server, and nothing else.
pub const STATIC_PAGE: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// What both policies of the web client begin with: scripts, styles and connections of this server alone. The
/// WebSocket of the same host counts as `'self'`.
macro_rules! web_client {
    ($media:literal) => {
        HeaderValue::from_static(concat!(
            "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; ",
            "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; ",
            $media
        ))
    };
}

/// For the web client. Pictures, sound and films may be elsewhere where the client asks before it loads them. `blob:` is
/// what somebody is about to send, before it is on any server.
pub const fn web_client(remote_pictures: RemotePictures) -> HeaderValue {
    match remote_pictures {
        RemotePictures::Ask => {
            web_client!("img-src 'self' data: blob: https: http:; media-src 'self' blob: https: http:")
        }
        RemotePictures::Never => web_client!("img-src 'self' data: blob:; media-src 'self' blob:"),
    }
}

/// For a picture that somebody has uploaded: even opened by itself it is nothing but a picture.
pub const UPLOAD: HeaderValue =
    HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'");

/// Caching of what never changes under its address: a year, which is as long as caches go.
pub const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Adds to every answer what it does not say itself.
pub async fn protect(State(config): State<Arc<Config>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(NOTHING);
    if config.tls.is_some() {
        // Half a year. Behind a proxy that ends TLS, this is the proxy's to say.
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=15552000"));
    }
    response
}

/// Answers of the API are for the one who asked, now.
pub async fn no_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
