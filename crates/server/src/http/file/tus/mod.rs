//! tus 1.0, by which an upload that breaks off goes on where it was: `/api/file/tus` and `/api/file/tus/{id}`.
//!
//! Who asks is known before, as for every operation.

mod receive;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, FromRequestParts, Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{head, post};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use rim_core::file::TransferId;
use serde::Deserialize;

use self::receive::Receiver;
use crate::files::{Begun, Filing};
use crate::http::caller::Caller;
use crate::http::parts::Api;
use crate::http::tus::answer::{complete, of_offset};
use crate::http::tus::headers::{
    ALGORITHMS, BYTES, Checksum, EXTENSIONS, METHOD_OVERRIDE, Metadata, TUS_CHECKSUM_ALGORITHM,
    TUS_EXTENSION, TUS_MAX_SIZE, TUS_RESUMABLE, TUS_VERSION, UPLOAD_LENGTH, UPLOAD_OFFSET, VERSION, number,
};
use crate::http::tus::{PATH, TusError};
use crate::limits::RateLimits;
use crate::pace::Pace;

pub fn routes() -> Router<Api> {
    let one = head(tell).patch(go_on).delete(end).post(in_disguise).options(say_what_it_can);
    Router::new().route(PATH, post(begin).options(say_what_it_can)).route("/api/file/tus/{id}", one)
}

/// Who speaks tus: a user, in the version that there is.
struct Speaker(Caller);

impl FromRequestParts<Api> for Speaker {
    type Rejection = TusError;

    async fn from_request_parts(parts: &mut http::request::Parts, api: &Api) -> Result<Self, TusError> {
        if parts.headers.get(TUS_RESUMABLE).is_none_or(|version| version != VERSION) {
            return Err(TusError::Version);
        }
        Caller::from_request_parts(parts, api).await.map(Self).map_err(|_| TusError::LoginRequired)
    }
}

/// `OPTIONS`: what the server can do, for whoever asks.
async fn say_what_it_can(State(filing): State<Arc<Filing>>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (TUS_RESUMABLE, VERSION),
        (TUS_VERSION, VERSION),
        (TUS_EXTENSION, EXTENSIONS),
        (TUS_CHECKSUM_ALGORITHM, ALGORITHMS),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(TUS_MAX_SIZE, filing.limits().max_bytes.into());
    response
}

/// `POST /api/file/tus`: begins an upload. What comes with it is its beginning.
async fn begin(
    State(filing): State<Arc<Filing>>,
    State(limits): State<Arc<RateLimits>>,
    State(receiver): State<Receiver>,
    Speaker(caller): Speaker,
    request: Request,
) -> Result<Response, TusError> {
    limits.file(caller.user)?;
    let headers = request.headers();
    let size_bytes = number(headers, &UPLOAD_LENGTH)?
        .ok_or_else(|| TusError::Wrong(format!("{UPLOAD_LENGTH}: how large the file is, known at first")))?;
    let Metadata { name, mime, as_file } = Metadata::of(headers)?;
    let has_bytes = headers.contains_key(CONTENT_TYPE);
    if has_bytes {
        must_be_bytes(headers)?;
    }
    let checksum = Checksum::of(headers)?;
    let begun = Begun { name, mime, as_file, size_bytes };
    let id = filing.begin_transfer(caller.user, begun).await?;
    let mut held = filing.hold(caller.user, id).await?;
    let received = if has_bytes || held.is_whole() {
        receiver.receive(&caller, &mut held, request, checksum).await
    } else {
        Ok(None)
    };
    let (transfer, file) = (held.let_go().await, received?);
    let mut response = StatusCode::CREATED.into_response();
    let location = format!("{PATH}/{id}");
    response
        .headers_mut()
        .insert(LOCATION, location.try_into().expect("an id needs no escape in an address"));
    of_offset(&mut response, &transfer);
    complete(&mut response, file.as_ref());
    Ok(response)
}

/// `HEAD`: how far it is. Whoever sends to it now stops, as the one who asks is about to go on.
async fn tell(
    State(filing): State<Arc<Filing>>,
    Speaker(caller): Speaker,
    Path(named): Path<Named>,
    pace: axum::Extension<Pace>,
) -> Result<Response, TusError> {
    let mut held = filing.hold(caller.user, named.transfer()?).await?;
    // All of it had come when the server ended that was to make the file.
    let made = if held.is_whole() { Some(held.make(&pace, None).await) } else { None };
    let (transfer, file) = (held.let_go().await, made.transpose()?);
    let mut response = StatusCode::OK.into_response();
    of_offset(&mut response, &transfer);
    let headers = response.headers_mut();
    headers.insert(UPLOAD_LENGTH, transfer.size_bytes.into());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    complete(&mut response, file.as_ref());
    Ok(response)
}

/// `PATCH`: the next bytes.
async fn go_on(
    State(filing): State<Arc<Filing>>,
    State(receiver): State<Receiver>,
    Speaker(caller): Speaker,
    Path(named): Path<Named>,
    request: Request,
) -> Result<Response, TusError> {
    let headers = request.headers();
    must_be_bytes(headers)?;
    let offset = number(headers, &UPLOAD_OFFSET)?
        .ok_or_else(|| TusError::Wrong(format!("{UPLOAD_OFFSET}: where these bytes belong")))?;
    let checksum = Checksum::of(headers)?;
    let mut held = filing.hold(caller.user, named.transfer()?).await?;
    let received = if offset == held.transfer.received {
        receiver.receive(&caller, &mut held, request, checksum).await
    } else {
        Err(TusError::Elsewhere(held.transfer.received))
    };
    let (transfer, file) = (held.let_go().await, received?);
    let mut response = StatusCode::NO_CONTENT.into_response();
    of_offset(&mut response, &transfer);
    complete(&mut response, file.as_ref());
    Ok(response)
}

/// `DELETE`: it is not wanted any more.
async fn end(
    State(filing): State<Arc<Filing>>,
    Speaker(caller): Speaker,
    Path(named): Path<Named>,
) -> Result<Response, TusError> {
    filing.drop_transfer(caller.user, named.transfer()?).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(TUS_RESUMABLE, HeaderValue::from_static(VERSION));
    Ok(response)
}

/// `POST` of those who cannot say what they mean.
async fn in_disguise(
    State(api): State<Api>,
    speaker: Speaker,
    path: Path<Named>,
    request: Request,
) -> Result<Response, TusError> {
    let meant = request.headers().get(METHOD_OVERRIDE);
    let meant = meant.and_then(|method| Method::from_bytes(method.as_bytes()).ok());
    if meant == Some(Method::PATCH) {
        let (filing, receiver) = (State(Arc::from_ref(&api)), State(Receiver::from_ref(&api)));
        go_on(filing, receiver, speaker, path, request).await
    } else if meant == Some(Method::DELETE) {
        end(State(Arc::from_ref(&api)), speaker, path).await
    } else {
        Err(TusError::Unknown)
    }
}

/// Which upload a path names.
#[derive(Deserialize)]
struct Named {
    id: String,
}

impl Named {
    fn transfer(&self) -> Result<TransferId, TusError> {
        TransferId::parse(&self.id).ok_or(TusError::Unknown)
    }
}

fn must_be_bytes(headers: &HeaderMap) -> Result<(), TusError> {
    let is_bytes = headers.get(CONTENT_TYPE).is_some_and(|value| value == BYTES);
    if is_bytes { Ok(()) } else { Err(TusError::NoBytes) }
}
