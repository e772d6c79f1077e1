//! Pictures for tests: their headers alone, or real ones with something added.

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

/// Where a photograph was taken.
pub const LOCATION: &[u8] = b"52.3740 N 4.8897 E";
pub const XMP: &[u8] =
    b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta exif:GPSLatitude=\"52,22.4N\" xmp:Owner=\"Anna\"/>";

pub fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut sum = crc32fast::Hasher::new();
    sum.update(name);
    sum.update(content);
    [&(content.len() as u32).to_be_bytes()[..], name, content, &sum.finalize().to_be_bytes()].concat()
}

/// The headers of one, with `frames` pictures of an animation.
pub fn png(width: u32, height: u32, frames: u32) -> Vec<u8> {
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

pub fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    [&[0xff, marker], &(content.len() as u16 + 2).to_be_bytes()[..], content].concat()
}

pub fn jpeg(width: u16, height: u16, scans: usize) -> Vec<u8> {
    let sides = [height.to_be_bytes(), width.to_be_bytes()].concat();
    let scan = [segment(0xda, &[1, 1, 0, 0, 63, 0]), b"pixels\xff\x00\xff\xd0more".to_vec()].concat();
    let parts = [
        vec![0xff, 0xd8],
        segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"),
        segment(0xc2, &[&[8], &sides[..], &[1, 1, 0x11, 0]].concat()),
        scan.repeat(scans),
        vec![0xff, 0xd9],
    ];
    parts.concat()
}

pub fn gif(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let sides = [width.to_le_bytes(), height.to_le_bytes()].concat();
    let frame = [&[0x2c, 0, 0, 0, 0], &sides[..], &[0, 2, 2, b'p', b'x', 0]].concat();
    let parts = [b"GIF89a".to_vec(), sides, vec![0x80, 0, 0], vec![0; 6], frame.repeat(frames), vec![0x3b]];
    parts.concat()
}

pub fn riff(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [name, &(content.len() as u32).to_le_bytes()[..], content, &vec![0; content.len() % 2]].concat()
}

pub fn webp(chunks: &[Vec<u8>]) -> Vec<u8> {
    let chunks = chunks.concat();
    [&b"RIFF"[..], &(chunks.len() as u32 + 4).to_le_bytes(), b"WEBP", &chunks].concat()
}

pub fn lossy(width: u16, height: u16) -> Vec<u8> {
    let sides = [width.to_le_bytes(), height.to_le_bytes()].concat();
    riff(b"VP8 ", &[&[0, 0, 0, 0x9d, 0x01, 0x2a], &sides[..], b"pixels"].concat())
}

pub fn lossless(width: u32, height: u32) -> Vec<u8> {
    let sides = (width - 1) | (height - 1) << 14;
    riff(b"VP8L", &[&[0x2f], &sides.to_le_bytes()[..], b"pixels"].concat())
}

pub fn canvas(width: u32, height: u32, flags: u8) -> Vec<u8> {
    let sides = [&(width - 1).to_le_bytes()[..3], &(height - 1).to_le_bytes()[..3]].concat();
    riff(b"VP8X", &[&[flags, 0, 0, 0], &sides[..]].concat())
}

pub fn animated(width: u32, height: u32, frames: usize) -> Vec<u8> {
    let sides = [&(width - 1).to_le_bytes()[..3], &(height - 1).to_le_bytes()[..3]].concat();
    let frame = [&[0; 6], &sides[..], &[0; 4], &lossless(width, height)[..]].concat();
    webp(&[canvas(width, height, 2), riff(b"ANMF", &frame).repeat(frames)])
}

/// EXIF of a telephone that was held in such a way, with a location and a maker.
pub fn exif(orientation: u8) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value.to_be_bytes()].concat()
    };
    let directory = |entries: &[Vec<u8>]| {
        [&(entries.len() as u16).to_be_bytes()[..], &entries.concat(), &[0; 4]].concat()
    };
    // Behind the 8 bytes of the header, and 42 of a directory of three.
    let location = 50;
    let parts = [
        b"MM\0*\0\0\0\x08".to_vec(),
        directory(&[
            entry(0x010f, 2, 4, u32::from_be_bytes(*b"Anna")),
            entry(0x0112, 3, 1, u32::from(orientation) << 16),
            entry(0x8825, 4, 1, location),
        ]),
        directory(&[entry(2, 5, 1, 80), entry(4, 5, 1, 88)]),
        LOCATION.to_vec(),
    ];
    parts.concat()
}

/// What a camera might see: darker to the left and the top, so that it shows which way up it is.
pub fn view(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, ((x ^ y) & 31) as u8 * 4])
    })
}

/// The same, fading out to the right.
pub fn glass(width: u32, height: u32) -> RgbaImage {
    let view = view(width, height);
    RgbaImage::from_fn(width, height, |x, y| {
        let Rgb([red, green, blue]) = *view.get_pixel(x, y);
        Rgba([red, green, blue, 255 - red])
    })
}

pub fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).expect("it is encoded");
    bytes.into_inner()
}

/// A photograph with segments behind its first two bytes, and something behind its end.
pub fn photograph(width: u32, height: u32, segments: &[Vec<u8>], rest: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(&view(width, height)).expect("it is encoded");
    [&bytes[..2], &segments.concat(), &bytes[2..], rest].concat()
}

/// A screenshot with chunks before its pixels, and something behind its end.
pub fn screenshot(width: u32, height: u32, chunks: &[Vec<u8>], rest: &[u8]) -> Vec<u8> {
    let bytes = encoded(view(width, height), ImageFormat::Png);
    // Behind the signature and the header.
    let (header, pixels) = bytes.split_at(33);
    [header, &chunks.concat(), pixels, rest].concat()
}

/// What zlib makes of so many zeros: a thousandth.
pub fn bomb(length: usize) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; length], 6)
}
