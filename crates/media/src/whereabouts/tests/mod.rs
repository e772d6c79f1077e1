//! Files that say where they were made, in all the ways of those who write them: what is left of them.

mod boxes;
mod elements;
mod sound;

use memchr::memmem;

use super::{Found, Whereabouts};

const WHERE: &[u8] = b"+52.3740+004.8897/";
const PIXELS: &[u8] = b"pixels and \xa9xyz as they come";

fn read(bytes: &[u8]) -> Found {
    let mut whereabouts = Whereabouts::default();
    whereabouts.update(bytes);
    whereabouts.finish()
}

/// The same, as bytes come one after the other.
fn read_slowly(bytes: &[u8]) -> Found {
    let mut whereabouts = Whereabouts::default();
    bytes.chunks(1).for_each(|piece| whereabouts.update(piece));
    whereabouts.finish()
}

fn says(bytes: &[u8], what: &[u8]) -> bool {
    memmem::find(bytes, what).is_some()
}

/// What is left of a film or a sound that names a location: as long, and its pixels where they were.
fn hidden(bytes: &[u8]) -> Vec<u8> {
    let found = read(bytes);
    assert_eq!(read_slowly(bytes), found);
    assert!(found.had_location && !found.stays && !found.blanks.is_empty(), "{found:?}");
    let mut hidden = bytes.to_vec();
    found.blanks.fill(0, &mut hidden);
    let mut in_pieces = bytes.to_vec();
    for (at, piece) in (0..).step_by(7).zip(in_pieces.chunks_mut(7)) {
        if found.blanks.touch(at, piece.len()) {
            found.blanks.fill(at, piece);
        }
    }
    assert_eq!(in_pieces, hidden);
    assert_eq!(memmem::find(&hidden, PIXELS), memmem::find(bytes, PIXELS));
    let again = read(&hidden);
    assert!(!again.stays && !again.had_location, "{}", hidden.escape_ascii());
    let mut twice = hidden.clone();
    again.blanks.fill(0, &mut twice);
    assert_eq!(twice, hidden);
    hidden
}

/// Cut off anywhere, and with any byte another: it ends in an answer, whatever it is read in.
fn ends_however_it_is_damaged(whole: &[u8]) {
    for end in 0..whole.len() {
        read(&whole[..end]);
        for flipped in [0xff, 0x80, 0x01] {
            let mut damaged = whole.to_vec();
            damaged[end] ^= flipped;
            let found = read(&damaged);
            assert_eq!(found, read_slowly(&damaged));
            let length = damaged.len();
            found.blanks.fill(0, &mut damaged);
            assert_eq!(damaged.len(), length);
        }
    }
}
