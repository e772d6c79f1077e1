//! Kinds of messages, and the shape of the content of each.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::ID_END;
use crate::limits::{self, Invalid};
use crate::rich_text;

/// What a message holds, and so how its `content` is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Kind {
    /// Plain text.
    Text,
    /// CommonMark.
    RichText,
    /// The address of a picture, or JSON: `file`, which is the id of one that was uploaded, optional `caption`, `album`.
    Image,
    /// JSON: `file`, optional `durationMs`, `waveform`, `caption`; or `url`, `durationMs`, optional `size`, `mime`.
    Audio,
    /// JSON: `file`, optional `durationMs`, `width`, `height`, `caption`, `album`; or `url`, `durationMs`, optional `size`,
    /// `mime`, `width`, `height`, `poster`.
    Video,
    /// JSON: `file`, optional `name`, `caption`; or `url`, `name`, `size`, optional `mime`.
    File,
    /// JSON: `latitude`, `longitude`, optional `name`, `address`.
    Location,
    /// JSON: `uid` of the user shown, optional `name`, `avatar`.
    Card,
    /// A JSON object of the application's own.
    Custom,
    /// Several messages that were forwarded as one. JSON: `title`, `items`. Only the server makes it.
    Merged,
}

impl Kind {
    pub const ALL: [Self; 10] = [
        Self::Text,
        Self::RichText,
        Self::Image,
        Self::Audio,
        Self::Video,
        Self::File,
        Self::Location,
        Self::Card,
        Self::Custom,
        Self::Merged,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::RichText => "RichText",
            Self::Image => "Image",
            Self::Audio => "Audio",
            Self::Video => "Video",
            Self::File => "File",
            Self::Location => "Location",
            Self::Card => "Card",
            Self::Custom => "Custom",
            Self::Merged => "Merged",
        }
    }

    /// The kind of that name, of those that a client may send.
    pub fn from_name(name: &str) -> Result<Self, Invalid> {
        Self::sent().find(|kind| kind.name() == name).ok_or_else(|| {
            Invalid::new(
                "kind",
                format!("one of {}", Self::sent().map(Self::name).collect::<Vec<_>>().join(", ")),
            )
        })
    }

    /// Those that a client may send.
    pub fn sent() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|kind| *kind != Self::Merged)
    }

    /// Checks what a message is to say from now on. Without its `kind`, which stays what it is, nobody knows it here: then
    /// the text must do for each.
    ///
    /// # Errors
    /// As of [`Self::check`].
    pub fn check_edited(kind: Option<Self>, content: &str) -> Result<(), Invalid> {
        kind.unwrap_or(Self::RichText).check(content)
    }

    /// Checks `content` against what this kind holds.
    ///
    /// # Errors
    /// Names what is allowed; `too_large` above [`limits::MAX_CONTENT_BYTES`].
    pub fn check(self, content: &str) -> Result<(), Invalid> {
        limits::content_size(content)?;
        match self {
            Self::Text => Ok(()),
            Self::RichText => rich_text::check(content),
            Self::Image if content.is_empty() => {
                Err(Invalid::new("content", "an Image is an address or JSON, not empty"))
            }
            Self::Image => match object(content) {
                Some(object) if names_file(&object) => self.must_have(NAMED, &object),
                _ => Ok(()),
            },
            _ => self.check_json(content),
        }
    }

    fn check_json(self, content: &str) -> Result<(), Invalid> {
        let Some(object) = object(content) else {
            let shape = self.shape().iter().map(Key::to_string).collect::<Vec<_>>().join(", ");
            return Err(self.wrong(&shape));
        };
        let may_name = matches!(self, Self::Audio | Self::Video | Self::File);
        self.must_have(if may_name && names_file(&object) { NAMED } else { self.shape() }, &object)
    }

    fn must_have(self, shape: &[Key], object: &Map<String, Value>) -> Result<(), Invalid> {
        match shape.iter().find(|key| !key.fits(object)) {
            None => Ok(()),
            Some(key) => Err(self.wrong(&format!("with {key}"))),
        }
    }

    fn wrong(self, what: &str) -> Invalid {
        Invalid::new("content", format!("{self} is a JSON object {what}"))
    }

    /// The keys that the JSON of this kind must or may have; others are the client's own.
    const fn shape(self) -> &'static [Key] {
        match self {
            Self::Text | Self::RichText | Self::Image | Self::Custom | Self::Merged => &[],
            Self::Audio => AUDIO,
            Self::Video => VIDEO,
            Self::File => FILE,
            Self::Location => LOCATION,
            Self::Card => CARD,
        }
    }
}

fn object(content: &str) -> Option<Map<String, Value>> {
    // An address is none, and is not looked at any further.
    if !content.trim_start().starts_with('{') {
        return None;
    }
    serde_json::from_str(content).ok()
}

fn names_file(object: &Map<String, Value>) -> bool {
    object.get("file").is_some_and(|file| !file.is_null())
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A key of a JSON content.
struct Key {
    name: &'static str,
    shape: Shape,
    required: bool,
}

enum Shape {
    /// A string that is not empty.
    Text,
    /// A whole number that is an id or a count: 0 to 2^53 - 1.
    Whole,
    /// A number from minus this to this.
    Within(f64),
    /// A string of so many bytes of UTF-8, at the most.
    UpTo(usize),
    /// A whole number between these, both included.
    Between(u64, u64),
    /// Samples as bytes in base64.
    Waveform,
    /// Nothing: what is named is not elsewhere.
    No,
}

/// What names a file. The server knows the rest.
const NAMED: &[Key] = &[
    must("file", Shape::Text),
    may("url", Shape::No),
    may("name", Shape::UpTo(limits::MAX_FILE_NAME_BYTES)),
    may("caption", Shape::UpTo(limits::MAX_CAPTION_BYTES)),
    may("album", Shape::UpTo(limits::MAX_ALBUM_BYTES)),
    may("durationMs", Shape::Between(0, limits::MAX_DURATION_MS)),
    may("width", Shape::Between(1, limits::MAX_PICTURE_SIDE)),
    may("height", Shape::Between(1, limits::MAX_PICTURE_SIDE)),
    may("waveform", Shape::Waveform),
];

const AUDIO: &[Key] = &[
    must("url", Shape::Text),
    must("durationMs", Shape::Whole),
    may("size", Shape::Whole),
    may("mime", Shape::Text),
];

const VIDEO: &[Key] = &[
    must("url", Shape::Text),
    must("durationMs", Shape::Whole),
    may("size", Shape::Whole),
    may("mime", Shape::Text),
    may("width", Shape::Whole),
    may("height", Shape::Whole),
    may("poster", Shape::Text),
];

const FILE: &[Key] = &[
    must("url", Shape::Text),
    must("name", Shape::Text),
    must("size", Shape::Whole),
    may("mime", Shape::Text),
];

const LOCATION: &[Key] = &[
    must("latitude", Shape::Within(90.0)),
    must("longitude", Shape::Within(180.0)),
    may("name", Shape::Text),
    may("address", Shape::Text),
];

const CARD: &[Key] = &[must("uid", Shape::Whole), may("name", Shape::Text), may("avatar", Shape::Text)];

const fn must(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, required: true }
}

const fn may(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, required: false }
}

impl Key {
    fn fits(&self, object: &Map<String, Value>) -> bool {
        match object.get(self.name) {
            None | Some(Value::Null) => !self.required,
            Some(value) => match self.shape {
                Shape::Text => value.as_str().is_some_and(|text| !text.is_empty()),
                Shape::Whole => value.as_u64().is_some_and(|number| number < ID_END),
                Shape::Within(bound) => value.as_f64().is_some_and(|number| number.abs() <= bound),
                Shape::UpTo(bytes) => value.as_str().is_some_and(|text| text.len() <= bytes),
                Shape::Between(least, most) => {
                    value.as_u64().is_some_and(|number| (least..=most).contains(&number))
                }
                Shape::Waveform => value.as_str().is_some_and(is_waveform),
                Shape::No => false,
            },
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let optional = if self.required { "" } else { "optional " };
        match self.shape {
            Shape::Text => write!(f, "{optional}`{}`: a string that is not empty", self.name),
            Shape::Whole => write!(f, "{optional}`{}`: a whole number below 2^53", self.name),
            Shape::Within(bound) => write!(f, "{optional}`{}`: a number from -{bound} to {bound}", self.name),
            Shape::UpTo(bytes) => write!(f, "{optional}`{}`: a string of at most {bytes} bytes", self.name),
            Shape::Between(least, most) => {
                write!(f, "{optional}`{}`: a whole number from {least} to {most}", self.name)
            }
            Shape::Waveform => write!(
                f,
                "{optional}`{}`: base64 of 1 to {} bytes, each from 0 to {}",
                self.name,
                limits::MAX_WAVEFORM_SAMPLES,
                limits::MAX_WAVEFORM_SAMPLE
            ),
            Shape::No => write!(f, "no `{}`: it names a `file`", self.name),
        }
    }
}

fn is_waveform(text: &str) -> bool {
    // No longer in base64 than that.
    text.len() <= 2 * limits::MAX_WAVEFORM_SAMPLES
        && STANDARD.decode(text).is_ok_and(|samples| {
            (1..=limits::MAX_WAVEFORM_SAMPLES).contains(&samples.len())
                && samples.iter().all(|sample| *sample <= limits::MAX_WAVEFORM_SAMPLE)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_kinds_take_any_text_that_people_write() {
        assert_eq!(Kind::Text.check(""), Ok(()));
        assert_eq!(Kind::RichText.check("# hi <b>"), Ok(()));
        assert_eq!(Kind::Image.check("http://x/y.png"), Ok(()));
        assert!(Kind::Image.check("").is_err());
    }

    #[test]
    fn what_no_reader_of_marks_should_get_is_taken_as_text() {
        let nested = ">".repeat(65_000);
        assert_eq!(Kind::Text.check(&nested), Ok(()));
        assert!(!Kind::RichText.check(&nested).expect_err("too deep").too_large);
    }

    #[test]
    fn new_kinds_are_json_of_their_shape() {
        assert_eq!(Kind::Location.check(r#"{"latitude":31.2,"longitude":121.5}"#), Ok(()));
        assert!(Kind::Location.check(r#"{"latitude":91,"longitude":0}"#).is_err());
        assert_eq!(Kind::File.check(r#"{"url":"/f/1","name":"a","size":3,"own":[1]}"#), Ok(()));
        let error = Kind::File.check(r#"{"url":"/f/1","size":3}"#).expect_err("no name");
        assert!(error.to_string().contains("`name`"), "{error}");
        assert!(Kind::Custom.check("[1]").is_err());
        assert_eq!(Kind::Custom.check("{}"), Ok(()));
    }

    #[test]
    fn what_names_a_file_names_it_alone_and_says_what_can_be_true() {
        for kind in [Kind::Image, Kind::Audio, Kind::Video, Kind::File] {
            let check = |rest: &str| kind.check(&format!(r#"{{"file":"x"{rest}}}"#));
            assert_eq!(check(""), Ok(()));
            assert_eq!(
                check(r#","caption":"","own":{},"durationMs":86400000,"waveform":"AB8=","width":1"#),
                Ok(())
            );
            for wrong in [
                r#","url":"/x""#,
                r#","caption":7"#,
                r#","durationMs":86400001"#,
                r#","width":0"#,
                r#","height":16385"#,
                r#","waveform":"IA==""#,
                r#","waveform":"""#,
                r#","waveform":"?""#,
            ] {
                let error = check(wrong).expect_err(wrong);
                assert!(!error.too_large && error.to_string().contains(" with "), "{error}");
            }
            assert!(check(&format!(r#","caption":"{}""#, "a".repeat(4 * 1024 + 1))).is_err());
            assert!(check(&format!(r#","waveform":"{}""#, "A".repeat(136))).is_err());
            assert!(kind.check(r#"{"file":7}"#).is_err());
        }
        // As before.
        assert_eq!(Kind::Audio.check(r#"{"url":"/x","durationMs":3,"file":null}"#), Ok(()));
        assert_eq!(Kind::Image.check(r#"{"url":7}"#), Ok(()));
        assert_eq!(Kind::Custom.check(r#"{"file":7}"#), Ok(()));
    }

    #[test]
    fn content_has_a_limit_in_bytes() {
        assert_eq!(Kind::Text.check(&"a".repeat(64 * 1024)), Ok(()));
        assert!(Kind::Text.check(&"a".repeat(64 * 1024 + 1)).expect_err("too long").too_large);
    }
}
