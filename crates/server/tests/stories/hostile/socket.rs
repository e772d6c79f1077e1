//! A WebSocket that may break every rule.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::world::{PATIENCE, Person};

pub const CONTINUATION: u8 = 0x0;
pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xA;

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;

pub struct Socket {
    pub stream: TcpStream,
}

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    Text(String),
    Ping,
    Pong(Vec<u8>),
    Close(u16),
    /// The end, without a close frame.
    End,
}

impl Socket {
    /// A handshake, and nothing else.
    pub async fn open(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).await.expect("the server listens");
        stream.write_all(handshake(address).as_bytes()).await.expect("sent");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, stream.read_u8()).await.expect("in time").expect("a head"));
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        Self { stream }
    }

    pub async fn login(address: SocketAddr, person: &Person) -> Self {
        let mut socket = Self::open(address).await;
        socket.put(&text(&login(person))).await;
        let answer = socket.answer().await;
        assert!(answer.contains(r#""kind":"Ack""#), "{answer}");
        socket
    }

    pub async fn put(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("sent");
    }

    /// Sends although the server may have ended the connection already.
    pub async fn throw(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    pub async fn hear(&mut self) -> Heard {
        timeout(PATIENCE, hear(&mut self.stream)).await.expect("something in time")
    }

    /// The next text, which must come next.
    pub async fn answer(&mut self) -> String {
        match self.hear().await {
            Heard::Text(text) => text,
            other => panic!("an answer should have come, and not {other:?}"),
        }
    }

    /// The close code that comes to one who does not even answer pings.
    pub async fn silent_until_closed(&mut self) -> u16 {
        loop {
            match self.hear().await {
                Heard::Close(code) => return code,
                Heard::Ping => {}
                other => panic!("nothing was asked: {other:?}"),
            }
        }
    }
}

pub fn handshake(address: SocketAddr) -> String {
    format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

pub fn login(person: &Person) -> String {
    let (uid, token) = (person.uid, person.token());
    format!(r#"{{"event":"Login","body":{{"uid":{uid},"content":"{token}","clientMsgId":"login"}}}}"#)
}

/// Notices are passed over: they tell of what was done before.
pub async fn hear(stream: &mut (impl AsyncReadExt + Unpin)) -> Heard {
    loop {
        let Some((opcode, payload)) = read(stream).await else { return Heard::End };
        return match opcode {
            TEXT if payload.starts_with(br#"{"event":"Notify""#) => continue,
            TEXT => Heard::Text(String::from_utf8(payload).expect("the server sends UTF-8")),
            PING => Heard::Ping,
            PONG => Heard::Pong(payload),
            CLOSE => Heard::Close(u16::from_be_bytes([payload[0], payload[1]])),
            other => panic!("the server never sends frames of opcode {other}"),
        };
    }
}

async fn read(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<(u8, Vec<u8>)> {
    let first = stream.read_u8().await.ok()?;
    assert_eq!(first & 0xF0, FIN, "the server sends whole messages");
    let length = match stream.read_u8().await.ok()? {
        126 => usize::from(stream.read_u16().await.ok()?),
        127 => stream.read_u64().await.ok()? as usize,
        short => {
            assert!(short < 126, "the server does not mask");
            usize::from(short)
        }
    };
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await.ok()?;
    Some((first & 0x0F, payload))
}

pub fn text(payload: &str) -> Vec<u8> {
    frame(TEXT, true, payload.as_bytes())
}

/// A masked frame.
pub fn frame(opcode: u8, fin: bool, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(opcode | if fin { FIN } else { 0 }, payload.len() as u64);
    let mask: [u8; 4] = frame[frame.len() - 4..].try_into().expect("four bytes");
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// The header of a masked frame, up to and with its mask.
pub fn header(first: u8, length: u64) -> Vec<u8> {
    let mut header = vec![first];
    match length {
        0..=125 => header.push(MASKED | length as u8),
        126..=0xFFFF => {
            header.push(MASKED | 126);
            header.extend((length as u16).to_be_bytes());
        }
        _ => {
            header.push(MASKED | 127);
            header.extend(length.to_be_bytes());
        }
    }
    header.extend([0x5A, 0xC3, 0x0F, 0x99]);
    header
}
