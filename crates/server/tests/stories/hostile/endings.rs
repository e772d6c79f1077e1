//! What goes on after its end: sessions that were logged out, revoked, or opened by a password that is another by then.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use rim_core::bus::{Bus, Subject};
use rim_core::event::Topic;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::socket::{Heard, Socket, text};
use crate::NODES;
use crate::world::{PATIENCE, Person, TestServer};

/// Frames that are sent after the end.
const LATE: usize = 15;

/// Every node is alone with what it knows.
struct Mute(Arc<dyn Bus>);

#[async_trait]
impl Bus for Mute {
    fn subscribe(&self, topic: Topic) {
        self.0.subscribe(topic);
    }

    fn unsubscribe(&self, topic: Topic) {
        self.0.unsubscribe(topic);
    }

    fn publish(&self, _: Subject, _: Vec<u8>) {}

    fn max_payload(&self) -> usize {
        self.0.max_payload()
    }

    fn ready(&self) -> Result<(), String> {
        self.0.ready()
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

fn message(person: &Person, gid: u64, id: &str) -> Vec<u8> {
    let uid = person.uid;
    let body = json!({"kind": "Text", "uid": uid, "gid": gid, "content": "late", "clientMsgId": id});
    text(&json!({"event": "Msg", "body": body}).to_string())
}

fn receipt(person: &Person, gid: u64, msg_id: u64, id: &str) -> Vec<u8> {
    let uid = person.uid;
    let body =
        json!({"kind": "Text", "uid": uid, "gid": gid, "msgId": msg_id, "content": "", "clientMsgId": id});
    text(&json!({"event": "Read", "body": body}).to_string())
}

/// Sends messages and receipts from a session that has ended. Each is answered with 401, if it is answered at all, and
/// the socket ends with this code.
async fn is_refused_all(mut socket: Socket, person: &Person, gid: u64, first: u64, code: u16) {
    for number in 0..LATE {
        socket.throw(&message(person, gid, &format!("late {number}"))).await;
        socket.throw(&receipt(person, gid, first, &format!("read {number}"))).await;
    }
    loop {
        match socket.hear().await {
            Heard::Text(answer) => {
                assert!(answer.contains(r#""kind":"Error""#) && answer.contains(r#""code":401"#), "{answer}");
            }
            Heard::Close(closed) => return assert_eq!(closed, code),
            other => panic!("{other:?}"),
        }
    }
}

/// A session that is ended in some way while its socket, at whichever node, goes on sending.
async fn nothing_is_accepted_after(end: impl AsyncFn(&TestServer, &Person), code: u16) {
    let buses = [std::convert::identity, |bus| Arc::new(Mute(bus)) as Arc<dyn Bus>];
    for bus in buses.into_iter().take(NODES) {
        let server = TestServer::start_on(&["--login-errors=precise"], bus).await;
        let (anna, bob) = (server.user("anna").await, server.user("bob").await);
        let gid = bob.group_with(&[&anna]).await;
        let first = bob.connect().await.send(gid, "first", "b").await;
        let phone = server.login(anna.uid, "anna").await;
        // One for each node, and more.
        let mut sockets = Vec::new();
        for _ in 0..4 {
            sockets.push(Socket::login(server.address, &phone).await);
        }
        end(&server, &phone).await;
        for socket in sockets {
            is_refused_all(socket, &phone, gid, first, code).await;
        }
        let history = bob.api.history(gid, 1, 10).await.expect("a page");
        assert_eq!(history.len(), 1, "{history:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_accepted_after_a_logout_was_answered() {
    let log_out =
        async |_: &TestServer, phone: &Person| phone.ask("POST", "/api/user/logout", "").await.ok(true);
    nothing_is_accepted_after(log_out, 4501).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_accepted_from_one_who_was_disabled() {
    let disable = async |server: &TestServer, _: &Person| server.operator(&["disable", "anna"]).await;
    nothing_is_accepted_after(disable, 4503).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_logout_frame_the_socket_speaks_for_nobody() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let gid = anna.group_with(&[]).await;
    let mut socket = Socket::login(server.address, &anna).await;
    let logout = text(r#"{"event":"Logout","body":{"clientMsgId":"out"}}"#);
    socket.put(&[logout, message(&anna, gid, "late"), receipt(&anna, gid, 1, "read")].concat()).await;
    assert!(socket.answer().await.contains(r#""clientMsgId":"out","serverMsgId":null,"kind":"Ack""#));
    for id in ["late", "read"] {
        let refused = r#""serverMsgId":null,"kind":"Error","content":"login required","code":401}"#;
        assert_eq!(socket.answer().await, format!(r#"{{"clientMsgId":"{id}",{refused}"#));
    }
    assert_eq!(anna.api.history(gid, 1, 10).await.expect("a page"), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_whose_body_comes_after_the_end_of_its_session_is_not_carried_out() {
    let server = TestServer::start_with(&["--request-timeout=20s"]).await;
    let laptop = server.user("anna").await;
    let phone = server.login(laptop.uid, "anna").await;
    let gid = laptop.group_with(&[]).await;
    let body = format!(r#"{{"id":{gid},"name":"other","avatar":""}}"#);
    let head = format!(
        "POST /api/group/update HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Length: {}\r\n\r\n",
        phone.token(),
        body.len()
    );
    let mut slow = TcpStream::connect(server.address).await.expect("the server listens");
    slow.write_all(&[head.as_bytes(), &body.as_bytes()[..10]].concat()).await.expect("sent");
    // The head was looked at when this was answered, or is when the session has ended: which is refused as well.
    laptop.get("/api/session/list").await.data();
    phone.ask("POST", "/api/user/logout", "").await.ok(true);
    server.seconds_pass(1).await;
    slow.write_all(&body.as_bytes()[10..]).await.expect("sent");
    let mut answer = String::new();
    timeout(PATIENCE, slow.read_to_string(&mut answer)).await.expect("in time").expect("an answer");
    assert!(answer.ends_with(r#"{"ok":false,"code":401,"msg":"login required","data":null}"#), "{answer}");
    assert_eq!(laptop.api.groups().await.expect("groups")[0].name, "group");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_with_the_old_password_that_is_being_checked_opens_no_session() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let new = json!({"oldPassword": "secret", "newPassword": "another"});
    let (changed, logins) = tokio::join!(
        anna.post("/api/user/password", new),
        // As many as may be wrong.
        join_all((0..10).map(|_| async { server.api().login("anna", "secret").await })),
    );
    changed.ok(true);
    // Those that were through before the change were ended by it.
    let sessions = anna.get("/api/session/list").await;
    assert_eq!(sessions.data().as_array().map(Vec::len), Some(1), "{sessions:?}");
    for api in logins.into_iter().flatten() {
        assert!(api.groups().await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_that_are_checked_while_somebody_is_disabled_are_not_revived_by_enabling() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let logins = join_all((0..8).map(|_| async { server.api().login("anna", "secret").await }));
    let (logins, ()) = tokio::join!(logins, server.operator(&["disable", "anna"]));
    server.operator(&["enable", "anna"]).await;
    for api in logins.into_iter().flatten() {
        assert!(api.groups().await.is_err(), "it was opened before the end of all, or not at all");
    }
    assert!(anna.api.groups().await.is_err());
}
