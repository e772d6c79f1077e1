//! `bench.json` beside the database: who is in it, and how to be one of them.

use std::fs;
use std::path::Path;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::plan::Plan;

const FILE: &str = "bench.json";
/// The numbers of messages in the order in which they were stored, eight bytes each.
const ORDER: &str = "bench.order";

/// Of the password of every user, `secret`: hashed once for all of them, and with the parameters of the server, which
/// would make it anew otherwise.
pub(super) const PASSWORD_HASH: &str =
    "$argon2id$v=19$m=12288,t=3,p=1$cmltLWJlbmNoLXNhbHQxNg$WNYCpod2mWyPyB753mncJnlwT06/WYpiDXEsjhbVg0w";

/// What a filled store holds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) plan: Plan,
    /// Those who have logged in.
    pub(crate) people: Vec<Known>,
    /// They are in `plan.heavy` groups.
    pub(crate) heavy: Known,
    /// They are in 20 groups.
    pub(crate) light: Known,
    /// The group of `plan.crowd` members, the first of the people among them.
    pub(crate) crowd: u64,
    /// The group that a tenth of all messages are in; none where there are no groups.
    pub(crate) large: Option<Large>,
    /// Single chats.
    pub(crate) pairs: Vec<Pair>,
    /// When it was filled, in Unix milliseconds.
    #[serde(default)]
    pub(crate) filled_at: i64,
    /// The numbers of messages in the order in which they were stored, where one searches them.
    #[serde(skip)]
    pub(crate) order: Vec<u64>,
}

/// A user whose token is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) uid: u64,
    pub(crate) account: String,
    pub(crate) token: String,
}

/// A group with a very long history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Large {
    pub(crate) gid: u64,
    /// One of its members.
    pub(crate) member: Known,
}

/// A single chat of two of the people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pair {
    pub(crate) gid: u64,
    /// Where they are in [`Manifest::people`].
    pub(crate) people: [usize; 2],
}

impl Manifest {
    /// That of a data folder; `None` where the folder was not filled to its end, or not by `fill`.
    pub(crate) fn read(data: &Path) -> anyhow::Result<Option<Self>> {
        let path = data.join(FILE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let mut manifest: Self = serde_json::from_slice(&text).with_context(|| {
            format!("{} was written by another version: fill a new folder", path.display())
        })?;
        if manifest.plan.words {
            manifest.order = read_order(data)?;
        }
        Ok(Some(manifest))
    }

    pub(super) fn write(&self, data: &Path) -> anyhow::Result<()> {
        if self.plan.words {
            write_order(data, &self.order)?;
        }
        let path = data.join(FILE);
        let text = serde_json::to_vec(self)?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}

fn write_order(data: &Path, numbers: &[u64]) -> anyhow::Result<()> {
    let path = data.join(ORDER);
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn read_order(data: &Path) -> anyhow::Result<Vec<u64>> {
    let path = data.join(ORDER);
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let (numbers, _) = bytes.as_chunks::<8>();
    Ok(numbers.iter().copied().map(u64::from_le_bytes).collect())
}

/// The token of a user's session, as the server would have made it: 32 bytes, but known beforehand.
pub(super) struct Token([u8; 32]);

impl Token {
    pub(super) fn of(user: u64) -> Self {
        Self(Sha256::digest(format!("session of user {user}")).into())
    }

    pub(super) fn to_text(&self) -> String {
        format!("rim_{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    /// What the server keeps of it.
    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

#[cfg(test)]
mod tests {
    use argon2::{Algorithm, Argon2, Params, Version};
    use base64::engine::general_purpose::STANDARD_NO_PAD;

    use super::*;

    #[test]
    fn the_hash_is_that_of_the_password() {
        let fields: Vec<&str> = PASSWORD_HASH.split('$').collect();
        let ["", "argon2id", "v=19", "m=12288,t=3,p=1", salt, hash] = fields[..] else {
            panic!("not a PHC string of argon2id with the server's parameters: {PASSWORD_HASH}");
        };
        let salt = STANDARD_NO_PAD.decode(salt).expect("base64");
        let params = Params::new(12 * 1024, 3, 1, None).expect("within the bounds");
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(b"secret", &salt, &mut output)
            .expect("hashed");
        assert_eq!(STANDARD_NO_PAD.encode(output), hash);
    }

    #[test]
    fn a_manifest_is_read_back_and_a_folder_without_one_has_none() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Manifest::read(folder.path()).expect("read"), None);
        let known = |user| Known { uid: user, account: format!("a{user}"), token: Token::of(user).to_text() };
        let plan = Plan { users: 9, groups: 1, messages: 2, heavy: 1, crowd: 3, sessions: 2, words: true };
        let manifest = Manifest {
            plan,
            people: vec![known(3), known(4)],
            heavy: known(1),
            light: known(2),
            crowd: 9,
            large: Some(Large { gid: 1, member: known(3) }),
            pairs: vec![Pair { gid: 7, people: [0, 1] }],
            filled_at: 5,
            order: vec![3, 1 << 40],
        };
        manifest.write(folder.path()).expect("written");
        assert_eq!(Manifest::read(folder.path()).expect("read"), Some(manifest));
        std::fs::write(folder.path().join(FILE), "{}").expect("written");
        assert!(Manifest::read(folder.path()).is_err());
    }
}
