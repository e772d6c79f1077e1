//! What is known of a picture while it is read, and what of it is kept.

use memchr::memmem;

use super::exif;

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
pub(super) const MAX_SCANS: u32 = 64;
/// Pixels that are gone over so often: a photograph of the largest size in twenty scans. What takes more is not drawn.
const MAX_SCANNED_PIXELS: u64 = 1_000_000_000;
/// A colour profile, unpacked: those of screens have a few KiB, those of printing presses more.
pub(super) const MAX_PROFILE_BYTES: usize = 4 << 20;
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
    pub(super) unfit: Option<Unfit>,
    blocks_of_exif: u32,
    /// Other blocks of metadata.
    notes: u32,
}

impl Reading {
    pub(super) fn new(limits: Limits, length: usize) -> Self {
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

    pub(super) fn keep(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    pub(super) fn is_unfit(&mut self, why: Unfit) {
        self.unfit.get_or_insert(why);
    }

    pub(super) fn set_canvas(&mut self, width: u32, height: u32) -> Result<(), Unfit> {
        self.within(width, height)?;
        self.canvas = Some((width, height));
        Ok(())
    }

    /// A picture of so many pixels is drawn onto the canvas.
    pub(super) fn frame(&mut self, width: u32, height: u32) -> Result<(), Unfit> {
        self.within(width, height)?;
        self.frames = self.frames.saturating_add(1);
        self.pixels = self.pixels.saturating_add(u64::from(width) * u64::from(height));
        let Limits { frames, all_pixels: pixels, .. } = self.limits;
        if self.frames > frames || self.pixels > pixels {
            self.is_unfit(Unfit::TooLong { frames, pixels });
        }
        Ok(())
    }

    pub(super) fn within(&mut self, width: u32, height: u32) -> Result<(), Unfit> {
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

    /// It goes over its pixels so many times until it is complete.
    pub(super) const fn set_scans(&mut self, scans: u32) {
        if let Some((width, height)) = self.canvas
            && width as u64 * height as u64 * scans as u64 > MAX_SCANNED_PIXELS
        {
            self.memory_bytes = u64::MAX / 2;
        }
    }

    /// A block of EXIF. Gives back what of it is kept: nothing, where the picture is the right way up.
    pub(super) fn exif(&mut self, block: &[u8]) -> Option<[u8; exif::UPRIGHT_BYTES]> {
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
    pub(super) fn look_through(&mut self, block: &[u8]) {
        self.notes += 1;
        self.had_location = self.had_location
            || says_where(block)
            || self.notes <= MAX_NOTES && holds_exif_of_a_location(block);
    }

    /// A part of a colour profile, which smaller pictures get if it is small and made for colours of light.
    pub(super) fn share_profile(&mut self, part: &[u8]) {
        if self.profile.len() + part.len() <= MAX_SHARED_PROFILE_BYTES {
            self.profile.extend_from_slice(part);
        } else {
            self.profile.clear();
        }
    }
}

/// The rest of a file, from which one reads on.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Unfit> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Unfit::Broken)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Unfit> {
        Ok(self.take(1)?[0])
    }

    /// The most significant byte first.
    pub(crate) fn big(&mut self, count: usize) -> Result<u32, Unfit> {
        Ok(self.take(count)?.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    /// The least significant byte first.
    pub(super) fn little(&mut self, count: usize) -> Result<u32, Unfit> {
        Ok(self.take(count)?.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    /// What was read since there was `before`.
    pub(super) fn since(&self, before: &'a [u8]) -> &'a [u8] {
        &before[..before.len() - self.0.len()]
    }
}

/// Whether bytes of any kind name a location on earth, as cameras and telephones write it.
pub fn names_a_location(bytes: &[u8]) -> bool {
    says_where(bytes) || holds_exif_of_a_location(bytes)
}

/// The same of bytes that are compressed for the most part, in which a few that mean something stand by chance, too.
pub fn surely_names_a_location(bytes: &[u8]) -> bool {
    memmem::find(bytes, LATITUDE).is_some() || holds_exif_of_a_location(bytes)
}

/// A word of XMP.
const LATITUDE: &[u8] = b"GPSLatitude";

/// Words that stand before a location: of XMP, and of films of Apple, Android and 3GPP.
pub(super) fn says_where(bytes: &[u8]) -> bool {
    const WORDS: [&[u8]; 4] = [LATITUDE, b"location.ISO6709", b"\xa9xyz", b"loci\0\0\0\0"];
    WORDS.iter().any(|word| memmem::find(bytes, word).is_some())
}

fn holds_exif_of_a_location(bytes: &[u8]) -> bool {
    exif::read(bytes).has_location
        || memmem::find_iter(bytes, exif::MARK)
            .take(MAX_NOTES as usize)
            .any(|at| exif::read(bytes.get(at + exif::MARK.len() + 1..).unwrap_or_default()).has_location)
}
