//! Chunks of entries: which messages the numbers of a segment stand for, in the order of the messages.

use rim_core::{GroupId, MessageId, Rev, Seq};

use super::number::{self, Damaged};

/// Entries of a chunk.
pub(super) const CHUNK: usize = 128;

/// What an entry is of: a message as it was sent, or what it says by the edit of that `rev`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Of {
    pub(super) message: MessageId,
    /// 0 of what was sent.
    pub(super) rev: Rev,
    pub(super) group: GroupId,
    pub(super) seq: Seq,
}

/// At most 128 of them, ascending.
pub(super) fn encode(entries: &[Of]) -> Vec<u8> {
    let (mut bytes, mut before) = (Vec::with_capacity(entries.len() * 8), 0);
    for Of { message, rev, group, seq } in entries {
        number::put(&mut bytes, message.0 - before);
        number::put(&mut bytes, group.0);
        number::put(&mut bytes, seq.0);
        number::put(&mut bytes, rev.0);
        before = message.0;
    }
    bytes
}

pub(super) fn decode(mut bytes: &[u8]) -> Result<Vec<Of>, Damaged> {
    let (mut entries, mut before) = (Vec::with_capacity(CHUNK), 0_u64);
    while !bytes.is_empty() {
        before = before.checked_add(number::take(&mut bytes)?).ok_or(Damaged)?;
        let (group, seq) = (GroupId(number::take(&mut bytes)?), Seq(number::take(&mut bytes)?));
        let rev = Rev(number::take(&mut bytes)?);
        entries.push(Of { message: MessageId(before), rev, group, seq });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_they_were_written_and_fit_into_a_page() {
        let of = |message, rev, group, seq| Of {
            message: MessageId(message),
            rev: Rev(rev),
            group: GroupId(group),
            seq: Seq(seq),
        };
        let entries = [of(7, 0, 2001, 1), of(7, 9, 2001, 1), of(300, 0, 5, 70_000)];
        assert_eq!(decode(&encode(&entries)), Ok(entries.to_vec()));
        let most = i64::MAX as u64;
        let large: Vec<_> = (0..CHUNK).map(|_| of(most, most, most, most)).collect();
        let bytes = encode(&large);
        assert!(bytes.len() < 5_000, "{}", bytes.len());
        assert_eq!(decode(&bytes), Ok(large));
        assert_eq!(decode(&bytes[..bytes.len() - 1]), Err(Damaged));
    }
}
