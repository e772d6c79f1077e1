//! Limits: floods are told to pause, and people never meet one.

use rim_client::ConnectionError;
use serde_json::json;
use tokio::net::TcpStream;

use crate::NODES;
use crate::raw::{self, Answer};
use crate::world::TestServer;

/// The seconds for which an answer says to pause.
#[track_caller]
fn says_to_pause(answer: &Answer) -> u64 {
    answer.complains(429, 429, "too many requests");
    let seconds = answer.header("retry-after").expect("Retry-After").parse().expect("whole seconds");
    assert!(seconds >= 1, "{seconds}");
    seconds
}

/// Checks that so many were let in, or so many by each node: each counts for itself.
#[track_caller]
fn as_many_as(let_in: usize, burst: usize) {
    assert!((burst..=burst * NODES).contains(&let_in), "{let_in} were let in, and {burst} should have been");
}

fn create(account: &str) -> String {
    json!({"name": "N", "avatar": "", "account": account}).to_string()
}

fn login(account: &str, password: &str) -> String {
    json!({"account": account, "password": password}).to_string()
}

#[tokio::test]
async fn a_flood_of_registrations_is_told_to_pause() {
    let server = TestServer::start().await;
    let mut created = 0;
    let refused = loop {
        let answer = server.ask("POST", "/api/user/create", &create(&format!("user{created}"))).await;
        if answer.status != 200 {
            break answer;
        }
        created += 1;
        assert!(created < 10_000, "nobody is stopped");
    };
    as_many_as(created, 120);
    // Others go on, as do logins.
    server.ask("POST", "/api/user/login", &login("user1", "x")).await.refused("wrong password");
    server.seconds_pass(says_to_pause(&refused)).await;
    assert!(server.ask("POST", "/api/user/create", &create("late")).await.data().is_u64());
}

#[tokio::test]
async fn guessing_a_password_closes_the_account_to_guesses_and_no_other() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    server.user("bob").await;
    let mut guesses = 0;
    let refused = loop {
        let spelled = if guesses % 2 == 0 { "anna" } else { " ANNA " };
        let answer = server.ask("POST", "/api/user/login", &login(spelled, "guess")).await;
        if answer.status != 200 {
            break answer;
        }
        answer.refused("wrong password");
        guesses += 1;
        assert!(guesses < 1000, "nobody is stopped");
    };
    as_many_as(guesses, 20);
    let pause = says_to_pause(&refused);
    let change = json!({"oldPassword": "guess", "newPassword": "x"});
    // Whoever has a session guesses for themselves.
    anna.post("/api/user/password", change).await.refused("wrong password");
    assert!(server.ask("POST", "/api/user/login", &login("bob", "secret")).await.data().is_string());
    anna.get("/api/user/get").await.ok(anna.card());
    server.seconds_pass(pause).await;
    assert!(server.ask("POST", "/api/user/login", &login("anna", "secret")).await.data().is_string());
}

#[tokio::test]
async fn a_flood_of_requests_of_one_user_is_told_to_pause() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let mut stream = TcpStream::connect(server.address).await.expect("connected");
    let request = format!(
        "GET /api/friend/list HTTP/1.1\r\nHost: rim\r\nAuthorization: Bearer {}\r\n\r\n",
        anna.token()
    );
    let mut served = 0;
    let refused = loop {
        let answer = raw::exchange(&mut stream, request.as_bytes()).await;
        if answer.status != 200 {
            break answer;
        }
        served += 1;
        assert!(served < 100_000, "nobody is stopped");
    };
    assert_eq!(served, 600, "all on one connection, and so on one node");
    bob.get("/api/friend/list").await.ok("[]");
    server.seconds_pass(says_to_pause(&refused)).await;
    anna.get("/api/friend/list").await.ok("[]");
}

#[tokio::test]
async fn a_flood_of_large_groups_is_told_to_pause_and_nobody_else_is() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    // Nobody is any of them: who is named counts, whatever becomes of it.
    let users: Vec<_> = (1_000_000..1_009_999).map(|uid| json!({"uid": uid, "role": 1})).collect();
    let large = json!({"group": {"name": "large", "avatar": "", "mode": 2}, "users": users});
    let mut let_in = 0;
    let refused = loop {
        let answer = anna.post("/api/group/create", large.clone()).await;
        if answer.status == 429 {
            break answer;
        }
        answer.refused("no such user: 1000000");
        let_in += 1;
        assert!(let_in < 100, "nobody is stopped");
    };
    as_many_as(let_in, 2);
    anna.group_with(&[]).await;
    bob.group_with(&[&anna]).await;
    server.seconds_pass(says_to_pause(&refused)).await;
    anna.post("/api/group/create", large).await.refused("no such user: 1000000");
}

#[tokio::test]
async fn a_flood_of_messages_gets_errors_with_429_and_what_was_acked_is_stored() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut device = anna.connect().await;
    let (mut sent, mut acked, mut refused) = (0, 0_u64, 0);
    while refused == 0 {
        assert!(sent < 100_000, "nobody is stopped");
        let batch = sent..sent + 200;
        for number in batch.clone() {
            device.put("Msg", gid, "x", &number.to_string(), None).await;
        }
        for number in batch {
            let answer = device.answer().await;
            assert_eq!(answer.client_msg_id, number.to_string());
            match (answer.code, answer.server_msg_id) {
                (None, Some(_)) => acked += 1,
                (Some(429), None) => refused += 1,
                other => panic!("{other:?}"),
            }
        }
        sent += 200;
    }
    assert_eq!(acked, 2000);
    // The connection lives on, and others write.
    device.nothing_came("h").await;
    bob.connect().await.send(gid, "calm down", "b1").await;
    let newest = bob.api.history(gid, 1, 1).await.expect("history").remove(0);
    assert_eq!(newest.msg.seq, acked + 1);
}

#[tokio::test]
async fn too_many_errors_end_a_connection_with_4029() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let mut device = anna.connect().await;
    let code = loop {
        // What the server closed meanwhile takes no more; why it did is still to be read.
        let _ = device.socket.send_text("rubbish").await;
        match device.frame().await {
            Ok(_) => {}
            Err(ConnectionError::Closed { code, .. }) => break code,
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(code, 4029);
    anna.connect().await.nothing_came("another connection is let in").await;
}

#[tokio::test]
async fn limits_off_lets_everything_through() {
    let server = TestServer::start_with(&["--limits=off"]).await;
    for number in 0..200 {
        let answer = server.ask("POST", "/api/user/create", &create(&format!("user{number}"))).await;
        assert!(answer.data().is_u64());
    }
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    for _ in 0..30 {
        server.ask("POST", "/api/user/login", &login("anna", "guess")).await.refused("wrong password");
    }
    let gid = anna.chat_with(&bob).await;
    let mut device = anna.connect().await;
    for batch in 0..20 {
        for number in 0..200 {
            device.put("Msg", gid, "x", &format!("{batch}/{number}"), None).await;
        }
        for _ in 0..200 {
            assert_eq!(device.answer().await.code, None);
        }
    }
    assert_eq!(bob.api.chats(bob.uid, 1, 1).await.expect("chats")[0].unread, Some(4000));
}

#[tokio::test]
async fn a_user_has_so_many_connections_and_no_more() {
    if NODES > 1 {
        // Each node counts for itself.
        return;
    }
    let server = TestServer::start_with(&["--max-connections-per-user=3"]).await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let mut devices = Vec::new();
    for _ in 0..3 {
        devices.push(anna.connect().await);
    }
    match rim_client::Connection::login(&server.ws(), anna.uid, anna.token()).await {
        Err(ConnectionError::LoginRefused { code, .. }) => assert_eq!(code, 429),
        other => panic!("{:?}", other.map(|_| ())),
    }
    bob.connect().await.nothing_came("others are let in").await;
    let mut device = devices.pop().expect("three");
    device.put("Logout", 0, "", "o", None).await;
    assert_eq!(device.answer().await.code, None);
    anna.connect().await.nothing_came("there is a place again").await;
}
