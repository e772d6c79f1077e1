//! PNG is chunks: length, name, content, checksum. An animation has a chunk before each of its pictures.

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::reading::{Bytes, MAX_PROFILE_BYTES, Reading, Unfit};

pub(super) fn read(bytes: &[u8], reading: &mut Reading) -> Result<(), Unfit> {
    let mut bytes = Bytes(bytes);
    reading.keep(bytes.take(8)?);
    let (mut has_pixels, mut has_profile) = (false, false);
    loop {
        let before = bytes.0;
        let length = bytes.big(4)? as usize;
        let name = bytes.take(4)?;
        let content = bytes.take(length)?;
        bytes.take(4)?;
        let whole = bytes.since(before);
        let mut chunk = Bytes(content);
        match name {
            b"IHDR" if reading.canvas.is_none() => {
                let (width, height) = (chunk.big(4)?, chunk.big(4)?);
                reading.set_canvas(width, height)?;
                let (depth, colours) = (chunk.byte()?, chunk.byte()?);
                let pixels = u64::from(width) * u64::from(height);
                reading.memory_bytes = pixels.saturating_mul(bytes_of_pixel(depth, colours));
                reading.keep(whole);
            }
            // The header comes first, and there is one.
            _ if reading.canvas.is_none() => return Err(Unfit::Broken),
            b"IHDR" => return Err(Unfit::Broken),
            b"IDAT" => {
                if !has_pixels {
                    has_pixels = true;
                    // Shown where animations are not: of the size of the canvas, which was looked at.
                    reading.frame(1, 1)?;
                }
                reading.keep(whole);
            }
            b"fcTL" => {
                chunk.big(4)?;
                reading.frame(chunk.big(4)?, chunk.big(4)?)?;
                reading.keep(whole);
            }
            b"IEND" => {
                reading.keep(whole);
                reading.look_through(bytes.0);
                return if has_pixels { Ok(()) } else { Err(Unfit::Broken) };
            }
            // How pixels become colours, how large they are printed, and the pictures of an animation.
            b"PLTE" | b"tRNS" | b"cHRM" | b"gAMA" | b"sBIT" | b"sRGB" | b"cICP" | b"mDCV" | b"cLLI"
            | b"bKGD" | b"hIST" | b"pHYs" | b"acTL" | b"fdAT" => reading.keep(whole),
            b"iCCP" => {
                // There is one, and more would only be unpacked here.
                if !has_profile && let Some(profile) = profile(content) {
                    reading.keep(whole);
                    reading.share_profile(&profile);
                }
                has_profile = true;
            }
            b"eXIf" => {
                if let Some(upright) = reading.exif(content) {
                    write(&mut reading.out, *b"eXIf", &upright);
                }
            }
            _ => reading.look_through(content),
        }
    }
}

/// As it is decoded: in whole bytes, a palette as its colours, with what shines through.
const fn bytes_of_pixel(depth: u8, colours: u8) -> u64 {
    let samples = match colours {
        0 | 4 => 2,
        _ => 4,
    };
    if depth > 8 { 2 * samples } else { samples }
}

/// A colour profile: its name, how it is packed, and what is in the package.
fn profile(content: &[u8]) -> Option<Vec<u8>> {
    let name = content.iter().take(80).position(|byte| *byte == 0)?;
    let packed = content.get(name + 2..)?;
    decompress_to_vec_zlib_with_limit(packed, MAX_PROFILE_BYTES).ok()
}

fn write(out: &mut Vec<u8>, name: [u8; 4], content: &[u8]) {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&name);
    sum.update(content);
    out.extend_from_slice(&(content.len() as u32).to_be_bytes());
    out.extend_from_slice(&name);
    out.extend_from_slice(content);
    out.extend_from_slice(&sum.finalize().to_be_bytes());
}
