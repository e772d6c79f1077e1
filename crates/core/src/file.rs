//! Files that users have uploaded: what they are, what they may be, and how messages name them.
//!
//! A *file* is somebody's, and has an id that nobody guesses. Its bytes are a *blob*, stored once whoever uploads them. A
//! message that names a file *uses* it. What is not whole yet is a *transfer*.

mod content;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use serde::{Deserialize, Serialize};

use crate::{Refusal, Timestamp, UserId};

pub use self::content::{describe, may_name, named_files, same_file};

/// The longer sides of previews, in pixels.
pub const SIDES: [u32; 3] = [320, 800, 1600];

/// The side of the square that is shown of a file as the picture of a user or group: what the largest of these takes on a
/// fine screen.
pub const SQUARE: u32 = 256;

/// Whatever is made of a picture.
const MADE: [u32; 4] = [SIDES[0], SIDES[1], SIDES[2], SQUARE];

/// Transfers that a user may have begun. One more, and that which rests the longest gives way: clients that never come
/// back leave theirs.
pub const MAX_OPEN_TRANSFERS: u64 = 100;

/// For so long a blob that nothing names yet is safe from being removed.
pub const CLAIM_MS: u64 = 60 * 60 * 1000;

/// For so long bytes that are leaving are whose who has marked them, who removes them within a third of it: so clocks may be apart, and
/// what is on its way may be late. Then they stay if somebody wants them, and another removes them if nobody does.
pub const LEAVING_MS: u64 = 2 * 60 * 1000;

/// For so long a file is kept that nothing uses.
pub const KEPT_UNUSED_MS: u64 = 24 * 60 * 60 * 1000;

macro_rules! unguessable {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; ID_CHARS]);

        impl $name {
            /// Made of chance.
            pub fn new(random: [u8; 16]) -> Self {
                let text = URL_SAFE_NO_PAD.encode(random);
                Self(text.into_bytes().try_into().expect("16 bytes are 22 characters"))
            }

            /// 22 characters of `[A-Za-z0-9_-]`; `None` of anything else.
            pub fn parse(text: &str) -> Option<Self> {
                let is_one = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
                let bytes: [u8; ID_CHARS] = text.as_bytes().try_into().ok()?;
                bytes.iter().all(is_one).then_some(Self(bytes))
            }

            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).expect("only ASCII is taken")
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

/// Characters of a [`FileId`].
pub const ID_CHARS: usize = 22;

unguessable! {
    /// A file. Whoever knows it still has to be allowed to see the file.
    FileId
}
unguessable! {
    /// An upload that is not whole yet.
    TransferId
}

/// The SHA-256 of bytes, by which they are found.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// 64 hex digits in lower case; `None` of anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(hash))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub id: FileId,
    pub owner: UserId,
    pub hash: Hash,
    /// Cleaned: nothing in it that a path, a header or a reader could trip over.
    pub name: String,
    /// Of what is stored: after metadata was taken out.
    pub size_bytes: u64,
    /// What the server has found it to be.
    pub mime: String,
    pub facts: Facts,
    pub created_at: Timestamp,
}

impl File {
    /// Whose previews are those of the file: of a video with a poster that one's, else its own.
    pub fn pictured(&self) -> Hash {
        self.facts.picture.unwrap_or(self.hash)
    }

    pub fn is_picture(&self) -> bool {
        ["image/jpeg", "image/png", "image/gif", "image/webp"].contains(&&*self.mime)
            && self.facts.width.is_some()
            && self.facts.height.is_some()
    }

    pub fn is_audio(&self) -> bool {
        self.mime.starts_with("audio/")
    }

    pub fn is_video(&self) -> bool {
        self.mime.starts_with("video/")
    }
}

/// What is known of a file beside what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// As it is shown, in pixels.
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub duration_ms: Option<u64>,
    pub thumbhash: Option<Vec<u8>>,
    /// The poster of a video.
    pub picture: Option<Hash>,
    pub thumbs: Thumbs,
    /// Its bytes name a location on earth. Only where its owner wanted them to stay as they were.
    pub has_location: bool,
}

impl Facts {
    /// What stores keep of it; the picture has a column of its own.
    pub fn text(&self) -> String {
        let Self { width, height, duration_ms, thumbhash, picture: _, thumbs, has_location } = self.clone();
        let kept = Kept { width, height, duration_ms, thumbhash, thumbs: thumbs.bits(), has_location };
        serde_json::to_string(&kept).expect("numbers always have a JSON form")
    }

    /// `None` of a text that no rim writes.
    pub fn of(text: &str, picture: Option<Hash>) -> Option<Self> {
        let Kept { width, height, duration_ms, thumbhash, thumbs, has_location } =
            serde_json::from_str(text).ok()?;
        let thumbs = Thumbs::from_bits(thumbs);
        Some(Self { width, height, duration_ms, thumbhash, picture, thumbs, has_location })
    }

    /// What is known of a video once its poster is known: what was known before stays.
    #[must_use]
    pub fn with_poster(self, poster: Self) -> Self {
        Self {
            width: self.width.or(poster.width),
            height: self.height.or(poster.height),
            duration_ms: self.duration_ms.or(poster.duration_ms),
            thumbhash: poster.thumbhash,
            picture: poster.picture,
            thumbs: poster.thumbs,
            has_location: self.has_location,
        }
    }
}

/// Facts as stores keep them. Keys are only ever added.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbhash: Option<Vec<u8>>,
    thumbs: u8,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    has_location: bool,
}

/// Which previews there are, and whether there is a square.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Thumbs(u8);

impl Thumbs {
    /// From what stores keep; bits that mean nothing are left out.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & ((1 << MADE.len()) - 1))
    }

    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Those of these sides that there can be.
    pub fn of(sides: &[u32]) -> Self {
        let bits = MADE.iter().enumerate().filter(|(_, side)| sides.contains(side));
        Self(bits.fold(0, |bits, (at, _)| bits | 1 << at))
    }

    pub fn has(self, side: u32) -> bool {
        self.all().any(|has| has == side)
    }

    /// What may be asked for of each picture.
    pub fn sides(self) -> impl Iterator<Item = u32> {
        self.all().filter(|side| *side != SQUARE)
    }

    /// The square as well.
    pub fn all(self) -> impl Iterator<Item = u32> {
        MADE.into_iter().enumerate().filter(move |(at, _)| self.0 >> at & 1 == 1).map(|(_, side)| side)
    }
}

/// A file that is about to exist. Its blob has been claimed and is in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    pub id: FileId,
    pub owner: UserId,
    pub hash: Hash,
    pub name: String,
    pub size_bytes: u64,
    pub mime: String,
    pub facts: Facts,
    /// The transfer that it came by: it is finished with it. One that is finished already has its file.
    pub transfer: Option<TransferId>,
}

/// What a user may upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLimits {
    /// Bytes of one file.
    pub max_bytes: u64,
    /// Bytes of all files that they have.
    pub stored_bytes: u64,
    /// Bytes of what they upload in a day, which is one of UTC.
    pub day_bytes: u64,
    /// Transfers that go on at the same time.
    pub transfers: u64,
}

/// What a user has uploaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uploaded {
    /// Bytes of the files that they have,
    pub stored: u64,
    /// and of those that they have uploaded today.
    pub today: u64,
}

/// Where files are that are pictures of users and groups.
pub const AVATARS: &str = "/media/files/";

/// The address of a file as the picture of a user or group.
pub fn avatar_of(id: &FileId) -> String {
    format!("{AVATARS}{id}/{SQUARE}")
}

/// The address of a picture that is a file: `/media/files/` and its id, and perhaps a side.
pub fn of_avatar(avatar: &str) -> Option<FileId> {
    let rest = avatar.strip_prefix(AVATARS)?;
    let (id, side) = rest.split_once('/').map_or((rest, None), |(id, side)| (id, Some(side)));
    let is_side = side.is_none_or(|side| MADE.iter().any(|known| known.to_string() == side));
    FileId::parse(id).filter(|_| is_side)
}

/// Adds a file of this size.
///
/// # Errors
/// `FileTooLarge`, `QuotaExceeded`, `DayExceeded`.
pub fn may_upload(size_bytes: u64, uploaded: Uploaded, limits: &FileLimits) -> Result<(), Refusal> {
    if size_bytes > limits.max_bytes {
        return Err(Refusal::FileTooLarge(limits.max_bytes));
    }
    if uploaded.stored.saturating_add(size_bytes) > limits.stored_bytes {
        return Err(Refusal::QuotaExceeded { used: uploaded.stored, allowed: limits.stored_bytes });
    }
    if uploaded.today.saturating_add(size_bytes) > limits.day_bytes {
        return Err(Refusal::DayExceeded { used: uploaded.today, allowed: limits.day_bytes });
    }
    Ok(())
}

/// The day of UTC, counted from the first of 1970.
pub const fn day_of(time: Timestamp) -> u64 {
    time.0.unsigned_abs() / (24 * 60 * 60 * 1000)
}

/// Bytes that are stored, and the previews that are stored with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blob {
    pub hash: Hash,
    pub size_bytes: u64,
    pub thumbs: Thumbs,
}

/// How much is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stock {
    pub blobs: u64,
    /// Without previews.
    pub bytes: u64,
}

/// What became of the wish to store bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Nobody had them: they are to be put in their place.
    New,
    /// They are there, or somebody is about to put them there, or did not come to the end of removing them.
    There,
    /// They are being removed: ask again, and then put them anew. That ends by itself, after [`LEAVING_MS`] at the latest.
    Leaving,
}

/// An upload that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTransfer {
    pub id: TransferId,
    pub user: UserId,
    pub name: String,
    pub mime: String,
    pub as_file: bool,
    pub size_bytes: u64,
    pub notes: String,
    pub expires_at: Timestamp,
}

/// An upload that is not whole yet, or was until a moment ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    pub id: TransferId,
    pub user: UserId,
    /// What the client calls the file, and takes it for.
    pub name: String,
    pub mime: String,
    /// Whether its bytes are to be kept as they are.
    pub as_file: bool,
    /// That it has when it is whole.
    pub size_bytes: u64,
    /// Bytes that have come and are durable.
    pub received: u64,
    /// What the storage has to know to go on: its own words.
    pub notes: String,
    pub created_at: Timestamp,
    /// When it is given up, if nothing comes.
    pub expires_at: Timestamp,
    /// Once it is finished.
    pub file: Option<FileId>,
}

/// What became of the wish to go on with a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// Nobody else does now.
    Yours(Transfer),
    /// Somebody else does, until this time at the latest.
    Held(Timestamp),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_22_characters_that_need_no_escape_anywhere() {
        let id = FileId::new([0xfb; 16]);
        assert_eq!(id.as_str(), "-_v7-_v7-_v7-_v7-_v7-w");
        assert_eq!(FileId::parse(&id.to_string()), Some(id));
        for text in
            ["", "short", "-_v7-_v7-_v7-_v7-_v7-w=", "-_v7-_v7-_v7-_v7-_v7-/", "-_v7-_v7-_v7-_v7-_vé-"]
        {
            assert_eq!(FileId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_hash_is_64_digits_and_reads_back() {
        let text = "0123456789abcdef".repeat(4);
        assert_eq!(Hash::parse(&text).expect("a hash").to_string(), text);
        for wrong in [text.to_uppercase(), text[1..].to_owned(), format!("{}g", &text[1..]), "é".repeat(32)]
        {
            assert_eq!(Hash::parse(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn previews_are_those_that_there_can_be() {
        let thumbs = Thumbs::of(&[1600, 320, 500]);
        assert_eq!(thumbs.sides().collect::<Vec<_>>(), [320, 1600]);
        assert!(thumbs.has(320) && !thumbs.has(800) && !thumbs.has(500));
        assert_eq!(Thumbs::from_bits(thumbs.bits()), thumbs);
        assert_eq!(Thumbs::from_bits(0xff).sides().collect::<Vec<_>>(), SIDES);
        assert!(Thumbs::from_bits(0xff).has(SQUARE) && !thumbs.has(SQUARE));
    }

    #[test]
    fn facts_read_back_and_a_poster_adds_what_is_not_known() {
        let poster = Facts {
            width: Some(9),
            height: Some(9),
            duration_ms: Some(9),
            thumbhash: Some(vec![0, 255]),
            picture: Some(Hash([1; 32])),
            thumbs: Thumbs::of(&[800]),
            has_location: false,
        };
        for facts in [Facts::default(), poster.clone(), Facts { has_location: true, ..poster.clone() }] {
            assert_eq!(Facts::of(&facts.text(), facts.picture), Some(facts));
        }
        let known = Facts { width: Some(1), ..Facts::default() };
        assert_eq!(known.with_poster(poster.clone()), Facts { width: Some(1), ..poster });
        assert_eq!(Facts::of("{}", None), Some(Facts::default()));
        assert_eq!(Facts::of("?", None), None);
    }

    #[test]
    fn an_avatar_names_a_file_by_its_path_alone() {
        let id = FileId::new([7; 16]);
        assert_eq!(of_avatar(&format!("/media/files/{id}")), Some(id));
        assert_eq!(of_avatar(&format!("/media/files/{id}/320")), Some(id));
        assert_eq!(of_avatar(&avatar_of(&id)), Some(id));
        for other in [
            format!("https://x.example/media/files/{id}"),
            format!("/media/files/{id}/321"),
            format!("/media/files/{id}?x"),
            "/media/files/x".into(),
            format!("/media/avatars/{id}"),
        ] {
            assert_eq!(of_avatar(&other), None, "{other}");
        }
    }

    #[test]
    fn a_file_has_to_fit_by_itself_with_the_others_and_into_the_day() {
        let limits = FileLimits { max_bytes: 10, stored_bytes: 30, day_bytes: 20, transfers: 1 };
        let may = |size, stored, today| may_upload(size, Uploaded { stored, today }, &limits);
        assert_eq!(may(10, 20, 10), Ok(()));
        assert_eq!(may(11, 0, 0), Err(Refusal::FileTooLarge(10)));
        assert_eq!(may(10, 21, 0), Err(Refusal::QuotaExceeded { used: 21, allowed: 30 }));
        assert_eq!(may(10, 0, 11), Err(Refusal::DayExceeded { used: 11, allowed: 20 }));
        assert!(may(u64::MAX, 1, 1).is_err());
    }
}
