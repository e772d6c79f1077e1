//! The largest answers that there are, asked for by many who do not read them, or little at a time.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use rim_client::protocol::sync::SyncAnswer;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::world::{PATIENCE, Person, TestServer};

/// The longest message that there is: 64 KiB, and six times that as JSON.
const CONTENT_BYTES: usize = 64 * 1024;

#[tokio::test]
async fn an_answer_of_large_messages_ends_where_two_megabytes_are() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.group_with(&[&bob]).await;
    let sent = send_large(&anna, gid, 12).await;

    let (mut request, mut got, mut answers) = (json!({"rev": 0, "groups": []}), Vec::new(), 0);
    loop {
        let answer = bob.post("/api/sync", request.clone()).await;
        assert!(answer.body.len() < 2_500_000, "{} bytes", answer.body.len());
        let answer: SyncAnswer = serde_json::from_value(answer.data()).expect("an answer");
        answers += 1;
        for delta in &answer.groups {
            got.extend(delta.messages.iter().map(|message| message.id));
            request["groups"] = json!([{"gid": delta.gid, "rev": delta.rev}]);
        }
        (request["rev"], request["after"]) = (json!(answer.rev), json!(answer.next));
        if !answer.more {
            break;
        }
    }
    assert_eq!((got, answers >= 3), (sent, true));
}

/// Old clients walk the pages by number and size: of a page that is too large to be held at once nothing is missing.
#[tokio::test]
async fn a_page_that_is_larger_than_an_answer_comes_whole() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.group_with(&[&bob]).await;
    let sent = send_large(&anna, gid, 13).await;
    for size in [5, 200] {
        let mut met = Vec::new();
        for number in 1.. {
            let page = json!({"gid": gid, "uid": bob.uid, "page": number, "size": size});
            let page = bob.post("/api/message/history", page).await.data();
            let ids: Vec<_> = ids(&page);
            assert!(ids.len() == 13.min(size) || ids.len() == 3 || ids.is_empty(), "{ids:?}");
            if ids.is_empty() {
                break;
            }
            met.splice(..0, ids);
        }
        assert_eq!(met, sent, "in pages of {size}");
    }
    // Its content is what was sent.
    let page = json!({"gid": gid, "uid": bob.uid, "page": 2, "size": 4});
    let page = bob.post("/api/message/history", page).await.data();
    assert!(page.as_array().expect("a list").iter().all(|item| item["msg"]["content"] == large_content()));

    let mut chats = BTreeSet::from([gid]);
    for n in 0..4 {
        let gid = anna.group_with(&[&bob]).await;
        anna.connect().await.send(gid, &large_content(), &n.to_string()).await;
        chats.insert(gid);
    }
    let page = json!({"uid": bob.uid, "page": 1, "size": 200});
    let page = bob.post("/api/message/chat/list", page).await.data();
    let listed: Vec<_> =
        page.as_array().expect("a list").iter().map(|item| item["group"]["id"].as_u64()).collect();
    assert_eq!(listed, chats.into_iter().map(Some).collect::<Vec<_>>());
    assert!(ids(&page).is_sorted());
}

#[tokio::test]
async fn who_leaves_an_answer_unread_is_cut_off_in_the_middle_of_it() {
    let server = TestServer::start_with(&["--request-timeout=30s"]).await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.group_with(&[&bob]).await;
    send_large(&anna, gid, 30).await;
    // More than the system keeps of it on both sides.
    let page = json!({"gid": gid, "uid": bob.uid, "page": 1, "size": 200});
    let request = post("/api/message/history", bob.token(), &page);
    let mut stream = asks_and_reads_nothing(server.address, &request).await;
    let mut head = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut head)).await.expect("in time").expect("it begins");
    assert_eq!(&head, b"HTTP/1.1 200");
    // Those that are idle end as well.
    let is_alone = async { while server.sockets().await > 0 {} };
    server.time_passes_until(timeout(PATIENCE, is_alone)).await.expect("it is ended");
    let mut bytes = Vec::new();
    // What was on its way comes, and no end of it.
    let _ = stream.read_to_end(&mut bytes).await;
    assert!(bytes.len() < 30 * 6 * CONTENT_BYTES, "{} bytes", bytes.len());
    assert!(!bytes.ends_with(b"]}\r\n0\r\n\r\n"), "the list has its end");
}

#[tokio::test]
async fn members_are_listed_in_pages() {
    let server = TestServer::start().await;
    let (anna, bob, eve) = (server.user("anna").await, server.user("bob").await, server.user("eve").await);
    let gid = anna.group_with(&[&bob]).await;
    let member = |role: u8, of: &Person, at: &Value| {
        format!(r#"{{"role":{role},"user":{},"joinedAt":{at}}}"#, of.card())
    };
    let list = async |by: &Person, body: Value| by.post("/api/group/user/list", body).await;

    let all = list(&anna, json!({"gid": gid})).await;
    let at = all.data()["members"][0]["joinedAt"].clone();
    let (first, second) = (member(2, &anna, &at), member(1, &bob, &at));
    all.ok(format!(r#"{{"members":[{first},{second}],"count":2,"next":null,"role":2}}"#));
    let page = list(&bob, json!({"gid": gid, "size": 1})).await;
    let next = page.data()["next"].clone();
    page.ok(format!(r#"{{"members":[{first}],"count":2,"next":{next},"role":1}}"#));
    let rest = format!(r#"{{"members":[{second}],"count":2,"next":null,"role":1}}"#);
    list(&bob, json!({"gid": gid, "after": next})).await.ok(&rest);
    list(&bob, json!({"gid": gid, "q": "OB"})).await.ok(&rest);
    list(&bob, json!({"gid": gid, "q": null, "size": 0}))
        .await
        .ok(format!(r#"{{"members":[{first}],"count":2,"next":{next},"role":1}}"#));
    for (by, gid) in [(&eve, gid), (&anna, 4711)] {
        list(by, json!({"gid": gid})).await.ok(r#"{"members":[],"count":0,"next":null,"role":null}"#);
    }
    list(&bob, json!({"gid": gid, "q": "x".repeat(65)})).await.refused("q: at most 64 characters");
}

pub fn large_content() -> String {
    "\u{1}".repeat(CONTENT_BYTES)
}

/// Sends messages that are as long as they may be, and returns their ids.
async fn send_large(by: &Person, gid: u64, count: usize) -> Vec<u64> {
    let (mut device, mut ids) = (by.connect().await, Vec::new());
    for n in 0..count {
        ids.push(device.send(gid, &large_content(), &format!("large {n}")).await);
    }
    ids
}

fn ids(page: &Value) -> Vec<u64> {
    let items = page.as_array().expect("a list").iter();
    items.map(|item| item["msg"]["id"].as_u64().expect("an id")).collect()
}

pub fn post(path: &str, token: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: rim\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// With as little room as the system gives, so that it is the server that has to hold the answer.
pub async fn asks_and_reads_nothing(address: SocketAddr, request: &[u8]) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4 * 1024).expect("set");
    let mut stream = socket.connect(address).await.expect("connected");
    stream.write_all(request).await.expect("sent");
    stream
}
