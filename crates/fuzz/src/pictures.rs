//! Pictures: what is taken is as small as it should be, also for a reader that is not ours, and tells nothing any more.

use bytes::Bytes;
use rim_media::clean::{AVATAR, clean};
use rim_media::{Format, SNIFF_BYTES, inspect, sniff};

/// As somebody's picture. Nothing is decoded.
pub fn picture(bytes: &[u8]) {
    if let Some(format) = Format::of(bytes) {
        assert_eq!(Format::of_extension(format.extension()), Some(format));
    }
    let Ok((format, kept)) = clean(bytes, AVATAR) else { return };
    assert_eq!(Format::of(bytes), Some(format));
    assert_eq!(clean(&kept, AVATAR), Ok((format, kept.clone())), "what is clean stays as it is");
    // It knows the kinds of WebP by their last letter alone.
    if format == Format::Webp && !matches!(kept.get(12..16), Some(b"VP8 " | b"VP8L" | b"VP8X")) {
        return;
    }
    // What a browser will make of it nobody here can say; another reader of the same headers can.
    if let Ok(size) = imagesize::blob_size(&kept) {
        // Of these it takes two bits of scale, which nobody goes by, for the highest of the side.
        let scaled = kept.get(12..16) == Some(b"VP8 ");
        for side in [size.width, size.height] {
            let side = if scaled { side & 0x3fff } else { side };
            assert!(side <= AVATAR.side as usize, "{format:?} with a side of {side}");
        }
    }
}

/// As a file of a message, with its previews.
pub fn upload(bytes: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    let inspected = inspect(&bytes, false, &|| false);
    assert_eq!(inspected.mime, sniff(&bytes[..bytes.len().min(SNIFF_BYTES)], ""));
    for (side, preview) in &inspected.previews {
        let size = imagesize::blob_size(preview).expect("a picture");
        assert!(size.width.max(size.height) <= *side as usize);
    }
    if let Some(stripped) = &inspected.stripped {
        let again = inspect(stripped, false, &|| false);
        assert_eq!(again.stripped, None, "what is clean stays as it is");
        assert!(!again.had_location || inspected.location_stays);
        assert_eq!((again.width, again.height), (inspected.width, inspected.height));
        assert_eq!((again.thumbhash, again.previews), (inspected.thumbhash, inspected.previews));
    }
}
