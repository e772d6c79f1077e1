//! Taking entries out of segments: nothing of their terms is left that only they had.

use std::collections::{BTreeMap, BTreeSet};

use rim_core::{MessageId, Rev};
use rim_store::{Tx, params};

use super::alone::{self, Result};
use super::block::{Block, without};
use super::entries::{self, CHUNK};
use super::number::Damaged;
use super::segment::Segment;

/// An entry that is taken out, with the terms that it has.
pub(super) struct Gone {
    pub(super) message: MessageId,
    pub(super) rev: Rev,
    pub(super) terms: String,
}

/// The chunks in which entries of a message may be.
pub(super) const CHUNKS: &str = "SELECT s.segment, c.chunk, c.entries
    FROM search_segments AS s CROSS JOIN LATERAL (
        (SELECT chunk, entries FROM search_entries WHERE segment = s.segment AND first_message < $1
         ORDER BY first_message DESC, chunk DESC LIMIT 1)
        UNION ALL
        (SELECT chunk, entries FROM search_entries WHERE segment = s.segment AND first_message = $1)) AS c
    WHERE s.first_message <= $1 AND s.last_message >= $1";

/// Blocks in which a term may be.
const BLOCKS: &str = "(SELECT first_term, first_entry, block FROM search_blocks
     WHERE segment = $1 AND first_term < $2 ORDER BY first_term DESC, first_entry DESC LIMIT 1)
    UNION ALL
    (SELECT first_term, first_entry, block FROM search_blocks WHERE segment = $1 AND first_term = $2)";

/// What is not there is left out: it waits to be listed, or nothing was to be found by it.
pub(super) fn erase(tx: &dyn Tx, gone: Vec<Gone>) -> Result<()> {
    if gone.is_empty() {
        return Ok(());
    }
    alone::wait(tx)?;
    // Of each segment the entries, and the terms of all of them: an entry has no others.
    let mut segments: BTreeMap<u64, (BTreeSet<u32>, BTreeSet<&[u8]>)> = BTreeMap::new();
    let keys: Vec<_> = gone.iter().map(|gone| params![gone.message].to_vec()).collect();
    tx.rows_of_each(CHUNKS, &keys, &mut |at, row| {
        let (segment, chunk): (u64, u64) = (row.get("segment")?, row.get("chunk")?);
        let Gone { message, rev, terms } = &gone[at];
        let of = entries::decode(&row.get::<Vec<u8>>("entries")?)
            .map_err(|Damaged| Segment::damaged(segment, "search_entries", "entries"))?;
        for (place, of) in of.iter().enumerate() {
            if (of.message, of.rev) == (*message, *rev) {
                let (entries, all) = segments.entry(segment).or_default();
                entries.insert((chunk as usize * CHUNK + place) as u32);
                all.extend(terms.split(' ').map(str::as_bytes));
            }
        }
        Ok(())
    })?;
    for (segment, (entries, terms)) in segments {
        of_segment(
            tx,
            segment,
            &entries.into_iter().collect::<Vec<_>>(),
            &terms.into_iter().collect::<Vec<_>>(),
        )?;
    }
    Ok(())
}

fn of_segment(tx: &dyn Tx, segment: u64, entries: &[u32], terms: &[&[u8]]) -> Result<()> {
    let keys: Vec<_> = terms.iter().map(|term| params![segment, *term].to_vec()).collect();
    let mut blocks: BTreeMap<(Vec<u8>, u64), Vec<u8>> = BTreeMap::new();
    tx.rows_of_each(BLOCKS, &keys, &mut |_, row| {
        blocks.insert((row.get("first_term")?, row.get("first_entry")?), row.get("block")?);
        Ok(())
    })?;
    let damaged = |Damaged| Segment::damaged(segment, "search_blocks", "block");
    for ((first_term, first_entry), block) in blocks {
        let Some(left) = without(&block, terms, entries).map_err(damaged)? else { continue };
        let key = params![segment, &first_term[..], first_entry];
        if left.is_empty() {
            let sql = "DELETE FROM search_blocks WHERE segment = $1 AND first_term = $2 AND first_entry = $3";
            tx.execute(sql, &key)?;
        }
        // It has become no larger, so it is one.
        for Block { first_term, first_entry, bytes } in left {
            let sql = "UPDATE search_blocks SET first_term = $4, first_entry = $5, block = $6
                       WHERE segment = $1 AND first_term = $2 AND first_entry = $3";
            let new = params![&first_term[..], u64::from(first_entry), &bytes[..]];
            tx.execute(sql, &[&key[..], &new[..]].concat())?;
        }
    }
    Ok(())
}
