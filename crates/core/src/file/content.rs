//! How the content of a message names a file, and what readers are told of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::{File, FileId};
use crate::Refusal;
use crate::file_name::{MAX_FILE_NAME_BYTES, clean_name};
use crate::message::MessageKind;
use crate::message::forward::{MAX_DEPTH, items};

/// What is said of a picture, in bytes of UTF-8.
const MAX_CAPTION_BYTES: usize = 4 * 1024;
/// What pictures that are shown as one have in common, in bytes of UTF-8.
const MAX_ALBUM_BYTES: usize = 64;
/// A day: nobody talks for longer.
const MAX_DURATION_MS: u64 = 24 * 60 * 60 * 1000;
/// Of a side, in pixels.
const MAX_SIDE: u64 = 16_384;
/// Samples of a waveform, and how large one may be.
const MAX_SAMPLES: usize = 100;
const MAX_SAMPLE: u8 = 31;

/// Whether the content of messages of this kind may name files.
pub const fn may_name(kind: MessageKind) -> bool {
    is_media(kind) || matches!(kind, MessageKind::Merged)
}

const fn is_media(kind: MessageKind) -> bool {
    matches!(kind, MessageKind::Image | MessageKind::Audio | MessageKind::Video | MessageKind::File)
}

/// The files that a message names, each once: that of its content, and of a merged one those of what it holds.
///
/// # Errors
/// `NoSuchFile` where the content names something that is the id of no file.
pub fn named_files(kind: MessageKind, content: &str) -> Result<Vec<FileId>, Refusal> {
    let mut files = Vec::new();
    match kind {
        MessageKind::Merged => collect(content, 1, &mut files),
        _ => files.extend(named(kind, content).map(|named| named.ok_or(Refusal::NoSuchFile)).transpose()?),
    }
    Ok(files)
}

/// The file that a content names, which may be none there is; `None` of one that names none.
fn named(kind: MessageKind, content: &str) -> Option<Option<FileId>> {
    let object = object(kind, content)?;
    let file = object.get("file").filter(|file| !file.is_null())?;
    Some(file.as_str().and_then(FileId::parse))
}

fn object(kind: MessageKind, content: &str) -> Option<Map<String, Value>> {
    // A picture may be an address.
    if !is_media(kind) || !content.trim_start().starts_with('{') {
        return None;
    }
    serde_json::from_str(content).ok()
}

/// Of what a merged message holds.
fn collect(content: &str, depth: usize, files: &mut Vec<FileId>) {
    for (kind, content) in items(content) {
        if kind == MessageKind::Merged {
            if depth < MAX_DEPTH {
                collect(&content, depth + 1, files);
            }
        } else if let Some(file) = named(kind, &content).flatten()
            && !files.contains(&file)
        {
            files.push(file);
        }
    }
}

/// The content with what the server knows of the file put in, in one order. What the client says and does not hold is left
/// out.
///
/// # Errors
/// `FileOfAnotherKind`.
pub fn describe(kind: MessageKind, content: &str, file: &File) -> Result<String, Refusal> {
    let fits = match kind {
        MessageKind::Image => file.is_picture(),
        MessageKind::Audio => file.is_audio(),
        MessageKind::Video => file.is_video(),
        _ => true,
    };
    if !fits {
        return Err(Refusal::FileOfAnotherKind);
    }
    let mut said = object(kind, content).unwrap_or_default();
    let facts = &file.facts;
    let mut told = Map::new();
    let name = text(said.remove("name"), MAX_FILE_NAME_BYTES).filter(|name| clean_name(name) == *name);
    told.insert("file".into(), file.id.as_str().into());
    told.insert("name".into(), name.unwrap_or_else(|| file.name.clone()).into());
    told.insert("size".into(), file.size_bytes.into());
    told.insert("mime".into(), file.mime.as_str().into());
    let is_video = kind == MessageKind::Video;
    for (key, known) in [("width", facts.width), ("height", facts.height)] {
        let said = number(said.remove(key)).filter(|side| is_video && (1..=MAX_SIDE).contains(side));
        told.extend(known.map(u64::from).or(said).map(|side| (key.to_owned(), side.into())));
    }
    let lasts = is_video || kind == MessageKind::Audio;
    let duration = number(said.remove("durationMs")).filter(|ms| lasts && *ms <= MAX_DURATION_MS);
    told.extend(facts.duration_ms.or(duration).map(|ms| ("durationMs".to_owned(), ms.into())));
    let thumbhash = facts.thumbhash.as_ref().map(|hash| STANDARD.encode(hash));
    told.extend(thumbhash.map(|hash| ("thumbhash".to_owned(), hash.into())));
    let sides: Vec<Value> = facts.thumbs.sides().map(Value::from).collect();
    told.insert("thumbs".into(), sides.into());
    let waveform = text(said.remove("waveform"), 4 * MAX_SAMPLES).filter(|waveform| is_waveform(waveform));
    told.extend(waveform.map(|waveform| ("waveform".to_owned(), waveform.into())));
    for (key, most) in [("caption", MAX_CAPTION_BYTES), ("album", MAX_ALBUM_BYTES)] {
        told.extend(text(said.remove(key), most).map(|text| (key.to_owned(), text.into())));
    }
    for key in ["file", "size", "mime", "thumbhash", "thumbs"] {
        said.remove(key);
    }
    told.extend(said);
    Ok(Value::Object(told).to_string())
}

/// What a message is to say that named a file, and is edited to this: all of it stays but the caption. `None` where they do
/// not name the same file, or what should be the caption is none.
pub fn same_file(kind: MessageKind, before: &str, after: &str) -> Option<String> {
    let (before, mut after) = (object(kind, before)?, object(kind, after)?);
    before.get("file").filter(|file| file.is_string() && after.get("file") == Some(file))?;
    let mut caption = match after.remove("caption") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.len() <= MAX_CAPTION_BYTES => Some(text),
        Some(_) => return None,
    };
    caption = caption.filter(|text| !text.is_empty());
    let mut told = Map::new();
    // It stands behind what the server has put in, and before the client's own.
    let is_own = |key: &str| !KNOWN.contains(&key);
    for (key, value) in before {
        if is_own(&key) {
            told.extend(caption.take().map(|caption| ("caption".to_owned(), caption.into())));
        }
        if key != "caption" {
            told.insert(key, value);
        }
    }
    told.extend(caption.map(|caption| ("caption".to_owned(), caption.into())));
    Some(Value::Object(told).to_string())
}

/// The keys that stand before a caption.
const KNOWN: [&str; 11] = [
    "file",
    "name",
    "size",
    "mime",
    "width",
    "height",
    "durationMs",
    "thumbhash",
    "thumbs",
    "waveform",
    "caption",
];

/// A text that is not empty, and no longer than this.
fn text(value: Option<Value>, bytes: usize) -> Option<String> {
    match value {
        Some(Value::String(text)) if !text.is_empty() && text.len() <= bytes => Some(text),
        _ => None,
    }
}

fn number(value: Option<Value>) -> Option<u64> {
    value?.as_u64()
}

fn is_waveform(text: &str) -> bool {
    STANDARD.decode(text).is_ok_and(|samples| {
        (1..=MAX_SAMPLES).contains(&samples.len()) && samples.iter().all(|sample| *sample <= MAX_SAMPLE)
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Facts, Hash, Thumbs};
    use super::*;
    use crate::{Timestamp, UserId};

    fn id(byte: u8) -> FileId {
        FileId::new([byte; 16])
    }

    fn file(mime: &str, facts: Facts) -> File {
        File {
            id: id(1),
            owner: UserId(1),
            hash: Hash([2; 32]),
            name: "real.bin".into(),
            size_bytes: 77,
            mime: mime.into(),
            facts,
            created_at: Timestamp(1),
        }
    }

    fn picture() -> File {
        let facts = Facts {
            width: Some(640),
            height: Some(480),
            thumbhash: Some(vec![1, 2, 3]),
            thumbs: Thumbs::of(&[320]),
            ..Facts::default()
        };
        file("image/png", facts)
    }

    #[test]
    fn the_server_says_what_it_knows_and_the_client_the_rest() {
        let said = format!(
            r#"{{"own":[1],"caption":"sea","size":1,"mime":"x","width":1,"thumbs":[9],"album":"a","file":"{}","waveform":"AAEf"}}"#,
            id(1)
        );
        assert_eq!(
            describe(MessageKind::Image, &said, &picture()).expect("it fits"),
            format!(
                r#"{{"file":"{}","name":"real.bin","size":77,"mime":"image/png","width":640,"height":480,"thumbhash":"AQID","thumbs":[320],"waveform":"AAEf","caption":"sea","album":"a","own":[1]}}"#,
                id(1)
            )
        );
    }

    #[test]
    fn what_a_client_says_of_a_film_is_taken_where_it_can_be_true() {
        let film = file("video/mp4", Facts::default());
        let told = |said: &str| {
            let said = format!(r#"{{"file":"{}",{said}}}"#, id(1));
            let told = describe(MessageKind::Video, &said, &film).expect("it fits");
            serde_json::from_str::<Map<String, Value>>(&told).expect("an object")
        };
        let right = told(r#""width":1920,"height":1080,"durationMs":86400000,"name":"beach.mp4""#);
        assert_eq!((&right["width"], &right["durationMs"]), (&1920.into(), &86_400_000.into()));
        assert_eq!(right["name"], "beach.mp4");
        let wrong = told(r#""width":0,"height":16385,"durationMs":86400001,"waveform":"IA==","caption":7"#);
        assert_eq!(wrong.keys().collect::<Vec<_>>(), ["file", "name", "size", "mime", "thumbs"]);
        for name in ["../x", "a\\b", "\u{202e}gpj.exe", ".hidden", " x", "", "a\nb"] {
            assert_eq!(told(&format!(r#""name":{}"#, Value::from(name)))["name"], "real.bin", "{name:?}");
        }
    }

    #[test]
    fn a_kind_takes_files_that_can_be_shown_as_it() {
        let said = format!(r#"{{"file":"{}"}}"#, id(1));
        let fits = |kind, file: &File| describe(kind, &said, file).is_ok();
        let unmeasured = file("image/png", Facts::default());
        let (sound, film) = (file("audio/mp4", Facts::default()), file("video/mp4", Facts::default()));
        let svg = file("image/svg+xml", picture().facts);
        for file in [&picture(), &unmeasured, &sound, &film, &svg] {
            assert!(fits(MessageKind::File, file));
        }
        assert!(fits(MessageKind::Image, &picture()));
        for file in [&unmeasured, &sound, &film, &svg] {
            assert!(!fits(MessageKind::Image, file), "{}", file.mime);
        }
        assert!(fits(MessageKind::Audio, &sound) && !fits(MessageKind::Audio, &film));
        assert!(fits(MessageKind::Video, &film) && !fits(MessageKind::Video, &sound));
    }

    #[test]
    fn files_are_named_by_what_shows_them_and_by_nothing_else() {
        let content = format!(r#" {{"caption":"x","\u0066ile":"{}"}}"#, id(7));
        for kind in MessageKind::ALL {
            let expected = if is_media(kind) { vec![id(7)] } else { Vec::new() };
            assert_eq!(named_files(kind, &content), Ok(expected), "{kind:?}");
        }
        for content in [r#"{"file":"x"}"#, r#"{"file":7}"#] {
            assert_eq!(named_files(MessageKind::Image, content), Err(Refusal::NoSuchFile), "{content}");
        }
        for content in ["http://x/y.png", r#"{"file":null}"#, r#"{"url":"/x"}"#, "{", "[]", ""] {
            assert_eq!(named_files(MessageKind::Image, content), Ok(Vec::new()), "{content}");
        }
    }

    #[test]
    fn a_merged_message_names_what_it_holds_all_the_way_down() {
        let item = |kind: &str, content: &str| serde_json::json!({"uid": 1, "name": "A", "kind": kind, "content": content, "createdAt": 1});
        let image = |byte| item("Image", &format!(r#"{{"file":"{}"}}"#, id(byte)));
        let merged = |items: Vec<Value>| serde_json::json!({"title": "t", "items": items}).to_string();
        let inner = merged(vec![image(2), item("Text", &format!(r#"{{"file":"{}"}}"#, id(3)))]);
        let outer =
            merged(vec![image(1), item("Merged", &inner), image(1), item("Image", r#"{"file":"?"}"#)]);
        assert_eq!(named_files(MessageKind::Merged, &outer), Ok(vec![id(1), id(2)]));
        assert_eq!(named_files(MessageKind::Merged, "{}"), Ok(Vec::new()));
    }

    #[test]
    fn an_edit_of_what_names_a_file_changes_the_caption_alone() {
        let file = id(1);
        let before = format!(r#"{{"file":"{file}","size":3,"caption":"old","album":"a","own":1}}"#);
        let edited = |after: &str| same_file(MessageKind::Image, &before, after);
        assert_eq!(
            edited(&format!(r#"{{"caption":"new","file":"{file}","size":9,"more":true}}"#)),
            Some(format!(r#"{{"file":"{file}","size":3,"caption":"new","album":"a","own":1}}"#))
        );
        let without = format!(r#"{{"file":"{file}","size":3,"album":"a","own":1}}"#);
        for none in ["", r#","caption":"""#, r#","caption":null"#] {
            assert_eq!(
                edited(&format!(r#"{{"file":"{file}"{none}}}"#)).as_deref(),
                Some(&*without),
                "{none}"
            );
        }
        let again = same_file(MessageKind::Image, &without, &before).expect("the same file");
        assert_eq!(again, before);
        let long = format!(r#"{{"file":"{file}","caption":"{}"}}"#, "x".repeat(MAX_CAPTION_BYTES + 1));
        for other in [format!(r#"{{"file":"{}"}}"#, id(2)), r#"{"caption":"x"}"#.into(), "x".into(), long] {
            assert_eq!(edited(&other), None, "{other}");
        }
    }
}
