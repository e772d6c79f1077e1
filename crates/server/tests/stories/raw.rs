//! HTTP as bytes: what the socket of an old client sees.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::world::PATIENCE;

/// An answer as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// The lines of the head after the first but for the date, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Holds an answer of the API to its status and bytes; it is JSON whatever happened.
    #[track_caller]
    pub fn is(&self, status: u16, body: impl AsRef<str>) {
        assert_eq!((self.status, self.body.as_str()), (status, body.as_ref()));
        assert_eq!(self.header("content-type"), Some("application/json"));
    }

    /// A success with this data.
    #[track_caller]
    pub fn ok(&self, data: impl std::fmt::Display) {
        self.is(200, format!(r#"{{"ok":true,"code":200,"msg":null,"data":{data}}}"#));
    }

    /// A rule of the product says no.
    #[track_caller]
    pub fn refused(&self, reason: &str) {
        self.fails(200, 500, reason);
    }

    #[track_caller]
    pub fn fails(&self, status: u16, code: u16, reason: &str) {
        self.is(status, format!(r#"{{"ok":false,"code":{code},"msg":"{reason}","data":null}}"#));
    }

    #[track_caller]
    pub fn login_required(&self) {
        self.fails(200, 401, "login required");
    }

    #[track_caller]
    pub fn invalid_request(&self) {
        self.fails(404, 404, "invalid request");
    }

    /// A failure whose words are free, but must speak of `word`.
    #[track_caller]
    pub fn complains(&self, status: u16, code: u16, word: &str) {
        let start = format!(r#"{{"ok":false,"code":{code},"msg":""#);
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("content-type"), Some("application/json"));
        let msg = self.body.strip_prefix(&start).and_then(|rest| rest.strip_suffix(r#"","data":null}"#));
        let msg = msg.unwrap_or_else(|| panic!("{} should begin with {start}", self.body));
        assert!(msg.contains(word), "{msg} should speak of {word}");
    }

    /// The data of a success.
    #[track_caller]
    pub fn data(&self) -> Value {
        let mut envelope: Value = serde_json::from_str(&self.body).expect("JSON");
        assert_eq!((self.status, &envelope["ok"]), (200, &Value::Bool(true)), "{}", self.body);
        envelope["data"].take()
    }
}

/// Sends one request on a connection of its own.
pub async fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method == "POST" {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    let request = [head.as_bytes(), b"\r\n", body].concat();
    let stream = TcpStream::connect(address).await.expect("the server listens");
    exchange(stream, &request).await
}

/// Sends bytes and reads the answer to the end of the connection, or of what its length says.
pub async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> Answer {
    stream.write_all(request).await.expect("sent");
    timeout(PATIENCE, read(&mut stream)).await.expect("an answer in time")
}

/// Reads one answer.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Answer {
    let mut bytes = Vec::new();
    let (status, headers, body_at) = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let (status, headers) = head(std::str::from_utf8(&bytes[..at]).expect("a head is text"));
            break (status, headers, at + 4);
        }
        assert!(stream.read_buf(&mut bytes).await.expect("a head") > 0, "ended inside of the head");
    };
    if headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked") {
        let body = String::from_utf8(chunks(stream, bytes.split_off(body_at)).await).expect("a body of text");
        return Answer { status, headers, body };
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().expect("a number"));
    while bytes.len() < body_at + length {
        assert!(stream.read_buf(&mut bytes).await.expect("a body") > 0, "ended inside of the body");
    }
    let body = String::from_utf8(bytes.split_off(body_at)).expect("a body of text");
    Answer { status, headers, body }
}

/// A body in pieces, of which some bytes have been read.
async fn chunks(stream: &mut (impl AsyncRead + Unpin), mut bytes: Vec<u8>) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = bytes.windows(2).position(|window| window == b"\r\n") {
                break at;
            }
            assert!(stream.read_buf(&mut bytes).await.expect("a size") > 0, "ended inside of a size");
        };
        let size = std::str::from_utf8(&bytes[..end]).expect("a size is text");
        let size = usize::from_str_radix(size, 16).expect("a size");
        let (from, to) = (end + 2, end + 2 + size);
        while bytes.len() < to + 2 {
            assert!(stream.read_buf(&mut bytes).await.expect("a piece") > 0, "ended inside of a piece");
        }
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&bytes[from..to]);
        bytes.drain(..to + 2);
    }
}

fn head(text: &str) -> (u16, Vec<(String, String)>) {
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status");
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        // Two answers are the same whenever they were given.
        .filter(|(name, _)| name != "date");
    (status.parse().expect("a number"), headers.collect())
}
