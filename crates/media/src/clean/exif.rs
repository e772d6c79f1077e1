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
            b"II*\0" => true,
            b"MM\0*" => false,
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
