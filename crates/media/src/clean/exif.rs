//! EXIF: which way up a picture is, and whether it names a location. The rest of it nobody needs.

/// What stands before EXIF in most formats, without the byte of padding behind it.
pub(super) const MARK: &[u8] = b"Exif\0";

const ORIENTATION: u32 = 0x0112;
const LOCATION: u32 = 0x8825;
const LATITUDE: u32 = 2;
const LONGITUDE: u32 = 4;
/// Of one directory. Cameras write some sixty.
const MAX_ENTRIES: usize = 512;

pub(super) struct Found {
    pub orientation: u8,
    pub has_location: bool,
}

/// Directories that are looked through in a file that is made of them. Those of cameras have some ten.
const MAX_DIRECTORIES: usize = 64;
const MORE_DIRECTORIES: u32 = 0x014a;
const XMP: u32 = 0x02bc;

/// Whether a file is made of directories as EXIF is: TIFF, and what cameras write that is not developed yet.
pub fn begins_tiff(head: &[u8]) -> bool {
    Block::of(head).is_some()
}

/// Fills the directories of locations in a file that is made of directories, and XMP that names one. Nothing moves.
pub(crate) fn hide_locations(bytes: &mut [u8]) {
    let Some(is_little) = Block::of(bytes).map(|block| block.is_little) else { return };
    let number = |bytes: &[u8], at: usize, count: usize| Block { bytes, is_little }.number(at, count);
    let mut ahead: Vec<u32> = number(bytes, 4, 4).into_iter().collect();
    let (mut seen, mut left) = (0, 4 * bytes.len() as u64);
    while let Some(start) = ahead.pop().filter(|start| *start > 0 && seen < MAX_DIRECTORIES) {
        seen += 1;
        let block = Block { bytes, is_little };
        let entries = block.entries(start).unwrap_or_default().to_vec();
        ahead.extend(block.number(start as usize + 2 + 12 * entries.len(), 4));
        for entry in &entries {
            let Some(of) = block_of(entry, is_little) else { continue };
            match of.tag {
                LOCATION => hide_directory(bytes, is_little, of.value, &mut left),
                MORE_DIRECTORIES if of.count == 1 => ahead.push(of.value),
                MORE_DIRECTORIES => {
                    let places = (0..of.count.min(MAX_DIRECTORIES as u32) as usize).map(|at| 4 * at);
                    ahead.extend(
                        places.filter_map(|at| number(bytes, (of.value as usize).checked_add(at)?, 4)),
                    );
                }
                XMP => {
                    if let Some(xmp) = of.content(bytes, &mut left)
                        && super::reading::says_where(xmp)
                    {
                        xmp.fill(b' ');
                    }
                }
                _ => {}
            }
        }
    }
}

/// One directory, with what its entries have no room for.
fn hide_directory(bytes: &mut [u8], is_little: bool, start: u32, left: &mut u64) {
    let entries = Block { bytes, is_little }.entries(start).unwrap_or_default().to_vec();
    for entry in &entries {
        if let Some(content) = block_of(entry, is_little).and_then(|of| of.content(bytes, left)) {
            content.fill(0);
        }
    }
    let start = start as usize;
    if let Some(directory) = bytes.get_mut(start..start + 2 + 12 * entries.len()) {
        directory.fill(0);
    }
}

/// An entry of a directory.
struct Entry {
    tag: u32,
    count: u32,
    /// Or where it is, if it has more than four bytes.
    value: u32,
    length: u64,
}

fn block_of(entry: &[u8; 12], is_little: bool) -> Option<Entry> {
    let block = Block { bytes: entry, is_little };
    let (kind, count) = (block.number(2, 2)?, block.number(4, 4)?);
    let of_one = match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 => 8,
        _ => 1,
    };
    let (tag, value) = (block.number(0, 2)?, block.number(8, 4)?);
    Some(Entry { tag, count, value, length: of_one * u64::from(count) })
}

impl Entry {
    /// What it has no room for. Entries may lie on each other: of all together no more than `left` is looked at.
    fn content<'a>(&self, bytes: &'a mut [u8], left: &mut u64) -> Option<&'a mut [u8]> {
        *left = left.checked_sub(self.length.min(bytes.len() as u64))?;
        let start = self.value as usize;
        let end = start.checked_add(usize::try_from(self.length).ok()?)?.min(bytes.len());
        if self.length > 4 { bytes.get_mut(start..end) } else { None }
    }
}

/// Reads a block that begins with its byte order. What is broken says nothing.
pub(super) fn read(block: &[u8]) -> Found {
    let mut found = Found { orientation: 1, has_location: false };
    let Some(block) = Block::of(block) else { return found };
    let mut location = None;
    for entry in block.number(4, 4).and_then(|start| block.entries(start)).unwrap_or_default() {
        match block.number_of(entry, 0, 2) {
            Some(ORIENTATION) => {
                let way = block.number_of(entry, 8, 2).unwrap_or(1);
                if (1..=8).contains(&way) {
                    found.orientation = way as u8;
                }
            }
            // The first counts.
            Some(LOCATION) if location.is_none() => location = block.number_of(entry, 8, 4),
            _ => {}
        }
    }
    let of_the_location = location.and_then(|start| block.entries(start)).unwrap_or_default();
    let is_coordinate = |entry| matches!(block.number_of(entry, 0, 2), Some(LATITUDE | LONGITUDE));
    found.has_location = of_the_location.iter().any(|entry| is_coordinate(entry));
    found
}

pub(super) const UPRIGHT_BYTES: usize = 26;

/// A block that says which way up, and nothing else.
pub(super) fn upright(orientation: u8) -> [u8; UPRIGHT_BYTES] {
    let mut block = *b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x01\0\0\0\0\0\0\0";
    block[18] = orientation;
    block
}

struct Block<'a> {
    bytes: &'a [u8],
    is_little: bool,
}

impl<'a> Block<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let is_little = match bytes.get(..4)? {
            // With the others some cameras begin, and JPEG XR.
            b"II*\0" | b"IIU\0" | b"IIRO" | b"IIRS" | b"II\xbc\x01" => true,
            b"MM\0*" | b"MMOR" => false,
            _ => return None,
        };
        Some(Self { bytes, is_little })
    }

    fn number(&self, at: usize, count: usize) -> Option<u32> {
        self.number_of(self.bytes.get(at..)?, 0, count)
    }

    fn number_of(&self, bytes: &[u8], at: usize, count: usize) -> Option<u32> {
        let bytes = bytes.get(at..at + count)?;
        let add = |number: u32, byte: &u8| number << 8 | u32::from(*byte);
        Some(if self.is_little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) })
    }

    /// The entries of a directory, as far as they are there.
    fn entries(&self, start: u32) -> Option<&'a [[u8; 12]]> {
        let count = (self.number(start as usize, 2)? as usize).min(MAX_ENTRIES);
        let (entries, _) = self.bytes.get(start as usize + 2..)?.as_chunks();
        Some(&entries[..count.min(entries.len())])
    }
}
