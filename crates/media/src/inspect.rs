//! What is kept of an upload that is a picture.

use bytes::Bytes;

use crate::clean::{self, PICTURE, Reading};
use crate::draw::{Drawn, draw, square};
use crate::format::Format;
use crate::sniff::{SNIFF_BYTES, sniff};
use crate::whereabouts::Whereabouts;

/// A larger file is kept as it is and not looked at as a picture: more than cameras write for the pixels that are taken.
pub const MAX_PICTURE_BYTES: u64 = 48 << 20;
/// Memory for making smaller pictures of one. What takes more is shown as it is.
pub const MAX_MEMORY_BYTES: u64 = 256 << 20;

/// The largest of the smaller pictures, twice, and what is between it and the picture.
const BESIDE_BYTES: u64 = 24 << 20;

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// What it is served as.
    pub mime: &'static str,
    /// As it is shown. None: no picture within the bounds, which is kept as any other file.
    pub width: Option<u32>,
    pub height: Option<u32>,
    /// None where it could not be drawn, as its previews.
    pub thumbhash: Option<Vec<u8>>,
    /// Smaller pictures by their longer side, the smallest first. They are JPEG or WebP.
    pub previews: Vec<(u32, Bytes)>,
    /// The same picture without what it should not tell, to be kept in its place. None: keep it as it is.
    pub stripped: Option<Bytes>,
    /// Whether what was uploaded names a location on earth.
    pub had_location: bool,
    /// It named one that could not be taken out.
    pub location_stays: bool,
}

/// An upload of which the headers were read, and nothing decoded yet.
#[derive(Debug)]
pub struct Measured {
    inspected: Inspected,
    /// Of a picture within the bounds, of which there may be previews.
    picture: Option<Picture>,
}

#[derive(Debug)]
struct Picture {
    format: Format,
    reading: Reading,
    /// Without metadata, whatever is kept.
    clean: Bytes,
}

/// All of it at once: reads the headers, and draws. `as_file`: the bytes are kept as they are. `late` says when the time is over.
pub fn inspect(bytes: &Bytes, as_file: bool, late: &dyn Fn() -> bool) -> Inspected {
    measure(bytes, as_file).draw(late)
}

/// Reads the headers, which takes about as long as copying the file.
pub fn measure(bytes: &Bytes, as_file: bool) -> Measured {
    let mut inspected = Inspected {
        mime: sniff(&bytes[..bytes.len().min(SNIFF_BYTES)], ""),
        width: None,
        height: None,
        thumbhash: None,
        previews: Vec::new(),
        stripped: None,
        had_location: false,
        location_stays: false,
    };
    let Some(format) = Format::of(bytes) else {
        let hidden;
        (inspected.had_location, hidden) = hide(bytes);
        let kept = hidden.as_ref().unwrap_or(bytes);
        inspected.location_stays = inspected.had_location && clean::surely_names_a_location(kept);
        inspected.stripped = hidden.filter(|_| !as_file);
        return Measured { inspected, picture: None };
    };
    let (mut reading, outcome) = clean::read(format, bytes, PICTURE);
    inspected.had_location = reading.had_location;
    if !reading.is_whole {
        inspected.location_stays = clean::surely_names_a_location(bytes);
        return Measured { inspected, picture: None };
    }
    let out = std::mem::take(&mut reading.out);
    let clean = if out == *bytes { bytes.clone() } else { Bytes::from(out) };
    if !as_file && clean != bytes {
        inspected.stripped = Some(clean.clone());
    }
    if outcome.is_err() {
        return Measured { inspected, picture: None };
    }
    (inspected.width, inspected.height) = reading.shown().unzip();
    Measured { inspected, picture: Some(Picture { format, reading, clean }) }
}

/// Of pictures that are not shown: HEIC and AVIF, and what is made of directories. Whether they name a location, and the same
/// without what names it, if there is anything that may.
fn hide(bytes: &Bytes) -> (bool, Option<Bytes>) {
    let mut whereabouts = Whereabouts::default();
    whereabouts.update(bytes);
    let found = whereabouts.finish();
    let items = found.items.iter().filter_map(|(start, end)| {
        let [start, end] = [start, end].map(|at| usize::try_from(*at).unwrap_or(usize::MAX).min(bytes.len()));
        bytes.get(start..end)
    });
    // Before EXIF stands how far it is to its first byte.
    let tells = |item: &[u8]| {
        clean::names_a_location(item) || item.get(4..).is_some_and(clean::surely_names_a_location)
    };
    let had_location =
        found.had_location || items.into_iter().any(tells) || clean::surely_names_a_location(bytes);
    let mut hidden = bytes.to_vec();
    found.blanks.fill(0, &mut hidden);
    if had_location {
        clean::hide_locations(&mut hidden);
    }
    (had_location, (hidden != *bytes).then(|| hidden.into()))
}

impl Measured {
    /// Memory that drawing it takes, beside the bytes and their clean copy. 0: nothing is drawn.
    pub fn memory_bytes(&self) -> u64 {
        self.picture.as_ref().map_or(0, Picture::memory_bytes)
    }

    /// Makes the smaller pictures, unless it becomes late.
    pub fn draw(self, late: &dyn Fn() -> bool) -> Inspected {
        let mut inspected = self.inspected;
        if let Some(picture) = self.picture.filter(|picture| picture.memory_bytes() > 0) {
            let drawn = draw(picture.format, &picture.clean, &picture.reading, late);
            let Drawn { previews, thumbhash } = drawn.unwrap_or_default();
            (inspected.previews, inspected.thumbhash) = (previews, thumbhash);
        }
        inspected
    }
}

impl Measured {
    /// The square in its middle, of such a side or less where it is smaller; none unless it can be drawn before it becomes late.
    pub fn square(self, side: u32, late: &dyn Fn() -> bool) -> Option<Bytes> {
        let picture = self.picture.filter(|picture| picture.memory_bytes() > 0)?;
        square(picture.format, &picture.clean, &picture.reading, side, late)
    }
}

impl Picture {
    fn memory_bytes(&self) -> u64 {
        // The decoder has a copy of the file.
        let needed = self.reading.memory_bytes + self.clean.len() as u64 + BESIDE_BYTES;
        if needed <= MAX_MEMORY_BYTES { needed } else { 0 }
    }
}
