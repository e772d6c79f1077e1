//! The gallery of a group: its pictures, voice messages, files and links, each a list of messages.

use memchr::memchr_iter;

use crate::message::{Message, MessageKind};

/// A list of the gallery. The number is what stores keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Part {
    /// Pictures and films.
    Picture = 1,
    Voice = 2,
    File = 3,
    /// Texts with an address of the web.
    Link = 4,
}

impl Part {
    pub const ALL: [Self; 4] = [Self::Picture, Self::Voice, Self::File, Self::Link];

    pub const fn code(self) -> u8 {
        self as u8
    }

    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.code() == code)
    }

    /// Where a message is listed that says this; most are nowhere.
    pub fn of(kind: MessageKind, content: &str) -> Option<Self> {
        match kind {
            MessageKind::Text | MessageKind::RichText => has_link(content).then_some(Self::Link),
            MessageKind::Image | MessageKind::Video => Some(Self::Picture),
            MessageKind::Audio => Some(Self::Voice),
            MessageKind::File => Some(Self::File),
            MessageKind::Location | MessageKind::Card | MessageKind::Custom | MessageKind::Merged => None,
        }
    }

    /// Whether the message, as somebody sees it, is listed here.
    pub fn has(self, message: &Message) -> bool {
        Self::of(message.kind, &message.content) == Some(self)
    }
}

/// Asked of every text that is sent. Hardly any has a slash, so one byte is looked for, and more only around it.
fn has_link(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_scheme = |before: &[u8], scheme: &str| {
        let end = before.len().checked_sub(scheme.len()).and_then(|at| before.get(at..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(scheme.as_bytes()))
    };
    memchr_iter(b'/', bytes).any(|at| {
        let (before, behind) = (&bytes[..at], &bytes[at + 1..]);
        matches!(behind, [b'/', host, ..] if !host.is_ascii_whitespace())
            && (is_scheme(before, "https:") || is_scheme(before, "http:"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_listed_where_it_has_an_address_of_the_web() {
        let part = |text| Part::of(MessageKind::Text, text);
        for text in ["http://a", "see https://example.org/x?y", "（HTTPS://例子）", "a//b //http://x"] {
            assert_eq!(part(text), Some(Part::Link), "{text}");
            assert_eq!(Part::of(MessageKind::RichText, text), Some(Part::Link), "{text}");
            assert_eq!(Part::of(MessageKind::Custom, text), None, "{text}");
        }
        let slashes = "/".repeat(1000);
        for text in ["", "and/or", "://", "http:/x", "https://", "http:// x", "ftp://x", "ttp://x", &slashes]
        {
            assert_eq!(part(text), None, "{text}");
        }
    }
}
