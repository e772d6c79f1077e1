//! Where on earth files say that they were made: films, sound, and pictures that are made as films are.
//!
//! Bytes are looked at as they come, pixels and sound are passed over, and what is held of a file is bounded. Nothing is taken
//! out of a file, as offsets stand in many of them: what tells is filled with zeros where it is, and called something that
//! players pass over. What is beyond the bounds or fits nowhere is said to stay ([`Found::stays`]), and whoever sends the file is
//! asked to say so knowingly.

mod blanks;
mod boxes;
mod chunks;
mod comments;
mod elements;
mod flow;
mod found;
mod pages;
mod sound;
#[cfg(test)]
mod tests;
mod words;

pub use self::blanks::Blanks;
use self::boxes::Boxes;
use self::chunks::Chunks;
use self::elements::Elements;
pub use self::found::Found;
use self::pages::Pages;
use self::sound::Sound;

/// Reads a file from its beginning, in pieces of any size.
#[derive(Debug)]
pub struct Whereabouts(Reader);

#[derive(Debug)]
enum Reader {
    /// By its first bytes, which are not all there yet.
    Unknown(Vec<u8>),
    /// MP4, MOV, HEIC, AVIF.
    Boxes(Boxes),
    /// Matroska and WebM.
    Elements(Elements),
    /// Ogg.
    Pages(Pages),
    /// MP3 and FLAC, and all else that begins with ID3.
    Sound(Sound),
    /// WAV and AVI.
    Chunks(Chunks),
}

/// So many bytes say which of them it is.
const KNOWN_BY: usize = 4;

impl Default for Whereabouts {
    fn default() -> Self {
        Self(Reader::Unknown(Vec::new()))
    }
}

impl Whereabouts {
    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Reader::Unknown(head) => {
                let (first, rest) = bytes.split_at(bytes.len().min(KNOWN_BY - head.len()));
                head.extend_from_slice(first);
                if head.len() == KNOWN_BY {
                    let head = std::mem::take(head);
                    self.0 = Reader::of(&head);
                    self.update(&head);
                    self.update(rest);
                }
            }
            Reader::Boxes(boxes) => boxes.update(bytes),
            Reader::Elements(elements) => elements.update(bytes),
            Reader::Pages(pages) => pages.update(bytes),
            Reader::Sound(sound) => sound.update(bytes),
            Reader::Chunks(chunks) => chunks.update(bytes),
        }
    }

    /// That was all.
    pub fn finish(self) -> Found {
        let mut found = match self.0 {
            Reader::Unknown(_) => Found::default(),
            Reader::Boxes(boxes) => boxes.finish(),
            Reader::Elements(elements) => elements.finish(),
            Reader::Pages(pages) => pages.finish(),
            Reader::Sound(sound) => sound.finish(),
            Reader::Chunks(chunks) => chunks.finish(),
        };
        found.blanks.sort();
        found
    }
}

impl Reader {
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1a, 0x45, 0xdf, 0xa3] => Self::Elements(Elements::default()),
            b"OggS" => Self::Pages(Pages::default()),
            b"fLaC" | [b'I', b'D', b'3', _] => Self::Sound(Sound::default()),
            b"RIFF" => Self::Chunks(Chunks::default()),
            _ => Self::Boxes(Boxes::default()),
        }
    }
}
