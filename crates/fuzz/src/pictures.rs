//! Pictures: what their first bytes say, and how large they become.

#[path = "../../server/src/media/picture.rs"]
#[allow(dead_code)]
mod picture;

use picture::Format;

pub fn picture(bytes: &[u8]) {
    if let Some(format) = Format::of(bytes) {
        assert_eq!(Format::of_extension(format.extension()), Some(format));
    }
}
