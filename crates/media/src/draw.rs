//! Smaller pictures of a picture, and the few bytes from which clients draw something until they have it.

use std::io::{self, BufRead, Cursor, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use fast_image_resize::{FilterType, MulDiv, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits};

use crate::clean::Reading;
use crate::format::Format;

/// The longer sides of smaller pictures: for a list and an album, for a chat, for a screen.
const SIDES: [u32; 3] = [320, 800, 1600];
/// A picture of this side is enough for a thumbhash, which takes no larger one.
const HASHED_SIDE: u32 = 100;
/// What JPEG calls quality: below it skies get stripes.
const QUALITY: u8 = 80;

#[derive(Default)]
pub(crate) struct Drawn {
    /// By their longer side, the smallest first.
    pub previews: Vec<(u32, Bytes)>,
    pub thumbhash: Option<Vec<u8>>,
}

/// Draws the first picture of a clean file. Without an answer where it cannot be decoded, or where it becomes late.
pub(crate) fn draw(
    format: Format,
    bytes: &[u8],
    reading: &Reading,
    late: &dyn Fn() -> bool,
) -> Option<Drawn> {
    // A decoder that panics has met a file that nobody thought of, and nothing is lost but this picture's previews.
    catch_unwind(AssertUnwindSafe(|| drawn(format, bytes, reading, late))).ok().flatten()
}

fn drawn(format: Format, bytes: &[u8], reading: &Reading, late: &dyn Fn() -> bool) -> Option<Drawn> {
    let mut image = decode(format, bytes, reading, late)?;
    let orientation = Orientation::from_exif(reading.orientation)?;
    let longer = image.width().max(image.height());
    // An animation has a still in any case, for whom movement disturbs.
    let sides = SIDES.into_iter().filter(|side| *side < longer || (reading.frames > 1 && *side == SIDES[0]));

    let mut drawn = Drawn::default();
    // What shines through counts for nothing where it is mixed with what does not.
    if image.color().has_alpha() {
        MulDiv::new().multiply_alpha_inplace(&mut image).ok()?;
    }
    let mut is_upright = false;
    for side in sides.rev() {
        if late() {
            return None;
        }
        // Each from the one before, which is sharp enough for it and much smaller than the whole.
        image = smaller(&image, side)?;
        if !is_upright {
            image.apply_orientation(orientation);
            is_upright = true;
        }
        drawn.previews.insert(0, (side, encode(&image, &reading.profile)?));
    }
    if late() {
        return None;
    }
    let mut tiny = smaller(&image, HASHED_SIDE)?;
    if !is_upright {
        tiny.apply_orientation(orientation);
    }
    let tiny = plain(&tiny)?.into_rgba8();
    let (width, height) = (tiny.width() as usize, tiny.height() as usize);
    drawn.thumbhash = Some(thumbhash::rgba_to_thumb_hash(width, height, tiny.as_raw()));
    Some(drawn)
}

/// The square in the middle of the first picture of a clean file, of such a side or less where it is smaller.
pub(crate) fn square(
    format: Format,
    bytes: &[u8],
    reading: &Reading,
    side: u32,
    late: &dyn Fn() -> bool,
) -> Option<Bytes> {
    let cut = || {
        let image = decode(format, bytes, reading, late)?;
        let least = image.width().min(image.height());
        let (left, top) = ((image.width() - least) / 2, (image.height() - least) / 2);
        let mut image = image.crop_imm(left, top, least, least);
        if image.color().has_alpha() {
            MulDiv::new().multiply_alpha_inplace(&mut image).ok()?;
        }
        let mut image = smaller(&image, side)?;
        image.apply_orientation(Orientation::from_exif(reading.orientation)?);
        encode(&image, &reading.profile)
    };
    catch_unwind(AssertUnwindSafe(cut)).ok().flatten()
}

fn decode(format: Format, bytes: &[u8], reading: &Reading, late: &dyn Fn() -> bool) -> Option<DynamicImage> {
    let format = match format {
        Format::Png => ImageFormat::Png,
        Format::Jpeg => ImageFormat::Jpeg,
        Format::Gif => ImageFormat::Gif,
        Format::Webp => ImageFormat::WebP,
    };
    let mut reader = ImageReader::with_format(InTime { bytes: Cursor::new(bytes), late }, format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(reading.memory_bytes);
    reader.limits(limits);
    let decoder = reader.into_decoder().ok()?;
    // Decoders have taken limits as advice before.
    if Some(decoder.dimensions()) != reading.canvas || decoder.total_bytes() > reading.memory_bytes {
        return None;
    }
    DynamicImage::from_decoder(decoder).ok()
}

/// As large as it becomes with such a longer side: never larger than it is.
fn smaller(image: &DynamicImage, side: u32) -> Option<DynamicImage> {
    let (width, height) = (image.width(), image.height());
    let longer = width.max(height);
    if longer <= side {
        return Some(image.clone());
    }
    let scaled =
        |of: u32| ((u64::from(of) * u64::from(side) + u64::from(longer) / 2) / u64::from(longer)).max(1);
    let mut smaller = DynamicImage::new(scaled(width) as u32, scaled(height) as u32, image.color());
    let how = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        // It was multiplied with its colours once, in place.
        .use_alpha(false);
    Resizer::new().resize(image, &mut smaller, &how).ok()?;
    Some(smaller)
}

/// In eight bits, its colours as they are where something shines through.
fn plain(image: &DynamicImage) -> Option<DynamicImage> {
    if !image.color().has_alpha() {
        return Some(image.to_rgb8().into());
    }
    let mut image = image.clone();
    MulDiv::new().divide_alpha_inplace(&mut image).ok()?;
    let image = image.into_rgba8();
    Some(if image.pixels().all(|pixel| pixel.0[3] == u8::MAX) {
        DynamicImage::from(image).into_rgb8().into()
    } else {
        image.into()
    })
}

/// As JPEG, or as WebP where something shines through.
fn encode(image: &DynamicImage, profile: &[u8]) -> Option<Bytes> {
    let image = plain(image)?;
    let mut bytes = Vec::new();
    // Profiles for other colours than red, green and blue say nothing of what was decoded.
    let profile = (profile.get(16..20) == Some(b"RGB ")).then(|| profile.to_vec());
    let written = match &image {
        DynamicImage::ImageRgb8(pixels) => {
            let mut encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
            profile.map_or(Ok(()), |profile| encoder.set_icc_profile(profile)).ok()?;
            encoder.encode_image(pixels)
        }
        other => {
            let mut encoder = WebPEncoder::new_lossless(&mut bytes);
            profile.map_or(Ok(()), |profile| encoder.set_icc_profile(profile)).ok()?;
            other.write_with_encoder(encoder)
        }
    };
    written.ok().map(|()| bytes.into())
}

/// Bytes that nobody gets any more when it has become late.
struct InTime<'a> {
    bytes: Cursor<&'a [u8]>,
    late: &'a dyn Fn() -> bool,
}

impl InTime<'_> {
    fn ask(&self) -> io::Result<()> {
        if (self.late)() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }
}

impl Read for InTime<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.ask()?;
        self.bytes.read(buffer)
    }
}

impl BufRead for InTime<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.ask()?;
        self.bytes.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.bytes.consume(count);
    }
}

impl Seek for InTime<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}
