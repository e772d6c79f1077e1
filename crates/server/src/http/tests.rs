//! The rules that hold for every route, asked of the whole router.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Request, Response};
use rim_store::Feed;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::address::RemoteAddress;
use crate::config::Config;
use crate::fixture;

const LOGIN_REQUIRED: &str = r#"{"ok":false,"code":401,"msg":"login required","data":null}"#;
const INVALID_REQUEST: &str = r#"{"ok":false,"code":404,"msg":"invalid request","data":null}"#;

/// A router on a store of its own.
struct Server {
    router: Router,
    config: Config,
    shutdown: CancellationToken,
    _feed: Feed,
    _data: TempDir,
}

impl Server {
    fn new(settings: &[&str]) -> Self {
        let data = TempDir::new().expect("a folder");
        Self::open(fixture::config(&data, settings), data)
    }

    fn open(config: Config, data: TempDir) -> Self {
        let shutdown = CancellationToken::new();
        let (api, feed) = fixture::api(config.clone(), shutdown.clone());
        Self { router: super::router(api), config, shutdown, _feed: feed, _data: data }
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(path).header("host", "chat.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_owned())).expect("a request");
        request.extensions_mut().insert(RemoteAddress(SocketAddr::from(([192, 0, 2, 7], 4711))));
        self.router.clone().oneshot(request).await.expect("a router never fails")
    }

    /// Status and body.
    async fn ask(&self, method: &str, path: &str, token: Option<&str>, body: &str) -> (u16, String) {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
        let response = self.send(method, path, &headers, body).await;
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory");
        (status, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }

    /// Registers and logs in.
    async fn token(&self) -> String {
        let anna = r#"{"name":"Anna","avatar":"","account":"anna","password":"secret"}"#;
        let created = self.ask("POST", "/api/user/create", None, anna).await;
        assert_eq!(created, (200, r#"{"ok":true,"code":200,"msg":null,"data":1}"#.to_owned()));
        let login = r#"{"account":"anna","password":"secret"}"#;
        let (_, answer) = self.ask("POST", "/api/user/login", None, login).await;
        let (_, token) = answer.split_once(r#""data":""#).expect("a token");
        token.trim_end_matches(['"', '}']).to_owned()
    }
}

#[tokio::test]
async fn a_stranger_hears_login_required_before_anything_else() {
    let server = Server::new(&[]);
    for (method, path, body) in [
        ("GET", "/api", ""),
        ("GET", "/api/", ""),
        ("GET", "/api/user/get", ""),
        ("POST", "/api/user/get", "not json"),
        ("DELETE", "/api/user/get", ""),
        ("GET", "/api/no/such/route", ""),
        ("POST", "/api/user/login/", "{}"),
        ("GET", "/api/docs/", ""),
        ("OPTIONS", "/api/user/get", ""),
    ] {
        let answer = server.ask(method, path, None, body).await;
        assert_eq!(answer, (200, LOGIN_REQUIRED.to_owned()), "{method} {path}");
    }
    let forged = format!("rim_{}", "A".repeat(43));
    let answer = server.ask("GET", "/api/user/get", Some(&forged), "").await;
    assert_eq!(answer, (200, LOGIN_REQUIRED.to_owned()));
}

#[tokio::test]
async fn a_wrong_route_method_or_query_is_an_invalid_request() {
    let server = Server::new(&[]);
    let token = server.token().await;
    for (method, path) in [
        ("GET", "/api"),
        ("GET", "/api/"),
        ("GET", "/api/user/get/"),
        ("GET", "/api/user//get"),
        ("POST", "/api/user/get"),
        ("PUT", "/api/user/get"),
        ("GET", "/api/user/login"),
        ("GET", "/api/user/search"),
        ("GET", "/api/group/user/get?gid=x"),
        ("GET", "/api/friend/list?status=3"),
    ] {
        let answer = server.ask(method, path, Some(&token), "").await;
        assert_eq!(answer, (404, INVALID_REQUEST.to_owned()), "{method} {path}");
    }
    assert_eq!(server.ask("HEAD", "/api/user/get", Some(&token), "").await, (200, String::new()));
}

#[tokio::test]
async fn a_stale_token_does_not_hinder_a_login() {
    let server = Server::new(&[]);
    server.token().await;
    let login = r#"{"account":" ANNA ","password":"secret"}"#;
    let (status, answer) = server.ask("POST", "/api/user/login", Some("rim_stale"), login).await;
    assert_eq!(status, 200);
    assert!(answer.starts_with(r#"{"ok":true,"code":200,"msg":null,"data":"rim_"#), "{answer}");
}

#[tokio::test]
async fn a_logout_ends_the_token() {
    let server = Server::new(&[]);
    let token = server.token().await;
    let (_, answer) = server.ask("POST", "/api/user/logout", Some(&token), "").await;
    assert_eq!(answer, r#"{"ok":true,"code":200,"msg":null,"data":true}"#);
    assert_eq!(server.ask("GET", "/api/user/get", Some(&token), "").await, (200, LOGIN_REQUIRED.to_owned()));
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_read_the_answers() {
    let server = Server::new(&[]);
    let preflight = |origin| [("origin", origin), ("access-control-request-method", "GET")];

    let same_host = server.send("OPTIONS", "/api/user/get", &preflight("http://chat.example:5173"), "").await;
    assert_eq!(same_host.status(), 204);
    assert_eq!(same_host.headers()["access-control-allow-origin"], "http://chat.example:5173");
    assert_eq!(same_host.headers()["vary"], "origin");

    let other = server.send("OPTIONS", "/api/user/get", &preflight("http://evil.example"), "").await;
    assert_eq!(other.status(), 403);
    let served = server.send("GET", "/api/user/get", &[("origin", "http://evil.example")], "").await;
    assert_eq!(served.status(), 200);
    assert!(!served.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_careful() {
    let server = Server::new(&[]);
    for path in ["/", "/nothing/here", "/api/docs", "/api/openapi.json", "/api/user/get", "/healthz"] {
        let response = server.send("GET", path, &[], "").await;
        let headers = response.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        let policy = headers["content-security-policy"].to_str().expect("ASCII");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}");
        assert!(!headers.contains_key("strict-transport-security"), "{path}: no TLS here");
    }
    let response = server.send("GET", "/api/user/get", &[], "").await;
    assert_eq!(response.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn what_is_no_page_and_no_file_is_a_page_that_says_so() {
    let server = Server::new(&[]);
    for (method, path) in [
        ("GET", "/nothing/here"),
        ("GET", "/assets/"),
        ("GET", "/assets/../index.html"),
        ("GET", "/apis"),
        ("POST", "/"),
        ("PUT", "/style.css"),
        ("DELETE", "/healthz"),
    ] {
        let (status, page) = server.ask(method, path, None, "").await;
        assert!(status == 404 && page.contains("Nothing here"), "{method} {path}: {status}");
    }
}

/// No page of the server itself names a path from the root, which behind a proxy may be another site.
#[tokio::test]
async fn a_page_finds_its_style_below_any_path() {
    let server = Server::new(&[]);
    for (path, style) in [
        ("/api/docs", "docs/style.css"),
        ("/nothing", "./style.css"),
        ("/nothing/here/at/all", "./../../../style.css"),
        ("/media/avatars/nothing.png", "./../../style.css"),
        ("/metrics", "./style.css"),
    ] {
        let (_, page) = server.ask("GET", path, None, "").await;
        assert!(page.contains(&format!("href=\"{style}\"")), "{path}: {page}");
        assert!(!page.contains("=\"/"), "{path}: {page}");
    }
    assert!(!include_str!("web/landing.html").contains("=\"/"));
}

/// Whether a client is embedded or not.
#[tokio::test]
async fn the_page_at_the_root_is_asked_for_again_each_time() {
    let server = Server::new(&[]);
    let response = server.send("GET", "/", &[], "").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(response.headers()["cache-control"], "no-cache");
    let length = response.headers()["content-length"].clone();
    let head = server.send("HEAD", "/", &[], "").await;
    assert_eq!((head.status().as_u16(), &head.headers()["content-length"]), (200, &length));
    assert_eq!(server.ask("HEAD", "/", None, "").await, (200, String::new()));
}

#[tokio::test]
async fn probes_answer_and_metrics_are_not_for_strangers() {
    let server = Server::new(&[]);
    assert_eq!(server.ask("GET", "/healthz", None, "").await, (200, "ok".to_owned()));
    assert_eq!(server.ask("GET", "/readyz", None, "").await, (200, "ok".to_owned()));
    assert_eq!(server.ask("GET", "/metrics", None, "").await.0, 404);
    server.shutdown.cancel();
    assert_eq!(server.ask("GET", "/readyz", None, "").await, (503, "shutting down".to_owned()));
    assert_eq!(server.ask("GET", "/healthz", None, "").await.0, 200);
}

#[tokio::test]
async fn a_body_that_does_not_come_ends_with_408() {
    let data = TempDir::new().expect("a folder");
    let config = Config { request_timeout: Duration::from_millis(10), ..fixture::config(&data, &[]) };
    let server = Server::open(config, data);
    let never = Body::from_stream(futures_util::stream::pending::<Result<String, std::io::Error>>());
    let mut request = Request::post("/api/user/login").body(never).expect("a request");
    request.extensions_mut().insert(RemoteAddress(SocketAddr::from(([192, 0, 2, 7], 4711))));
    let response = server.router.clone().oneshot(request).await.expect("a router never fails");
    assert_eq!(response.status(), 408);
}

#[tokio::test]
async fn anybody_may_ask_what_the_server_is_and_hears_whether_it_is_empty() {
    let server = Server::new(&[]);
    let ask = async || server.ask("GET", "/api/server/info", Some("rim_stale"), "").await.1;
    assert!(
        ask().await.ends_with(
            r#""registration":"open","empty":true,"remotePictures":"ask","directory":"everybody"}}"#
        ),
        "{}",
        ask().await
    );
    server.token().await;
    assert!(
        ask().await.ends_with(
            r#""registration":"open","empty":false,"remotePictures":"ask","directory":"everybody"}}"#
        ),
        "{}",
        ask().await
    );
    assert!(ask().await.contains(&format!(r#""version":"{}""#, env!("CARGO_PKG_VERSION"))));

    let closed = Server::new(&["--registration", "closed", "--max-body", "64K"]);
    let (_, answer) = closed.ask("GET", "/api/server/info", None, "").await;
    assert!(answer.contains(r#""bodyBytes":65536,"#), "{answer}");
    assert!(answer.contains(r#""registration":"closed","empty":true,"#), "{answer}");
}

/// Whether there is a client to be served or not, what it may load is in the policy of each of its files.
#[tokio::test]
async fn pictures_of_other_hosts_are_a_setting_that_the_policy_of_the_page_keeps() {
    for (setting, pictures, media) in [
        ("ask", "img-src 'self' data: blob: https: http:;", "media-src 'self' blob: https: http:"),
        ("never", "img-src 'self' data: blob:;", "media-src 'self' blob:"),
    ] {
        let server = Server::new(&["--remote-pictures", setting]);
        let (_, answer) = server.ask("GET", "/api/server/info", None, "").await;
        assert!(answer.contains(&format!(r#""remotePictures":"{setting}""#)), "{answer}");
        let policy = super::headers::web_client(server.config.remote_pictures);
        let policy = policy.to_str().expect("ASCII");
        assert!(policy.contains(pictures) && policy.ends_with(media), "{policy}");
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    }
}

#[tokio::test]
async fn closed_registration_and_uniform_login_errors_are_settings() {
    let server = Server::new(&["--registration", "closed", "--login-errors", "uniform"]);
    let anna = r#"{"name":"Anna","avatar":"","account":"anna","password":"secret"}"#;
    let (_, answer) = server.ask("POST", "/api/user/create", None, anna).await;
    assert_eq!(answer, r#"{"ok":false,"code":500,"msg":"registration is closed","data":null}"#);
    let (_, answer) = server.ask("POST", "/api/user/login", None, anna).await;
    assert_eq!(answer, r#"{"ok":false,"code":500,"msg":"wrong account or password","data":null}"#);
}
