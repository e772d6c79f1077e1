//! How large a picture becomes when it is shown, and the same picture without what its pixels do not need.
//!
//! Whoever shows a picture has four bytes in memory for each of its pixels, however few bytes the file has: so it is
//! measured before it is kept. What stands in the headers is what every decoder goes by; where two headers disagree both
//! have to be within the bounds, and where a file ends too early it is no picture.
//!
//! A picture also tells where it was taken, by whom and with what, and may drag along whole films and archives. Nothing is
//! decoded to be rid of that: what is known to make up a picture is copied as it is, and all else is left out, what
//! nobody here has heard of too. Of the metadata the way up alone is written anew.

mod exif;
mod gif;
mod jpeg;
mod png;
mod reading;
mod webp;

use crate::format::Format;

pub use self::exif::begins_tiff;
pub(crate) use self::exif::hide_locations;
pub(crate) use self::reading::Bytes;
pub use self::reading::{AVATAR, Limits, PICTURE, Reading, Unfit, names_a_location, surely_names_a_location};

/// The picture within its bounds, and without metadata.
///
/// # Errors
/// Why it is not taken.
pub fn clean(bytes: &[u8], limits: Limits) -> Result<(Format, Vec<u8>), Unfit> {
    let format = Format::of(bytes).ok_or(Unfit::NoPicture)?;
    let (reading, outcome) = read(format, bytes, limits);
    outcome.map(|()| (format, reading.out))
}

/// Reads a file of that format. What was read until it went wrong is there, too: whether the file names a location, for one.
pub fn read(format: Format, bytes: &[u8], limits: Limits) -> (Reading, Result<(), Unfit>) {
    let mut reading = Reading::new(limits, bytes.len());
    let read = match format {
        Format::Png => png::read(bytes, &mut reading),
        Format::Jpeg => jpeg::read(bytes, &mut reading),
        Format::Gif => gif::read(bytes, &mut reading),
        Format::Webp => webp::read(bytes, &mut reading),
    };
    // A canvas, and at least one picture on it.
    reading.is_whole = read.is_ok() && reading.canvas.is_some() && reading.frames > 0;
    if !reading.is_whole {
        // Where it breaks off anything may follow.
        reading.had_location |= names_a_location(bytes);
        return (reading, Err(Unfit::Broken));
    }
    let outcome = reading.unfit.map_or(Ok(()), Err);
    (reading, outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{animated, canvas, gif, jpeg, lossless, lossy, png, riff, webp};

    fn measure(bytes: &[u8]) -> Result<Format, Unfit> {
        clean(bytes, AVATAR).map(|(format, _)| format)
    }

    #[test]
    fn pictures_of_any_kind_are_taken_up_to_their_bounds() {
        for (picture, format) in [
            (png(2048, 2048, 0), Format::Png),
            (png(64, 64, 500 - 1), Format::Png),
            (jpeg(2048, 1, 64), Format::Jpeg),
            (gif(360, 360, 500), Format::Gif),
            (webp(&[lossy(2048, 2048)]), Format::Webp),
            (webp(&[lossless(2048, 1)]), Format::Webp),
            (webp(&[canvas(9, 9, 0), riff(b"ALPH", b"a"), lossy(9, 9)]), Format::Webp),
            (animated(300, 300, 500), Format::Webp),
        ] {
            assert_eq!(measure(&picture), Ok(format), "{}", picture[..32.min(picture.len())].escape_ascii());
        }
    }

    #[test]
    fn a_picture_of_few_bytes_and_many_pixels_is_refused_with_its_sides() {
        for picture in [
            png(20_000, 20_000, 0),
            jpeg(20_000, 20_000, 1),
            gif(20_000, 20_000, 1),
            webp(&[canvas(20_000, 20_000, 0), lossy(1, 1)]),
        ] {
            let refused = measure(&picture).expect_err("it is too large");
            assert_eq!(refused.to_string(), "at most 2048 × 2048 pixels, and this has 20000 × 20000");
        }
        for (picture, sides) in [
            (webp(&[lossy(16_383, 1)]), (16_383, 1)),
            (webp(&[lossless(16_384, 16_384)]), (16_384, 16_384)),
            // A small canvas with something large on it.
            (webp(&[canvas(1, 1, 0), lossless(1, 9_000)]), (1, 9_000)),
            (animated(2049, 1, 1), (2049, 1)),
        ] {
            assert_eq!(
                measure(&picture),
                Err(Unfit::TooLarge { width: sides.0, height: sides.1, side: 2048 })
            );
        }
        let mut beyond_the_screen = gif(8, 8, 1);
        // The left side of its picture, behind the screen and its colours.
        beyond_the_screen[20..22].copy_from_slice(&60_000_u16.to_le_bytes());
        assert_eq!(
            measure(&beyond_the_screen),
            Err(Unfit::TooLarge { width: 60_008, height: 8, side: 2048 })
        );
    }

    #[test]
    fn an_animation_has_a_bound_in_pictures_and_in_pixels() {
        for picture in [
            png(1, 1, 500),
            png(2048, 2048, 17),
            gif(1, 1, 501),
            gif(2048, 2048, 17),
            animated(1, 1, 501),
            animated(2048, 2048, 17),
        ] {
            assert_eq!(measure(&picture), Err(Unfit::TooLong { frames: 500, pixels: 64 << 20 }));
        }
        assert_eq!(measure(&jpeg(8, 8, 65)), Err(Unfit::TooManyScans));
    }

    #[test]
    fn what_only_begins_like_a_picture_is_none() {
        for broken in [
            &b"\x89PNG\r\n\x1a\n and then something"[..],
            b"GIF89a",
            b"\xff\xd8\xff",
            b"RIFF\x10\0\0\0WEBPVP8 ",
            b"RIFF\0\0\0\0WEBP",
            b"RIFF\x04\0\0\0WEBP",
            &png(0, 1, 0),
            &gif(1, 1, 0),
            &jpeg(1, 1, 0),
        ] {
            assert_eq!(measure(broken), Err(Unfit::Broken), "{}", broken.escape_ascii());
        }
        assert_eq!(measure(b"<svg/>"), Err(Unfit::NoPicture));
    }

    #[test]
    fn a_picture_that_is_cut_off_or_damaged_anywhere_ends_in_an_answer() {
        for picture in [
            png(9, 9, 2),
            jpeg(9, 9, 2),
            gif(9, 9, 2),
            animated(9, 9, 2),
            webp(&[canvas(9, 9, 0), lossy(9, 9)]),
        ] {
            for end in 0..picture.len() {
                let _ = measure(&picture[..end]);
                for flipped in [0xff, 0x80, 0x01] {
                    let mut damaged = picture.clone();
                    damaged[end] ^= flipped;
                    let _ = measure(&damaged);
                }
            }
        }
    }
}
