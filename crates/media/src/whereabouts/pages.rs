//! Ogg: pages of several streams, of which the second packet has comments. A page has a check sum of all its bytes, so one in which a
//! value is filled gets another.

use super::blanks::{Blank, Blanks};
use super::comments::Comments;
use super::flow::Flow;
use super::found::Found;

/// Streams whose comments have not come to their end. Films have three.
const MAX_STREAMS: usize = 64;

const HEAD_BYTES: usize = 27;
/// Where in a page its check sum stands.
const SUM_AT: usize = 22;

#[derive(Debug)]
pub(super) struct Pages {
    flow: Flow,
    then: Then,
    /// Of the page that is read, what has come of it.
    page: Vec<u8>,
    streams: Vec<Stream>,
    found: Found,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Head,
    /// How long the parts of the page are.
    Lengths,
    Parts,
    Nothing,
}

#[derive(Debug)]
struct Stream {
    serial: [u8; 4],
    /// The first packet is there, and it is said how many bytes of the second come before its comments.
    begun: bool,
    before: usize,
    comments: Comments,
}

impl Default for Pages {
    fn default() -> Self {
        let (streams, found) = (Vec::new(), Found::default());
        Self { flow: Flow::of(HEAD_BYTES), then: Then::Head, page: Vec::new(), streams, found }
    }
}

impl Pages {
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.then != Then::Nothing {
            if let Some(held) = self.flow.take(&mut bytes) {
                self.step(held);
            }
        }
    }

    pub fn finish(self) -> Found {
        self.found
    }

    fn step(&mut self, held: Vec<u8>) {
        match self.then {
            Then::Head if held.starts_with(b"OggS\0") => {
                self.page = held;
                if self.page[HEAD_BYTES - 1] > 0 {
                    (self.then, self.flow.wanted) = (Then::Lengths, usize::from(self.page[HEAD_BYTES - 1]));
                }
            }
            // Whatever comes here is not Ogg.
            Then::Head | Then::Nothing => self.then = Then::Nothing,
            Then::Lengths => {
                let length: usize = held.iter().map(|length| usize::from(*length)).sum();
                self.page.extend_from_slice(&held);
                (self.then, self.flow.wanted) = (Then::Head, HEAD_BYTES);
                if !self.is_looked_at() {
                    self.flow.pass_to = self.flow.at + length as u64;
                } else if length > 0 {
                    (self.then, self.flow.wanted) = (Then::Parts, length);
                }
            }
            Then::Parts => {
                self.page.extend_from_slice(&held);
                self.read();
                (self.then, self.flow.wanted) = (Then::Head, HEAD_BYTES);
            }
        }
    }

    fn serial(&self) -> [u8; 4] {
        self.page[14..18].try_into().expect("four bytes")
    }

    /// Whether the page has comments, or says what a stream is.
    fn is_looked_at(&mut self) -> bool {
        let serial = self.serial();
        let is_first = self.page[5] & 2 != 0;
        if is_first {
            self.streams.retain(|stream| stream.serial != serial);
            if self.streams.len() == MAX_STREAMS {
                self.found.stays = true;
                return false;
            }
            self.streams.push(Stream { serial, begun: false, before: 0, comments: Comments::default() });
        }
        self.streams.iter().any(|stream| stream.serial == serial)
    }

    /// A page is there, of a stream whose comments have not come to their end.
    fn read(&mut self) {
        let serial = self.serial();
        let Some(index) = self.streams.iter().position(|stream| stream.serial == serial) else { return };
        let begin = self.flow.at - self.page.len() as u64;
        let mut told = Vec::new();
        if !self.streams[index].read(begin, &self.page, &mut told) {
            self.streams.swap_remove(index);
        }
        if told.is_empty() {
            return;
        }
        let mut blanks = Blanks::default();
        told.iter().for_each(|blank| blanks.push(*blank));
        let mut page = std::mem::take(&mut self.page);
        blanks.fill(begin, &mut page);
        page[SUM_AT..SUM_AT + 4].fill(0);
        let sum = Blank::written(begin + SUM_AT as u64, sum(&page).to_le_bytes());
        told.into_iter().chain([sum]).for_each(|blank| self.found.tells(blank));
    }
}

impl Stream {
    /// Reads its next page, which begins there. Whether there are more comments to come.
    fn read(&mut self, begin: u64, page: &[u8], told: &mut Vec<Blank>) -> bool {
        let count = usize::from(page[HEAD_BYTES - 1]);
        let (lengths, parts) = page[HEAD_BYTES..].split_at(count);
        let mut of_first = 0;
        if !self.begun {
            // The first packet is short.
            let Some(before) = before_comments(parts) else { return false };
            (self.begun, self.before) = (true, before);
            of_first = (lengths.iter().take_while(|length| **length == 255).count() + 1).min(count);
        }
        let (first, lengths) = lengths.split_at(of_first);
        let mut at = HEAD_BYTES + count + first.iter().map(|length| usize::from(*length)).sum::<usize>();
        for length in lengths.iter().map(|length| usize::from(*length)) {
            let part = &page[at..at + length];
            let skipped = self.before.min(length);
            self.before -= skipped;
            self.comments.update(begin + (at + skipped) as u64, &part[skipped..], told);
            at += length;
            // The packet ends there.
            if length < 255 || self.comments.are_done() {
                return false;
            }
        }
        true
    }
}

/// By the first packet of a stream, how many bytes of the second come before its comments.
fn before_comments(first: &[u8]) -> Option<usize> {
    const KINDS: [(&[u8], usize); 5] =
        [(b"OpusHead", 8), (b"\x01vorbis", 7), (b"\x80theora", 7), (b"\x7fFLAC", 4), (b"Speex   ", 0)];
    KINDS.into_iter().find(|(name, _)| first.starts_with(name)).map(|(_, before)| before)
}

/// The check sum of a page, in which its own place is zero.
fn sum(page: &[u8]) -> u32 {
    page.iter().fold(0, |sum, byte| sum << 8 ^ SUMS[(sum >> 24) as usize ^ usize::from(*byte)])
}

const SUMS: [u32; 256] = {
    let mut sums = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut sum, mut bit) = ((byte as u32) << 24, 0);
        while bit < 8 {
            sum = if sum >> 31 == 1 { sum << 1 ^ 0x04c1_1db7 } else { sum << 1 };
            bit += 1;
        }
        sums[byte] = sum;
        byte += 1;
    }
    sums
};
