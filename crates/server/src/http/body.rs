//! Reads bodies, and no more of them than is allowed.

use std::sync::Arc;

use axum::body::{Bytes, HttpBody};
use axum::extract::Request;
use http_body_util::BodyExt;
use rim_core::UserId;

use super::error::ApiError;
use crate::intake::{Full, Intake};

/// The whole body of a request of this user, if it is known whose it is.
///
/// What has come is copied out of the pieces that it came in: each holds a buffer of kilobytes, even for one byte.
///
/// # Errors
/// `TooLarge` above `limit_bytes`, and at once where the head says that it will be; `Malformed` where the body breaks
/// off; `TooMuchAtOnce` and `Busy` where the user, or all of them, send too many at the same time.
pub async fn read(
    intake: &Arc<Intake>,
    user: Option<UserId>,
    request: Request,
    limit_bytes: usize,
) -> Result<Bytes, ApiError> {
    let mut held = intake.hold(user);
    let mut body = request.into_body();
    if body.size_hint().lower() > limit_bytes as u64 {
        return Err(ApiError::TooLarge(limit_bytes));
    }
    let mut whole: Vec<u8> = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| ApiError::Malformed(format!("the body did not arrive: {error}")))?;
        // What else there may be are trailers, which nobody asked for.
        let Ok(piece) = frame.into_data() else { continue };
        if piece.len() > limit_bytes - whole.len() {
            return Err(ApiError::TooLarge(limit_bytes));
        }
        if whole.capacity() - whole.len() < piece.len() {
            let room = (2 * whole.capacity()).max(whole.len() + piece.len()).min(limit_bytes);
            whole.reserve_exact(room - whole.len());
        }
        whole.extend_from_slice(&piece);
        held.set(whole.capacity()).map_err(|full| match full {
            Full::User => ApiError::TooMuchAtOnce,
            Full::All => ApiError::Busy,
        })?;
    }
    Ok(whole.into())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::body::Body;
    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn a_body_over_the_limit_is_told_the_limit() {
        let intake = Intake::new(1024);
        let pieces = |count| {
            let pieces = (0..count).map(|_| Ok::<_, Infallible>(Bytes::from_static(b" ")));
            Request::new(Body::from_stream(stream::iter(pieces)))
        };
        let declared = |length| Request::new(Body::from(vec![b' '; length]));
        for request in [declared(8), pieces(8)] {
            assert_eq!(read(&intake, None, request, 8).await.expect("as much as may be"), &[b' '; 8][..]);
        }
        for request in [declared(9), pieces(9)] {
            assert!(matches!(read(&intake, None, request, 8).await, Err(ApiError::TooLarge(8))));
        }
    }
}
