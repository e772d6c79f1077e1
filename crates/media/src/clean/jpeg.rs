//! JPEG is segments, each behind a marker; behind the header of a scan lie pixels, until the next marker.

use super::exif;
use super::reading::{Bytes, MAX_SCANS, Reading, Unfit};

const PROFILE: &[u8] = b"ICC_PROFILE\0";

pub(super) fn read(bytes: &[u8], reading: &mut Reading) -> Result<(), Unfit> {
    let mut bytes = Bytes(bytes);
    reading.keep(bytes.take(2)?);
    let mut scans = 0;
    loop {
        let code = marker(&mut bytes)?;
        match code {
            // The end. What follows are films, other pictures, archives.
            0xd9 => {
                reading.keep(&[0xff, code]);
                reading.look_through(bytes.0);
                return if scans > 0 { Ok(()) } else { Err(Unfit::Broken) };
            }
            // Without content, and without sense between segments.
            0x01 | 0xd0..=0xd7 => continue,
            // The beginning of another picture.
            0xd8 => return Err(Unfit::Broken),
            _ => {}
        }
        let before = bytes.0;
        let length = bytes.big(2)?.checked_sub(2).ok_or(Unfit::Broken)?;
        let content = bytes.take(length as usize)?;
        match code {
            // What browsers show: baseline, extended and progressive.
            0xc0..=0xc2 if reading.canvas.is_none() => frame(code == 0xc2, content, reading)?,
            // Another size, and kinds that nobody shows. Those between are tables.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf | 0xdc | 0xde => {
                return Err(Unfit::Broken);
            }
            0xda => {
                scans += 1;
                if scans > MAX_SCANS {
                    reading.is_unfit(Unfit::TooManyScans);
                }
                reading.set_scans(scans);
                pixels(&mut bytes);
            }
            0xe0..=0xef | 0xfe if !application(code, content, reading) => continue,
            _ => {}
        }
        reading.keep(&[0xff, code]);
        reading.keep(bytes.since(before));
    }
}

/// Whether a segment of applications is kept as it is.
fn application(code: u8, content: &[u8], reading: &mut Reading) -> bool {
    match (code, content) {
        // How large it is printed. What may follow is a smaller picture, of what was there before it was cut to size.
        (0xe0, [b'J', b'F', b'I', b'F', 0, ..]) if content.len() >= 14 => {
            reading.keep(&[0xff, code, 0, 16]);
            reading.keep(&content[..12]);
            reading.keep(&[0, 0]);
            false
        }
        (0xe1, _) if content.starts_with(exif::MARK) => {
            if let Some(upright) = reading.exif(content.get(6..).unwrap_or_default()) {
                reading.keep(&[0xff, code, 0, 8 + exif::UPRIGHT_BYTES as u8]);
                reading.keep(b"Exif\0\0");
                reading.keep(&upright);
            }
            false
        }
        // Its place among its parts, and their number, come before each part.
        (0xe2, _) if content.starts_with(PROFILE) && content.len() > PROFILE.len() + 2 => {
            reading.share_profile(&content[PROFILE.len() + 2..]);
            true
        }
        // Which colours the pixels are.
        (0xee, [b'A', b'd', b'o', b'b', b'e', ..]) => content.len() == 12,
        _ => {
            reading.look_through(content);
            false
        }
    }
}

/// The header of the picture: bits, height, width, and its components with how often each stands in the pixels.
fn frame(is_progressive: bool, content: &[u8], reading: &mut Reading) -> Result<(), Unfit> {
    let mut header = Bytes(content);
    header.byte()?;
    let (height, width) = (header.big(2)?, header.big(2)?);
    reading.set_canvas(width, height)?;
    reading.frame(width, height)?;
    let components = header.byte()?;
    let (mut samples, mut most) = (0, [1, 1]);
    for _ in 0..components {
        header.byte()?;
        let sampling = header.byte()?;
        let (across, down) = (u64::from(sampling >> 4), u64::from(sampling & 15));
        header.byte()?;
        samples += across * down;
        most = [most[0].max(across), most[1].max(down)];
    }
    let pixels = u64::from(width) * u64::from(height);
    // All samples in two bytes each: until the last scan of a progressive picture, and where four make up a colour.
    let samples = 2 * pixels * samples / (most[0] * most[1]);
    let held = u64::from(is_progressive) * samples + u64::from(components > 3) * samples;
    reading.memory_bytes = held + pixels * 3;
    Ok(())
}

/// The next marker, and nothing of what lies before it.
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

/// Goes on to the next marker that is not among the pixels: in them a byte of 0xff is followed by 0, or by a restart.
fn pixels(bytes: &mut Bytes<'_>) {
    let end = memchr::memchr_iter(0xff, bytes.0)
        .find(|at| !matches!(bytes.0.get(at + 1), Some(0 | 0xd0..=0xd7)))
        .unwrap_or(bytes.0.len());
    bytes.0 = &bytes.0[end..];
}
