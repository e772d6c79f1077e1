//! Bytes without a sense, from a seed.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::bystanders::Bystanders;
use super::socket::{self, BINARY, Heard, PING, Socket, TEXT, frame};
use crate::chance::{Chance, seeds};
use crate::world::{PATIENCE, Person, TestServer};

const FRAMES: usize = 400;
const STREAMS: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_frame_of_rubbish_is_answered() {
    for seed in seeds(2) {
        println!("RIM_SEED={seed}");
        let mut chance = Chance::new(seed);
        let server = TestServer::start_with(&["--limits=off"]).await;
        let bystanders = Bystanders::chat(&server).await;
        let anna = server.user("anna").await;
        let gid = anna.group_with(&[]).await;
        for door in [server.address, server.old_address] {
            let mut socket = Socket::login(door, &anna).await;
            for _ in 0..FRAMES {
                let bytes = payload(&mut chance, &anna, gid);
                let (opcode, bytes) = if chance.one_in(2) {
                    (BINARY, bytes)
                } else {
                    (TEXT, String::from_utf8_lossy(&bytes).into_owned().into_bytes())
                };
                socket.put(&frame(opcode, true, &bytes)).await;
                let shown = String::from_utf8_lossy(&bytes).into_owned();
                let answer = socket.answer().await;
                assert!(answer.starts_with(r#"{"clientMsgId":""#), "{shown}: {answer}");
                assert!(!answer.contains(r#""code":500"#), "{shown}: {answer}");
            }
        }
        assert!(anna.api.me().await.is_ok(), "her session lives");
        bystanders.noticed_nothing().await;
    }
}

/// Rubbish, or a frame that was one once.
fn payload(chance: &mut Chance, anna: &Person, gid: u64) -> Vec<u8> {
    if chance.one_in(3) {
        let length = chance.below(300);
        return chance.bytes(length);
    }
    let event = *chance.pick(&["Msg", "Read", "Ack", "Heart"]);
    let uid = anna.uid;
    let number = chance.next();
    let mut bytes = format!(
        r#"{{"event":"{event}","body":{{"kind":"Text","uid":{uid},"gid":{gid},"content":"{number}","clientMsgId":"{number}","msgId":1}}}}"#
    )
    .into_bytes();
    for _ in 0..1 + chance.below(3) {
        let at = chance.below(bytes.len().max(1));
        match chance.below(4) {
            _ if bytes.is_empty() => {}
            0 => bytes[at] = chance.bytes(1)[0],
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, *chance.pick(b"{}[]\",:\\0-e. \n\0")),
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_of_rubbish_end_and_nobody_notices() {
    for seed in seeds(2) {
        println!("RIM_SEED={seed}");
        let mut chance = Chance::new(seed);
        let server = TestServer::start().await;
        let bystanders = Bystanders::chat(&server).await;
        for n in 0..STREAMS {
            let door = [server.address, server.old_address][n % 2];
            let length = 1 + chance.below(100_000);
            let bytes = chance.bytes(length);
            before_the_handshake(door, bytes.clone()).await;
            after_the_handshake(door, &mut chance, bytes).await;
        }
        bystanders.noticed_nothing().await;
    }
}

async fn before_the_handshake(door: SocketAddr, bytes: Vec<u8>) {
    let (mut incoming, mut outgoing) =
        TcpStream::connect(door).await.expect("the server listens").into_split();
    let sending = tokio::spawn(async move {
        let _ = outgoing.write_all(&bytes).await;
        let _ = outgoing.shutdown().await;
        outgoing
    });
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, incoming.read_to_end(&mut answer)).await.expect("it ends in time");
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    drop(sending.await.expect("it does not panic"));
}

/// Whole frames and then none any more; or the headers of frames, with what they please to hold.
async fn after_the_handshake(door: SocketAddr, chance: &mut Chance, mut bytes: Vec<u8>) {
    let socket = Socket::open(door).await;
    if chance.one_in(2) {
        let opcode = *chance.pick(&[TEXT, BINARY, PING]);
        let whole = frame(opcode, true, &bytes[..bytes.len().min(100)]);
        bytes.splice(0..0, whole);
    }
    let (mut incoming, mut outgoing) = socket.stream.into_split();
    let sending = tokio::spawn(async move {
        let _ = outgoing.write_all(&bytes).await;
        let _ = outgoing.shutdown().await;
        outgoing
    });
    loop {
        match timeout(PATIENCE, socket::hear(&mut incoming)).await.expect("it ends in time") {
            Heard::End => break,
            Heard::Close(code) => assert!(matches!(code, 1000..=1009 | 3000..=4999), "{code}"),
            Heard::Text(_) | Heard::Ping | Heard::Pong(_) => {}
        }
    }
    drop(sending.await.expect("it does not panic"));
}
