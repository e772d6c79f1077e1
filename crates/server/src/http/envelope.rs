//! The envelope around every answer.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use rim_protocol::Envelope;
use serde::Serialize;

/// An envelope as it is sent.
pub(super) fn json<T: Serialize>(status: StatusCode, envelope: &Envelope<T>) -> Response {
    let body = serde_json::to_vec(envelope).expect("strings, numbers and lists always have a JSON form");
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}
