//! What was seen of an upload while it came: its hash, and where a film in it says that it was taken.

use rim_core::file::Hash;
use rim_media::Boxes;
use rim_media::boxes::Found;

use crate::storage::Hasher;

/// Of all bytes from the first.
#[derive(Default)]
pub struct Seen {
    hasher: Hasher,
    boxes: Boxes,
}

impl Seen {
    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.boxes.update(bytes);
    }

    /// That was all.
    pub fn finish(self) -> (Hash, Found) {
        (self.hasher.finish(), self.boxes.finish())
    }
}
