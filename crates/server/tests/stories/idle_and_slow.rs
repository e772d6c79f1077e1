//! Clients that say nothing, and clients that do not read.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::raw;
use crate::world::{PATIENCE, Person, TestServer};

const PING: u8 = 0x89;
const CLOSE: u8 = 0x88;

/// A WebSocket of bytes, which does nothing by itself: neither read nor answer a ping.
pub struct Bare {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Bare {
    pub async fn connect(address: SocketAddr, receive_buffer_bytes: Option<u32>) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        if let Some(bytes) = receive_buffer_bytes {
            socket.set_recv_buffer_size(bytes).expect("set");
        }
        let mut stream = socket.connect(address).await.expect("connected");
        let handshake = "GET /ws HTTP/1.1\r\nHost: rim\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        assert_eq!(raw::exchange(&mut stream, handshake.as_bytes()).await.status, 101);
        Self { stream, buffer: Vec::new() }
    }

    /// Logs in and reads the answer.
    pub async fn login(&mut self, person: &Person) {
        let (uid, token) = (person.uid, person.token());
        let frame =
            format!(r#"{{"event":"Login","body":{{"uid":{uid},"content":"{token}","clientMsgId":"l"}}}}"#);
        let length = u8::try_from(frame.len()).expect("a middling frame");
        // Masked with nothing.
        let bytes = [&[0x81, 0xFE, 0, length, 0, 0, 0, 0][..], frame.as_bytes()].concat();
        self.stream.write_all(&bytes).await.expect("sent");
        let (_, answer) = self.frame().await.expect("an answer");
        assert!(answer.ends_with(br#""kind":"Ack","content":"Ok"}"#), "{}", String::from_utf8_lossy(&answer));
    }

    /// The next frame, by its first byte and payload; `None` where the server is done.
    pub async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some((end, first, start)) = cut(&self.buffer) {
                let payload = self.buffer[start..end].to_vec();
                self.buffer.drain(..end);
                return Some((first, payload));
            }
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.buffer)).await.expect("in time");
            if read.expect("bytes") == 0 {
                return None;
            }
        }
    }

    /// The code that the server closes with, behind everything else that it sent.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            let (first, payload) = self.frame().await.expect("a close frame before the end");
            if first == CLOSE {
                return code(&payload);
            }
        }
    }
}

/// End, first byte and start of the payload of the frame that begins the buffer, if it is whole.
fn cut(buffer: &[u8]) -> Option<(usize, u8, usize)> {
    let (start, length) = match *buffer.get(1)? {
        126 => (4, u64::from(u16::from_be_bytes(buffer.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?)),
        short => (2, u64::from(short)),
    };
    let end = start + usize::try_from(length).ok()?;
    (buffer.len() >= end).then_some((end, buffer[0], start))
}

fn code(close: &[u8]) -> u16 {
    u16::from_be_bytes(close[..2].try_into().expect("a code"))
}

#[tokio::test]
async fn who_does_not_read_is_closed_with_4008_while_others_are_served() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let carl = server.user("carl").await;
    let gid = anna.group_with(&[&bob, &carl]).await;
    let mut slow = Bare::connect(server.address, Some(8 * 1024)).await;
    slow.login(&bob).await;
    let (mut sender, mut reader) = (anna.connect().await, carl.connect().await);

    // Until the server has had enough; it counts whom it gave up.
    let content = "x".repeat(64 * 1024);
    let mut sent = 0;
    loop {
        assert!(sent < 2000, "a server that keeps 128 MB for one connection");
        for _ in 0..8 {
            sender.send(gid, &content, &sent.to_string()).await;
            sent += 1;
            assert_eq!(reader.message().await.seq, sent, "others are served");
        }
        let metrics = server.ask("GET", "/metrics", "").await.body;
        if metrics.lines().any(|line| line.starts_with(r#"rim_disconnects_total{reason="too_slow"} 1"#)) {
            break;
        }
    }
    assert_eq!(slow.close_code().await, 4008);
    // They come back and read what they missed.
    let history = bob.api.history(gid, 1, 200).await.expect("history");
    assert_eq!(history.last().map(|item| item.msg.seq), Some(sent));
}

#[tokio::test]
async fn who_says_nothing_is_pinged_within_half_a_minute_and_closed_with_4000_when_the_settings_say() {
    let server = TestServer::start_with(&["--idle-timeout=90s"]).await;
    let anna = server.user("anna").await;
    let mut alive = anna.connect().await;
    let mut dead = Bare::connect(server.address, None).await;
    let mut stranger = Bare::connect(server.old_address, None).await;
    dead.login(&anna).await;
    // nginx waits for a minute, and others for less.
    for _ in 0..2 {
        server.seconds_pass(30).await;
        for silent in [&mut dead, &mut stranger] {
            let (first, payload) = silent.frame().await.expect("a ping");
            assert_eq!((first, payload.len()), (PING, 0));
        }
    }
    // Reading is what answers pings.
    alive.nothing_came("h1").await;
    server.seconds_pass(30).await;
    assert_eq!(server.connections().await, 3, "their time is not over");
    server.seconds_pass(1).await;
    for silent in [&mut dead, &mut stranger] {
        assert_eq!(silent.close_code().await, 4000);
    }
    alive.nothing_came("h2").await;
}

#[tokio::test]
async fn a_half_request_is_given_up_and_an_idle_connection_closed() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    for start in ["", "GET /api/user/get HTTP/1.1\r\nHost:"] {
        let mut stream = TcpStream::connect(server.address).await.expect("connected");
        stream.write_all(start.as_bytes()).await.expect("sent");
        let mut rest = Vec::new();
        let ended = timeout(PATIENCE, server.time_passes_until(stream.read_to_end(&mut rest)));
        ended.await.expect("closed in time").expect("closed in order");
    }
    let mut stream = TcpStream::connect(server.address).await.expect("connected");
    let head = format!(
        "POST /api/friend/add HTTP/1.1\r\nHost: rim\r\nAuthorization: Bearer {}\r\nContent-Length: 9\r\n\r\n{{",
        anna.token()
    );
    let answer = server.time_passes_until(raw::exchange(&mut stream, head.as_bytes())).await;
    answer.complains(408, 408, "too long");
}
