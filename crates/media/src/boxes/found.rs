//! What is found in a file of boxes.

use super::blanks::Blanks;

/// What a file of boxes tells.
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
