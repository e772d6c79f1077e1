//! How large a picture becomes when it is shown, as its own headers say.
//!
//! Whoever shows a picture has four bytes in memory for each of its pixels, however few bytes the file has: so it is
//! measured before it is kept. Nothing is decoded. What stands in the headers is what every decoder goes by; where
//! two headers disagree both have to be within the bounds, and where a file ends too early it is no picture.

use super::picture::Format;

/// A side, in pixels: many times what any list shows of somebody.
pub const MAX_SIDE: u32 = 2048;
/// Pictures of an animation.
pub const MAX_FRAMES: u32 = 500;
/// Pixels of all of them: 500 of 360 × 360, or 16 of the largest.
pub const MAX_PIXELS: u64 = 64 << 20;
/// Times that a progressive JPEG goes over its pixels; encoders make some ten.
const MAX_SCANS: u32 = 64;

/// Why a picture is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("a PNG, JPEG, GIF or WebP picture, and this is none")]
    NoPicture,
    #[error("a whole picture, and what this one is made of does not fit together")]
    Broken,
    #[error("at most {MAX_SIDE} × {MAX_SIDE} pixels, and this has {0} × {1}")]
    TooLarge(u32, u32),
    #[error("at most {MAX_FRAMES} pictures in an animation, of {} million pixels in all", MAX_PIXELS >> 20)]
    TooLong,
    #[error("a JPEG that is complete in {MAX_SCANS} scans")]
    TooManyScans,
}

/// What kind of picture it is, if it is one that may be shown to anybody.
///
/// # Errors
/// Why not.
pub fn measure(bytes: &[u8]) -> Result<Format, Unfit> {
    let format = Format::of(bytes).ok_or(Unfit::NoPicture)?;
    let mut bounds = Bounds::default();
    let seen = match format {
        Format::Png => png(bytes, &mut bounds),
        Format::Jpeg => jpeg(bytes, &mut bounds),
        Format::Gif => gif(bytes, &mut bounds),
        Format::Webp => webp(bytes, &mut bounds),
    };
    seen?;
    // A canvas, and at least one picture on it.
    if bounds.canvases == 0 || bounds.frames == 0 { Err(Unfit::Broken) } else { Ok(format) }
}

/// What was seen so far.
#[derive(Default)]
struct Bounds {
    canvases: u32,
    frames: u32,
    pixels: u64,
}

impl Bounds {
    fn canvas(&mut self, width: u32, height: u32) -> Result<(), Unfit> {
        self.canvases += 1;
        within(width, height)
    }

    /// A picture of so many pixels is drawn onto the canvas.
    fn frame(&mut self, width: u32, height: u32) -> Result<(), Unfit> {
        within(width, height)?;
        self.frames += 1;
        self.pixels += u64::from(width) * u64::from(height);
        if self.frames > MAX_FRAMES || self.pixels > MAX_PIXELS { Err(Unfit::TooLong) } else { Ok(()) }
    }
}

const fn within(width: u32, height: u32) -> Result<(), Unfit> {
    if width == 0 || height == 0 {
        Err(Unfit::Broken)
    } else if width > MAX_SIDE || height > MAX_SIDE {
        Err(Unfit::TooLarge(width, height))
    } else {
        Ok(())
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
}

/// Chunks: length, name, content, checksum. An animation has a chunk before each of its pictures.
fn png(bytes: &[u8], bounds: &mut Bounds) -> Result<(), Unfit> {
    let mut bytes = Bytes(&bytes[8..]);
    let mut has_pixels = false;
    loop {
        let length = bytes.big(4)? as usize;
        let name = bytes.take(4)?;
        let mut chunk = Bytes(bytes.take(length)?);
        bytes.take(4)?;
        match name {
            b"IHDR" if bounds.canvases == 0 => bounds.canvas(chunk.big(4)?, chunk.big(4)?)?,
            // The header comes first, and there is one.
            _ if bounds.canvases == 0 => return Err(Unfit::Broken),
            b"IHDR" => return Err(Unfit::Broken),
            b"IDAT" if !has_pixels => {
                has_pixels = true;
                // Shown where animations are not: of the size of the canvas, which is within the bounds.
                bounds.frame(1, 1)?;
            }
            b"fcTL" => {
                chunk.big(4)?;
                bounds.frame(chunk.big(4)?, chunk.big(4)?)?;
            }
            b"IEND" => return if has_pixels { Ok(()) } else { Err(Unfit::Broken) },
            _ => {}
        }
    }
}

/// Segments, each behind a marker; between scans and the next marker lie pixels.
fn jpeg(bytes: &[u8], bounds: &mut Bounds) -> Result<(), Unfit> {
    let mut bytes = Bytes(&bytes[2..]);
    let mut scans = 0;
    loop {
        match marker(&mut bytes)? {
            // The end.
            0xd9 => return if scans > 0 { Ok(()) } else { Err(Unfit::Broken) },
            // Without content: restarts, and the beginning of another picture.
            0x01 | 0xd0..=0xd7 => {}
            0xd8 => return Err(Unfit::Broken),
            of_a_segment => {
                let length = bytes.big(2)?.checked_sub(2).ok_or(Unfit::Broken)?;
                let mut segment = Bytes(bytes.take(length as usize)?);
                match of_a_segment {
                    // What browsers show: baseline, extended and progressive.
                    0xc0..=0xc2 if bounds.canvases == 0 => {
                        segment.byte()?;
                        let (height, width) = (segment.big(2)?, segment.big(2)?);
                        bounds.canvas(width, height)?;
                        bounds.frame(width, height)?;
                    }
                    // Another size, and kinds that nobody shows. Those between are tables.
                    0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf | 0xdc | 0xde => {
                        return Err(Unfit::Broken);
                    }
                    0xda => {
                        scans += 1;
                        if scans > MAX_SCANS {
                            return Err(Unfit::TooManyScans);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

/// The next marker. Before it may lie pixels, in which a byte of 0xff is followed by 0.
fn marker(bytes: &mut Bytes<'_>) -> Result<u8, Unfit> {
    loop {
        while bytes.byte()? != 0xff {}
        let mut code = bytes.byte()?;
        while code == 0xff {
            code = bytes.byte()?;
        }
        if code != 0 {
            return Ok(code);
        }
    }
}

/// A screen, and blocks: pictures on it, and what belongs to them.
fn gif(bytes: &[u8], bounds: &mut Bounds) -> Result<(), Unfit> {
    let mut bytes = Bytes(&bytes[6..]);
    bounds.canvas(bytes.little(2)?, bytes.little(2)?)?;
    let flags = bytes.byte()?;
    bytes.take(2)?;
    bytes.take(colours(flags))?;
    loop {
        match bytes.byte()? {
            0x3b => return Ok(()),
            0x21 => {
                bytes.byte()?;
                blocks(&mut bytes)?;
            }
            0x2c => {
                // A picture beyond the screen makes that larger.
                let (left, top) = (bytes.little(2)?, bytes.little(2)?);
                let (width, height) = (bytes.little(2)?, bytes.little(2)?);
                within(left + width, top + height)?;
                bounds.frame(width, height)?;
                let flags = bytes.byte()?;
                bytes.take(colours(flags))?;
                bytes.byte()?;
                blocks(&mut bytes)?;
            }
            // Browsers show what came before it, and read no further.
            _ => return Ok(()),
        }
        // Some encoders leave out the end, and nobody misses it.
        if bytes.0.is_empty() {
            return Ok(());
        }
    }
}

/// Bytes of the table of colours that follows on such flags.
const fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn blocks(bytes: &mut Bytes<'_>) -> Result<(), Unfit> {
    loop {
        match bytes.byte()? {
            0 => return Ok(()),
            length => bytes.take(usize::from(length))?,
        };
    }
}

/// Chunks: name, length, content, and a byte where that is odd. An animation has chunks in chunks.
fn webp(bytes: &[u8], bounds: &mut Bounds) -> Result<(), Unfit> {
    let mut header = Bytes(&bytes[4..]);
    let length = header.little(4)? as usize;
    webp_chunks(Bytes(header.take(length)?.get(4..).ok_or(Unfit::Broken)?), bounds, false)
}

fn webp_chunks(mut bytes: Bytes<'_>, bounds: &mut Bounds, in_a_frame: bool) -> Result<(), Unfit> {
    while !bytes.0.is_empty() {
        let name = bytes.take(4)?;
        let length = bytes.little(4)? as usize;
        let mut chunk = Bytes(bytes.take(length)?);
        if length % 2 == 1 && !bytes.0.is_empty() {
            bytes.take(1)?;
        }
        match name {
            b"VP8X" if !in_a_frame => {
                chunk.take(4)?;
                bounds.canvas(chunk.little(3)? + 1, chunk.little(3)? + 1)?;
            }
            b"ANMF" if !in_a_frame => {
                chunk.take(6)?;
                within(chunk.little(3)? + 1, chunk.little(3)? + 1)?;
                chunk.take(4)?;
                webp_chunks(chunk, bounds, true)?;
            }
            b"VP8 " => {
                // The first frame of a film, of which there is no second.
                let is_key_frame = chunk.little(3)? & 1 == 0;
                if !is_key_frame || chunk.take(3)? != [0x9d, 0x01, 0x2a] {
                    return Err(Unfit::Broken);
                }
                // The upper two bits are for decoders to scale by.
                webp_picture(bounds, chunk.little(2)? & 0x3fff, chunk.little(2)? & 0x3fff)?;
            }
            b"VP8L" => {
                if chunk.byte()? != 0x2f {
                    return Err(Unfit::Broken);
                }
                let sides = chunk.little(4)?;
                webp_picture(bounds, (sides & 0x3fff) + 1, (sides >> 14 & 0x3fff) + 1)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn webp_picture(bounds: &mut Bounds, width: u32, height: u32) -> Result<(), Unfit> {
    if bounds.canvases == 0 {
        bounds.canvas(width, height)?;
    }
    bounds.frame(width, height)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [&(content.len() as u32).to_be_bytes()[..], name, content, &[0; 4]].concat()
    }

    /// The headers of one, with `frames` pictures of an animation.
    fn png(width: u32, height: u32, frames: u32) -> Vec<u8> {
        let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
        let frame = chunk(b"fcTL", &[&[0; 4], &sides[..], &[0; 14]].concat());
        let parts = [
            b"\x89PNG\r\n\x1a\n".to_vec(),
            chunk(b"IHDR", &[&sides[..], &[8, 6, 0, 0, 0]].concat()),
            frame.repeat(frames as usize),
            chunk(b"IDAT", b"pixels"),
            chunk(b"IEND", b""),
        ];
        parts.concat()
    }

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        [&[0xff, marker], &(content.len() as u16 + 2).to_be_bytes()[..], content].concat()
    }

    fn jpeg(width: u16, height: u16, scans: usize) -> Vec<u8> {
        let sides = [height.to_be_bytes(), width.to_be_bytes()].concat();
        let scan = [segment(0xda, &[1, 1, 0, 0, 63, 0]), b"pixels\xff\x00\xff\xd0more".to_vec()].concat();
        let parts = [
            vec![0xff, 0xd8],
            segment(0xe0, b"JFIF\0"),
            segment(0xc2, &[&[8], &sides[..], &[1, 1, 0x11, 0]].concat()),
            scan.repeat(scans),
            vec![0xff, 0xd9],
        ];
        parts.concat()
    }

    fn gif(width: u16, height: u16, frames: usize) -> Vec<u8> {
        let sides = [width.to_le_bytes(), height.to_le_bytes()].concat();
        let frame = [&[0x2c, 0, 0, 0, 0], &sides[..], &[0, 2, 2, b'p', b'x', 0]].concat();
        let parts =
            [b"GIF89a".to_vec(), sides, vec![0x80, 0, 0], vec![0; 6], frame.repeat(frames), vec![0x3b]];
        parts.concat()
    }

    fn riff(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [name, &(content.len() as u32).to_le_bytes()[..], content, &vec![0; content.len() % 2]].concat()
    }

    fn webp(chunks: &[Vec<u8>]) -> Vec<u8> {
        let chunks = chunks.concat();
        [&b"RIFF"[..], &(chunks.len() as u32 + 4).to_le_bytes(), b"WEBP", &chunks].concat()
    }

    fn lossy(width: u16, height: u16) -> Vec<u8> {
        let sides = [width.to_le_bytes(), height.to_le_bytes()].concat();
        riff(b"VP8 ", &[&[0, 0, 0, 0x9d, 0x01, 0x2a], &sides[..], b"pixels"].concat())
    }

    fn lossless(width: u32, height: u32) -> Vec<u8> {
        let sides = (width - 1) | (height - 1) << 14;
        riff(b"VP8L", &[&[0x2f], &sides.to_le_bytes()[..], b"pixels"].concat())
    }

    fn canvas(width: u32, height: u32) -> Vec<u8> {
        let sides = [&(width - 1).to_le_bytes()[..3], &(height - 1).to_le_bytes()[..3]].concat();
        riff(b"VP8X", &[&[0; 4], &sides[..]].concat())
    }

    fn animated(width: u32, height: u32, frames: usize) -> Vec<u8> {
        let sides = [&(width - 1).to_le_bytes()[..3], &(height - 1).to_le_bytes()[..3]].concat();
        let frame = [&[0; 6], &sides[..], &[0; 4], &lossless(width, height)[..]].concat();
        webp(&[canvas(width, height), riff(b"ANMF", &frame).repeat(frames)])
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
            (webp(&[canvas(9, 9), riff(b"ALPH", b"a"), lossy(9, 9)]), Format::Webp),
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
            webp(&[canvas(20_000, 20_000), lossy(1, 1)]),
        ] {
            let refused = measure(&picture).expect_err("it is too large");
            assert_eq!(refused.to_string(), "at most 2048 × 2048 pixels, and this has 20000 × 20000");
        }
        for (picture, sides) in [
            (webp(&[lossy(16_383, 1)]), (16_383, 1)),
            (webp(&[lossless(16_384, 16_384)]), (16_384, 16_384)),
            // A small canvas with something large on it.
            (webp(&[canvas(1, 1), lossless(1, 9_000)]), (1, 9_000)),
            (animated(2049, 1, 1), (2049, 1)),
        ] {
            assert_eq!(measure(&picture), Err(Unfit::TooLarge(sides.0, sides.1)));
        }
        let mut beyond_the_screen = gif(8, 8, 1);
        // The left side of its picture, behind the screen and its colours.
        beyond_the_screen[20..22].copy_from_slice(&60_000_u16.to_le_bytes());
        assert_eq!(measure(&beyond_the_screen), Err(Unfit::TooLarge(60_008, 8)));
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
            assert_eq!(measure(&picture), Err(Unfit::TooLong));
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
        for picture in
            [png(9, 9, 2), jpeg(9, 9, 2), gif(9, 9, 2), animated(9, 9, 2), webp(&[canvas(9, 9), lossy(9, 9)])]
        {
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
