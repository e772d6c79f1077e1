//! Refuses what RFC 9112 has a server refuse: a request that does not say which host it is for, or says it twice.
//!
//! Two that stand one behind the other, a proxy and this server, must not take one request for two hosts.

use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, HOST};
use http::{HeaderValue, Request, Version};

use crate::http::error::ApiError;
use crate::origin;

/// The answer to a request that cannot be taken.
pub(super) fn refuse<B>(request: &Request<B>) -> Option<Response> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let why = match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host) => return None,
        // Health checks of old load balancers.
        (None, _) if request.version() < Version::HTTP_11 => return None,
        (Some(_), None) => "the Host header is no host",
        (None, _) => "a Host header is missing",
        (Some(_), Some(_)) => "there may be one Host header alone",
    };
    let mut response = ApiError::Malformed(why.to_owned()).into_response();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    Some(response)
}

/// It may be empty, which says that the target has none.
fn is_host(value: &HeaderValue) -> bool {
    value.is_empty() || value.to_str().is_ok_and(|value| origin::host_of(value).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(version: Version, hosts: &[&str]) -> Option<u16> {
        let mut request = Request::builder().version(version);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        refuse(&request.body(()).expect("a request")).map(|response| response.status().as_u16())
    }

    #[test]
    fn a_request_is_for_one_host() {
        for host in ["chat.example", "chat.example:8000", "127.0.0.1:8000", "[2001:db8::1]:8000", "my_pc", ""]
        {
            assert_eq!(refused(Version::HTTP_11, &[host]), None, "{host}");
        }
        for hosts in [
            &[][..],
            &["chat.example", "chat.example"],
            &["chat.example", "evil.example"],
            &["chat.example, evil.example"],
            &["chat.example/path"],
            &["anna@chat.example"],
            &["chat example"],
        ] {
            assert_eq!(refused(Version::HTTP_11, hosts), Some(400), "{hosts:?}");
        }
    }

    #[test]
    fn the_old_version_may_leave_it_out_and_not_say_it_twice() {
        assert_eq!(refused(Version::HTTP_10, &[]), None);
        assert_eq!(refused(Version::HTTP_10, &["a", "b"]), Some(400));
    }
}
