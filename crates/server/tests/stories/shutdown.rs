//! The end of a server: clients are sent away to come back, and nothing is lost.

use rim_client::{Connection, ConnectionError};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::NODES;
use crate::raw;
use crate::world::{PATIENCE, TestServer};

/// The delay of a close with 4009.
async fn sent_away(socket: &mut Connection) -> u64 {
    loop {
        match timeout(PATIENCE, socket.next_text()).await.expect("in time") {
            Ok(_) => {}
            Err(ConnectionError::Closed { code, reason }) => {
                assert_eq!(code, 4009);
                let delay = reason.strip_prefix("reconnect in ").and_then(|rest| rest.strip_suffix(" ms"));
                return delay.unwrap_or_else(|| panic!("{reason}")).parse().expect("a number");
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn everybody_is_told_when_to_come_back_logged_in_or_not() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let mut sockets = vec![Connection::open(&server.ws()).await.expect("a socket")];
    for url in [server.ws(), server.old_ws(), server.ws()] {
        sockets.push(anna.connect_to(&url).await.socket);
    }
    server.tell_to_stop();
    for socket in &mut sockets {
        assert!(sent_away(socket).await < 60_000);
    }
    server.stop().await;
}

#[tokio::test]
async fn what_was_acknowledged_before_the_end_is_there_after_it_and_the_rest_is_sent_again() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut device = anna.connect().await;
    for number in 0..200 {
        device.put("Msg", gid, &number.to_string(), &format!("n{number}"), None).await;
    }
    // The first answer shows that the rest is under way.
    let mut acked = vec![device.answer().await.server_msg_id.expect("an id")];
    server.tell_to_stop();
    loop {
        match device.frame().await {
            Ok(rim_client::protocol::frame::Incoming::Answer(answer)) => {
                assert_eq!(answer.client_msg_id, format!("n{}", acked.len()));
                acked.push(answer.server_msg_id.expect("an id"));
            }
            Ok(other) => panic!("{other:?}"),
            Err(ConnectionError::Closed { code, .. }) => break assert_eq!(code, 4009),
            Err(error) => panic!("{error}"),
        }
    }
    let server = server.restart().await;
    let stored = bob.api.history(gid, 1, 200).await.expect("history");
    let ids: Vec<u64> = stored.iter().map(|item| item.msg.id).collect();
    assert_eq!(ids, acked, "neither more nor less than was acknowledged");

    let mut device = anna.connect().await;
    for number in 0..200 {
        let id = device.send(gid, &number.to_string(), &format!("n{number}")).await;
        assert!(acked.get(number).is_none_or(|first| *first == id));
    }
    let contents = bob.api.history(gid, 1, 200).await.expect("history");
    assert!(contents.iter().map(|item| item.msg.content.clone()).eq((0..200).map(|n| n.to_string())));
    drop(server);
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let carl = server.user("carl").await;
    let chat = anna.chat_with(&bob).await;
    let group = bob.group_with(&[&anna]).await;
    let mut device = anna.connect().await;
    device.send(chat, "hi", "1").await;
    device.send(group, "hi all", "2").await;
    bob.post("/api/friend/add", json!({"fid": anna.uid})).await.ok(true);
    anna.post("/api/friend/status/modify", json!({"fid": bob.uid, "status": 1})).await.ok(true);
    carl.post("/api/friend/add", json!({"fid": bob.uid})).await.ok(true);
    carl.post("/api/user/logout", json!({})).await.ok(true);

    let gets = ["/api/user/get", "/api/group/get", "/api/friend/list", "/api/friend/list?status=0"];
    let posts = [
        ("/api/message/chat/list", json!({"uid": bob.uid, "page": 1, "size": 9})),
        ("/api/message/history", json!({"gid": group, "uid": bob.uid, "page": 1, "size": 9})),
        ("/api/sync", json!({})),
    ];
    let look = async || {
        let mut seen = Vec::new();
        for path in gets {
            seen.push(bob.get(path).await.body);
        }
        for (path, body) in &posts {
            // Last of all, sync tells what the clock shows.
            let body = bob.post(path, body.clone()).await.body;
            seen.push(body.split(r#","now":"#).next().unwrap_or_default().to_owned());
        }
        seen
    };
    let before = look().await;
    let server = server.restart().await.restart().await;
    assert_eq!(look().await, before);
    carl.get("/api/user/get").await.login_required();
    anna.connect_to(&server.old_ws()).await.send(chat, "still here", "3").await;
}

#[tokio::test]
async fn a_request_under_way_is_answered() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let mut stream = TcpStream::connect(server.address).await.expect("connected");
    let body = format!(r#"{{"uid":{},"page":1,"size":9}}"#, anna.uid);
    let head = format!(
        "POST /api/message/chat/list HTTP/1.1\r\nHost: rim\r\nAuthorization: Bearer {}\r\n\
         Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        anna.token(),
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.expect("the server asks for the body");
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    server.tell_to_stop();
    raw::exchange(stream, body.as_bytes()).await.ok("[]");
    server.stop().await;
}

#[tokio::test]
async fn a_stopped_server_leaves_its_ports_and_its_folder_to_the_next() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let _idle = TcpStream::connect(server.address).await.expect("connected");
    let _device = anna.connect().await;
    let stopped = server.stop().await;
    for address in [stopped.address, stopped.old_address] {
        assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
        drop(TcpListener::bind(address).await.expect("the port is free"));
    }
    let left: Vec<_> = std::fs::read_dir(stopped.data())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(left.contains(&"rim.db".to_owned()), NODES == 1, "{left:?}");
    assert!(!left.iter().any(|name| name.ends_with("-wal") || name.ends_with(".sock")), "{left:?}");
    stopped.start().await.stop().await;
}
