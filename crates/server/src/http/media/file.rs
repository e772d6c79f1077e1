//! `GET /media/files/{id}`: a file, or a smaller picture of it, for whoever may see it.
//!
//! Who that is is asked at each fetch: a session, shown by the token, by the cookie or by a link, and whether its user may
//! see the file now. To everybody else there is no such file.

use std::ops::Range;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRef, State};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, TryStreamExt, stream};
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, RETRY_AFTER, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use rim_core::Clock;
use rim_core::file::{File, FileId, SIDES, SQUARE};
use rim_store::{Store, StoreError};

use super::disposition::disposition;
use super::range::{Asked, asked, is_known};
use crate::accounts::Accounts;
use crate::accounts::pass::Holder;
use crate::files::Filing;
use crate::http::caller::bearer;
use crate::http::headers::UPLOAD;
use crate::http::parts::Api;
use crate::http::web;
use crate::limits::{RateLimits, RetryAfter};
use crate::media::Format;
use crate::storage::{Key, Object};

const FILES: &str = "/media/files/";

/// A browser need not ask again for so long. It is short, as what is recalled is gone for everybody; and whoever logs in
/// after somebody else asks for themselves, as the cookie is another.
const CACHING: HeaderValue = HeaderValue::from_static("private, max-age=60, must-revalidate");
/// Who somebody is is shown everywhere, and by another address when it is another picture.
const CACHING_SQUARE: HeaderValue = HeaderValue::from_static("private, max-age=86400, immutable");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");
/// A browser that is not told reads a text in the characters of its reader's country. A text in UTF-16 begins with a mark, which
/// counts more.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const VARYING: HeaderValue = HeaderValue::from_static("authorization, cookie");
/// Pages of other sites do not show it. Those of this site on another port or host may, where they are let.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Where a file is found on this server.
pub fn address(id: &FileId) -> String {
    format!("{FILES}{id}")
}

/// What it takes to show one.
pub(super) struct Showing {
    store: Arc<dyn Store>,
    accounts: Arc<Accounts>,
    filing: Arc<Filing>,
    limits: Arc<RateLimits>,
    clock: Arc<dyn Clock>,
}

impl FromRef<Api> for Showing {
    fn from_ref(api: &Api) -> Self {
        Self {
            store: Arc::from_ref(api),
            accounts: Arc::from_ref(api),
            filing: Arc::from_ref(api),
            limits: Arc::from_ref(api),
            clock: Arc::from_ref(api),
        }
    }
}

/// Why nothing is shown.
enum Refused {
    /// There is no such file for whoever asks.
    NotFound,
    TooMany(RetryAfter),
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// `GET /media/files/{id}` and `GET /media/files/{id}/{side}`, with HEAD.
pub(super) async fn show(
    State(showing): State<Showing>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    match showing.show(&method, &uri, &headers).await {
        Ok(response) => response,
        Err(Refused::NotFound) => web::not_found(uri).await,
        Err(Refused::TooMany(pause)) => {
            (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, pause.seconds().to_string())]).into_response()
        }
        Err(Refused::Store(StoreError::Busy)) => {
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")]).into_response()
        }
        Err(Refused::Store(error)) => {
            tracing::error!(%error, "a file cannot be shown");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

impl Showing {
    async fn show(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Response, Refused> {
        let (id, side) = named(uri.path()).ok_or(Refused::NotFound)?;
        let query = uri.query().unwrap_or_default();
        let user = self.asker(&id, query, headers).await?.ok_or(Refused::NotFound)?.user;
        self.limits.fetch(user).map_err(Refused::TooMany)?;
        let file = self.store.visible_file(user, id).await?.ok_or(Refused::NotFound)?;
        let (key, etag) = match side {
            None => (Key::Blob(file.hash), format!("\"{}\"", file.hash)),
            Some(SQUARE) => {
                let key = Key::Preview(file.hash, SQUARE);
                // Made when somebody first sets it as their picture.
                let size =
                    self.filing.storage().size(&key).await.map_err(|error| self.filing.fault(&error))?;
                size.ok_or(Refused::NotFound)?;
                (key, format!("\"{}-{SQUARE}\"", file.hash))
            }
            Some(side) if file.facts.thumbs.has(side) => {
                let of = file.pictured();
                (Key::Preview(of, side), format!("\"{of}-{side}\""))
            }
            Some(_) => return Err(Refused::NotFound),
        };
        let mut response = match key {
            _ if is_known(headers, &etag) => StatusCode::NOT_MODIFIED.into_response(),
            Key::Blob(_) => self.blob(method, headers, &file, &key, &etag).await?,
            _ => self.preview(&key).await?,
        };
        let about = response.headers_mut();
        if let Some(mime) = about.get(CONTENT_TYPE).and_then(|mime| mime.to_str().ok()) {
            let to_be_saved =
                query.split('&').any(|pair| pair == "download" || pair.starts_with("download="));
            let mime = mime.split(';').next().unwrap_or_default();
            let disposition = disposition(mime, &file.name, to_be_saved);
            about.insert(CONTENT_DISPOSITION, disposition);
        }
        about.insert(ETAG, HeaderValue::try_from(etag).expect("hex digits"));
        about.insert(CACHE_CONTROL, if side == Some(SQUARE) { CACHING_SQUARE } else { CACHING });
        about.insert(VARY, VARYING);
        about.insert(RESOURCE_POLICY, HeaderValue::from_static("same-site"));
        about.insert(CONTENT_SECURITY_POLICY, UPLOAD);
        Ok(response)
    }

    /// Who asks for a file: by a link to it, by the token, or by the cookie.
    async fn asker(
        &self,
        id: &FileId,
        query: &str,
        headers: &HeaderMap,
    ) -> Result<Option<Holder>, StoreError> {
        if let Some(token) = bearer(headers)
            && let Some(session) = self.accounts.authenticate(token).await?
        {
            return Ok(Some((&session).into()));
        }
        let seal = self.accounts.seal().await?;
        let passes = [seal.linked(id, query, self.clock.now()), seal.shown(headers)];
        for holder in passes.into_iter().flatten() {
            if self.accounts.session(holder.user, holder.session).await?.is_some() {
                return Ok(Some(holder));
            }
        }
        Ok(None)
    }

    /// The bytes of a file, or those that are asked for.
    async fn blob(
        &self,
        method: &Method,
        headers: &HeaderMap,
        file: &File,
        key: &Key,
        etag: &str,
    ) -> Result<Response, StoreError> {
        let size_bytes = file.size_bytes;
        let is_get = *method == Method::GET;
        let part = match asked(headers, size_bytes, etag) {
            Asked::Part(part) if is_get => Some(part),
            Asked::Nothing if is_get => return Ok(behind_the_end(size_bytes)),
            _ => None,
        };
        let body = if is_get && size_bytes > 0 {
            Body::from_stream(self.open(key, part.clone()).await?.pieces)
        } else {
            Body::empty()
        };
        let mut response = body.into_response();
        let about = response.headers_mut();
        about.insert(
            CONTENT_TYPE,
            match file.mime.as_str() {
                "text/plain" => TEXT,
                mime => HeaderValue::from_str(mime).unwrap_or(BYTES),
            },
        );
        about.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let length = part.as_ref().map_or(size_bytes, |part| part.end - part.start);
        about.insert(CONTENT_LENGTH, length.into());
        if let Some(Range { start, end }) = part {
            let range = format!("bytes {start}-{}/{size_bytes}", end - 1);
            about.insert(CONTENT_RANGE, HeaderValue::try_from(range).expect("numbers"));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        Ok(response)
    }

    /// A smaller picture, whose first bytes tell what it is.
    async fn preview(&self, key: &Key) -> Result<Response, StoreError> {
        let Object { size_bytes, mut pieces } = self.open(key, None).await?;
        let first = match pieces.next().await {
            Some(first) => first.map_err(|error| self.filing.fault(&error))?,
            None => Bytes::new(),
        };
        let mime = Format::of(&first).map_or("application/octet-stream", Format::content_type);
        let pieces = stream::once(async { Ok(first) }).chain(pieces);
        let about = [(CONTENT_TYPE, HeaderValue::from_static(mime)), (CONTENT_LENGTH, size_bytes.into())];
        Ok((about, Body::from_stream(pieces)).into_response())
    }

    async fn open(&self, key: &Key, part: Option<Range<u64>>) -> Result<Object, StoreError> {
        let found = self.filing.storage().open(key, part).await;
        let found = found.map_err(|error| self.filing.fault(&error))?;
        let object = found.ok_or_else(|| StoreError::Fault(format!("{key} is not where files are")))?;
        let sent = self.filing.metrics().sent_bytes.clone();
        let pieces = object.pieces.inspect_ok(move |piece| {
            sent.inc_by(piece.len() as u64);
        });
        Ok(Object { pieces: pieces.boxed(), ..object })
    }
}

fn behind_the_end(size_bytes: u64) -> Response {
    let range = format!("bytes */{size_bytes}");
    (StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, range)]).into_response()
}

/// The file that a path names, and the longer side of a preview.
fn named(path: &str) -> Option<(FileId, Option<u32>)> {
    // As it was sent: what is percent-encoded is no id of ours.
    let rest = path.strip_prefix(FILES)?;
    let (id, side) = match rest.split_once('/') {
        None => (rest, None),
        Some((id, side)) => {
            let mut known = SIDES.into_iter().chain([SQUARE]);
            (id, Some(known.find(|known| known.to_string() == side)?))
        }
    };
    Some((FileId::parse(id)?, side))
}
