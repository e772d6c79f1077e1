//! What users upload: files that are named by their content, charged to whoever uploaded them, and removed when nothing
//! names them.

use std::sync::LazyLock;

use memchr::memchr;
use memchr::memmem::Finder;

use crate::UserId;

/// A file that a user wants to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    pub user: UserId,
    /// Its SHA-256 in hex, and an ending that says what it is.
    pub name: String,
    pub size_bytes: u64,
    /// Whether the file was there before. If no store knows whose it is, it is from before uploads were counted: then it
    /// is kept for ever, as nobody knows what names it.
    pub was_there: bool,
}

impl NewUpload {
    /// By which it is found, whatever its ending.
    pub fn hash(&self) -> &str {
        hash_of(&self.name)
    }
}

/// The hash in the name of a file.
pub fn hash_of(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

/// Characters of a SHA-256 in hex.
pub const HASH_CHARS: usize = 64;

/// What stands before the hash in every address of an upload. It is looked for in every message, so it is found by the
/// processor's widest registers.
static FOLDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("avatars"));

/// The hashes of the uploads that a text names, be it an address, a message, or JSON with escaped slashes.
pub fn named(text: &str) -> impl Iterator<Item = &str> {
    // Hardly any message has a slash, and to look for one byte takes less.
    let text = if memchr(b'/', text.as_bytes()).is_some() { text } else { "" };
    FOLDER.find_iter(text.as_bytes()).filter_map(move |at| {
        let rest = text.get(at + FOLDER.needle().len()..)?;
        let rest = rest.strip_prefix('\\').unwrap_or(rest).strip_prefix('/')?;
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        rest.get(..HASH_CHARS).filter(|hash| hash.bytes().all(is_digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_seen_wherever_its_address_stands() {
        let [one, other] = ["ab".repeat(32), "01".repeat(32)];
        for text in [
            format!("/media/avatars/{one}.png"),
            format!("https://im.example.org/chat/media/avatars/{one}.webp?x"),
            format!(r#"{{"url":"\/media\/avatars\/{one}.png"}}"#),
            format!("avatars/ and avatars/{one}"),
        ] {
            assert_eq!(named(&text).collect::<Vec<_>>(), [&one], "{text}");
        }
        let two = format!("![a](/media/avatars/{one}.png) ![b](/media/avatars/{other}.gif)");
        assert_eq!(named(&two).collect::<Vec<_>>(), [&one, &other]);
        for text in ["", "avatars", "avatars/", &format!("avatars/{}", &one[1..]), &format!("avatars/é{one}")]
        {
            assert_eq!(named(text).count(), 0, "{text}");
        }
    }
}
