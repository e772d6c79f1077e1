//! From an HTTP request to a WebSocket.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper_util::rt::TokioIo;
use sha1::{Digest, Sha1};

use super::connection::Connection;
use super::parts::Gateway;
use super::socket::Socket;
use crate::address::RemoteAddress;
use crate::listen::{Line, SocketGuard};
use crate::origin;

/// What RFC 6455 has a server append to the client's key.
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Answers a WebSocket handshake and serves the connection in a task of its own.
///
/// Anything else is answered with 426, a page of a foreign origin with 403, and everybody with 503 once the
/// server is going away.
pub async fn upgrade(State(gateway): State<Arc<Gateway>>, mut request: Request) -> Response {
    let Some(accept) = accept_key(request.method(), request.headers()) else { return upgrade_required() };
    if !origin::allowed(&gateway.config, request.headers()) {
        return (StatusCode::FORBIDDEN, "this origin is not among the server's allowed origins\n")
            .into_response();
    }
    if gateway.life.shutdown.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], "going away\n")
            .into_response();
    }
    let Some(upgrading) = request.extensions_mut().remove::<hyper::upgrade::OnUpgrade>() else {
        return upgrade_required();
    };
    let Some(RemoteAddress(remote)) = request.extensions().get::<RemoteAddress>().cloned() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let guard = request.extensions().get::<SocketGuard>().cloned();
    let address = gateway.proxies.client(remote.ip(), request.headers());
    let tasks = gateway.life.tasks.clone();
    tasks.spawn(async move {
        // Counts the connection for as long as it lives.
        let _guard = guard;
        let Ok(upgraded) = upgrading.await else { return };
        let Ok(parts) = upgraded.downcast::<TokioIo<Line>>() else { return };
        // Copied, because hyper's buffer of 8 KiB would stay alive with the smallest slice of it.
        let already_read = parts.read_buf.to_vec();
        drop(parts.read_buf);
        let socket = Socket::new(parts.io.into_inner().into_stream(), already_read);
        Connection::new(gateway, socket, address).run().await;
    });
    switching_protocols(&accept)
}

/// The answer to the client's key, if this is a handshake of version 13.
fn accept_key(method: &Method, headers: &HeaderMap) -> Option<String> {
    let has_token = |name: header::HeaderName, token: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token)))
    };
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?.as_bytes();
    let is_handshake = method == Method::GET
        && has_token(header::CONNECTION, "upgrade")
        && has_token(header::UPGRADE, "websocket")
        && headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13")
        && STANDARD.decode(key).is_ok_and(|nonce| nonce.len() == 16);
    is_handshake.then(|| STANDARD.encode(Sha1::new().chain_update(key).chain_update(KEY_SUFFIX).finalize()))
}

fn switching_protocols(accept: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    let accept = HeaderValue::from_str(accept).expect("base64 is visible ASCII");
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    response
}

fn upgrade_required() -> Response {
    (
        StatusCode::UPGRADE_REQUIRED,
        [
            (header::CONNECTION, "upgrade"),
            (header::UPGRADE, "websocket"),
            (header::SEC_WEBSOCKET_VERSION, "13"),
        ],
        "this is a WebSocket: connect with a handshake of version 13\n",
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("WebSocket"));
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        headers.insert(header::SEC_WEBSOCKET_KEY, HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ=="));
        headers
    }

    #[test]
    fn the_example_of_the_rfc_is_answered_as_there() {
        assert_eq!(accept_key(&Method::GET, &handshake()).as_deref(), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    }

    #[test]
    fn only_a_whole_handshake_of_version_13_is_one() {
        assert_eq!(accept_key(&Method::POST, &handshake()), None);
        for (name, value) in [
            (header::CONNECTION, "close"),
            (header::UPGRADE, "h2c"),
            (header::SEC_WEBSOCKET_VERSION, "8"),
            (header::SEC_WEBSOCKET_KEY, "c2hvcnQ="),
        ] {
            let mut headers = handshake();
            headers.insert(name.clone(), HeaderValue::from_static(value));
            assert_eq!(accept_key(&Method::GET, &headers), None, "{name}");
        }
    }
}
