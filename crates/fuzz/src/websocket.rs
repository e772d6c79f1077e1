//! The WebSocket codec of the server, held to tungstenite's.

use std::io::{self, Cursor, Read, Write};

use rim_protocol::CloseCode;
use rim_protocol::limits::MAX_FRAME_BYTES;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message, WebSocket};

#[path = "../../server/src/gateway/ws.rs"]
#[allow(dead_code)]
mod ws;

use ws::{Cut, Fragments, Opcode};

pub fn incoming(bytes: &[u8]) {
    for most in [MAX_FRAME_BYTES, 100] {
        cut_up(bytes, most);
    }
    assert_eq!(messages(bytes), their_messages(bytes));
}

/// Whether it is a text, and what it says.
type Said = (bool, Vec<u8>);

/// The messages that the server takes, up to the frame that ends the connection: of one frame, or put together.
fn messages(bytes: &[u8]) -> Vec<Said> {
    let (mut buffer, mut at) = (bytes.to_vec(), 0);
    let (mut messages, mut fragments) = (Vec::new(), Fragments::default());
    while let Cut::Frame(frame) = ws::cut(&mut buffer, at, MAX_FRAME_BYTES) {
        at = frame.payload.end;
        match frame.opcode {
            Opcode::Close => break,
            Opcode::Ping | Opcode::Pong => {}
            Opcode::Text | Opcode::Binary | Opcode::Continuation => {
                let Ok(whole) = fragments.take(&frame, &buffer[frame.payload.clone()]) else { break };
                let Some((opcode, payload)) = whole else { continue };
                let is_text = opcode == Opcode::Text;
                if is_text && str::from_utf8(&payload).is_err() {
                    break;
                }
                messages.push((is_text, payload.into_owned()));
            }
        }
    }
    messages
}

/// The same of tungstenite's.
fn their_messages(bytes: &[u8]) -> Vec<Said> {
    let config = WebSocketConfig::default().max_frame_size(Some(MAX_FRAME_BYTES)).max_message_size(None);
    let mut socket = WebSocket::from_raw_socket(OneWay(bytes), Role::Server, Some(config));
    let mut messages = Vec::new();
    while let Ok(message) = socket.read() {
        match message {
            Message::Text(text) => messages.push((true, text.as_bytes().to_vec())),
            Message::Binary(bytes) => messages.push((false, bytes.to_vec())),
            _ => {}
        }
    }
    messages
}

/// What a client has sent, all of it; it does not read the answers.
struct OneWay<'b>(&'b [u8]);

impl Read for OneWay<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for OneWay<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Cuts all the frames there are, each of which may have `most` bytes.
fn cut_up(bytes: &[u8], most: usize) {
    let mut buffer = bytes.to_vec();
    let mut at = 0;
    loop {
        let before = buffer[at..].to_vec();
        match ws::cut(&mut buffer, at, most) {
            Cut::Frame(frame) => {
                let (header, length, payload) = theirs(&before).expect("they cut one, too").expect("whole");
                assert!(!breaks_a_rule(&header, length, most));
                let unmasked: Vec<u8> = payload
                    .iter()
                    .zip(header.mask.expect("masked").iter().cycle())
                    .map(|(byte, key)| byte ^ key)
                    .collect();
                assert_eq!((frame.fin, opcode(frame.opcode)), (header.is_final, header.opcode));
                assert_eq!(buffer[frame.payload.clone()], unmasked);
                at = frame.payload.end;
            }
            Cut::Incomplete => {
                // What can be said of the beginning alone is said at once, here; they wait for the rest.
                assert!(matches!(theirs(&before), Ok(None)), "{before:02x?}");
                break;
            }
            Cut::Broken { why, end } => {
                is_broken(&before, at, most, (why, end));
                break;
            }
        }
    }
}

type Theirs<'a> = Option<(FrameHeader, u64, &'a [u8])>;

/// What tungstenite makes of the same bytes; an error where it does not know the opcode.
fn theirs(bytes: &[u8]) -> Result<Theirs<'_>, String> {
    let mut cursor = Cursor::new(bytes);
    let parsed = FrameHeader::parse(&mut cursor).map_err(|error| error.to_string())?;
    let Some((header, length)) = parsed else { return Ok(None) };
    let rest = &bytes[usize::try_from(cursor.position()).expect("within the bytes")..];
    let payload = usize::try_from(length).ok().and_then(|length| rest.get(..length));
    Ok(payload.map(|payload| (header, length, payload)))
}

/// What tungstenite checks after the header, and the server before it waits for the rest.
fn breaks_a_rule(header: &FrameHeader, length: u64, most: usize) -> bool {
    let control = matches!(header.opcode, OpCode::Control(_));
    header.rsv1
        || header.rsv2
        || header.rsv3
        || header.mask.is_none()
        || (control && (!header.is_final || length > 125))
        || (!control && length > most as u64)
}

fn is_broken(bytes: &[u8], at: usize, most: usize, (why, end): (CloseCode, Option<u64>)) {
    // Their header of the same frame, as if all of it had come.
    let whole = [bytes, &[0; 14]].concat();
    let mut cursor = Cursor::new(whole.as_slice());
    match FrameHeader::parse(&mut cursor) {
        Err(_) => assert_eq!((why, end), (CloseCode::ProtocolError, None)),
        Ok(None) => panic!("a header is no longer than that"),
        Ok(Some((header, length))) => {
            assert!(breaks_a_rule(&header, length, most), "{bytes:02x?}");
            if why == CloseCode::TooBig {
                assert!(length > most as u64);
                assert_eq!(end, Some(length.saturating_add(at as u64 + cursor.position())));
            }
        }
    }
}

const fn opcode(ours: Opcode) -> OpCode {
    match ours {
        Opcode::Continuation => OpCode::Data(Data::Continue),
        Opcode::Text => OpCode::Data(Data::Text),
        Opcode::Binary => OpCode::Data(Data::Binary),
        Opcode::Close => OpCode::Control(Control::Close),
        Opcode::Ping => OpCode::Control(Control::Ping),
        Opcode::Pong => OpCode::Control(Control::Pong),
    }
}

pub fn outgoing(bytes: &[u8]) {
    let control = &bytes[..bytes.len().min(125)];
    for (frame, kind, payload) in [
        (ws::text(0, |out| out.extend_from_slice(bytes)), OpCode::Data(Data::Text), bytes),
        (ws::control(Opcode::Ping, bytes), OpCode::Control(Control::Ping), control),
        (ws::control(Opcode::Pong, bytes), OpCode::Control(Control::Pong), control),
    ] {
        let (header, _, found) = theirs(&frame).expect("a frame").expect("all of it");
        assert!(header.is_final && header.mask.is_none() && !header.rsv1);
        assert_eq!((header.opcode, found), (kind, payload));
    }
}
