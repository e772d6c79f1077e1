//! How tus is answered.

use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use jiff::fmt::rfc2822::DateTimePrinter;
use rim_core::Refusal;
use rim_core::file::{File, Transfer};
use rim_store::StoreError;

use super::headers::{BYTES, RIM_FILE, TUS_RESUMABLE, TUS_VERSION, UPLOAD_EXPIRES, UPLOAD_OFFSET, VERSION};
use crate::files::Stopped;
use crate::limits::RetryAfter;

/// Why something of an upload was not done.
#[derive(Debug)]
pub enum TusError {
    LoginRequired,
    /// None, or one that is not spoken here.
    Version,
    /// There is no such upload of this user, or not any more.
    Unknown,
    /// A header says what cannot be.
    Wrong(String),
    /// The body is not said to be bytes of an upload.
    NoBytes,
    /// The bytes belong elsewhere: so many have come.
    Elsewhere(u64),
    /// Others go on with it.
    Held,
    /// What came is not what was meant.
    Mismatch,
    /// The body ended too early, or came too slowly. What came of it stays.
    Broken(String),
    TooSlow,
    /// More than it was to have.
    TooMuch,
    TooMuchAtOnce,
    TooMany(RetryAfter),
    Store(StoreError),
}

impl IntoResponse for TusError {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::LoginRequired => (StatusCode::UNAUTHORIZED, "login required".to_owned()),
            Self::Version => {
                (StatusCode::PRECONDITION_FAILED, format!("{TUS_RESUMABLE}: {VERSION} is spoken here"))
            }
            Self::Unknown => (StatusCode::NOT_FOUND, "no such upload".to_owned()),
            Self::Wrong(what) => (StatusCode::BAD_REQUEST, what),
            Self::NoBytes => (StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("content-type: {}", BYTES)),
            Self::Elsewhere(at) => (StatusCode::CONFLICT, format!("{UPLOAD_OFFSET}: {at} bytes have come")),
            Self::Held => (StatusCode::LOCKED, "another request goes on with this upload".to_owned()),
            Self::Mismatch => (mismatch(), "what came has another checksum".to_owned()),
            Self::Broken(why) => (StatusCode::BAD_REQUEST, format!("the body did not arrive: {why}")),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the body came too slowly".to_owned()),
            Self::TooMuch => {
                (StatusCode::PAYLOAD_TOO_LARGE, "more bytes than the upload was to have".to_owned())
            }
            Self::TooMuchAtOnce => return later(StatusCode::TOO_MANY_REQUESTS, 1, "too much at once"),
            Self::TooMany(pause) => {
                return later(StatusCode::TOO_MANY_REQUESTS, pause.seconds(), "too many requests");
            }
            Self::Store(error) => return store(error),
        };
        let mut response = failure(status, &text);
        let headers = response.headers_mut();
        if status == StatusCode::PRECONDITION_FAILED {
            headers.insert(TUS_VERSION, HeaderValue::from_static(VERSION));
        }
        response
    }
}

fn store(error: StoreError) -> Response {
    let text = error.to_string();
    let status = match error {
        StoreError::Refused(Refusal::SessionEnded(_)) => return TusError::LoginRequired.into_response(),
        StoreError::Refused(Refusal::DiskNearlyFull) => StatusCode::INSUFFICIENT_STORAGE,
        StoreError::Refused(Refusal::TooManyTransfers(_)) => {
            return later(StatusCode::TOO_MANY_REQUESTS, 5, &text);
        }
        StoreError::Refused(Refusal::NoSuchFile) => return TusError::Unknown.into_response(),
        StoreError::Refused(Refusal::LocationStays) => StatusCode::UNPROCESSABLE_ENTITY,
        StoreError::Refused(_) => StatusCode::PAYLOAD_TOO_LARGE,
        StoreError::Busy => return later(StatusCode::SERVICE_UNAVAILABLE, 1, &text),
        StoreError::Unsure => {
            return later(StatusCode::SERVICE_UNAVAILABLE, 1, "it is not known whether this was done");
        }
        StoreError::Fault(cause) => {
            tracing::error!(%cause, "an upload failed");
            return failure(StatusCode::INTERNAL_SERVER_ERROR, "system error");
        }
    };
    failure(status, &text)
}

/// What follows on the connection may be the rest of a body, so nothing else can.
fn failure(status: StatusCode, text: &str) -> Response {
    let mut response = (status, text.to_owned()).into_response();
    let headers = response.headers_mut();
    headers.insert(TUS_RESUMABLE, HeaderValue::from_static(VERSION));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn later(status: StatusCode, seconds: u64, text: &str) -> Response {
    let mut response = failure(status, text);
    response.headers_mut().insert(RETRY_AFTER, seconds.into());
    response
}

/// tus has a status of its own.
fn mismatch() -> StatusCode {
    StatusCode::from_u16(460).expect("three digits")
}

/// How far an upload is, and until when it waits for the rest.
pub fn of_offset(response: &mut Response, transfer: &Transfer) {
    let headers = response.headers_mut();
    headers.insert(TUS_RESUMABLE, HeaderValue::from_static(VERSION));
    headers.insert(UPLOAD_OFFSET, transfer.received.into());
    if let Some(at) = expires(transfer) {
        headers.insert(UPLOAD_EXPIRES, at);
    }
}

fn expires(transfer: &Transfer) -> Option<HeaderValue> {
    let at = jiff::Timestamp::from_millisecond(transfer.expires_at.0).ok()?;
    HeaderValue::try_from(DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok()?).ok()
}

/// What has become of it, once it is whole.
pub fn complete(response: &mut Response, file: Option<&File>) {
    if let Some(file) = file {
        let id = HeaderValue::from_str(file.id.as_str()).expect("letters, digits and two marks");
        response.headers_mut().insert(RIM_FILE, id);
    }
}

impl From<StoreError> for TusError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<String> for TusError {
    fn from(wrong: String) -> Self {
        Self::Wrong(wrong)
    }
}

impl From<RetryAfter> for TusError {
    fn from(pause: RetryAfter) -> Self {
        Self::TooMany(pause)
    }
}

impl From<Stopped> for TusError {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Unknown => Self::Unknown,
            Stopped::Held => Self::Held,
            Stopped::Store(error) => Self::Store(error),
        }
    }
}
