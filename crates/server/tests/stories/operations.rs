//! What operators and developers ask of a running server.

use std::path::Path;

use serde_json::Value;

use crate::filer::bytes;
use crate::raw;
use crate::world::TestServer;

#[tokio::test]
async fn probes_say_that_it_lives_and_is_ready() {
    let server = TestServer::start().await;
    for path in ["/healthz", "/readyz"] {
        let answer = server.ask("GET", path, "").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{path}");
        assert_eq!(raw::ask(server.old_address, "GET", path, &[], b"").await.status, 426, "{path}");
    }
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_not_for_its_proxy() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    of_anna.send(gid, "secret words", "a1").await;
    of_bob.message().await;
    let metrics = server.ask("GET", "/metrics", "").await;
    assert_eq!(metrics.status, 200);
    assert!(
        metrics.header("content-type").is_some_and(|value| value.starts_with("application/openmetrics-text"))
    );
    for line in [
        "rim_connections 2",
        "rim_connections_logged_in 2",
        "rim_messages_accepted_total 1",
        r#"rim_frames_total{event="Msg"} 1"#,
        "# EOF",
    ] {
        assert!(metrics.body.lines().any(|found| found == line), "{line} is not in\n{}", metrics.body);
    }
    for secret in ["secret words", "anna", anna.token()] {
        assert!(!metrics.body.contains(secret));
    }
    for header in ["X-Forwarded-For", "Forwarded"] {
        let answer = raw::ask(server.address, "GET", "/metrics", &[(header, "192.0.2.1")], b"").await;
        assert_eq!(answer.status, 404, "{header}");
    }
    assert_eq!(raw::ask(server.old_address, "GET", "/metrics", &[], b"").await.status, 426);
}

#[tokio::test]
async fn a_setting_says_who_may_read_metrics() {
    let nobody = TestServer::start_with(&["--metrics=nobody"]).await;
    assert_eq!(nobody.ask("GET", "/metrics", "").await.status, 404);
    let everybody = TestServer::start_with(&["--metrics=everybody"]).await;
    let forwarded = [("X-Forwarded-For", "192.0.2.1")];
    assert_eq!(raw::ask(everybody.address, "GET", "/metrics", &forwarded, b"").await.status, 200);
}

/// The operations of the document: method and path.
fn operations(document: &Value) -> Vec<(String, String)> {
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("operations").keys();
        methods.map(move |method| (method.to_uppercase(), path.clone()))
    });
    operations.collect()
}

#[tokio::test]
async fn the_document_of_the_api_is_served_and_the_one_in_the_repository() {
    let server = TestServer::start().await;
    let served = server.ask("GET", "/api/openapi.json", "").await;
    assert_eq!((served.status, served.header("content-type")), (200, Some("application/json")));
    let document: Value = serde_json::from_str(&served.body).expect("JSON");
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")));

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let kept = std::fs::read_to_string(file).expect("the file can be read");
    assert!(kept == served.body, "docs/openapi.json is out of date: run `make docs`");

    let found = operations(&document);
    for (method, path) in [
        ("POST", "/api/user/create"),
        ("POST", "/api/user/login"),
        ("GET", "/api/user/get"),
        ("GET", "/api/user/token"),
        ("GET", "/api/user/search"),
        ("POST", "/api/user/update"),
        ("POST", "/api/user/password"),
        ("POST", "/api/user/logout"),
        ("GET", "/api/session/list"),
        ("POST", "/api/session/revoke"),
        ("POST", "/api/session/revoke/others"),
        ("POST", "/api/group/create"),
        ("POST", "/api/group/update"),
        ("GET", "/api/group/get"),
        ("GET", "/api/group/user/get"),
        ("POST", "/api/group/user/list"),
        ("POST", "/api/group/user/change"),
        ("POST", "/api/group/role/modify"),
        ("POST", "/api/group/transfer"),
        ("POST", "/api/group/leave"),
        ("POST", "/api/group/dissolve"),
        ("POST", "/api/message/chat/list"),
        ("POST", "/api/message/history"),
        ("POST", "/api/message/group/read"),
        ("POST", "/api/friend/add"),
        ("GET", "/api/friend/list"),
        ("POST", "/api/friend/status/modify"),
        ("POST", "/api/sync"),
    ] {
        assert!(found.contains(&(method.to_owned(), path.to_owned())), "{method} {path} is not documented");
    }
}

#[tokio::test]
async fn every_documented_operation_is_there() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let document: Value =
        serde_json::from_str(&server.ask("GET", "/api/openapi.json", "").await.body).expect("JSON");
    for (method, path) in operations(&document) {
        // Found where the method is right, and nowhere else.
        anna.ask("PUT", &path, "").await.invalid_request();
        let operation = &document["paths"][&path][method.to_lowercase()];
        if operation["requestBody"]["content"]["application/json"].is_object() {
            anna.ask(&method, &path, "[]").await.complains(422, 422, "object");
        }
    }
}

#[tokio::test]
async fn the_reference_page_needs_no_script_and_nothing_from_elsewhere() {
    let server = TestServer::start().await;
    let page = server.ask("GET", "/api/docs", "").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let html = page.body.to_ascii_lowercase();
    assert!(html.contains("/api/message/history"));
    for foreign in ["<script", "javascript:", "src=\"http", "@import", "url(", "<iframe"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    // What it needs it finds here.
    for link in html.split("<link ").skip(1).filter_map(|link| link.split("href=\"").nth(1)) {
        let path = link.split('"').next().expect("a path");
        if path.starts_with("data:") {
            continue;
        }
        // Seen from the page, as it stands below any path.
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/api/{path}") };
        assert_eq!(server.ask("GET", &path, "").await.status, 200, "{link}");
    }
}

#[tokio::test]
async fn who_comes_with_a_browser_finds_a_page() {
    let server = TestServer::start().await;
    let page = server.ask("GET", "/", "").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(server.ask("GET", "/no/such/page", "").await.status, 404);
}

#[tokio::test]
async fn metrics_tell_what_becomes_of_files() {
    let server = TestServer::start_with(&["--max-file=64K"]).await;
    let anna = server.user("anna").await;
    let filer = anna.filer();
    let id = filer.file("a.bin", &bytes(1, 3000)).await;
    filer.file("again.bin", &bytes(1, 3000)).await;
    assert_eq!(filer.get(&format!("/media/files/{id}")).await.status, 200);
    let part = [("range", "bytes=0-99")];
    assert_eq!(filer.get_with(&format!("/media/files/{id}"), &part).await.status, 206);
    assert_eq!(filer.try_upload("large.bin", "", &bytes(2, 70_000)).await.status, 413);
    filer.file("a.png", b"\x89PNG\r\n\x1a\n and no more").await;

    let metrics = server.ask("GET", "/metrics", "").await.body;
    for line in [
        "rim_files_added_total 3",
        "rim_uploads 0",
        "rim_uploads_refused_total{reason=\"size\"} 1",
        "rim_uploads_refused_total{reason=\"quota\"} 0",
        "rim_file_received_bytes_total 6020",
        "rim_file_sent_bytes_total 3100",
        "rim_pictures_total{result=\"refused\"} 1",
        "rim_storage_errors_total{operation=\"keep\"} 0",
        "rim_storage_duration_seconds_count{operation=\"keep\"} 3",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    }
}
