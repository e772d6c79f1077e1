//! Pictures: what is taken is as small as it should be, also for a reader that is not ours.

#[path = "../../server/src/media/measure.rs"]
#[allow(dead_code)]
mod measure;
#[path = "../../server/src/media/picture.rs"]
#[allow(dead_code)]
mod picture;

use measure::{MAX_SIDE, measure};
use picture::Format;

pub fn picture(bytes: &[u8]) {
    if let Some(format) = Format::of(bytes) {
        assert_eq!(Format::of_extension(format.extension()), Some(format));
    }
    let Ok(format) = measure(bytes) else { return };
    assert_eq!(Format::of(bytes), Some(format));
    // It knows the kinds of WebP by their last letter alone.
    if format == Format::Webp && !matches!(bytes.get(12..16), Some(b"VP8 " | b"VP8L" | b"VP8X")) {
        return;
    }
    // What a browser will make of it nobody here can say; another reader of the same headers can.
    if let Ok(size) = imagesize::blob_size(bytes) {
        // Of these it takes two bits of scale, which nobody goes by, for the highest of the side.
        let scaled = bytes.get(12..16) == Some(b"VP8 ");
        let most = MAX_SIDE as usize;
        for side in [size.width, size.height] {
            let side = if scaled { side & 0x3fff } else { side };
            assert!(side <= most, "{format:?} with a side of {side}");
        }
    }
}
