//! Lists of metadata: values by keys, as QuickTime has them, and items that lie elsewhere in the file, as in HEIC and AVIF.

use crate::clean::Bytes;
use crate::whereabouts::blanks::Blank;
use crate::whereabouts::found::Found;
use crate::whereabouts::words::is_of_a_location;

/// What one list holds.
const MAX_ENTRIES: usize = 4096;

/// What is known of one list.
#[derive(Debug, Default)]
pub(super) struct Items {
    /// Keys of a location, as values name them, ascending.
    keys: Vec<u32>,
    values: Vec<(u32, Blank)>,
    /// Items that are EXIF or XMP.
    told: Vec<u32>,
    /// Where items are.
    places: Vec<u8>,
    /// Where those begin that lie in the list itself.
    data: Option<u64>,
    stays: bool,
}

impl Items {
    pub(super) fn value(&mut self, key: u32, blank: Blank) {
        if self.values.len() < MAX_ENTRIES {
            self.values.push((key, blank));
        } else {
            self.stays = true;
        }
    }

    pub(super) const fn data(&mut self, start: u64) {
        self.data = Some(start);
    }

    pub(super) fn table(&mut self, name: [u8; 4], content: &[u8]) {
        // What ends too early says nothing of what follows it, and others read it no further either.
        match &name {
            b"keys" => drop(self.keys(Bytes(content))),
            b"iinf" => drop(self.infos(Bytes(content))),
            _ => content.clone_into(&mut self.places),
        }
    }

    fn keys(&mut self, mut table: Bytes<'_>) -> Option<()> {
        table.take(8).ok()?;
        for number in 1.. {
            let length = table.big(4).ok()?.checked_sub(4)?;
            if is_of_a_location(table.take(length as usize).ok()?) {
                self.keys.push(number);
            }
        }
        Some(())
    }

    fn infos(&mut self, mut table: Bytes<'_>) -> Option<()> {
        let version = table.big(4).ok()? >> 24;
        table.take(if version == 0 { 2 } else { 4 }).ok()?;
        loop {
            let length = table.big(4).ok()?.checked_sub(4)?;
            let mut info = Bytes(table.take(length as usize).ok()?);
            info.take(4).ok()?;
            let id = match info.big(4).ok()? >> 24 {
                2 => info.big(2).ok()?,
                3 => info.big(4).ok()?,
                // Those of before have no kind.
                _ => continue,
            };
            info.take(2).ok()?;
            let tells = match info.take(4).ok()? {
                b"Exif" => true,
                b"mime" => info.0.windows(3).any(|word| word == b"xml" || word == b"xmp"),
                _ => false,
            };
            if tells {
                self.told.push(id);
            }
        }
    }

    /// All of it is known.
    pub(super) fn end(mut self, found: &mut Found, blanks: &mut Vec<Blank>, stays: &mut bool) {
        *stays |= self.stays;
        for (key, blank) in &self.values {
            if self.keys.binary_search(key).is_ok() {
                found.had_location = true;
                blanks.push(*blank);
            }
        }
        if self.told.is_empty() {
            return;
        }
        self.told.sort_unstable();
        let mut places = Vec::new();
        if self.places(&mut places).is_none() || places.len() > MAX_ENTRIES {
            *stays = true;
        }
        places.truncate(MAX_ENTRIES);
        blanks.extend(places.iter().map(|(start, end)| Blank::of_bytes(*start, *end)));
        found.items.extend(places);
    }

    /// Where those are that tell; none where that cannot be known of one of them.
    fn places(&self, places: &mut Vec<(u64, u64)>) -> Option<()> {
        let mut table = Bytes(&self.places);
        let version = table.big(4).ok()? >> 24;
        let sizes = table.big(2).ok()?;
        let [of_offset, of_length, of_base, of_index] =
            [12, 8, 4, 0].map(|bits| (sizes >> bits & 15) as usize);
        let has_kinds = matches!(version, 1 | 2);
        let of_id = if version < 2 { 2 } else { 4 };
        let count = table.big(of_id).ok()?;
        for _ in 0..count {
            let id = table.big(of_id).ok()?;
            let tells = self.told.binary_search(&id).is_ok();
            let kind = if has_kinds { table.big(2).ok()? & 15 } else { 0 };
            let is_elsewhere = table.big(2).ok()? != 0;
            let base = number(&mut table, of_base)?;
            let begin = match kind {
                0 => Some(0),
                1 => self.data,
                _ => None,
            };
            let begin = begin.filter(|_| !is_elsewhere);
            for _ in 0..table.big(2).ok()? {
                if has_kinds {
                    number(&mut table, of_index)?;
                }
                let (offset, length) = (number(&mut table, of_offset)?, number(&mut table, of_length)?);
                if tells {
                    let start = begin?.checked_add(base)?.checked_add(offset)?;
                    places.push((start, start.checked_add(length).filter(|_| length > 0)?));
                }
            }
        }
        Some(())
    }
}

/// Of none, four or eight bytes.
fn number(table: &mut Bytes<'_>, count: usize) -> Option<u64> {
    let bytes = table.take(count).ok()?;
    (count <= 8).then(|| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
