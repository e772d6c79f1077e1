//! What people have uploaded, as it is shown.
//!
//! The pictures of users and groups are open to everybody who knows the address: a page's pictures are fetched without a
//! token, and an address cannot be guessed. Files ([`file`]) are for those who may see them.

mod disposition;
mod file;
mod range;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{StatusCode, Uri};

pub use self::file::address as file_address;
use super::headers::{IMMUTABLE, UPLOAD};
use super::parts::Api;
use super::web;
use crate::avatars::Avatars;
use crate::media::AvatarName;
use crate::storage::Object;

const AVATARS: &str = "/media/avatars/";

pub fn routes() -> Router<Api> {
    Router::new()
        .route("/media/avatars/{name}", get(avatar))
        .route("/media/files/{id}", get(file::show))
        .route("/media/files/{id}/{side}", get(file::show))
}

/// Where a picture is found on this server.
pub fn address(name: &AvatarName) -> String {
    format!("{AVATARS}{name}")
}

/// `GET /media/avatars/{name}`
async fn avatar(State(avatars): State<Avatars>, uri: Uri) -> Response {
    // As it was sent: what is percent-encoded is no name of ours.
    let Some(name) = uri.path().strip_prefix(AVATARS).and_then(AvatarName::parse) else {
        return web::not_found(uri).await;
    };
    let about = [(CONTENT_TYPE, name.format.content_type())];
    let caching = [(CACHE_CONTROL, IMMUTABLE), (CONTENT_SECURITY_POLICY, UPLOAD)];
    match avatars.find(name).await {
        Ok(Some(Object { size_bytes, pieces })) => {
            (about, caching, [(CONTENT_LENGTH, size_bytes)], Body::from_stream(pieces)).into_response()
        }
        Ok(None) => web::not_found(uri).await,
        Err(error) => {
            tracing::error!(%error, "a picture cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
