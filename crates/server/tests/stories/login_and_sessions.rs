//! Logins, and the sessions that come of them: many at once, each to be ended.

use rim_client::protocol::frame::Notice;
use rim_core::{SessionId, UserId};
use serde_json::json;

use crate::raw;
use crate::world::{Person, TestServer};

async fn log_in(server: &TestServer, account: &str, password: &str) -> raw::Answer {
    let body = json!({"account": account, "password": password}).to_string();
    server.ask("POST", "/api/user/login", &body).await
}

/// The id of the session that asks.
async fn session_of(person: &Person) -> u64 {
    let list = person.get("/api/session/list").await.data();
    let current = list.as_array().expect("a list").iter().find(|session| session["current"] == true);
    current.expect("one is current")["id"].as_u64().expect("an id")
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_are_told_apart() {
    let server = TestServer::start().await;
    server.user("anna").await;
    log_in(&server, "anna", "guess").await.refused("wrong password");
    log_in(&server, "anna", "").await.refused("wrong password");
    log_in(&server, "nobody", "secret").await.refused("account not found");
    log_in(&server, "", "secret").await.refused("account not found");
}

#[tokio::test]
async fn a_setting_makes_them_the_same() {
    let server = TestServer::start_with(&["--login-errors=uniform"]).await;
    server.user("anna").await;
    log_in(&server, "anna", "guess").await.refused("wrong account or password");
    log_in(&server, "nobody", "secret").await.refused("wrong account or password");
    assert!(log_in(&server, "anna", "secret").await.data().is_string());
}

#[tokio::test]
async fn a_second_login_never_ends_the_first() {
    let server = TestServer::start().await;
    let phone = server.user("anna").await;
    let mut on_phone = phone.connect().await;
    let mut tokens = std::collections::HashSet::from([phone.token().to_owned()]);
    for _ in 0..3 {
        let other = server.login(phone.uid, "anna").await;
        let mut on_other = other.connect_to(&server.old_ws()).await;
        on_other.nothing_came("h").await;
        assert!(tokens.insert(other.token().to_owned()), "each has a token of its own");
        assert_eq!(other.api.me().await.expect("logged in").id, phone.uid);
    }
    assert_eq!(phone.api.me().await.expect("still logged in").id, phone.uid);
    on_phone.nothing_came("h").await;
}

#[tokio::test]
async fn login_and_create_ignore_a_stale_token() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    anna.post("/api/user/logout", json!({})).await.ok(true);
    let body = r#"{"account":"anna","password":"secret"}"#;
    assert!(anna.ask("POST", "/api/user/login", body).await.data().is_string());
    for header in ["Bearer", "Bearer ", "Basic YTpi", "rubbish", "Bearer null", "Bearer undefined"] {
        let headers = [("Authorization", header)];
        let answer = raw::ask(server.address, "POST", "/api/user/login", &headers, body.as_bytes()).await;
        assert!(answer.data().is_string(), "{header}");
        raw::ask(server.address, "GET", "/api/user/get", &headers, b"").await.login_required();
    }
    let bob = r#"{"name":"Bob","avatar":"","account":"bob","password":"secret"}"#;
    assert!(anna.ask("POST", "/api/user/create", bob).await.data().is_u64());
}

#[tokio::test]
async fn a_token_tells_its_own_user_alone_who_it_is() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let second = server.login(anna.uid, "anna").await;
    let bob = server.user("bob").await;
    for token in [anna.token(), second.token()] {
        anna.get(&format!("/api/user/token?token={token}")).await.ok(anna.card());
    }
    let unknown = format!("rim_{}", "A".repeat(43));
    for token in [bob.token(), &unknown, "rubbish", ""] {
        anna.get(&format!("/api/user/token?token={token}")).await.fails(200, 1001, "token not found");
    }
    anna.get("/api/user/token").await.invalid_request();
    second.post("/api/user/logout", json!({})).await.ok(true);
    let ended = anna.get(&format!("/api/user/token?token={}", second.token())).await;
    ended.fails(200, 1001, "token not found");
}

#[tokio::test]
async fn users_are_found_by_id_and_by_exact_account() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    anna.get(&format!("/api/user/get?uid={}", bob.uid)).await.ok(bob.card());
    anna.get("/api/user/get").await.ok(anna.card());
    anna.get("/api/user/get?uid=4711").await.fails(200, 1001, "user not found");
    anna.get("/api/user/get?uid=0").await.fails(200, 1001, "user not found");
    anna.get("/api/user/search?account=bob").await.ok(bob.card());
    for account in ["bo", "bobb", "%25", "b_b", "", "%00"] {
        let answer = anna.get(&format!("/api/user/search?account={account}")).await;
        answer.is(200, r#"{"ok":false,"code":200,"msg":"fail","data":null}"#);
    }
}

#[tokio::test]
async fn an_email_is_shown_to_its_owner_alone() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let group = anna.group_with(&[&bob]).await;
    let changed = anna.post("/api/user/update", json!({"email": "anna@example.org"})).await;
    let own = anna.card().replace(r#""email":"""#, r#""email":"anna@example.org""#);
    changed.ok(&own);
    let paths = [format!("/api/user/get?uid={}", anna.uid), "/api/user/search?account=anna".to_owned()];
    for path in &paths {
        anna.get(path).await.ok(&own);
        bob.get(path).await.ok(anna.card());
    }
    let members = bob.get(&format!("/api/group/user/get?gid={group}")).await;
    assert!(!members.body.contains("example.org"), "{}", members.body);
}

#[tokio::test]
async fn a_profile_changes_by_the_keys_that_are_there_and_one_s_other_devices_hear_of_it() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let (mut on_phone, mut of_bob) = (anna.connect().await, bob.connect().await);
    let changed = anna.post("/api/user/update", json!({"name": " Anna B. ", "avatar": "b.png"})).await;
    changed.ok(format!(
        r#"{{"id":{},"name":"Anna B.","avatar":"b.png","email":"","account":"anna","password":""}}"#,
        anna.uid
    ));
    let notice = on_phone.notice(Notice::ProfileUpdated).await;
    assert_eq!((notice.uid, notice.gid, notice.msg_id), (anna.uid, None, None));
    of_bob.nothing_came("h").await;
    anna.post("/api/user/update", json!({"name": " "})).await.complains(200, 500, "name");
    assert_eq!(bob.get(&format!("/api/user/get?uid={}", anna.uid)).await.data()["avatar"], "b.png");
}

#[tokio::test]
async fn sessions_are_listed_with_where_they_are_and_which_one_asks() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let body = br#"{"account":"anna","password":"secret","device":"Anna's phone"}"#;
    let headers = [("User-Agent", "ignored, as the device has a name")];
    raw::ask(server.address, "POST", "/api/user/login", &headers, body).await.data();
    let old = br#"{"account":"anna","password":"secret"}"#;
    let headers = [("User-Agent", "old-client/1.0")];
    raw::ask(server.address, "POST", "/api/user/login", &headers, old).await.data();

    let answer = anna.get("/api/session/list").await;
    let list = answer.data();
    let sessions = list.as_array().expect("a list");
    let devices: Vec<_> = sessions.iter().map(|session| session["device"].as_str().expect("text")).collect();
    assert_eq!(devices[1..], ["Anna's phone", "old-client/1.0"]);
    let current: Vec<_> = sessions.iter().map(|session| session["current"] == true).collect();
    assert_eq!(current, [true, false, false]);
    for session in sessions {
        assert_eq!(session["address"], "127.0.0.1");
        assert!(session["createdAt"].as_i64() <= session["lastSeenAt"].as_i64());
        assert!(session["lastSeenAt"].as_i64() < session["expiresAt"].as_i64());
        let keys: Vec<_> = session.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["id", "device", "address", "createdAt", "lastSeenAt", "expiresAt", "current"]);
    }
    assert!(!answer.body.contains(anna.token()), "a token is shown once, at its login");
}

#[tokio::test]
async fn all_other_sessions_are_revoked_at_once_and_ones_own_goes_on() {
    let server = TestServer::start().await;
    let (laptop, bob) = (server.user("anna").await, server.user("bob").await);
    let (phone, tablet) = (server.login(laptop.uid, "anna").await, server.login(laptop.uid, "anna").await);
    let (mut on_phone, mut on_laptop) = (phone.connect().await, laptop.connect().await);
    let mut on_bobs = bob.connect().await;

    laptop.post("/api/session/revoke/others", json!({})).await.ok(2);

    assert_eq!(on_phone.close_code().await, 4501);
    phone.get("/api/user/get").await.login_required();
    tablet.get("/api/user/get").await.login_required();
    on_laptop.nothing_came("h").await;
    on_bobs.nothing_came("h").await;
    laptop.post("/api/session/revoke/others", json!({})).await.ok(0);
}

#[tokio::test]
async fn a_revoked_session_is_logged_out_and_its_sockets_are_closed_with_4501() {
    let server = TestServer::start().await;
    let (laptop, bob) = (server.user("anna").await, server.user("bob").await);
    let phone = server.login(laptop.uid, "anna").await;
    let (mut on_phone, mut on_laptop) = (phone.connect().await, laptop.connect_to(&server.old_ws()).await);
    let id = session_of(&phone).await;

    bob.post("/api/session/revoke", json!({"id": id})).await.refused("no such session");
    on_phone.nothing_came("h").await;
    laptop.post("/api/session/revoke", json!({"id": id})).await.ok(true);
    assert_eq!(on_phone.close_code().await, 4501);
    phone.get("/api/user/get").await.login_required();
    on_laptop.nothing_came("h").await;
    laptop.post("/api/session/revoke", json!({"id": id})).await.refused("no such session");

    let mut stale = rim_client::Connection::open(&server.ws()).await.expect("a socket");
    let frame = format!(
        r#"{{"event":"Login","body":{{"uid":{},"content":"{}","clientMsgId":"l"}}}}"#,
        phone.uid,
        phone.token()
    );
    stale.send_text(frame).await.expect("sent");
    assert_eq!(
        stale.next_text().await.expect("an answer").as_str(),
        r#"{"clientMsgId":"l","serverMsgId":null,"kind":"Error","content":"login required","code":401}"#
    );
}

#[tokio::test]
async fn a_logout_ends_this_session_and_no_other() {
    let server = TestServer::start().await;
    let laptop = server.user("anna").await;
    let phone = server.login(laptop.uid, "anna").await;
    let (mut on_phone, mut on_laptop) = (phone.connect().await, laptop.connect().await);
    phone.ask("POST", "/api/user/logout", "").await.ok(true);
    assert_eq!(on_phone.close_code().await, 4501);
    phone.ask("POST", "/api/user/logout", "").await.login_required();
    on_laptop.nothing_came("h").await;
    assert_eq!(laptop.get("/api/session/list").await.data().as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_changed_password_ends_every_other_session() {
    let server = TestServer::start().await;
    let laptop = server.user("anna").await;
    let phone = server.login(laptop.uid, "anna").await;
    let (mut on_phone, mut on_laptop) = (phone.connect().await, laptop.connect().await);

    let guess = json!({"oldPassword": "guess", "newPassword": "new"});
    laptop.post("/api/user/password", guess).await.refused("wrong password");
    let empty = json!({"oldPassword": "secret", "newPassword": ""});
    laptop.post("/api/user/password", empty).await.complains(200, 500, "password");
    on_phone.nothing_came("h").await;

    let change = json!({"oldPassword": "secret", "newPassword": "new"});
    laptop.post("/api/user/password", change).await.ok(true);
    assert_eq!(on_phone.close_code().await, 4501);
    phone.get("/api/user/get").await.login_required();
    laptop.get("/api/user/get").await.ok(laptop.card());
    on_laptop.nothing_came("h").await;
    log_in(&server, "anna", "secret").await.refused("wrong password");
    assert!(log_in(&server, "anna", "new").await.data().is_string());
}

#[tokio::test]
async fn a_password_that_the_operator_sets_ends_all_sessions() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let mut on_phone = anna.connect().await;
    server.operator(&["passwd", "anna", "--generate"]).await;
    assert_eq!(on_phone.close_code().await, 4501);
    anna.get("/api/user/get").await.login_required();
}

#[tokio::test]
async fn who_is_disabled_is_sent_away_with_4503_and_let_in_when_enabled() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let chat = anna.chat_with(&bob).await;
    let (mut on_phone, mut on_old) = (anna.connect().await, anna.connect_to(&server.old_ws()).await);
    server.operator(&["disable", "anna"]).await;
    assert_eq!(on_phone.close_code().await, 4503);
    assert_eq!(on_old.close_code().await, 4503);
    anna.get("/api/user/get").await.login_required();
    log_in(&server, "anna", "secret").await.refused("the account is disabled");
    log_in(&server, "anna", "guess").await.refused("wrong password");

    let mut of_bob = bob.connect().await;
    of_bob.send(chat, "are you there?", "b1").await;
    server.operator(&["enable", "anna"]).await;
    anna.get("/api/user/get").await.login_required();
    let again = server.login(anna.uid, "anna").await;
    assert_eq!(again.api.chats(anna.uid, 1, 9).await.expect("chats")[0].unread, Some(1));
}

#[tokio::test]
async fn a_session_in_use_lives_on_and_an_unused_one_ends() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let server = TestServer::start_with(&["--session-days=30"]).await;
    let used = server.user("anna").await;
    let unused = server.login(used.uid, "anna").await;
    let (used_id, unused_id) = (SessionId(session_of(&used).await), SessionId(session_of(&unused).await));

    // Twenty days pass for the one, more than thirty for the other.
    let now = server.now();
    let stopped = server.stop().await;
    let store = stopped.store().await;
    for (session, days) in [(used_id, 20), (unused_id, 31)] {
        let then = now.plus_ms(-days * DAY_MS);
        let ends = then.plus_ms(30 * DAY_MS);
        store.touch_session(session, "127.0.0.1".to_owned(), then, ends).await.expect("noted");
    }
    store.close().await;
    drop(store);

    let server = stopped.start().await;
    unused.get("/api/user/get").await.login_required();
    used.get("/api/user/get").await.ok(used.card());
    // The use is noted beside the answer, and before the server has stopped.
    let stopped = server.stop().await;
    let store = stopped.store().await;
    let sessions = store.sessions(UserId(used.uid), now).await.expect("read");
    store.close().await;
    assert_eq!(sessions.len(), 1);
    assert!(sessions[0].expires_at >= now.plus_ms(30 * DAY_MS), "its end has moved on");
}
