//! Requests that begin and do not go on.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::bystanders::Bystanders;
use super::socket::{Socket, TEXT, frame, handshake, header};
use crate::NODES;
use crate::raw;
use crate::world::{PATIENCE, TestServer};

async fn begin(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    stream.write_all(bytes).await.expect("sent");
    stream
}

/// What comes until the server ends the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let end = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the server gives up in time");
    end.expect("the end, in order");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_go_on_is_given_up_and_holds_up_nobody() {
    let server = TestServer::start_with(&["--request-timeout=20s", "--idle-timeout=60s"]).await;
    let mut bystanders = Bystanders::chat(&server).await;
    let login = "POST /api/user/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"account\":";
    let (mut silent, mut heads, mut bodies, mut sockets) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for n in 0..40 {
        let door = [server.address, server.old_address][n % 2];
        silent.push(begin(door, b"").await);
        heads.push(begin(door, &handshake(door).as_bytes()[..20 + n]).await);
        bodies.push(begin(server.address, login.as_bytes()).await);
        let mut socket = Socket::open(door).await;
        match n % 4 {
            0 => {}
            1 => socket.put(&header(0x80 | TEXT, 1000)[..5]).await,
            2 => socket.put(&header(0x80 | TEXT, 4_000)).await,
            _ => socket.put(&frame(TEXT, false, b"{\"event\":")).await,
        }
        sockets.push(socket);
    }
    let given_up = async {
        for stream in silent.into_iter().chain(heads) {
            let answer = rest(stream).await;
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
        }
        for stream in bodies {
            let answer = rest(stream).await;
            assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
            assert!(
                answer.contains(r#"{"ok":false,"code":408,"msg":"the request took too long","data":null}"#)
            );
        }
        for mut socket in sockets {
            assert_eq!(socket.silent_until_closed().await, 4000);
        }
    };
    let time_passes = async {
        loop {
            server.seconds_pass(10).await;
            // They are not silent meanwhile.
            bystanders.go_on().await;
        }
    };
    tokio::select! {
        () = given_up => {}
        () = time_passes => unreachable!("it goes on for ever"),
    }
    bystanders.noticed_nothing().await;
}

/// Whoever goes away in the midst of something leaves nothing behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_away_in_the_midst_of_it_has_done_nothing() {
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    let anna = server.user("anna").await;
    let gid = anna.group_with(&[]).await;
    let body = format!(r#"{{"id":{gid},"name":"other","avatar":""}}"#);
    let length = body.len();
    let request = format!(
        "POST /api/group/update HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Length: {length}\r\n\r\n{body}",
        anna.token()
    );
    for cut in 1..request.len() {
        drop(begin(server.address, &request.as_bytes()[..cut]).await);
    }
    let message = format!(
        r#"{{"event":"Msg","body":{{"kind":"Text","uid":{},"gid":{gid},"content":"x","clientMsgId":"c"}}}}"#,
        anna.uid
    );
    let message = frame(TEXT, true, message.as_bytes());
    for cut in [1, 2, 3, 7, message.len() / 2, message.len() - 1] {
        Socket::login(server.address, &anna).await.put(&message[..cut]).await;
    }
    assert_eq!(anna.api.groups().await.expect("groups")[0].name, "group");
    assert_eq!(anna.api.history(gid, 1, 10).await.expect("a page"), []);
    bystanders.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_is_too_large_is_refused() {
    if NODES > 1 {
        // The balancer in between gives up before it has passed on the answer.
        return;
    }
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    let one = format!("X-Bomb: {}\r\n", "x".repeat(200_000));
    let many: String = (0..20_000).map(|n| format!("X-{n}: y\r\n")).collect();
    let path = "x".repeat(200_000);
    for door in [server.address, server.old_address] {
        for (path, headers) in [("", one.as_str()), ("", &many), (&path, "")] {
            let head = format!("GET /{path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
            let (mut incoming, mut outgoing) =
                TcpStream::connect(door).await.expect("it listens").into_split();
            // The server does not read to the end of it.
            let sending = tokio::spawn(async move {
                let _ = outgoing.write_all(head.as_bytes()).await;
                outgoing
            });
            let mut answer = Vec::new();
            let end = timeout(PATIENCE, incoming.read_to_end(&mut answer)).await.expect("in time");
            let answer = String::from_utf8_lossy(&answer);
            assert!(end.is_err() || answer.starts_with("HTTP/1.1 4"), "{answer}");
            drop(sending.await.expect("it does not panic"));
        }
    }
    let answer = server.ask("GET", "/healthz", "").await;
    assert_eq!(answer.status, 200);
    bystanders.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_http_is_answered_with_400_or_not_at_all() {
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    for door in [server.address, server.old_address] {
        for request in [
            "\r\n\r\n",
            "GET\r\n\r\n",
            "GET / HTTP/9.9\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: what\r\n\r\n",
        ] {
            let mut stream = begin(door, request.as_bytes()).await;
            stream.shutdown().await.expect("no more to say");
            let answer = rest(stream).await;
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{request:?}: {answer}");
        }
    }
    let smuggled = "POST /api/user/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n\
                    zz\r\nGET /api/docs HTTP/1.1\r\nHost: x\r\n\r\n";
    let answer = raw::exchange(begin(server.address, b"").await, smuggled.as_bytes()).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    bystanders.noticed_nothing().await;
}
