//! What the files of the bench hold: each byte follows from the number of the file and from where it is, so whoever reads
//! it sees whether one was lost, changed or put elsewhere, and no two files have the same.

use std::ops::Range;
use std::sync::LazyLock;

use anyhow::ensure;
use bytes::Bytes;
use futures_util::{Stream, stream};

/// A file is made of blocks of so many bytes.
pub(crate) const BLOCK_BYTES: u64 = 64 * 1024;
/// A block begins with this, so that it is taken for nothing, and then has the numbers of the file and of itself.
const SIGN: [u8; 8] = *b"bench\0\0\0";
const MARK_BYTES: usize = SIGN.len() + 2 * size_of::<u64>();

/// What follows the mark of every block.
static REST: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut rest = vec![0; BLOCK_BYTES as usize - MARK_BYTES];
    fastrand::Rng::with_seed(1).fill(&mut rest);
    rest
});

/// A file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content {
    /// Tells it from all others.
    pub(crate) number: u64,
    pub(crate) size_bytes: u64,
}

impl Content {
    /// Its bytes in `range`, in pieces.
    pub(crate) fn pieces(self, range: Range<u64>) -> impl Stream<Item = Bytes> + Send + 'static {
        let end = range.end.min(self.size_bytes);
        let ends = move |at: u64| ((at / BLOCK_BYTES + 1) * BLOCK_BYTES).min(end);
        let starts = std::iter::successors(Some(range.start), move |at| Some(ends(*at)));
        stream::iter(starts.take_while(move |at| *at < end).map(move |at| self.piece(at..ends(at))))
    }

    /// Within one block.
    fn piece(self, range: Range<u64>) -> Bytes {
        let block = range.start / BLOCK_BYTES;
        let (from, to) = (range.start % BLOCK_BYTES, range.end - block * BLOCK_BYTES);
        let mut piece = Vec::with_capacity(BLOCK_BYTES as usize);
        piece.extend_from_slice(&self.mark(block));
        piece.extend_from_slice(&REST);
        Bytes::from(piece).slice(from as usize..to as usize)
    }

    fn mark(self, block: u64) -> [u8; MARK_BYTES] {
        let mut mark = [0; MARK_BYTES];
        mark[..8].copy_from_slice(&SIGN);
        mark[8..16].copy_from_slice(&self.number.to_be_bytes());
        mark[16..].copy_from_slice(&block.to_be_bytes());
        mark
    }

    /// # Errors
    /// These are not its bytes from there on.
    pub(crate) fn check(self, at: u64, bytes: &[u8]) -> anyhow::Result<()> {
        let (mut at, mut left) = (at, bytes);
        ensure!(at + left.len() as u64 <= self.size_bytes, "file {} is longer than it was", self.number);
        while !left.is_empty() {
            let (block, from) = (at / BLOCK_BYTES, (at % BLOCK_BYTES) as usize);
            let length = left.len().min(BLOCK_BYTES as usize - from);
            let (piece, rest) = left.split_at(length);
            let of_mark = length.min(MARK_BYTES.saturating_sub(from));
            let (mark, plain) = piece.split_at(of_mark);
            let begins = (from + of_mark).saturating_sub(MARK_BYTES);
            let is_same = mark == &self.mark(block)[from.min(MARK_BYTES)..][..of_mark]
                && plain == &REST[begins..begins + plain.len()];
            ensure!(is_same, "file {} has other bytes at {at}", self.number);
            (at, left) = (at + length as u64, rest);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    async fn whole(content: Content, range: Range<u64>) -> Vec<u8> {
        content.pieces(range).collect::<Vec<_>>().await.concat()
    }

    #[tokio::test]
    async fn a_file_passes_in_whatever_pieces_and_with_no_other_byte() {
        let content = Content { number: 7, size_bytes: 2 * BLOCK_BYTES + 100 };
        let mut bytes = whole(content, 0..content.size_bytes).await;
        assert_eq!(bytes.len() as u64, content.size_bytes);
        for length in [1, 7, 1_000, 100_000] {
            let mut at = 0;
            for piece in bytes.chunks(length) {
                content.check(at, piece).expect("its own");
                at += piece.len() as u64;
            }
        }
        for at in [0, 9, 23, 24, BLOCK_BYTES - 1, BLOCK_BYTES + 20, 2 * BLOCK_BYTES + 99] {
            bytes[at as usize] ^= 1;
            assert!(content.check(0, &bytes).is_err(), "{at}");
            bytes[at as usize] ^= 1;
        }
        let moved = &bytes[BLOCK_BYTES as usize..];
        assert!(content.check(0, moved).is_err(), "a block is missing");
        assert!(Content { number: 8, ..content }.check(0, &bytes).is_err(), "it is another's");
        assert!(Content { size_bytes: 10, ..content }.check(0, &bytes).is_err(), "it is too long");
    }

    #[tokio::test]
    async fn a_part_is_that_of_the_whole() {
        let content = Content { number: 7, size_bytes: 3 * BLOCK_BYTES };
        let bytes = whole(content, 0..content.size_bytes).await;
        for range in [0..1, 5..BLOCK_BYTES + 5, BLOCK_BYTES..content.size_bytes, 9..9] {
            let expected = &bytes[range.start as usize..range.end as usize];
            assert_eq!(whole(content, range).await, expected);
        }
    }
}
