//! The frames of the hot path, written and read without a parser.
//!
//! The bench has one core to be on both ends of every message, so it writes a message from a template and
//! looks in what comes for the few fields that it checks. Everything else goes through `rim-client`.

use std::str::from_utf8;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use memchr::memmem::Finder;
use rim_client::protocol::frame::{Ack, Outgoing};

/// What the WebSocket frame of a whole text begins with.
const TEXT: u8 = 0x81;
/// In the byte of the length: a mask follows.
const MASKED: u8 = 0x80;
/// Everything below comes from the server, whose messages end with these keys.
static CLIENT_MSG_ID: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"clientMsgId\":\""));
static MSG_ID: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"msgId\":"));
static CONTENT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"content\":\""));
static COUNT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"count\":"));
static SERVER_MSG_ID: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"serverMsgId\":"));
const EDITED: &[u8] = b"{\"event\":\"Notify\",\"body\":{\"kind\":\"Edited\"";
const REACTED: &[u8] = b"{\"event\":\"Notify\",\"body\":{\"kind\":\"Reacted\"";
static SEQ: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"seq\":"));

/// What the bench makes its `clientMsgId` from. It comes back in the Ack and in every delivery, and tells
/// all that is to be known of the message: nobody has to look anything up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The place of the group among those of the run.
    pub(crate) group: usize,
    /// The sender's messages to the group are numbered from 0.
    pub(crate) number: u64,
    /// When it was sent, or was to be sent, after the start of the run.
    pub(crate) at: Duration,
}

impl Mark {
    /// How long ago that was.
    pub(crate) fn age(&self, start: Instant) -> Duration {
        start.elapsed().saturating_sub(self.at)
    }

    /// `None` of an id that is no mark. What follows the mark tells it from those of other pens.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = from_utf8(bytes).ok()?;
        let mut parts = text.split('-');
        let mut part = || parts.next()?.parse::<u64>().ok();
        let (group, number, at) = (part()? as usize, part()?, Duration::from_micros(part()?));
        Some(Self { group, number, at })
    }
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}-{}", self.group, self.number, self.at.as_micros())
    }
}

/// A text that the server has sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A message of the bench is stored.
    Ack(Mark),
    /// A message of the bench was delivered.
    Message { mark: Mark, msg_id: u64, seq: u64 },
    /// A message says something else, which is a mark.
    Edited(Mark),
    /// A message has so many of the one reaction that the bench gives; told in so many bytes.
    Reacted { count: u64, bytes: usize },
    /// A receipt, or the answer to something that is no message.
    Other,
    /// A refusal.
    Error(String),
}

/// Reads a text of the server.
pub(crate) fn hear(text: &[u8]) -> Heard {
    let mark = || {
        let rest = &text[CLIENT_MSG_ID.find(text)? + CLIENT_MSG_ID.needle().len()..];
        Mark::parse(&rest[..memchr::memchr(b'"', rest)?])
    };
    if text.starts_with(b"{\"event\":\"Msg\"") {
        // Behind the content, which is the bench's own and holds no such key.
        let message = || {
            let (mark, msg_id, seq) = (mark()?, number(text, &MSG_ID)?, number(text, &SEQ)?);
            Some(Heard::Message { mark, msg_id, seq })
        };
        return message().unwrap_or(Heard::Other);
    }
    if text.starts_with(EDITED) {
        let says = || {
            // The first is the Notify's own, which is empty.
            let rest = &text[CONTENT.find_iter(text).nth(1)? + CONTENT.needle().len()..];
            Mark::parse(&rest[..memchr::memchr(b'"', rest)?])
        };
        return says().map_or(Heard::Other, Heard::Edited);
    }
    if text.starts_with(REACTED) {
        let bytes = text.len();
        return number(text, &COUNT).map_or(Heard::Other, |count| Heard::Reacted { count, bytes });
    }
    if text.starts_with(b"{\"event\"") {
        return Heard::Other;
    }
    // An answer: `clientMsgId`, `serverMsgId`, `kind`, all near its beginning.
    if memchr::memmem::find(text, b"\"kind\":\"Ack\"").is_none() {
        return Heard::Error(String::from_utf8_lossy(text).into_owned());
    }
    mark().map_or(Heard::Other, Heard::Ack)
}

/// Which message an Ack is about; `None` of anything else.
pub(crate) fn acknowledged(text: &[u8]) -> Option<u64> {
    let is_answer = !text.starts_with(b"{\"event\"");
    is_answer.then(|| number(text, &SERVER_MSG_ID)).flatten()
}

/// The number after a key.
fn number(text: &[u8], key: &Finder<'_>) -> Option<u64> {
    let rest = &text[key.find(text)? + key.needle().len()..];
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    from_utf8(&rest[..digits]).ok()?.parse().ok()
}

/// Writes messages of one sender to one group.
#[derive(Clone)]
pub(crate) struct Pen {
    /// Up to the `clientMsgId`.
    head: Vec<u8>,
    /// Ends every `clientMsgId`: the same sender may write the same marks to the same group in another
    /// run, and they would be taken for messages that are sent again.
    salt: u32,
    paper: Paper,
    /// Reused for every message.
    text: Vec<u8>,
}

/// For whom a [`Pen`] writes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paper {
    /// A frame of a client, to rim.
    Rim,
    /// To a relay that understands nothing: the frame that it is to give back to the sender, and then the
    /// one that it is to give to all others. They are as long as those that rim would make.
    Relay,
}

impl Pen {
    pub(crate) fn new(paper: Paper, uid: u64, gid: u64, content: &str) -> Self {
        let frame = Outgoing {
            kind: "Text",
            uid,
            gid: Some(gid),
            content,
            client_msg_id: "",
            msg_id: None,
            echo: false,
        };
        let text = frame.encode("Msg");
        let key = "\"clientMsgId\":\"";
        let head = text.find(key).map_or(0, |at| at + key.len());
        Self { head: text.as_bytes()[..head].to_vec(), salt: fastrand::u32(..), paper, text: Vec::new() }
    }

    /// Appends a message.
    pub(crate) fn write(&mut self, mark: Mark, out: &mut Vec<u8>) {
        let client_msg_id = format!("{mark}-{:08x}", self.salt);
        self.text.clear();
        self.text.extend_from_slice(&self.head);
        self.text.extend_from_slice(client_msg_id.as_bytes());
        self.text.push(b'"');
        match self.paper {
            Paper::Rim => {
                self.text.extend_from_slice(b"}}");
                masked(&self.text, out);
            }
            Paper::Relay => {
                let id = 1_000_000 + mark.number;
                let mut ack = Vec::new();
                Ack { client_msg_id: &client_msg_id, server_msg_id: Some(id) }.encode(&mut ack);
                unmasked(&ack, out);
                let seq = mark.number + 1;
                let rest =
                    format!(",\"msgId\":{id},\"seq\":{seq},\"rev\":{seq},\"createdAt\":1790000000000}}}}");
                self.text.extend_from_slice(rest.as_bytes());
                unmasked(&self.text, out);
            }
        }
    }
}

/// The frame that marks a group read up to `msg_id`.
pub(crate) fn read_receipt(uid: u64, gid: u64, msg_id: u64, out: &mut Vec<u8>) {
    let frame = Outgoing {
        kind: "Text",
        uid,
        gid: Some(gid),
        content: "",
        client_msg_id: "read",
        msg_id: Some(msg_id),
        echo: false,
    };
    masked(frame.encode("Read").as_bytes(), out);
}

/// What is done with a message.
pub(crate) fn act(
    event: &str,
    uid: u64,
    gid: u64,
    message: u64,
    content: &str,
    client_msg_id: &str,
    out: &mut Vec<u8>,
) {
    let frame = Outgoing {
        kind: "Text",
        uid,
        gid: Some(gid),
        content,
        client_msg_id,
        msg_id: Some(message),
        echo: false,
    };
    masked(frame.encode(event).as_bytes(), out);
}

/// Appends a text as a client frames it.
pub(crate) fn masked(text: &[u8], out: &mut Vec<u8>) {
    header(TEXT, MASKED, text.len(), out);
    // A mask of zeros changes nothing, so the bench is spared the work. The server is not: it has to
    // apply it.
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(text);
}

/// Appends a text as a server frames it.
fn unmasked(text: &[u8], out: &mut Vec<u8>) {
    header(TEXT, 0, text.len(), out);
    out.extend_from_slice(text);
}

fn header(first: u8, mask: u8, length: usize, out: &mut Vec<u8>) {
    out.push(first);
    match length {
        0..=125 => out.push(mask | length as u8),
        126..=0xFFFF => {
            out.push(mask | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(mask | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// A whole frame of a server at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) opcode: u8,
    pub(crate) payload: &'a [u8],
    /// Of the whole frame.
    pub(crate) length: usize,
}

pub(crate) const OPCODE_TEXT: u8 = 1;
pub(crate) const OPCODE_CLOSE: u8 = 8;
pub(crate) const OPCODE_PING: u8 = 9;
/// An empty pong of a client.
pub(crate) const PONG: [u8; 6] = [0x8A, MASKED, 0, 0, 0, 0];

impl<'a> Frame<'a> {
    /// `None` where the frame has not come to its end. Servers do not mask.
    pub(crate) fn first(bytes: &'a [u8]) -> Option<Self> {
        let (header, length) = match *bytes.get(1)? {
            126 => (4, u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?) as usize),
            127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize),
            length => (2, length as usize),
        };
        let payload = bytes.get(header..header + length)?;
        Some(Self { opcode: bytes[0] & 0xF, payload, length: header + length })
    }
}

#[cfg(test)]
mod tests {
    use rim_client::protocol::frame::{Command, Request};

    use super::*;

    const MARK: Mark = Mark { group: 7, number: 42, at: Duration::from_micros(1_234_567) };

    #[test]
    fn a_mark_comes_back_as_it_was() {
        assert_eq!(Mark::parse(MARK.to_string().as_bytes()), Some(MARK));
        assert_eq!(Mark::parse(format!("{MARK}-0badcafe").as_bytes()), Some(MARK));
        for other in ["", "read", "7-42", "7-x-1"] {
            assert_eq!(Mark::parse(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn rim_understands_what_the_pen_writes() {
        // Each form of the length.
        for length in [10, 100, 65_536] {
            let content = "é".repeat(length / 2);
            let mut out = Vec::new();
            Pen::new(Paper::Rim, 3, 9, &content).write(MARK, &mut out);
            let request = Request::parse(text(&out)).expect("a frame of the protocol");
            assert_eq!(Mark::parse(request.client_msg_id.as_bytes()), Some(MARK));
            assert!(
                matches!(request.command, Command::Msg { uid: 3, gid: 9, content: found, .. } if found == content)
            );
        }
    }

    #[test]
    fn two_pens_write_no_message_twice() {
        let written = || {
            let mut out = Vec::new();
            Pen::new(Paper::Rim, 3, 9, "hello").write(MARK, &mut out);
            out
        };
        assert_ne!(written(), written());
    }

    /// The payload. The mask is all zeros.
    fn text(frame: &[u8]) -> &str {
        assert_eq!(frame[0], TEXT);
        let header = match frame[1] & !MASKED {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        assert_eq!(frame[header..header + 4], [0; 4]);
        str::from_utf8(&frame[header + 4..]).expect("text")
    }

    #[test]
    fn a_receipt_is_understood() {
        let mut out = Vec::new();
        read_receipt(3, 9, 77, &mut out);
        let request = Request::parse(text(&out)).expect("a frame of the protocol");
        assert_eq!(request.command, Command::Read { uid: 3, gid: 9, msg_id: 77 });
    }

    #[test]
    fn what_the_pen_writes_for_a_relay_is_heard_as_what_rim_would_send() {
        let mut out = Vec::new();
        Pen::new(Paper::Relay, 3, 9, "hello").write(MARK, &mut out);
        let ack = Frame::first(&out).expect("an Ack");
        let message = Frame::first(&out[ack.length..]).expect("a message");
        assert_eq!(ack.length + message.length, out.len());
        assert_eq!((ack.opcode, message.opcode), (OPCODE_TEXT, OPCODE_TEXT));
        assert_eq!(hear(ack.payload), Heard::Ack(MARK));
        assert_eq!(hear(message.payload), Heard::Message { mark: MARK, msg_id: 1_000_042, seq: 43 });
    }

    #[test]
    fn receipts_and_refusals_are_told_from_messages() {
        let notify = br#"{"event":"Notify","body":{"kind":"Read","uid":1,"gid":2,"content":"","clientMsgId":"","msgId":5}}"#;
        assert_eq!(hear(notify), Heard::Other);
        let read = br#"{"clientMsgId":"read","serverMsgId":5,"kind":"Ack","content":"Ok"}"#;
        assert_eq!(hear(read), Heard::Other);
        let busy =
            r#"{"clientMsgId":"7-42-1","serverMsgId":null,"kind":"Error","content":"busy","code":503}"#;
        assert_eq!(hear(busy.as_bytes()), Heard::Error(busy.to_owned()));
    }

    #[test]
    fn what_was_done_with_a_message_is_heard_from_what_it_is_now() {
        let told = |kind: &str, more: &str| {
            format!(
                r#"{{"event":"Notify","body":{{"kind":"{kind}","uid":1,"gid":2,"content":"","clientMsgId":"","msgId":5,"seq":1,"rev":9,"createdAt":1,"msg":{{"id":5,"kind":"Text","content":"{MARK}","gid":2,"uid":1,"clientMsgId":"x"{more}}}}}}}"#
            )
        };
        assert_eq!(hear(told("Edited", "").as_bytes()), Heard::Edited(MARK));
        let reacted = told("Reacted", r#","reactions":[{"emoji":"👍","count":12,"uids":[3]}]"#);
        assert_eq!(hear(reacted.as_bytes()), Heard::Reacted { count: 12, bytes: reacted.len() });
    }

    #[test]
    fn what_is_done_with_a_message_is_understood() {
        let mut out = Vec::new();
        act("React", 3, 9, 77, "👍", "r", &mut out);
        let request = Request::parse(text(&out)).expect("a frame of the protocol");
        assert!(matches!(request.command, Command::Act { uid: 3, gid: 9, msg_id: 77, .. }));
    }

    #[test]
    fn a_frame_is_cut_when_its_last_byte_has_come() {
        for length in [0, 125, 126, 70_000] {
            let mut bytes = Vec::new();
            unmasked(&vec![b'x'; length], &mut bytes);
            for end in [0, 1, 2, bytes.len() - 1] {
                if end < bytes.len() {
                    assert_eq!(Frame::first(&bytes[..end]), None, "{end} of {length}");
                }
            }
            let whole = bytes.len();
            bytes.extend_from_slice(b"the next");
            let frame = Frame::first(&bytes).expect("whole");
            assert_eq!((frame.length, frame.payload.len(), frame.opcode), (whole, length, OPCODE_TEXT));
        }
    }
}
