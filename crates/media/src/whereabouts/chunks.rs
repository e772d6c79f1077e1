//! WAV and AVI, which are made of chunks: a name, a length and content. What is in a list is read as if there was no list.

use super::blanks::Blank;
use super::flow::{Flow, LOOKED_AT_BYTES};
use super::found::Found;
use super::sound::Sound;
use crate::clean::names_a_location;

#[derive(Debug)]
pub(super) struct Chunks {
    flow: Flow,
    then: Then,
    found: Found,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The head of the next chunk.
    Begin,
    /// What a list is of.
    List { end: u64 },
    /// The beginning of what may tell.
    Look { name: [u8; 4], begin: u64, end: u64 },
}

/// What a chunk is called that nobody reads.
const JUNK: &[u8] = b"JUNK";

impl Default for Chunks {
    fn default() -> Self {
        Self { flow: Flow::of(8), then: Then::Begin, found: Found::default() }
    }
}

impl Chunks {
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if let Some(held) = self.flow.take(&mut bytes) {
                self.step(&held);
            }
        }
    }

    pub fn finish(mut self) -> Found {
        // It breaks off there.
        let held = std::mem::take(&mut self.flow.held);
        if matches!(self.then, Then::Look { .. }) {
            self.step(&held);
        }
        self.found
    }

    fn step(&mut self, held: &[u8]) {
        let then = std::mem::replace(&mut self.then, Then::Begin);
        self.flow.wanted = 8;
        match then {
            Then::Begin => self.begin(held),
            // Pixels and sound are passed over.
            Then::List { end } if held == b"movi" => self.flow.pass_to = end,
            Then::List { .. } => {}
            Then::Look { name, begin, end } => {
                let tells = match &name {
                    // Of those who record in the field.
                    b"iXML" => is_of_a_place(held),
                    b"id3 " | b"ID3 " => {
                        let mut sound = Sound::default();
                        sound.update(held);
                        sound.finish().had_location
                    }
                    _ => names_a_location(held),
                };
                if tells {
                    self.found.tells(Blank::behind(begin, JUNK, begin + 8, end));
                }
                self.flow.pass_to = end.saturating_add(end % 2);
            }
        }
    }

    fn begin(&mut self, head: &[u8]) {
        let begin = self.flow.at - 8;
        let name = [head[0], head[1], head[2], head[3]];
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let end = self.flow.at + u64::from(length);
        match &name {
            b"RIFF" | b"LIST" => (self.then, self.flow.wanted) = (Then::List { end }, 4),
            b"data" | b"fmt " | b"fact" | b"idx1" | b"indx" | b"avih" | b"strh" | b"strf" | b"JUNK" => {
                self.flow.pass_to = end.saturating_add(end % 2);
            }
            _ if length == 0 => {}
            _ => {
                let looked_at = u64::from(length).min(LOOKED_AT_BYTES) as usize;
                (self.then, self.flow.wanted) = (Then::Look { name, begin, end }, looked_at);
            }
        }
    }
}

/// Whether a description of a recording has words for where that was.
fn is_of_a_place(words: &[u8]) -> bool {
    const WORDS: [&[u8]; 2] = [b"<LOCATION_GPS>", b"<LOCATION_NAME>"];
    WORDS.iter().any(|word| memchr::memmem::find(words, word).is_some())
}
