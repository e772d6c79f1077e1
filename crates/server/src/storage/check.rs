//! Whether the bytes of files are those that a store knows of.

use std::collections::BTreeMap;
use std::io;

use futures_util::TryStreamExt;
use rim_core::file::{Blob, Hash, Thumbs};
use rim_store::check::{KnownBlob, Report, TOLD};

use super::{Hasher, Key, Storage};

/// What of a blob was seen.
struct Seen {
    known: KnownBlob,
    size_bytes: Option<u64>,
    sides: Vec<u32>,
}

/// Objects that no file names.
#[derive(Default)]
struct Unnamed {
    objects: u64,
    bytes: u64,
    /// The first of them.
    lines: Vec<String>,
}

impl Unnamed {
    fn add(&mut self, key: &Key, size_bytes: u64) {
        self.objects += 1;
        self.bytes += size_bytes;
        if self.lines.len() < TOLD as usize {
            self.lines.push(format!("{key}, {size_bytes} bytes"));
        }
    }
}

/// Compares all of it, and with `deep` reads every object as well: each is named by what is in it. What is missing or has other bytes
/// is wrong; what is there and nobody names is not. Of that a server removes within hours what a row knows: uploads that did not
/// come to their end, and what is about to be removed. What no row knows is returned, by its blobs: a restored backup may
/// be older than it, and no server knows that it is there. `known` is asked again where something is missing or unknown, as a server may
/// have removed or taken it meanwhile.
///
/// # Errors
/// The storage or the store cannot be read.
pub async fn check<E: From<io::Error>>(
    storage: &dyn Storage,
    known: impl AsyncFn() -> Result<Vec<KnownBlob>, E>,
    deep: bool,
    report: &mut Report,
) -> Result<Vec<Blob>, E> {
    let mut blobs: BTreeMap<Hash, Seen> = BTreeMap::new();
    for known in known().await? {
        blobs.insert(known.hash, Seen { known, size_bytes: None, sides: Vec::new() });
    }
    let (mut avatars, mut bytes, mut after) = (0_u64, 0, None);
    let mut unfinished = Unnamed::default();
    let mut unknown: BTreeMap<Hash, Vec<(Key, u64)>> = BTreeMap::new();
    loop {
        let page = storage.list(after.as_ref()).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        for (key, size_bytes) in page {
            bytes += size_bytes;
            let seen = match &key {
                Key::Avatar(_) => None,
                Key::Blob(hash) | Key::Preview(hash, _) => blobs.get_mut(hash),
            };
            match (&key, seen) {
                (Key::Avatar(_), _) => avatars += 1,
                (Key::Blob(hash) | Key::Preview(hash, _), None) => {
                    unknown.entry(*hash).or_default().push((key.clone(), size_bytes));
                }
                (Key::Blob(_), Some(seen)) if seen.known.named => seen.size_bytes = Some(size_bytes),
                (Key::Preview(_, side), Some(seen)) if seen.known.named && seen.known.thumbs.has(*side) => {
                    seen.sides.push(*side);
                }
                _ => unfinished.add(&key, size_bytes),
            }
            if deep && let Some(wrong) = read(storage, &key, size_bytes).await {
                report.found(wrong);
            }
        }
    }
    let wrong: Vec<_> =
        blobs.values().flat_map(|seen| missing(seen).map(|wrong| (seen.known.hash, wrong))).collect();
    if !wrong.is_empty() || !unknown.is_empty() {
        let still: BTreeMap<_, _> =
            known().await?.into_iter().map(|known| (known.hash, known.named)).collect();
        for (hash, wrong) in wrong {
            if still.get(&hash) == Some(&true) {
                report.found(wrong);
            }
        }
        unknown.retain(|hash, _| !still.contains_key(hash));
    }
    let named = blobs.values().filter(|seen| seen.known.named).count();
    report.note(format_args!("{named} files with different bytes, {avatars} pictures, {bytes} bytes in all"));
    if unfinished.objects > 0 {
        let Unnamed { objects, bytes, .. } = unfinished;
        report.note(format_args!(
            "{objects} objects of {bytes} bytes are named by no file: unfinished uploads, which a server removes"
        ));
    }
    tell_of_unknown(&unknown, report);
    if !deep {
        report.note("the bytes were not read: --deep does");
    }
    Ok(unknown.into_iter().map(|(hash, objects)| blob_of(hash, &objects)).collect())
}

fn tell_of_unknown(unknown: &BTreeMap<Hash, Vec<(Key, u64)>>, report: &mut Report) {
    let mut all = Unnamed::default();
    for (key, size_bytes) in unknown.values().flatten() {
        all.add(key, *size_bytes);
    }
    let Unnamed { objects, bytes, lines } = all;
    if objects == 0 {
        return;
    }
    report.note(format_args!(
        "{objects} objects of {bytes} bytes the database does not know, as where it was restored from a backup that is older than they \
         are: --remove-unknown has a server remove them"
    ));
    let more = objects - lines.len() as u64;
    for line in lines {
        report.note(format_args!("unknown: {line}"));
    }
    if more > 0 {
        report.note(format_args!("unknown: {more} more"));
    }
}

fn blob_of(hash: Hash, objects: &[(Key, u64)]) -> Blob {
    let (mut size_bytes, mut sides) = (0, Vec::new());
    for (key, size) in objects {
        match key {
            Key::Preview(_, side) => sides.push(*side),
            _ => size_bytes = *size,
        }
    }
    Blob { hash, size_bytes, thumbs: Thumbs::of(&sides) }
}

/// What of a blob that files name is not as they say.
fn missing(seen: &Seen) -> impl Iterator<Item = String> {
    let KnownBlob { hash, size_bytes, thumbs, named, has_bytes } = &seen.known;
    let of_bytes = match seen.size_bytes {
        None if !has_bytes => None,
        None => Some(format!("the bytes of {hash} are missing")),
        Some(found) if found != *size_bytes => {
            Some(format!("{hash} has {found} bytes, and not {size_bytes}"))
        }
        Some(_) => None,
    };
    let sides = thumbs.all().filter(|side| !seen.sides.contains(side));
    let of_sides = sides.map(move |side| format!("the preview of {hash} with {side} pixels is missing"));
    of_bytes.into_iter().chain(of_sides).filter(|_| *named)
}

/// What is wrong with what is in an object. One that has gone since it was listed is not.
async fn read(storage: &dyn Storage, key: &Key, size_bytes: u64) -> Option<String> {
    let mut hasher = Hasher::default();
    let mut length = 0;
    let reading = async {
        let Some(mut object) = storage.open(key, None).await? else { return Ok(false) };
        while let Some(piece) = object.pieces.try_next().await? {
            hasher.update(&piece);
            length += piece.len() as u64;
        }
        Ok::<_, io::Error>(true)
    };
    match reading.await {
        Ok(false) => return None,
        Ok(true) => {}
        Err(error) => return Some(format!("{key} cannot be read: {error}")),
    }
    let hash = hasher.finish();
    let is_right = match key {
        Key::Blob(of) => hash == *of,
        Key::Avatar(name) => name.to_string().starts_with(&hash.to_string()),
        // Its name says what it was made from.
        Key::Preview(..) => length == size_bytes,
    };
    (!is_right).then(|| format!("{key} has other bytes than were stored"))
}
