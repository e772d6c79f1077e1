//! What objects are called.

use std::fmt;

use rim_core::file::Hash;
use sha2::{Digest, Sha256};

use crate::media::AvatarName;

/// The name of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// A picture of a user or group, in the folder that it always had.
    Avatar(AvatarName),
    /// The bytes of a file, by their SHA-256.
    Blob(Hash),
    /// A smaller picture of a blob, with the length of its longer side.
    Preview(Hash, u32),
}

impl Key {
    /// A path of parts that no file system minds. Blobs and previews have a folder for each first two digits. The order of
    /// keys is that of their names.
    pub fn name(&self) -> String {
        match self {
            Self::Avatar(name) => format!("avatars/{name}"),
            Self::Blob(hash) => format!("blobs/{}/{hash}", shard(*hash)),
            Self::Preview(hash, side) => format!("previews/{}/{hash}-{side}", shard(*hash)),
        }
    }

    /// Reads a name, and nothing that could be another path.
    pub fn parse(name: &str) -> Option<Self> {
        let (folder, rest) = name.split_once('/')?;
        let key = match folder {
            "avatars" => Self::Avatar(AvatarName::parse(rest)?),
            "blobs" => Self::Blob(Hash::parse(rest.split_once('/')?.1)?),
            "previews" => {
                let (hash, side) = rest.split_once('/')?.1.split_once('-')?;
                Self::Preview(Hash::parse(hash)?, side.parse().ok()?)
            }
            _ => return None,
        };
        // A number may be written in several ways, and a folder may be that of other digits.
        (key.name() == name).then_some(key)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// The SHA-256 of what comes piece by piece.
#[derive(Debug, Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

fn shard(hash: Hash) -> String {
    format!("{:02x}", hash.0[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash() -> Hash {
        Hasher::default().finish()
    }

    #[test]
    fn a_key_is_read_back_from_its_name_and_from_nothing_else() {
        let avatar = AvatarName::parse(&format!("{}.png", hash())).expect("a name");
        let keys = [Key::Avatar(avatar), Key::Blob(hash()), Key::Preview(hash(), 320)];
        for key in &keys {
            assert_eq!(Key::parse(&key.name()).as_ref(), Some(key));
        }
        let blob = keys[1].name();
        assert_eq!(blob, "blobs/e3/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for wrong in [
            blob.replace("blobs/e3", "blobs/e4"),
            blob.replace("blobs/e3", "blobs/../blobs/e3"),
            blob.replace("blobs", "other"),
            blob.to_uppercase(),
            blob[..blob.len() - 1].to_owned(),
            keys[2].name().replace("-320", "-0320"),
            keys[2].name().replace("-320", "-+320"),
            keys[2].name().replace("-320", ""),
            format!("/{blob}"),
            format!("{blob}/"),
            String::new(),
        ] {
            assert_eq!(Key::parse(&wrong), None, "{wrong}");
        }
    }
}
