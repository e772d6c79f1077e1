//! Reads the query of a request.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// The query of a request. A missing or unreadable parameter makes it no request of this protocol.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match axum::extract::Query::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(_) => Err(ApiError::InvalidRequest),
        }
    }
}

#[cfg(test)]
mod tests {
    use rim_protocol::rest::{Direction, FriendQuery, GidQuery, UidQuery};

    use super::*;

    async fn read<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
        let uri = format!("/?{query}").parse::<http::Uri>().expect("a uri");
        let (mut parts, ()) = http::Request::builder().uri(uri).body(()).expect("a request").into_parts();
        Query::from_request_parts(&mut parts, &()).await.map(|Query(query)| query)
    }

    #[tokio::test]
    async fn ids_are_numbers_below_two_to_the_53() {
        assert_eq!(read::<GidQuery>("gid=7&x=y").await.expect("a gid").gid.get(), 7);
        for wrong in ["", "gid", "gid=", "gid=x", "gid=-1", "gid=9007199254740992", "gid=1&gid=2"] {
            assert!(matches!(read::<GidQuery>(wrong).await, Err(ApiError::InvalidRequest)), "{wrong}");
        }
        assert_eq!(read::<UidQuery>("").await.expect("an optional uid").uid, None);
    }

    #[tokio::test]
    async fn a_direction_is_in_or_out() {
        let query = read::<FriendQuery>("status=0&direction=in").await.expect("a query");
        assert_eq!((query.status, query.direction), (Some(0), Some(Direction::In)));
        assert!(read::<FriendQuery>("direction=up").await.is_err());
        assert!(read::<FriendQuery>("status=256").await.is_err());
    }
}
