//! Numbers in as many bytes as they need, seven bits in each; the last is below 128.

/// What is read is nothing that was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Damaged;

pub(super) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// How many bytes it takes.
pub(super) const fn length(number: u64) -> usize {
    let bits = 64 - (number | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Takes one off the front.
pub(super) fn take(bytes: &mut &[u8]) -> Result<u64, Damaged> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(Damaged)?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if *byte < 0x80 {
            return Ok(number);
        }
    }
    Err(Damaged)
}

/// Takes so many bytes off the front.
pub(super) fn take_bytes<'b>(bytes: &mut &'b [u8], count: u64) -> Result<&'b [u8], Damaged> {
    let count = usize::try_from(count).map_err(|_| Damaged)?;
    let (taken, rest) = bytes.split_at_checked(count).ok_or(Damaged)?;
    *bytes = rest;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_were_written() {
        for number in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), i64::MAX as u64, u64::MAX] {
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            assert_eq!(bytes.len(), length(number), "{number}");
            let mut left = &bytes[..];
            assert_eq!((take(&mut left), left), (Ok(number), &[][..]));
            assert_eq!(take(&mut &bytes[..bytes.len() - 1]), Err(Damaged), "{number}");
        }
        assert_eq!(take(&mut &[0xFF; 11][..]), Err(Damaged));
    }
}
