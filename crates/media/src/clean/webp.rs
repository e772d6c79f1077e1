//! WebP is chunks: name, length, content, and a byte where that is odd. An animation has chunks in chunks.

use super::exif;
use super::reading::{Bytes, Reading, Unfit};

/// Flags of the chunk that comes first: what else there is.
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;

pub(super) fn read(bytes: &[u8], reading: &mut Reading) -> Result<(), Unfit> {
    let mut header = Bytes(&bytes[4..]);
    let length = header.little(4)? as usize;
    let content = header.take(length)?.get(4..).ok_or(Unfit::Broken)?;
    reading.keep(b"RIFF\0\0\0\0WEBP");
    chunks(Bytes(content), reading, false)?;
    set_length(&mut reading.out, 8);
    reading.look_through(header.0);
    Ok(())
}

fn chunks(mut bytes: Bytes<'_>, reading: &mut Reading, in_a_frame: bool) -> Result<(), Unfit> {
    // Where the flags are, among what is kept.
    let mut flags = None;
    while !bytes.0.is_empty() {
        let name = bytes.take(4)?;
        let length = bytes.little(4)? as usize;
        let content = bytes.take(length)?;
        if length % 2 == 1 && !bytes.0.is_empty() {
            bytes.take(1)?;
        }
        let mut chunk = Bytes(content);
        match name {
            b"VP8X" if !in_a_frame => {
                if reading.canvas.is_some() {
                    return Err(Unfit::Broken);
                }
                chunk.take(4)?;
                reading.set_canvas(chunk.little(3)? + 1, chunk.little(3)? + 1)?;
                flags = Some(reading.out.len() + 8);
                write(reading, name, &content[..10]);
            }
            b"ANMF" if !in_a_frame => {
                chunk.take(6)?;
                reading.within(chunk.little(3)? + 1, chunk.little(3)? + 1)?;
                chunk.take(4)?;
                let start = reading.out.len();
                reading.keep(b"ANMF\0\0\0\0");
                reading.keep(&content[..16]);
                chunks(chunk, reading, true)?;
                set_length(&mut reading.out, start + 8);
            }
            b"VP8 " => {
                // The first frame of a film, of which there is no second.
                let is_key_frame = chunk.little(3)? & 1 == 0;
                if !is_key_frame || chunk.take(3)? != [0x9d, 0x01, 0x2a] {
                    return Err(Unfit::Broken);
                }
                // The upper two bits are for decoders to scale by.
                picture(reading, in_a_frame, chunk.little(2)? & 0x3fff, chunk.little(2)? & 0x3fff)?;
                write(reading, name, content);
            }
            b"VP8L" => {
                if chunk.byte()? != 0x2f {
                    return Err(Unfit::Broken);
                }
                let sides = chunk.little(4)?;
                picture(reading, in_a_frame, (sides & 0x3fff) + 1, (sides >> 14 & 0x3fff) + 1)?;
                write(reading, name, content);
            }
            b"ALPH" => write(reading, name, content),
            b"ANIM" if !in_a_frame => write(reading, name, content),
            b"ICCP" if !in_a_frame => {
                reading.share_profile(content);
                write(reading, name, content);
            }
            b"EXIF" if flags.is_some() => {
                let block = if content.starts_with(exif::MARK) { content.get(6..) } else { Some(content) };
                if let Some(upright) = reading.exif(block.unwrap_or_default()) {
                    write(reading, b"EXIF", &upright);
                }
            }
            _ => reading.look_through(content),
        }
    }
    if let Some(flags) = flags {
        reading.out[flags] &= !(HAS_EXIF | HAS_XMP);
        if reading.orientation != 1 {
            reading.out[flags] |= HAS_EXIF;
        }
    }
    Ok(())
}

fn picture(reading: &mut Reading, in_a_frame: bool, width: u32, height: u32) -> Result<(), Unfit> {
    if reading.canvas.is_none() {
        reading.set_canvas(width, height)?;
    }
    // The picture, its brightness and colours, and, of an animation, the canvas and what was on it.
    let bytes_of_pixel = if in_a_frame { 14 } else { 8 };
    let (canvas_width, canvas_height) = reading.canvas.unwrap_or((width, height));
    reading.memory_bytes = u64::from(canvas_width) * u64::from(canvas_height) * bytes_of_pixel;
    reading.frame(width, height)
}

fn write(reading: &mut Reading, name: &[u8], content: &[u8]) {
    reading.keep(name);
    reading.keep(&(content.len() as u32).to_le_bytes());
    reading.keep(content);
    if content.len() % 2 == 1 {
        reading.keep(&[0]);
    }
}

/// Says in the four bytes before `start` how much follows on it.
fn set_length(out: &mut [u8], start: usize) {
    let length = (out.len() - start) as u32;
    out[start - 4..start].copy_from_slice(&length.to_le_bytes());
}
