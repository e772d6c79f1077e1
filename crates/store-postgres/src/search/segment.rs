//! Segments: what was listed together, sorted by terms. Eight that are about as large are merged into one, until it is large
//! enough. So a term is looked up in few places, and an entry is written some three times in all.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rim_core::{MessageId, Rev};
use rim_store::database::Fields;
use rim_store::listing::Entry;
use rim_store::{Read, Tx, params};

use super::alone::{self, Result};
use super::block::{Block, Blocks, Reading};
use super::entries::{self, CHUNK, Of};
use super::number::Damaged;

/// So many segments of one size become one.
const TOGETHER: usize = 8;

/// What has so many entries or bytes stays as it is.
const FULL_ENTRIES: u32 = 32_768;
const FULL_BYTES: u64 = 4 << 20;

/// What a segment is, without what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) id: u64,
    pub(super) last: MessageId,
    pub(super) entries: u32,
}

impl Segment {
    pub(super) fn read(row: Fields<'_>) -> Result<Self> {
        let entries = row.parse("entries", |entries: u64| u32::try_from(entries).ok())?;
        Ok(Self { id: row.get("segment")?, last: row.get("last_message")?, entries })
    }

    /// Those of one size may have up to eight times as many entries as each other.
    const fn size(entries: u32) -> u32 {
        entries.ilog2() / TOGETHER.ilog2()
    }

    pub(super) fn damaged(id: u64, table: &str, column: &str) -> rim_store::Failure {
        rim_store::Failure::Corrupt {
            table: table.into(),
            column: column.into(),
            row: id.to_string(),
            value: "bytes that rim has not written".into(),
        }
    }
}

/// What is in a segment.
#[derive(Debug, Default, PartialEq, Eq)]
struct Content {
    entries: Vec<Of>,
    blocks: Vec<Block>,
}

/// Writes entries, all of messages as they were sent or all of edits, as a segment.
pub(super) fn write(tx: &dyn Tx, edits: bool, mut entries: Vec<Entry>) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    entries.sort_unstable_by_key(|entry| (entry.message, entry.edit));
    insert(tx, edits, &Content::new(&entries))
}

impl Content {
    /// Of entries in the order of their messages.
    fn new(entries: &[Entry]) -> Self {
        let mut numbers: HashMap<&str, usize, RandomState> = HashMap::default();
        let mut terms: Vec<(&str, Vec<u32>)> = Vec::new();
        for (number, entry) in (0_u32..).zip(entries) {
            for term in entry.terms.split(' ') {
                let at = *numbers.entry(term).or_insert_with(|| {
                    terms.push((term, Vec::new()));
                    terms.len() - 1
                });
                let of_term = &mut terms[at].1;
                if of_term.last() != Some(&number) {
                    of_term.push(number);
                }
            }
        }
        terms.sort_unstable_by_key(|(term, _)| *term);
        let mut blocks = Blocks::default();
        terms.iter().for_each(|(term, entries)| blocks.add(term.as_bytes(), entries));
        let of = |entry: &Entry| Of {
            message: entry.message,
            rev: entry.edit.unwrap_or(Rev(0)),
            group: entry.group,
            seq: entry.seq,
        };
        Self { entries: entries.iter().map(of).collect(), blocks: blocks.finish() }
    }

    /// All that is in these.
    fn merged(parts: &[Self]) -> std::result::Result<Self, Damaged> {
        let mut all: Vec<(Of, usize, usize)> = Vec::new();
        for (part, content) in parts.iter().enumerate() {
            all.extend(content.entries.iter().enumerate().map(|(at, of)| (*of, part, at)));
        }
        all.sort();
        // Which number each entry has from now on.
        let mut numbers: Vec<Vec<u32>> = parts.iter().map(|part| vec![0; part.entries.len()]).collect();
        for (number, (_, part, at)) in (0_u32..).zip(&all) {
            numbers[*part][*at] = number;
        }
        let mut readers = Vec::with_capacity(parts.len());
        for part in parts {
            let mut reader = Terms { blocks: &part.blocks, reading: Reading::new(&[]) };
            readers.push(reader.next()?.then_some(reader));
        }
        let (mut blocks, mut term, mut entries) = (Blocks::default(), Vec::new(), Vec::new());
        loop {
            let least = readers.iter().flatten().map(|reader| reader.reading.term()).min();
            let Some(least) = least else { break };
            term.clear();
            term.extend_from_slice(least);
            entries.clear();
            for (slot, numbers) in readers.iter_mut().zip(&numbers) {
                // It may go on in the next block.
                while let Some(reader) = slot
                    && reader.reading.term() == term
                {
                    let mut is_known = true;
                    reader.reading.entries(|entry| match numbers.get(entry as usize) {
                        Some(number) => entries.push(*number),
                        None => is_known = false,
                    })?;
                    if !is_known {
                        return Err(Damaged);
                    }
                    if !reader.next()? {
                        *slot = None;
                    }
                }
            }
            // Runs that ascend, which this is quick with.
            entries.sort();
            blocks.add(&term, &entries);
        }
        Ok(Self { entries: all.into_iter().map(|(of, ..)| of).collect(), blocks: blocks.finish() })
    }

    fn bytes(&self) -> u64 {
        self.blocks.iter().map(|block| block.bytes.len() as u64).sum()
    }
}

/// Reads the terms of several blocks.
struct Terms<'b> {
    blocks: &'b [Block],
    reading: Reading<'b>,
}

impl Terms<'_> {
    fn next(&mut self) -> std::result::Result<bool, Damaged> {
        while !self.reading.next()? {
            let Some((block, rest)) = self.blocks.split_first() else { return Ok(false) };
            (self.blocks, self.reading) = (rest, Reading::new(&block.bytes));
        }
        Ok(true)
    }
}

fn insert(tx: &dyn Tx, edits: bool, content: &Content) -> Result<()> {
    let Content { entries, blocks } = content;
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(()) };
    let sql = "INSERT INTO search_segments (edits, first_message, last_message, entries, bytes)
               VALUES ($1, $2, $3, $4, $5) RETURNING segment";
    let params = params![edits, first.message, last.message, entries.len() as u64, content.bytes()];
    let segment: Option<u64> = tx.reader().first(sql, &params, |row| row.get("segment"))?;
    let segment = segment.unwrap_or_default();
    let chunks: Vec<_> = entries.chunks(CHUNK).map(|chunk| (chunk[0], entries::encode(chunk))).collect();
    let rows: Vec<_> = (0_u64..)
        .zip(&chunks)
        .map(|(number, (Of { message, group, .. }, bytes))| {
            params![segment, number, *message, *group, &bytes[..]].to_vec()
        })
        .collect();
    let sql = "INSERT INTO search_entries (segment, chunk, first_message, first_group, entries)
               VALUES ($1, $2, $3, $4, $5)";
    tx.execute_each(sql, &rows)?;
    let rows: Vec<_> = blocks
        .iter()
        .map(|Block { first_term, first_entry, bytes }| {
            params![segment, &first_term[..], u64::from(*first_entry), &bytes[..]].to_vec()
        })
        .collect();
    let sql = "INSERT INTO search_blocks (segment, first_term, first_entry, block) VALUES ($1, $2, $3, $4)";
    tx.execute_each(sql, &rows).map(drop)
}

/// Eight of a size, if there are.
pub(super) fn of_a_size(db: &dyn Read, edits: bool) -> Result<Option<Vec<Segment>>> {
    let sql = "SELECT segment, last_message, entries FROM search_segments
               WHERE edits = $1 AND entries < $2 AND bytes < $3 ORDER BY segment";
    let small = db.all(sql, &params![edits, u64::from(FULL_ENTRIES), FULL_BYTES], Segment::read)?;
    let mut sizes: HashMap<u32, Vec<Segment>> = HashMap::new();
    for segment in small {
        sizes.entry(Segment::size(segment.entries)).or_default().push(segment);
    }
    let together = sizes.into_values().find(|segments| segments.len() >= TOGETHER);
    Ok(together.map(|mut together| {
        together.truncate(TOGETHER);
        together
    }))
}

/// Makes one of eight of a size, if there are.
pub(super) fn merge(tx: &dyn Tx, edits: bool) -> Result<()> {
    // Where somebody takes a message out, it is done next time.
    if !alone::at_once(tx)? {
        return Ok(());
    }
    let Some(together) = of_a_size(tx.reader(), edits)? else { return Ok(()) };
    let parts = together.iter().map(|segment| read(tx, segment.id)).collect::<Result<Vec<_>>>()?;
    let merged = Content::merged(&parts)
        .map_err(|Damaged| Segment::damaged(together[0].id, "search_blocks", "block"))?;
    insert(tx, edits, &merged)?;
    let segments: Vec<_> = together.iter().map(|segment| params![segment.id].to_vec()).collect();
    for sql in [
        "DELETE FROM search_segments WHERE segment = $1",
        "DELETE FROM search_entries WHERE segment = $1",
        "DELETE FROM search_blocks WHERE segment = $1",
    ] {
        tx.execute_each(sql, &segments)?;
    }
    Ok(())
}

fn read(tx: &dyn Tx, segment: u64) -> Result<Content> {
    let damaged = |Damaged| Segment::damaged(segment, "search_entries", "entries");
    let mut content = Content::default();
    let sql = "SELECT chunk, entries FROM search_entries WHERE segment = $1 ORDER BY chunk";
    let chunks: Vec<Vec<u8>> = tx.reader().all(sql, &params![segment], |row| row.get("entries"))?;
    for chunk in chunks {
        content.entries.extend(entries::decode(&chunk).map_err(damaged)?);
    }
    let sql = "SELECT first_term, first_entry, block FROM search_blocks WHERE segment = $1
               ORDER BY first_term, first_entry";
    content.blocks = tx.reader().all(sql, &params![segment], |row| {
        let first_entry = row.parse("first_entry", |entry: u64| u32::try_from(entry).ok())?;
        Ok(Block { first_term: row.get("first_term")?, first_entry, bytes: row.get("block")? })
    })?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;
    use rim_core::{GroupId, Seq};

    use super::*;

    #[test]
    fn segments_that_are_merged_are_as_if_they_had_been_one() {
        let mut rng = Rng::with_seed(3);
        for _ in 0..30 {
            let mut entries: Vec<Entry> = (1..rng.u64(2..600))
                .map(|message| {
                    let terms: Vec<_> = (0..rng.usize(1..30))
                        .map(|_| format!("t{}", rng.u32(0..900).min(rng.u32(..))))
                        .collect();
                    Entry {
                        group: GroupId(rng.u64(1..9)),
                        seq: Seq(message),
                        message: MessageId(message),
                        edit: None,
                        terms: terms.join(" "),
                    }
                })
                .collect();
            let whole = Content::new(&entries);
            // By the order in which they were sent, and by their groups.
            for is_sorted in [true, false] {
                if !is_sorted {
                    entries.sort_by_key(|entry| entry.group);
                }
                let parts: Vec<_> = entries
                    .chunks(rng.usize(1..200))
                    .map(|part| {
                        let mut part = part.to_vec();
                        part.sort_by_key(|entry| entry.message);
                        Content::new(&part)
                    })
                    .collect();
                assert_eq!(Content::merged(&parts), Ok(Content { ..Content::new(&sorted(&entries)) }));
                assert_eq!(Content::new(&sorted(&entries)), whole);
            }
        }
    }

    fn sorted(entries: &[Entry]) -> Vec<Entry> {
        let mut entries = entries.to_vec();
        entries.sort_by_key(|entry| entry.message);
        entries
    }

    #[test]
    fn sizes_are_eight_apart() {
        assert_eq!([1, 7, 8, 63, 64, 511, 512, 4_095, 4_096].map(Segment::size), [0, 0, 1, 1, 2, 2, 3, 3, 4]);
    }
}
