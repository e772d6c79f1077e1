//! The envelope: every answer under `/api` has it, whatever was asked and however wrongly.

use rim_client::protocol::limits::{DEFAULT_MAX_BODY_BYTES, MAX_STRANGERS_BODY_BYTES};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::raw;
use crate::world::{PATIENCE, TestServer};

#[tokio::test]
async fn without_a_token_every_path_and_method_says_login_required() {
    let server = TestServer::start().await;
    for path in [
        "/api",
        "/api/",
        "/api/user/get",
        "/api/user/login/",
        "/api/user/loginx",
        "/api/user/Login",
        "/api//user/login",
        "/api/no/such/path",
        "/api/group/create",
        "/api/%75ser/login",
        "/api/user/login%2f",
    ] {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            server.ask(method, path, "").await.login_required();
            server.ask(method, path, "{ no json").await.login_required();
        }
    }
    for forged in ["Bearer", "Bearer ", "Bearer rim_", "Basic YTpi", "Bearer  ", "bearer null"] {
        let headers = [("Authorization", forged)];
        raw::ask(server.address, "GET", "/api/user/get", &headers, b"").await.login_required();
    }
}

#[tokio::test]
async fn a_stranger_is_answered_before_their_body_has_come() {
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.address).await.expect("connected");
    let head = "POST /api/message/history HTTP/1.1\r\nHost: rim\r\nContent-Length: 1000000\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.expect("sent");
    timeout(PATIENCE, raw::read(&mut stream)).await.expect("answered").login_required();

    let mut stream = TcpStream::connect(server.address).await.expect("connected");
    let far_too_large = "POST /api/group/create HTTP/1.1\r\nHost: rim\r\nContent-Length: 99999999999\r\n\r\n";
    stream.write_all(far_too_large.as_bytes()).await.expect("sent");
    timeout(PATIENCE, raw::read(&mut stream)).await.expect("answered").login_required();
}

#[tokio::test]
async fn what_there_is_not_is_an_invalid_request() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    for (method, path) in [
        ("GET", "/api"),
        ("GET", "/api/"),
        ("POST", "/api/no/such/path"),
        ("GET", "/api/group/create"),
        ("GET", "/api/user/login"),
        ("PUT", "/api/user/login"),
        ("POST", "/api/user/get"),
        ("POST", "/api/friend/list"),
        ("PUT", "/api/user/get"),
        ("DELETE", "/api/user/get"),
        ("PATCH", "/api/user/get"),
        ("GET", "/api/user/get/"),
        ("GET", "/api/USER/get"),
        // Queries that lack something or cannot be read.
        ("GET", "/api/group/user/get"),
        ("GET", "/api/group/user/get?gid="),
        ("GET", "/api/group/user/get?gid=abc"),
        ("GET", "/api/group/user/get?gid=1.5"),
        ("GET", "/api/group/user/get?gid=-1"),
        ("GET", "/api/group/user/get?gid=1e3"),
        ("GET", "/api/group/user/get?gid=9007199254740992"),
        ("GET", "/api/group/user/get?gid=18446744073709551616"),
        ("GET", "/api/user/get?uid=me"),
        ("GET", "/api/user/get?uid=9007199254740992"),
        ("GET", "/api/group/get?uid=x"),
        ("GET", "/api/user/search"),
        ("GET", "/api/user/search?Account=anna"),
        ("GET", "/api/friend/list?status=x"),
        ("GET", "/api/friend/list?status=-1"),
        ("GET", "/api/friend/list?status=0&direction=sideways"),
        ("GET", "/api/friend/list?direction="),
    ] {
        let answer = anna.ask(method, path, "").await;
        assert_eq!(answer.status, 404, "{method} {path}: {}", answer.body);
        answer.invalid_request();
    }
    server.ask("GET", "/api/user/login", "").await.invalid_request();
    server.ask("PUT", "/api/user/create", "{}").await.invalid_request();
    anna.get("/api/user/get?uid=9007199254740991").await.fails(200, 1001, "user not found");
    anna.get(&format!("/api/user/get?x=y&uid={}&_=1", anna.uid)).await.ok(anna.card());
}

#[tokio::test]
async fn what_is_no_json_is_400() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    for path in ["/api/friend/add", "/api/user/login", "/api/message/history", "/api/sync"] {
        for body in ["", " ", "{", "}", "fid=1", "{\"fid\":1", "{\"fid\":1,}", "{'fid':1}", "{\"fid\":01}"] {
            anna.ask("POST", path, body).await.complains(400, 400, "");
        }
        anna.ask("POST", path, "{\"fid\":1,\"a\":1} {}").await.complains(400, 400, "");
        anna.ask("POST", path, "{\"fid\":1}\n//").await.complains(400, 400, "");
    }
    let bearer = format!("Bearer {}", anna.token());
    let headers = [("Authorization", bearer.as_str())];
    for bad_utf8 in [&b"{\"fid\":\"\xff\"}"[..], b"\xfe\xff{}", b"{\"x\":\"\xed\xa0\x80\",\"fid\":1}"] {
        let answer = raw::ask(server.address, "POST", "/api/friend/add", &headers, bad_utf8).await;
        answer.complains(400, 400, "");
    }
    anna.get("/api/user/get").await.ok(anna.card());
}

#[tokio::test]
async fn json_of_the_wrong_shape_is_422_and_names_what_is_wrong() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    for (body, word) in [
        ("{}", "fid"),
        (r#"{"FID":1}"#, "fid"),
        (r#"{"fid":null}"#, "null"),
        (r#"{"fid":"1"}"#, "string"),
        (r#"{"fid":true}"#, "bool"),
        (r#"{"fid":1.5}"#, "1.5"),
        (r#"{"fid":-1}"#, "-1"),
        (r#"{"fid":[1]}"#, "sequence"),
        (r#"{"fid":{}}"#, "map"),
        (r#"{"fid":9007199254740992}"#, "9007199254740992"),
        (r#"{"fid":18446744073709551616}"#, ""),
        (r#"{"fid":1e400}"#, ""),
        ("null", "object"),
        ("1", "object"),
        ("[]", "object"),
        ("[1]", "object"),
        ("\"fid\"", "object"),
    ] {
        let answer = anna.ask("POST", "/api/friend/add", body).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.body);
        answer.complains(422, 422, word);
    }
    for (path, body, word) in [
        ("/api/message/history", json!({"gid": 1, "page": -1, "size": 1}), "-1"),
        ("/api/message/history", json!({"gid": 1, "page": 1}), "size"),
        ("/api/message/chat/list", json!({"page": 1, "size": 1}), "uid"),
        ("/api/message/chat/list", json!({"uid": 1, "page": "1", "size": 1}), "string"),
        ("/api/group/create", json!({"group": {"name": "", "avatar": "", "mode": 256}, "users": []}), "256"),
        ("/api/group/create", json!({"group": {"name": "", "avatar": "", "mode": 2}}), "users"),
        (
            "/api/group/create",
            json!({"group": {"name": "", "avatar": "", "mode": 2}, "users": [{"uid": 1, "role": 3}]}),
            "role",
        ),
        ("/api/group/create", json!({"group": ["", "", 2], "users": []}), "object"),
        (
            "/api/group/create",
            json!({"group": {"name": "", "avatar": "", "mode": 2}, "users": [[1, 1]]}),
            "object",
        ),
        ("/api/sync", json!({"groups": [[1, 1]]}), "object"),
        ("/api/group/user/change", json!({"gid": 1, "uids": [1], "opType": 3}), "opType"),
        ("/api/group/user/change", json!({"gid": 1, "uids": 1, "opType": 1}), ""),
        ("/api/group/update", json!({"id": 1, "name": "x"}), "avatar"),
    ] {
        anna.post(path, body).await.complains(422, 422, word);
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_and_one_at_the_limit_is_read() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let bob = server.user("bob").await;
    let fill = |length: usize| {
        let frame = format!(r#"{{"fid":{},"filler":""}}"#, bob.uid);
        let filler = "x".repeat(length - frame.len());
        format!(r#"{{"fid":{},"filler":"{filler}"}}"#, bob.uid)
    };
    anna.ask("POST", "/api/friend/add", &fill(DEFAULT_MAX_BODY_BYTES)).await.ok(true);
    let limit = DEFAULT_MAX_BODY_BYTES.to_string();
    let over = anna.ask("POST", "/api/friend/add", &fill(DEFAULT_MAX_BODY_BYTES + 1)).await;
    over.complains(413, 413, &limit);
    // Of those who have not logged in less is read.
    let limit = MAX_STRANGERS_BODY_BYTES.to_string();
    let open = fill(MAX_STRANGERS_BODY_BYTES + 1);
    server.ask("POST", "/api/user/login", &open).await.complains(413, 413, &limit);
}

#[tokio::test]
async fn any_content_type_is_taken_as_json() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let bearer = format!("Bearer {}", anna.token());
    let body = format!(r#"{{"uid":{},"page":1,"size":9}}"#, anna.uid);
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "nonsense",
        "",
    ] {
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", content_type)];
        let answer =
            raw::ask(server.address, "POST", "/api/message/chat/list", &headers, body.as_bytes()).await;
        answer.ok("[]");
    }
}

#[tokio::test]
async fn a_body_in_chunks_and_one_with_blanks_around_are_read() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let request = format!(
        "POST /api/message/chat/list HTTP/1.1\r\nhost: rim\r\nAUTHORIZATION: Bearer {}\r\n\
         transfer-encoding: chunked\r\n\r\n3\r\n \n{{\r\n1f\r\n\"uid\":{:3},\"page\":1,\"size\":9 }} \n\r\n0\r\n\r\n",
        anna.token(),
        anna.uid,
    );
    let stream = TcpStream::connect(server.address).await.expect("connected");
    raw::exchange(stream, request.as_bytes()).await.ok("[]");
}

#[tokio::test]
async fn one_connection_serves_many_requests_good_and_bad() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let mut stream = TcpStream::connect(server.address).await.expect("connected");
    let token = anna.token();
    for _ in 0..3 {
        let good =
            format!("GET /api/user/get HTTP/1.1\r\nHost: rim\r\nAuthorization: Bearer {token}\r\n\r\n");
        raw::exchange(&mut stream, good.as_bytes()).await.ok(anna.card());
        let missing = format!("GET /api/x HTTP/1.1\r\nHost: rim\r\nAuthorization: Bearer {token}\r\n\r\n");
        raw::exchange(&mut stream, missing.as_bytes()).await.invalid_request();
        let stranger = b"POST /api/friend/add HTTP/1.1\r\nHost: rim\r\nContent-Length: 2\r\n\r\n{}";
        raw::exchange(&mut stream, stranger).await.login_required();
        let broken = b"POST /api/user/login HTTP/1.1\r\nHost: rim\r\nContent-Length: 2\r\n\r\n}{";
        raw::exchange(&mut stream, broken).await.complains(400, 400, "");
    }
}

#[tokio::test]
async fn a_preflight_is_answered_before_the_token_is_asked_for() {
    let server = TestServer::start_with(&["--allowed-origins=https://chat.example"]).await;
    for path in ["/api/user/get", "/api/user/login", "/api/no/such/path"] {
        let headers = [
            ("Origin", "https://chat.example"),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "authorization,content-type"),
        ];
        let answer = raw::ask(server.address, "OPTIONS", path, &headers, b"").await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://chat.example"));
        let allowed = answer.header("access-control-allow-headers").expect("which headers");
        assert!(allowed.contains("authorization") && allowed.contains("content-type"));
        assert!(answer.header("access-control-allow-methods").expect("which methods").contains("POST"));
    }
    let foreign = [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST")];
    let answer = raw::ask(server.address, "OPTIONS", "/api/user/get", &foreign, b"").await;
    assert_eq!(answer.header("access-control-allow-origin"), None);

    // The page must be able to read failures, too.
    let headers = [("Origin", "https://chat.example")];
    let answer = raw::ask(server.address, "GET", "/api/user/get", &headers, b"").await;
    answer.login_required();
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://chat.example"));
}

#[tokio::test]
async fn what_is_no_handshake_of_a_websocket_is_426_on_both_ports() {
    let server = TestServer::start().await;
    let handshake = [
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "8"),
    ];
    for (address, path) in [
        (server.address, "/ws"),
        (server.old_address, "/ws"),
        (server.old_address, "/"),
        (server.old_address, "/api/user/get"),
    ] {
        for method in ["GET", "POST", "PUT"] {
            assert_eq!(raw::ask(address, method, path, &[], b"").await.status, 426, "{method} {path}");
        }
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: rim\r\nConnection: Upgrade\r\n{}\r\n",
            handshake.map(|(name, value)| format!("{name}: {value}\r\n")).concat()
        );
        let stream = TcpStream::connect(address).await.expect("connected");
        let answer = raw::exchange(stream, request.as_bytes()).await;
        assert_eq!((answer.status, answer.header("sec-websocket-version")), (426, Some("13")), "{path}");
    }
}
