//! Films, sound, and pictures that are made as films are: read the same in pieces of any size, and filled where they tell.

use rim_media::Whereabouts;
use rim_media::whereabouts::Found;

pub fn film(bytes: &[u8]) {
    let found = read(bytes, bytes.len());
    for size in [1, 7, 64] {
        assert_eq!(read(bytes, size), found, "in pieces of {size}");
    }
    let mut filled = bytes.to_vec();
    found.blanks.fill(0, &mut filled);
    assert_eq!(filled.len(), bytes.len());
    let mut in_pieces = bytes.to_vec();
    for (at, piece) in (0..).step_by(13).zip(in_pieces.chunks_mut(13)) {
        let before = piece.to_vec();
        found.blanks.fill(at, piece);
        assert!(found.blanks.touch(at, piece.len()) || before == piece);
    }
    assert_eq!(in_pieces, filled);
    let again = read(&filled, filled.len());
    assert!(!again.had_location || found.stays || again.stays, "what was filled tells nothing");
}

fn read(bytes: &[u8], size: usize) -> Found {
    let mut whereabouts = Whereabouts::default();
    bytes.chunks(size.max(1)).for_each(|piece| whereabouts.update(piece));
    whereabouts.finish()
}
