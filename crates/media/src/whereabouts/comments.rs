//! Comments as Vorbis has them, in Ogg and FLAC: texts such as `LOCATION=Amsterdam`, each behind its length.

use super::blanks::Blank;
use super::words::is_of_a_location;

/// Names are words.
const MAX_NAME_BYTES: usize = 256;

/// Reads them as they come.
#[derive(Debug)]
pub(super) struct Comments {
    now: Now,
    /// Of a number, what has come of it.
    number: Vec<u8>,
    /// Comments that are to come.
    count: u32,
}

#[derive(Debug)]
enum Now {
    /// How long the name of the program is that wrote it,
    OfProgram,
    /// and so many bytes of that.
    Program(u32),
    Count,
    Length,
    Name {
        left: u32,
        name: Vec<u8>,
    },
    Value {
        left: u32,
        tells: bool,
    },
    Done,
}

impl Default for Comments {
    fn default() -> Self {
        Self { now: Now::OfProgram, number: Vec::new(), count: 0 }
    }
}

impl Comments {
    pub const fn are_done(&self) -> bool {
        matches!(self.now, Now::Done)
    }

    /// The next bytes, which stand at `at` of the file. Values that say where something was made are put down.
    pub fn update(&mut self, mut at: u64, mut bytes: &[u8], told: &mut Vec<Blank>) {
        while !bytes.is_empty() && !self.are_done() {
            let taken = self.take(at, bytes, told).min(bytes.len());
            at += taken as u64;
            bytes = &bytes[taken..];
        }
    }

    /// How many of these bytes it has taken.
    fn take(&mut self, at: u64, bytes: &[u8], told: &mut Vec<Blank>) -> usize {
        match &mut self.now {
            Now::OfProgram | Now::Count | Now::Length => {
                let taken = bytes.len().min(4 - self.number.len());
                self.number.extend_from_slice(&bytes[..taken]);
                if let Ok(number) = <[u8; 4]>::try_from(&self.number[..]) {
                    self.number.clear();
                    self.step(u32::from_le_bytes(number));
                }
                taken
            }
            Now::Program(left) => {
                let taken = bytes.len().min(*left as usize);
                *left -= taken as u32;
                if *left == 0 {
                    self.now = Now::Count;
                }
                taken
            }
            Now::Name { left, name } => {
                let text = &bytes[..bytes.len().min(*left as usize)];
                let ends = text.iter().position(|letter| *letter == b'=');
                let taken = ends.map_or(text.len(), |at| at + 1);
                let room = MAX_NAME_BYTES - name.len().min(MAX_NAME_BYTES);
                name.extend_from_slice(&text[..taken.min(room)]);
                *left -= taken as u32;
                if ends.is_some() || *left == 0 {
                    self.now = Now::Value { left: *left, tells: is_of_a_location(name) };
                    self.end_value();
                }
                taken
            }
            Now::Value { left, tells } => {
                let text = &bytes[..bytes.len().min(*left as usize)];
                if *tells && text.iter().any(|letter| *letter != 0) {
                    told.push(Blank::of_bytes(at, at + text.len() as u64));
                }
                *left -= text.len() as u32;
                self.end_value();
                text.len()
            }
            Now::Done => bytes.len(),
        }
    }

    fn step(&mut self, number: u32) {
        match self.now {
            Now::OfProgram if number > 0 => self.now = Now::Program(number),
            Now::OfProgram => self.now = Now::Count,
            Now::Count => {
                self.count = number;
                self.next();
            }
            _ if number > 0 => self.now = Now::Name { left: number, name: Vec::new() },
            _ => self.next(),
        }
    }

    fn end_value(&mut self) {
        if matches!(self.now, Now::Value { left: 0, .. }) {
            self.next();
        }
    }

    fn next(&mut self) {
        self.now = if self.count == 0 { Now::Done } else { Now::Length };
        self.count = self.count.saturating_sub(1);
    }
}
