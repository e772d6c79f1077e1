//! Sound that begins with what is said of it: MP3 with frames of ID3, and FLAC with its blocks.
//!
//! A frame that tells is filled, and so says nothing. A block of FLAC becomes padding, but for comments, of which only the values go.

use super::blanks::Blank;
use super::comments::Comments;
use super::flow::{Flow, LOOKED_AT_BYTES};
use super::found::Found;
use super::words::is_of_a_location;
use crate::clean::{names_a_location, surely_names_a_location};

#[derive(Debug)]
pub(super) struct Sound {
    flow: Flow,
    then: Then,
    found: Found,
}

/// What is done with what is collected.
#[derive(Debug)]
enum Then {
    /// The first four bytes, of the file or behind what was said of it.
    Begin,
    /// The head of ID3,
    Tag,
    /// what lies before its frames,
    Extended(Frames),
    /// the head of a frame, and its content.
    Frame(Frames),
    Content {
        kind: Kind,
        begin: u64,
        end: u64,
        frames: Frames,
    },
    /// Frames that are not taken apart.
    Look {
        end: u64,
    },
    /// The head of a block of FLAC, and its content.
    Block,
    Comments {
        comments: Comments,
        end: u64,
        is_last: bool,
    },
    Told {
        begin: u64,
        head: u8,
        end: u64,
        is_picture: bool,
    },
    Nothing,
}

/// The frames of a tag.
#[derive(Debug, Clone, Copy)]
struct Frames {
    version: u8,
    end: u64,
}

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A text with a description, behind so many bytes.
    Text(usize),
    Bytes,
    Picture,
}

impl Default for Sound {
    fn default() -> Self {
        Self { flow: Flow::of(4), then: Then::Begin, found: Found::default() }
    }
}

impl Sound {
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !matches!(self.then, Then::Nothing) {
            if let Some(held) = self.flow.take(&mut bytes) {
                self.step(held);
            }
        }
    }

    pub fn finish(mut self) -> Found {
        // It breaks off there.
        let held = std::mem::take(&mut self.flow.held);
        if matches!(self.then, Then::Content { .. } | Then::Look { .. } | Then::Told { .. }) {
            self.step(held);
        }
        self.found
    }

    fn step(&mut self, held: Vec<u8>) {
        match std::mem::replace(&mut self.then, Then::Nothing) {
            Then::Begin if held == b"fLaC" => self.want(Then::Block, 4),
            Then::Begin if held.starts_with(b"ID3") => {
                self.then = Then::Tag;
                self.flow.more(held, 10);
            }
            Then::Tag => self.begin_tag(&held),
            Then::Extended(frames) => {
                let of = if frames.version == 3 { number(&held, 8) + 4 } else { number(&held, 7) };
                self.flow.pass_to = (self.flow.at - 4).saturating_add(of).min(frames.end);
                self.frame(frames);
            }
            Then::Frame(frames) => self.begin_frame(&held, frames),
            Then::Content { kind, begin, end, frames } => {
                if kind.tells(&held) {
                    self.found.tells(Blank::of_bytes(begin, end));
                }
                self.flow.pass_to = end;
                self.frame(frames);
            }
            Then::Look { end } => {
                if names_a_location(&letters(&held)) {
                    (self.found.had_location, self.found.stays) = (true, true);
                }
                self.flow.pass_to = end;
                self.want(Then::Begin, 4);
            }
            Then::Block => self.begin_block(&held),
            Then::Comments { mut comments, end, is_last } => {
                let mut told = Vec::new();
                comments.update(self.flow.at - held.len() as u64, &held, &mut told);
                told.into_iter().for_each(|blank| self.found.tells(blank));
                if self.flow.at < end && !comments.are_done() {
                    self.want_comments(comments, end, is_last);
                } else {
                    self.flow.pass_to = end;
                    self.next_block(is_last);
                }
            }
            Then::Told { begin, head, end, is_picture } => {
                let tells = if is_picture { surely_names_a_location } else { names_a_location };
                if tells(&held) {
                    self.found.tells(Blank::behind(begin, &[head & 0x80 | PADDING], begin + 4, end));
                }
                self.flow.pass_to = end;
                self.next_block(head & 0x80 != 0);
            }
            Then::Begin | Then::Nothing => {}
        }
    }

    fn want(&mut self, then: Then, wanted: usize) {
        (self.then, self.flow.wanted) = (then, wanted);
    }

    fn begin_tag(&mut self, head: &[u8]) {
        let (version, flags) = (head[3], head[5]);
        let end = self.flow.at + number(&head[6..], 7);
        if flags & 0x80 != 0 && version < 4 {
            // Bytes have been put in between, so nobody knows how long a frame is.
            let length = (end - self.flow.at).min(LOOKED_AT_BYTES) as usize;
            if length > 0 {
                return self.want(Then::Look { end }, length);
            }
        } else if matches!(version, 2..=4) {
            let frames = Frames { version, end };
            if version > 2 && flags & 0x40 != 0 && end - self.flow.at >= 4 {
                return self.want(Then::Extended(frames), 4);
            }
            return self.frame(frames);
        }
        self.flow.pass_to = end;
        self.want(Then::Begin, 4);
    }

    /// Goes on with the next frame, or behind the last.
    fn frame(&mut self, frames: Frames) {
        let head = if frames.version == 2 { 6 } else { 10 };
        if frames.end.saturating_sub(self.flow.at.max(self.flow.pass_to)) >= head {
            return self.want(Then::Frame(frames), head as usize);
        }
        self.flow.pass_to = frames.end;
        self.want(Then::Begin, 4);
    }

    fn begin_frame(&mut self, head: &[u8], frames: Frames) {
        let of_name = if frames.version == 2 { 3 } else { 4 };
        let (name, length) = (&head[..of_name], &head[of_name..2 * of_name]);
        if !name.iter().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit()) {
            // Nothing but padding.
            self.flow.pass_to = frames.end;
            return self.want(Then::Begin, 4);
        }
        // Some write lengths as those of before in the fourth version, too.
        let is_new = frames.version == 4 && length.iter().all(|byte| *byte < 0x80);
        let length = number(length, if is_new { 7 } else { 8 });
        let begin = self.flow.at;
        let end = begin.saturating_add(length).min(frames.end);
        let packed = match frames.version {
            2 => 0,
            3 => head[9] & 0xc0,
            _ => head[9] & 0x0c,
        };
        let kind = match name {
            b"TXXX" | b"TXX" | b"WXXX" | b"WXX" => Kind::Text(1),
            b"COMM" | b"COM" | b"USLT" | b"ULT" => Kind::Text(4),
            b"PRIV" | b"GEOB" | b"GEO" => Kind::Bytes,
            b"APIC" | b"PIC" => Kind::Picture,
            _ => {
                self.flow.pass_to = end;
                return self.frame(frames);
            }
        };
        let looked_at = (end - begin).min(LOOKED_AT_BYTES) as usize;
        if packed != 0 || looked_at == 0 {
            self.flow.pass_to = end;
            return self.frame(frames);
        }
        self.want(Then::Content { kind, begin, end, frames }, looked_at);
    }

    fn begin_block(&mut self, head: &[u8]) {
        let begin = self.flow.at - 4;
        let (is_last, length) = (head[0] & 0x80 != 0, number(&head[1..], 8));
        let end = self.flow.at + length;
        let kind = head[0] & 0x7f;
        if length > 0 && kind == COMMENTS {
            return self.want_comments(Comments::default(), end, is_last);
        }
        if length > 0 && matches!(kind, APPLICATION | PICTURE) {
            let then = Then::Told { begin, head: head[0], end, is_picture: kind == PICTURE };
            return self.want(then, length.min(LOOKED_AT_BYTES) as usize);
        }
        self.flow.pass_to = end;
        self.next_block(is_last);
    }

    fn want_comments(&mut self, comments: Comments, end: u64, is_last: bool) {
        let wanted = (end - self.flow.at).min(LOOKED_AT_BYTES) as usize;
        self.want(Then::Comments { comments, end, is_last }, wanted);
    }

    fn next_block(&mut self, is_last: bool) {
        if is_last {
            self.then = Then::Nothing;
        } else {
            self.want(Then::Block, 4);
        }
    }
}

/// Blocks of FLAC.
const PADDING: u8 = 1;
const APPLICATION: u8 = 2;
const COMMENTS: u8 = 4;
const PICTURE: u8 = 6;

impl Kind {
    fn tells(self, content: &[u8]) -> bool {
        match self {
            Self::Text(before) => {
                let text = content.get(before..).unwrap_or_default();
                // Of two bytes each, or of one.
                let is_wide = matches!(content.first(), Some(1 | 2));
                let end = match is_wide {
                    true => text.chunks(2).position(|letter| letter == [0, 0]).map(|at| 2 * at),
                    false => text.iter().position(|letter| *letter == 0),
                };
                is_of_a_location(&letters(&text[..end.unwrap_or(text.len())]))
                    || names_a_location(&letters(text))
            }
            Self::Bytes => names_a_location(content),
            Self::Picture => surely_names_a_location(content),
        }
    }
}

/// Those of a text of one or two bytes a letter, without what lies between them.
fn letters(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| !matches!(byte, 0 | 0xfe | 0xff)).collect()
}

/// The most significant byte first, of so many bits each.
fn number(bytes: &[u8], bits: u32) -> u64 {
    let mask = (1 << bits) - 1;
    bytes.iter().take(4).fold(0, |number, byte| number << bits | u64::from(*byte) & mask)
}
