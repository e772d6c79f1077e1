//! GIF is a screen, and blocks: pictures on it, and what belongs to them.

use super::reading::{Bytes, Reading, Unfit};

/// Who says how often an animation is shown.
const LOOPS: [&[u8]; 2] = [b"NETSCAPE2.0", b"ANIMEXTS1.0"];
const END: u8 = 0x3b;

pub(super) fn read(bytes: &[u8], reading: &mut Reading) -> Result<(), Unfit> {
    let mut bytes = Bytes(bytes);
    let whole = bytes.0;
    bytes.take(6)?;
    let (width, height) = (bytes.little(2)?, bytes.little(2)?);
    reading.set_canvas(width, height)?;
    let screen = u64::from(width) * u64::from(height);
    let flags = bytes.byte()?;
    bytes.take(2)?;
    bytes.take(colours(flags))?;
    reading.keep(bytes.since(whole));
    loop {
        let before = bytes.0;
        match bytes.byte() {
            Ok(0x21) => {
                let label = bytes.byte()?;
                let first = bytes.0;
                blocks(&mut bytes)?;
                let content = bytes.since(first);
                let is_kept = match label {
                    // When the next picture comes, and what becomes of this one.
                    0xf9 => true,
                    0xff => LOOPS.iter().any(|name| content.get(1..12) == Some(name)),
                    _ => false,
                };
                if is_kept {
                    reading.keep(bytes.since(before));
                } else {
                    reading.look_through(content);
                }
            }
            Ok(0x2c) => {
                // A picture beyond the screen makes that larger.
                let (left, top) = (bytes.little(2)?, bytes.little(2)?);
                let (width, height) = (bytes.little(2)?, bytes.little(2)?);
                reading.within(left + width, top + height)?;
                reading.frame(width, height)?;
                if reading.frames == 1 {
                    // The screen, and the picture before it is put there.
                    reading.memory_bytes = 4 * (screen + u64::from(width) * u64::from(height));
                }
                let flags = bytes.byte()?;
                bytes.take(colours(flags))?;
                bytes.byte()?;
                blocks(&mut bytes)?;
                reading.keep(bytes.since(before));
            }
            // The end, which some encoders leave out; at anything else browsers show what came before it.
            _ => {
                reading.keep(&[END]);
                reading.look_through(before.get(1..).unwrap_or_default());
                return Ok(());
            }
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
