//! Reads bodies, and no more of them than is allowed.

use axum::body::Bytes;
use axum::extract::Request;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::error::ApiError;

/// The whole body of a request.
///
/// # Errors
/// `TooLarge` above `limit_bytes`; `Malformed` where the body breaks off.
pub async fn read(request: Request, limit_bytes: usize) -> Result<Bytes, ApiError> {
    match Limited::new(request.into_body(), limit_bytes).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::TooLarge(limit_bytes)),
        Err(error) => Err(ApiError::Malformed(format!("the body did not arrive: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_over_the_limit_is_told_the_limit() {
        let request = |length| Request::new(axum::body::Body::from(vec![b' '; length]));
        assert!(read(request(8), 8).await.is_ok());
        assert!(matches!(read(request(9), 8).await, Err(ApiError::TooLarge(8))));
    }
}
