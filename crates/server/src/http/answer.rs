//! What a handler answers with.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use rim_protocol::Envelope;
use serde::Serialize;

use super::envelope;
use super::error::ApiError;

/// What a handler returns: data for the envelope, or why there is none.
pub type Answer<T> = Result<Data<T>, ApiError>;

/// The `data` of a successful answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data<T>(pub T);

impl<T: Serialize> IntoResponse for Data<T> {
    fn into_response(self) -> Response {
        envelope::json(StatusCode::OK, &Envelope::success(self.0))
    }
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;

    use super::*;

    #[tokio::test]
    async fn success_has_the_fixed_bytes() {
        let response = Data(101).into_response();
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory");
        assert_eq!(body, r#"{"ok":true,"code":200,"msg":null,"data":101}"#);
    }
}
