//! What was seen of an upload while it came: its hash, and where it says that it was made.

use rim_core::file::Hash;
use rim_media::Whereabouts;
use rim_media::whereabouts::Found;

use crate::storage::Hasher;

/// Of all bytes from the first.
#[derive(Default)]
pub struct Seen {
    hasher: Hasher,
    whereabouts: Whereabouts,
}

impl Seen {
    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.whereabouts.update(bytes);
    }

    /// That was all.
    pub fn finish(self) -> (Hash, Found) {
        (self.hasher.finish(), self.whereabouts.finish())
    }
}
