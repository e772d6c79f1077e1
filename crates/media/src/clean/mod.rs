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
mod webp;

use memchr::memmem;

use crate::format::Format;

/// Bounds of what is shown to others.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Pixels of a side.
    pub side: u32,
    /// Pixels of one picture of the file.
    pub frame_pixels: u64,
    /// Pictures of an animation.
    pub frames: u32,
    /// Pixels of all of them.
    pub all_pixels: u64,
}

/// Pictures of users and groups. The side is many times what any list shows of somebody.
pub const AVATAR: Limits =
    Limits { side: 2048, frame_pixels: 2048 * 2048, frames: 500, all_pixels: 64 << 20 };
/// Pictures of messages: what cameras make, and an animation of three quarters of a minute that fills a screen.
pub const PICTURE: Limits =
    Limits { side: 16_384, frame_pixels: 50_000_000, frames: 1000, all_pixels: 2 << 30 };

/// Times that a progressive JPEG goes over its pixels; encoders make some ten.
const MAX_SCANS: u32 = 64;
/// A colour profile, unpacked: those of screens have a few KiB, those of printing presses more.
const MAX_PROFILE_BYTES: usize = 4 << 20;
/// A colour profile that smaller pictures get, too.
const MAX_SHARED_PROFILE_BYTES: usize = 16 << 10;
/// Blocks of EXIF of one picture that are read, and others in which it is looked for. The rest is left out unread.
const MAX_NOTES: u32 = 32;

/// Why a picture is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("a PNG, JPEG, GIF or WebP picture, and this is none")]
    NoPicture,
    #[error("a whole picture, and what this one is made of does not fit together")]
    Broken,
    #[error("at most {side} × {side} pixels, and this has {width} × {height}")]
    TooLarge { width: u32, height: u32, side: u32 },
    #[error("at most {0} million pixels in one picture")]
    TooManyPixels(u64),
    #[error("at most {frames} pictures in an animation, of {} million pixels in all", pixels >> 20)]
    TooLong { frames: u32, pixels: u64 },
    #[error("a JPEG that is complete in {MAX_SCANS} scans")]
    TooManyScans,
}

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

/// Whether bytes of any kind name a location on earth, as cameras and telephones write it.
pub fn names_a_location(bytes: &[u8]) -> bool {
    says_where(bytes) || holds_exif_of_a_location(bytes)
}

/// Words that stand before a location: of XMP, and of films of Apple, Android and 3GPP.
fn says_where(bytes: &[u8]) -> bool {
    const WORDS: [&[u8]; 4] = [b"GPSLatitude", b"location.ISO6709", b"\xa9xyz", b"loci\0\0\0\0"];
    WORDS.iter().any(|word| memmem::find(bytes, word).is_some())
}

fn holds_exif_of_a_location(bytes: &[u8]) -> bool {
    exif::read(bytes).has_location
        || memmem::find_iter(bytes, exif::MARK)
            .take(MAX_NOTES as usize)
            .any(|at| exif::read(bytes.get(at + exif::MARK.len() + 1..).unwrap_or_default()).has_location)
}

/// What was read so far.
#[derive(Debug)]
pub struct Reading {
    limits: Limits,
    /// The picture without metadata.
    pub out: Vec<u8>,
    /// What it is made of fits together up to its end.
    pub is_whole: bool,
    /// Width and height, as the pixels are stored.
    pub canvas: Option<(u32, u32)>,
    pub frames: u32,
    pixels: u64,
    /// Which way up it is shown, 1 to 8 as EXIF counts.
    pub orientation: u8,
    /// Whether it named a location.
    pub had_location: bool,
    /// A colour profile for smaller pictures.
    pub profile: Vec<u8>,
    /// Memory that decoding its first picture takes.
    pub memory_bytes: u64,
    /// The first bound that it does not keep.
    unfit: Option<Unfit>,
    blocks_of_exif: u32,
    /// Other blocks of metadata.
    notes: u32,
}

impl Reading {
    fn new(limits: Limits, length: usize) -> Self {
        Self {
            limits,
            out: Vec::with_capacity(length),
            is_whole: false,
            canvas: None,
            frames: 0,
            pixels: 0,
            orientation: 1,
            had_location: false,
            profile: Vec::new(),
            memory_bytes: 0,
            unfit: None,
            blocks_of_exif: 0,
            notes: 0,
        }
    }

    /// Width and height as it is shown.
    pub fn shown(&self) -> Option<(u32, u32)> {
        self.canvas
            .map(|(width, height)| if self.orientation < 5 { (width, height) } else { (height, width) })
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn is_unfit(&mut self, why: Unfit) {
        self.unfit.get_or_insert(why);
    }

    fn set_canvas(&mut self, width: u32, height: u32) -> Result<(), Unfit> {
        self.within(width, height)?;
        self.canvas = Some((width, height));
        Ok(())
    }

    /// A picture of so many pixels is drawn onto the canvas.
    fn frame(&mut self, width: u32, height: u32) -> Result<(), Unfit> {
        self.within(width, height)?;
        self.frames = self.frames.saturating_add(1);
        self.pixels = self.pixels.saturating_add(u64::from(width) * u64::from(height));
        let Limits { frames, all_pixels: pixels, .. } = self.limits;
        if self.frames > frames || self.pixels > pixels {
            self.is_unfit(Unfit::TooLong { frames, pixels });
        }
        Ok(())
    }

    fn within(&mut self, width: u32, height: u32) -> Result<(), Unfit> {
        let Limits { side, frame_pixels, .. } = self.limits;
        if width == 0 || height == 0 {
            return Err(Unfit::Broken);
        }
        if width > side || height > side {
            self.is_unfit(Unfit::TooLarge { width, height, side });
        } else if u64::from(width) * u64::from(height) > frame_pixels {
            self.is_unfit(Unfit::TooManyPixels(frame_pixels / 1_000_000));
        }
        Ok(())
    }

    /// A block of EXIF. Gives back what of it is kept: nothing, where the picture is the right way up.
    fn exif(&mut self, block: &[u8]) -> Option<[u8; exif::UPRIGHT_BYTES]> {
        self.blocks_of_exif += 1;
        if self.blocks_of_exif > MAX_NOTES {
            return None;
        }
        let found = exif::read(block);
        self.had_location |= found.has_location;
        // The first block counts.
        if self.orientation != 1 || found.orientation == 1 {
            return None;
        }
        self.orientation = found.orientation;
        Some(exif::upright(found.orientation))
    }

    /// A block of metadata of another kind, or what follows the end: left out, and only looked at.
    fn look_through(&mut self, block: &[u8]) {
        self.notes += 1;
        self.had_location = self.had_location
            || says_where(block)
            || self.notes <= MAX_NOTES && holds_exif_of_a_location(block);
    }

    /// A part of a colour profile, which smaller pictures get if it is small and made for colours of light.
    fn share_profile(&mut self, part: &[u8]) {
        if self.profile.len() + part.len() <= MAX_SHARED_PROFILE_BYTES {
            self.profile.extend_from_slice(part);
        } else {
            self.profile.clear();
        }
    }
}

/// The rest of a file, from which one reads on.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Unfit> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Unfit::Broken)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Unfit> {
        Ok(self.take(1)?[0])
    }

    /// The most significant byte first.
    fn big(&mut self, count: usize) -> Result<u32, Unfit> {
        Ok(self.take(count)?.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    /// The least significant byte first.
    fn little(&mut self, count: usize) -> Result<u32, Unfit> {
        Ok(self.take(count)?.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    /// What was read since there was `before`.
    fn since(&self, before: &'a [u8]) -> &'a [u8] {
        &before[..before.len() - self.0.len()]
    }
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
