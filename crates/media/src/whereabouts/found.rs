//! What is found in a file.

use super::blanks::{Blank, Blanks};

/// Places in one file that are filled.
pub(super) const MAX_BLANKS: usize = 1 << 17;

/// What a file tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// It names a location.
    pub had_location: bool,
    /// It may name one that is not among the blanks.
    pub stays: bool,
    /// What is to be filled so that it names none.
    pub blanks: Blanks,
    /// Where EXIF and XMP of pictures are, which a stream may have passed before it was known. They are among the blanks, too.
    pub(crate) items: Vec<(u64, u64)>,
}

impl Found {
    pub(super) fn add(&mut self, blank: Blank) {
        if self.blanks.len() < MAX_BLANKS {
            self.blanks.push(blank);
        } else {
            self.stays = true;
        }
    }

    /// A location is named there.
    pub(super) fn tells(&mut self, blank: Blank) {
        self.had_location = true;
        self.add(blank);
    }
}
