//! What people have uploaded, as it is shown.
//!
//! Open to everybody who knows the address: a page's pictures are fetched without a token, and an address
//! cannot be guessed.

use std::fs::File;
use std::io::{self, Read};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream::{self, Stream};
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{StatusCode, Uri};

use super::headers::{IMMUTABLE, UPLOAD};
use super::parts::Api;
use super::web;
use crate::life::Life;
use crate::media::{AvatarName, Avatars, Picture};

const AVATARS: &str = "/media/avatars/";

/// A picture is sent in pieces of so many bytes, so that a slow reader costs one of them and no more.
const PIECE_BYTES: usize = 64 * 1024;

pub fn routes() -> Router<Api> {
    Router::new().route("/media/avatars/{name}", get(avatar))
}

/// Where a picture is found on this server.
pub fn address(name: &AvatarName) -> String {
    format!("{AVATARS}{name}")
}

/// `GET /media/avatars/{name}`
async fn avatar(State(avatars): State<Avatars>, State(life): State<Life>, uri: Uri) -> Response {
    // As it was sent: what is percent-encoded is no name of ours.
    let Some(name) = uri.path().strip_prefix(AVATARS).and_then(AvatarName::parse) else {
        return web::not_found(uri).await;
    };
    let about = [(CONTENT_TYPE, name.format.content_type())];
    let caching = [(CACHE_CONTROL, IMMUTABLE), (CONTENT_SECURITY_POLICY, UPLOAD)];
    match avatars.find(name).await {
        Ok(Some(Picture::File(file, length_bytes))) => {
            let body = Body::from_stream(pieces(life, file));
            (about, caching, [(CONTENT_LENGTH, length_bytes)], body).into_response()
        }
        Ok(Some(Picture::Bytes(picture))) => (about, caching, picture).into_response(),
        Ok(None) => web::not_found(uri).await,
        Err(error) => {
            tracing::error!(%error, "a picture cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn pieces(life: Life, file: File) -> impl Stream<Item = io::Result<Bytes>> {
    stream::try_unfold(file, move |mut file| {
        let reading = life.tasks.spawn_blocking(move || {
            let mut piece = vec![0; PIECE_BYTES];
            let length = file.read(&mut piece)?;
            piece.truncate(length);
            Ok((length > 0).then(|| (Bytes::from(piece), file)))
        });
        async { reading.await.unwrap_or_else(|panic| Err(io::Error::other(panic))) }
    })
}
