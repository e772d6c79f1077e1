//! What a picture is called: by its content.

use std::fmt;

use rim_media::Format;
use sha2::{Digest, Sha256};

/// `<SHA-256 of the picture, in hex>.<extension>`: who has not seen the picture cannot guess it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AvatarName {
    hash: String,
    pub format: Format,
}

impl AvatarName {
    pub fn of(format: Format, picture: &[u8]) -> Self {
        let hash = Sha256::digest(picture).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { hash, format }
    }

    /// Reads a name, and nothing that could be a path.
    pub fn parse(text: &str) -> Option<Self> {
        let (hash, extension) = text.split_once('.')?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let format = Format::of_extension(extension)?;
        is_hash.then(|| Self { hash: hash.to_owned(), format })
    }
}

impl fmt::Display for AvatarName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.hash, self.format.extension())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_hash_and_a_known_ending_and_nothing_else() {
        let name = AvatarName::of(Format::Webp, b"").to_string();
        assert_eq!(name, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.webp");
        assert_eq!(AvatarName::parse(&name).map(|name| name.to_string()), Some(name.clone()));
        for wrong in [
            name.to_uppercase(),
            name.replace("webp", "svg"),
            name.replace("webp", "jpeg"),
            name.replace(".webp", ""),
            name.replace('b', "é"),
            format!("{name}.webp"),
            format!("../{name}"),
            format!("/{name}"),
            name[1..].to_owned(),
            "unfinished-0".to_owned(),
            String::new(),
        ] {
            assert_eq!(AvatarName::parse(&wrong), None, "{wrong}");
        }
    }
}
