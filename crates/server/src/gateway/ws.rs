//! RFC 6455 as far as a server needs it: cutting bytes into frames, and writing frames.
//!
//! It is ours rather than a library's for two reasons, both measured. A frame that goes to a thousand
//! connections is encoded once, header and all, and shared. And a connection at rest owns no buffer: libraries
//! keep one for each direction and never give back what one large message made them grow to.
//! There are no extensions (no compression) and no client side.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use rim_protocol::CloseCode;

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xA => Some(Self::Pong),
            _ => None,
        }
    }

    const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A whole frame of a client, its payload unmasked in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) opcode: Opcode,
    /// Whether the message ends with it.
    pub(super) fin: bool,
    pub(super) payload: Range<usize>,
}

/// What the front of a buffer holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut {
    Frame(Frame),
    /// Not yet a whole frame.
    Incomplete,
    /// A frame that breaks the rules. `end` is where it would end, from the start of the buffer.
    Broken {
        why: CloseCode,
        end: Option<u64>,
    },
}

/// Cuts the frame that begins at `at` and unmasks its payload, which may have `most` bytes if it is part of a message.
/// A frame is cut only once.
pub(super) fn cut(buffer: &mut [u8], at: usize, most: usize) -> Cut {
    const BROKEN: Cut = Cut::Broken { why: CloseCode::ProtocolError, end: None };
    let bytes = &buffer[at..];
    let [first, second, ..] = *bytes else { return Cut::Incomplete };
    let fin = first & 0x80 != 0;
    let Some(opcode) = Opcode::from_bits(first & 0x0F) else { return BROKEN };
    let masked = second & 0x80 != 0;
    if first & 0x70 != 0 || !masked {
        return BROKEN;
    }
    let (length, header) = match second & 0x7F {
        126 => match bytes.get(2..4) {
            Some(bytes) => (u64::from(u16::from_be_bytes(bytes.try_into().expect("two bytes"))), 4),
            None => return Cut::Incomplete,
        },
        127 => match bytes.get(2..10) {
            Some(bytes) => (u64::from_be_bytes(bytes.try_into().expect("eight bytes")), 10),
            None => return Cut::Incomplete,
        },
        short => (u64::from(short), 2),
    };
    if opcode.is_control() && (!fin || length > 125) {
        return BROKEN;
    }
    if length > most as u64 && !opcode.is_control() {
        let end = length.saturating_add((at + header + 4) as u64);
        return Cut::Broken { why: CloseCode::TooBig, end: Some(end) };
    }
    let length = usize::try_from(length).expect("at most the frame limit");
    let Some(mask) = bytes.get(header..header + 4) else { return Cut::Incomplete };
    let mask: [u8; 4] = mask.try_into().expect("four bytes");
    let start = at + header + 4;
    let Some(payload) = buffer.get_mut(start..start + length) else { return Cut::Incomplete };
    unmask(payload, mask);
    Cut::Frame(Frame { opcode, fin, payload: start..start + length })
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    // Eight bytes at a time: the compiler makes vector instructions of it.
    let wide = u64::from_ne_bytes([mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3]]);
    let mut chunks = payload.chunks_exact_mut(8);
    for chunk in &mut chunks {
        let word: [u8; 8] = (&*chunk).try_into().expect("eight bytes");
        chunk.copy_from_slice(&(u64::from_ne_bytes(word) ^ wide).to_ne_bytes());
    }
    for (byte, key) in chunks.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

/// What a message says, borrowed where it is one frame.
pub(super) type Whole<'p> = (Opcode, Cow<'p, [u8]>);

/// A message that comes in fragments, so far. Boxed, because hardly any does.
#[derive(Default)]
pub(super) struct Fragments(Option<Box<(Opcode, Vec<u8>)>>);

impl Fragments {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Bytes that have come.
    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |begun| begun.1.len())
    }

    /// Bytes that it holds.
    pub(super) fn capacity(&self) -> usize {
        self.0.as_ref().map_or(0, |begun| begun.1.capacity())
    }

    /// Takes a frame that is part of a message, with its payload; gives the message that it makes whole.
    ///
    /// # Errors
    /// It continues nothing, or begins a message inside of another.
    pub(super) fn take<'p>(
        &mut self,
        frame: &Frame,
        payload: &'p [u8],
    ) -> Result<Option<Whole<'p>>, CloseCode> {
        match (self.0.take(), frame.opcode == Opcode::Continuation) {
            (None, false) if frame.fin => Ok(Some((frame.opcode, payload.into()))),
            (None, false) => {
                self.0 = Some(Box::new((frame.opcode, payload.to_vec())));
                Ok(None)
            }
            (Some(mut begun), true) => {
                begun.1.extend_from_slice(payload);
                if frame.fin {
                    let (opcode, payload) = *begun;
                    return Ok(Some((opcode, payload.into())));
                }
                self.0 = Some(begun);
                Ok(None)
            }
            (None, true) | (Some(_), false) => Err(CloseCode::ProtocolError),
        }
    }
}

/// Room left before a payload that is written straight into its frame: the longest header.
const HEADROOM: usize = 10;

/// A text frame whose payload `write` appends, ready for any number of sockets.
pub(super) fn text(size_hint: usize, write: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let mut buffer = Vec::with_capacity(HEADROOM + size_hint);
    buffer.resize(HEADROOM, 0);
    write(&mut buffer);
    seal(Opcode::Text, buffer)
}

/// A ping or pong.
pub(super) fn control(opcode: Opcode, payload: &[u8]) -> Bytes {
    let mut buffer = vec![0; HEADROOM];
    buffer.extend_from_slice(&payload[..payload.len().min(125)]);
    seal(opcode, buffer)
}

/// A close frame.
pub(super) fn close(code: u16, reason: &str) -> Bytes {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(reason.as_bytes());
    control(Opcode::Close, &payload)
}

/// Writes the header right before the payload, which begins at [`HEADROOM`].
fn seal(opcode: Opcode, mut buffer: Vec<u8>) -> Bytes {
    let length = buffer.len() - HEADROOM;
    let mut header = [0; HEADROOM];
    header[0] = 0x80 | opcode.bits();
    let used = match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => {
            header[1] = short;
            2
        }
        (_, Ok(medium)) => {
            header[1] = 126;
            header[2..4].copy_from_slice(&medium.to_be_bytes());
            4
        }
        _ => {
            header[1] = 127;
            header[2..10].copy_from_slice(&(length as u64).to_be_bytes());
            10
        }
    };
    let start = HEADROOM - used;
    buffer[start..HEADROOM].copy_from_slice(&header[..used]);
    Bytes::from(buffer).slice(start..)
}

#[cfg(test)]
mod tests {
    use rim_protocol::limits::MAX_FRAME_BYTES;

    use super::*;

    fn cut(buffer: &mut [u8], at: usize) -> Cut {
        super::cut(buffer, at, MAX_FRAME_BYTES)
    }

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [1, 2, 3, 4];
        let mut frame = vec![first];
        match payload.len() {
            length @ 0..=125 => frame.push(0x80 | length as u8),
            length @ 126..=65535 => {
                frame.push(0x80 | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            length => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
        frame
    }

    #[test]
    fn frames_of_every_length_are_cut_and_unmasked() {
        for length in [0, 1, 7, 8, 9, 125, 126, 127, 65535, 65536, MAX_FRAME_BYTES] {
            let payload: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let mut buffer = masked(0x81, &payload);
            let whole = buffer.len();
            for cut_at in [0, 1, 2, 5, whole.saturating_sub(1)] {
                assert_eq!(cut(&mut buffer[..cut_at.min(whole - 1)], 0), Cut::Incomplete);
            }
            let Cut::Frame(frame) = cut(&mut buffer, 0) else { panic!("a whole frame of {length}") };
            assert_eq!((frame.opcode, frame.fin, frame.payload.end), (Opcode::Text, true, whole));
            assert_eq!(&buffer[frame.payload], payload);
        }
    }

    #[test]
    fn a_frame_over_the_limit_is_refused_by_its_header_alone() {
        let mut header = vec![0x82, 0xFF];
        header.extend((17_u64 << 20).to_be_bytes());
        let end = (17 << 20) + 14;
        assert_eq!(cut(&mut header, 0), Cut::Broken { why: CloseCode::TooBig, end: Some(end) });
        let mut header = masked(0x81, &[b' '; 126]);
        header.truncate(8);
        let refused = Cut::Broken { why: CloseCode::TooBig, end: Some(8 + 126) };
        assert_eq!(super::cut(&mut header, 0, 125), refused, "whatever the limit is");
        assert_eq!(super::cut(&mut header, 0, 126), Cut::Incomplete);
        assert!(matches!(super::cut(&mut masked(0x89, b"a ping is none"), 0, 0), Cut::Frame(_)));
    }

    #[test]
    fn what_rfc_6455_forbids_is_broken() {
        let unmasked = vec![0x81, 0x01, b'x'];
        let reserved_bit = masked(0xC1, b"x");
        let reserved_opcode = masked(0x83, b"x");
        let fragmented_ping = masked(0x09, b"x");
        let long_ping = masked(0x89, &[0; 126]);
        for mut frame in [unmasked, reserved_bit, reserved_opcode, fragmented_ping, long_ping] {
            assert!(matches!(cut(&mut frame, 0), Cut::Broken { why: CloseCode::ProtocolError, .. }));
        }
    }

    #[test]
    fn written_frames_have_the_shortest_header() {
        for (length, header) in [(0, 2), (125, 2), (126, 4), (65535, 4), (65536, 10)] {
            let frame = text(0, |buffer| buffer.extend(vec![b'x'; length]));
            assert_eq!(frame.len(), header + length);
            assert_eq!(frame[0], 0x81);
        }
        assert_eq!(close(1000, "").as_ref(), [0x88, 2, 0x03, 0xE8]);
    }
}
