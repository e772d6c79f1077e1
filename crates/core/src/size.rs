//! How large things are on the wire: what an answer may hold is bounded in bytes, and rows differ in size.
//!
//! Numbers, keys and what stands around them are counted as the most that they can be; texts as they are. What text
//! costs to write is known before it is written, and a control character costs six bytes.

/// What one answer holds, about. A row that is larger passes alone, as there would be no end to it otherwise.
///
/// Enough for a thousand messages of the usual kind, and little enough that a phone takes it at once.
pub const ANSWER_BYTES: usize = 2_000_000;

/// What is held of a longer list while it is read and written: its next rows, about. Less costs more questions to the
/// database, more only memory, as whoever reads slowly holds one of these.
pub const PART_BYTES: usize = 64 * 1024;

/// How many bytes something takes up in an answer, at the most.
pub trait Size {
    fn size_bytes(&self) -> usize;
}

/// How long a text is inside of JSON.
pub fn json_bytes(text: &str) -> usize {
    text.bytes().map(|byte| usize::from(COST[usize::from(byte)])).sum()
}

/// What each byte becomes.
const COST: [u8; 256] = {
    let mut cost = [1; 256];
    let mut byte = 0;
    while byte < 0x20 {
        cost[byte] = 6;
        byte += 1;
    }
    let short = b"\x08\x09\x0a\x0c\x0d\"\\";
    let mut at = 0;
    while at < short.len() {
        cost[short[at] as usize] = 2;
        at += 1;
    }
    cost
};

/// An id, a place or a time, with what parts it from the next.
pub(crate) const NUMBER: usize = 17;

/// The parts of `rows` that there is room for: all before the first that does not fit. At least one.
pub fn fitting<T>(rows: &[T], room: usize, size: impl Fn(&T) -> usize) -> usize {
    let mut taken = 0;
    let fits = |row: &&T| {
        taken += size(row);
        taken <= room
    };
    rows.iter().take_while(fits).count().max(1).min(rows.len())
}

/// The most that a user takes up whose texts have so many bytes: names and addresses hold no control characters.
pub const fn user_bytes(texts: usize) -> usize {
    90 + 2 * texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_as_long_as_json_has_it() {
        assert_eq!(json_bytes("Zoë"), 4);
        assert_eq!(json_bytes("\u{1}\u{1f}"), 12, "\\u0001");
        assert_eq!(json_bytes("\n\r\t\u{8}\u{c}\"\\"), 14);
        assert_eq!(json_bytes("\u{7f}/"), 2);
    }

    #[test]
    fn a_row_that_fits_nowhere_passes_alone() {
        let fitting = |rows: &[usize], room| fitting(rows, room, |row| *row);
        assert_eq!(fitting(&[], 10), 0);
        assert_eq!(fitting(&[4, 6, 1], 10), 2);
        assert_eq!(fitting(&[11, 1], 10), 1);
        assert_eq!(fitting(&[1, 11, 1], 10), 1, "nothing is left out in between");
    }
}
