//! Why a request failed, and the one place that says how it is answered.

use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use rim_core::Refusal;
use rim_protocol::limits::Invalid;
use rim_protocol::{Envelope, ErrorCode};
use rim_store::StoreError;

use super::envelope::json;
use crate::accounts::AccountError;
use crate::limits::RetryAfter;

/// A request that was not carried out.
#[derive(Debug)]
pub enum ApiError {
    /// A rule of the product says no, in words for the user. Status 200: old clients read no other.
    Refused(String),
    /// The user or token asked for does not exist. Status 200, code 1001.
    NoSuchUser(&'static str),
    /// A search that found nothing, which old clients know by `"code":200,"msg":"fail"`.
    NothingFound,
    /// No token, or a bad, expired or revoked one. Status 200, code 401.
    LoginRequired,
    /// No such route, or a query that is incomplete or unreadable.
    InvalidRequest,
    /// The body is no JSON. Says why.
    Malformed(String),
    /// The body is JSON with a wrong field. Says which.
    WrongField(String),
    /// The body is larger than so many bytes.
    TooLarge(usize),
    /// The file is too large, or the user would keep or send more than they may. Says so.
    QuotaExceeded(String),
    /// There is no room for files.
    DiskNearlyFull(String),
    /// The request took longer than the settings allow.
    TimedOut,
    TooManyRequests(RetryAfter),
    /// More bodies of one user than may come at the same time.
    TooMuchAtOnce,
    /// More files of one user than may come at the same time. Says how many.
    TooManyTransfers(String),
    /// A queue is full.
    Busy,
    /// It was done or not.
    Unsure,
    /// Something of ours failed. For the log; the user hears `system error`.
    Fault(String),
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        use ErrorCode as Code;
        match self {
            Self::Refused(reason) => failure(StatusCode::OK, Code::Failed, reason),
            Self::NoSuchUser(reason) => failure(StatusCode::OK, Code::NoSuchUser, reason),
            Self::NothingFound => json(StatusCode::OK, &Envelope::<()>::search_failed()),
            Self::LoginRequired => failure(StatusCode::OK, Code::LoginRequired, "login required"),
            Self::InvalidRequest => failure(StatusCode::NOT_FOUND, Code::NotFound, "invalid request"),
            Self::Malformed(what) => failure(StatusCode::BAD_REQUEST, Code::NotUnderstood, what),
            Self::WrongField(what) => failure(StatusCode::UNPROCESSABLE_ENTITY, Code::WrongField, what),
            // Of these the rest of the body is not read, so nothing can follow on the connection.
            Self::TooLarge(limit) => last(failure(
                StatusCode::PAYLOAD_TOO_LARGE,
                Code::TooLarge,
                format!("the body may have {limit} bytes at the most"),
            )),
            Self::QuotaExceeded(text) => last(failure(StatusCode::PAYLOAD_TOO_LARGE, Code::TooLarge, text)),
            Self::DiskNearlyFull(text) => {
                last(failure(StatusCode::INSUFFICIENT_STORAGE, Code::DiskNearlyFull, text))
            }
            Self::TimedOut => {
                last(failure(StatusCode::REQUEST_TIMEOUT, Code::TimedOut, "the request took too long"))
            }
            Self::TooManyRequests(pause) => {
                let seconds = pause.seconds();
                let text = format!("too many requests, try again in {seconds} s");
                retry_after(seconds, failure(StatusCode::TOO_MANY_REQUESTS, Code::TooFast, text))
            }
            Self::TooMuchAtOnce => {
                let text = "too much at once: wait for the answers to what is being sent";
                retry_after(1, failure(StatusCode::TOO_MANY_REQUESTS, Code::TooFast, text))
            }
            Self::TooManyTransfers(text) => {
                last(retry_after(5, failure(StatusCode::TOO_MANY_REQUESTS, Code::TooFast, text)))
            }
            Self::Busy => {
                let text = StoreError::Busy.to_string();
                retry_after(1, failure(StatusCode::SERVICE_UNAVAILABLE, Code::Busy, text))
            }
            Self::Unsure => {
                let text = "it is not known whether this was done: look, and try again";
                failure(StatusCode::GATEWAY_TIMEOUT, Code::Unsure, text)
            }
            Self::Fault(cause) => {
                tracing::error!(%cause, "a request failed");
                failure(StatusCode::INTERNAL_SERVER_ERROR, Code::Failed, "system error")
            }
        }
    }
}

fn failure(status: StatusCode, code: ErrorCode, reason: impl Into<String>) -> Response {
    json(status, &Envelope::<()>::failure(code, reason))
}

fn last(mut response: Response) -> Response {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn retry_after(seconds: u64, mut response: Response) -> Response {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => refusal.into(),
            StoreError::Busy => Self::Busy,
            StoreError::Fault(cause) => Self::Fault(cause),
            StoreError::Unsure => Self::Unsure,
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::SessionEnded(_) => Self::LoginRequired,
            Refusal::NoSuchUser => Self::NoSuchUser("user not found"),
            exceeded @ (Refusal::QuotaExceeded { .. }
            | Refusal::DayExceeded { .. }
            | Refusal::FileTooLarge(_)
            | Refusal::PictureTooLarge(_)) => Self::QuotaExceeded(exceeded.to_string()),
            full @ Refusal::DiskNearlyFull => Self::DiskNearlyFull(full.to_string()),
            stays @ Refusal::LocationStays => Self::WrongField(stays.to_string()),
            many @ Refusal::TooManyTransfers(_) => Self::TooManyTransfers(many.to_string()),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        Self::Refused(invalid.to_string())
    }
}

impl From<RetryAfter> for ApiError {
    fn from(pause: RetryAfter) -> Self {
        Self::TooManyRequests(pause)
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Store(error) => error.into(),
            AccountError::Invalid(invalid) => invalid.into(),
            said_to_the_user => Self::Refused(said_to_the_user.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn answer(error: ApiError) -> (u16, String) {
        let response = error.into_response();
        let status = response.status().as_u16();
        assert_eq!(response.headers()["content-type"], "application/json");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory");
        (status, String::from_utf8(body.to_vec()).expect("JSON is UTF-8"))
    }

    #[tokio::test]
    async fn failures_have_the_fixed_bytes() {
        for (error, status, body) in [
            (
                Refusal::AccountTaken.into(),
                200,
                r#"{"ok":false,"code":500,"msg":"Account Existed","data":null}"#,
            ),
            (
                Refusal::NoSuchUser.into(),
                200,
                r#"{"ok":false,"code":1001,"msg":"user not found","data":null}"#,
            ),
            (ApiError::NothingFound, 200, r#"{"ok":false,"code":200,"msg":"fail","data":null}"#),
            (ApiError::LoginRequired, 200, r#"{"ok":false,"code":401,"msg":"login required","data":null}"#),
            (ApiError::InvalidRequest, 404, r#"{"ok":false,"code":404,"msg":"invalid request","data":null}"#),
            (
                StoreError::Fault("disk on fire".into()).into(),
                500,
                r#"{"ok":false,"code":500,"msg":"system error","data":null}"#,
            ),
            (
                StoreError::Unsure.into(),
                504,
                r#"{"ok":false,"code":504,"msg":"it is not known whether this was done: look, and try again","data":null}"#,
            ),
        ] {
            assert_eq!(answer(error).await, (status, body.to_owned()));
        }
    }

    #[test]
    fn a_pause_is_rounded_up_to_seconds() {
        let pause = RetryAfter(Duration::from_millis(1001));
        assert_eq!(ApiError::from(pause).into_response().headers()[RETRY_AFTER], "2");
        assert_eq!(ApiError::Busy.into_response().headers()[RETRY_AFTER], "1");
    }
}
