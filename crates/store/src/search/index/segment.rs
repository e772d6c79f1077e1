//! Segments: what was listed together, sorted by terms, and what became of several.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rim_core::{MessageId, Rev};

use super::asked::Entry;
use super::block::{Block, Blocks, Reading};
use super::entries::{self, CHUNK, Of};
use super::groups;
use super::number::Damaged;
use crate::database::{Fields, Read, Tx};
use crate::failure::{Failure, Result as Step};
use crate::params;

/// Where it is in its life. Only what is live is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Unfinished,
    Live,
    Going,
}

impl State {
    pub(super) const fn code(self) -> u64 {
        self as u64
    }
}

/// What a segment is, without what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) id: u64,
    /// Another one each time that something is taken out of it.
    pub(super) version: u64,
    pub(super) first: MessageId,
    pub(super) last: MessageId,
    pub(super) entries: u32,
}

impl Segment {
    pub(super) fn read(row: Fields<'_>) -> Step<Self> {
        let entries = row.parse("entries", |entries: u64| u32::try_from(entries).ok())?;
        Ok(Self {
            id: row.get("segment")?,
            version: row.get("version")?,
            first: row.get("first_message")?,
            last: row.get("last_message")?,
            entries,
        })
    }

    pub(super) fn damaged(id: u64, table: &str, column: &str) -> Failure {
        Failure::Corrupt {
            table: table.into(),
            column: column.into(),
            row: id.to_string(),
            value: "bytes that rim has not written".into(),
        }
    }
}

/// What is to be listed, as it is written. To make it takes longer than to write it.
pub(in super::super) struct Made {
    sent: Content,
    edits: Content,
}

impl Made {
    pub(in super::super) fn of(entries: &[Entry]) -> Self {
        let of = |edits: bool| {
            let mut of: Vec<_> = entries.iter().filter(|entry| entry.edit.is_some() == edits).collect();
            of.sort_unstable_by_key(|entry| (entry.message, entry.edit));
            Content::new(&of)
        };
        Self { sent: of(false), edits: of(true) }
    }

    pub(in super::super) fn rows(&self) -> usize {
        self.sent.rows() + self.edits.rows()
    }

    pub(in super::super) fn write(&self, tx: &dyn Tx) -> Step<()> {
        for (edits, content) in [(false, &self.sent), (true, &self.edits)] {
            if let Some(segment) = content.begin(tx, edits, State::Live)? {
                content.write_blocks(tx, segment, &content.blocks)?;
            }
        }
        Ok(())
    }
}

/// A term of entries that are listed.
struct Term<'t> {
    begin: u64,
    text: &'t str,
    /// How many have it.
    entries: usize,
    /// The last of them so far.
    last: Option<u32>,
}

/// The first bytes of a term, as a number: of two that differ it says which comes first.
fn beginning(term: &[u8]) -> u64 {
    let mut first = [0; 8];
    let count = term.len().min(first.len());
    first[..count].copy_from_slice(&term[..count]);
    u64::from_be_bytes(first)
}

/// What is in a segment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    entries: Vec<Of>,
    pub(super) blocks: Vec<Block>,
}

impl Content {
    /// Of entries in the order of their messages.
    fn new(entries: &[&Entry]) -> Self {
        let mut numbers: HashMap<&str, usize, RandomState> = HashMap::default();
        let mut terms: Vec<Term<'_>> = Vec::new();
        // Which term each entry has, entry by entry.
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (number, entry) in (0_u32..).zip(entries.iter()) {
            for text in entry.terms.split(' ') {
                let at = *numbers.entry(text).or_insert_with(|| {
                    terms.push(Term { begin: beginning(text.as_bytes()), text, entries: 0, last: None });
                    terms.len() - 1
                });
                let term = &mut terms[at];
                if term.last != Some(number) {
                    (term.last, term.entries) = (Some(number), term.entries + 1);
                    pairs.push((at as u32, number));
                }
            }
        }
        // Where the entries of each term end, when they stand together.
        let ends = terms.iter().scan(0, |end, term| {
            *end += term.entries;
            Some(*end)
        });
        let ends: Vec<usize> = ends.collect();
        let mut filled: Vec<usize> = ends.iter().zip(&terms).map(|(end, term)| end - term.entries).collect();
        let mut together = vec![0; pairs.len()];
        for (term, number) in pairs {
            let at = &mut filled[term as usize];
            together[*at] = number;
            *at += 1;
        }
        let mut order: Vec<usize> = (0..terms.len()).collect();
        order.sort_unstable_by_key(|at| (terms[*at].begin, terms[*at].text));
        let mut blocks = Blocks::default();
        for at in order {
            let Term { text, entries, .. } = terms[at];
            blocks.add(text.as_bytes(), &together[ends[at] - entries..ends[at]]);
        }
        let of = |entry: &&Entry| Of {
            message: entry.message,
            rev: entry.edit.unwrap_or(Rev(0)),
            group: entry.group,
            seq: entry.seq,
        };
        Self { entries: entries.iter().map(of).collect(), blocks: blocks.finish() }
    }

    /// All that is in these.
    pub(super) fn merged(parts: &[Self]) -> std::result::Result<Self, Damaged> {
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
            let mut reader = Terms { blocks: &part.blocks, reading: Reading::new(&[]), begin: 0 };
            readers.push(reader.next()?.then_some(reader));
        }
        let (mut blocks, mut term, mut entries) = (Blocks::default(), Vec::new(), Vec::new());
        loop {
            let least = readers.iter().flatten().map(Terms::term).min();
            let Some((begin, least)) = least else { break };
            term.clear();
            term.extend_from_slice(least);
            entries.clear();
            for (slot, numbers) in readers.iter_mut().zip(&numbers) {
                // It may go on in the next block.
                while let Some(reader) = slot
                    && reader.term() == (begin, &term[..])
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

    pub(super) fn count(&self) -> u32 {
        self.entries.len() as u32
    }

    fn rows(&self) -> usize {
        self.entries.len().div_ceil(CHUNK) + self.blocks.len()
    }

    /// Begins a segment with all but its blocks; none where there is nothing to be in it.
    pub(super) fn begin(&self, tx: &dyn Tx, edits: bool, state: State) -> Step<Option<u64>> {
        let (Some(first), Some(last)) = (self.entries.first(), self.entries.last()) else { return Ok(None) };
        let chunks: Vec<_> =
            self.entries.chunks(CHUNK).map(|chunk| (chunk[0], entries::encode(chunk))).collect();
        let bytes = self.blocks.iter().map(|block| block.bytes.len()).sum::<usize>()
            + chunks.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
        let sql =
            "INSERT INTO search_segments (edits, state, version, first_message, last_message, entries, bytes, group_ids)
                   VALUES ($1, $2, 0, $3, $4, $5, $6, $7) RETURNING segment";
        let count = self.entries.len() as u64;
        let groups = groups::encode(&self.entries);
        let groups = groups.as_deref();
        let params = params![edits, state.code(), first.message, last.message, count, bytes as u64, groups];
        let segment: Option<u64> = tx.reader().first(sql, &params, |row| row.get("segment"))?;
        let Some(segment) = segment else { return Ok(None) };
        let rows: Vec<_> = (0_u64..)
            .zip(&chunks)
            .map(|(number, (Of { message, group, .. }, bytes))| {
                params![segment, number, *message, *group, &bytes[..]].to_vec()
            })
            .collect();
        let sql = "INSERT INTO search_entries (segment, chunk, first_message, first_group, entries)
                   VALUES ($1, $2, $3, $4, $5)";
        tx.execute_each(sql, &rows)?;
        Ok(Some(segment))
    }

    pub(super) fn write_blocks(&self, tx: &dyn Tx, segment: u64, blocks: &[Block]) -> Step<()> {
        let rows: Vec<_> = blocks
            .iter()
            .map(|Block { first_term, first_entry, bytes }| {
                params![segment, &first_term[..], u64::from(*first_entry), &bytes[..]].to_vec()
            })
            .collect();
        let sql =
            "INSERT INTO search_blocks (segment, first_term, first_entry, block) VALUES ($1, $2, $3, $4)";
        tx.execute_each(sql, &rows).map(drop)
    }
}

/// Reads the terms of several blocks.
struct Terms<'b> {
    blocks: &'b [Block],
    reading: Reading<'b>,
    /// Of the term that is read.
    begin: u64,
}

impl Terms<'_> {
    fn next(&mut self) -> std::result::Result<bool, Damaged> {
        while !self.reading.next()? {
            let Some((block, rest)) = self.blocks.split_first() else { return Ok(false) };
            (self.blocks, self.reading) = (rest, Reading::new(&block.bytes));
        }
        self.begin = beginning(self.reading.term());
        Ok(true)
    }

    /// The same order as that of their bytes, which mostly need not be looked at.
    fn term(&self) -> (u64, &[u8]) {
        (self.begin, self.reading.term())
    }
}

pub(super) fn read(db: &dyn Read, segment: u64) -> Step<Content> {
    let damaged = |Damaged| Segment::damaged(segment, "search_entries", "entries");
    let mut content = Content::default();
    let sql = "SELECT chunk, entries FROM search_entries WHERE segment = $1 ORDER BY chunk";
    let chunks: Vec<Vec<u8>> = db.all(sql, &params![segment], |row| row.get("entries"))?;
    for chunk in chunks {
        content.entries.extend(entries::decode(&chunk).map_err(damaged)?);
    }
    let sql = "SELECT first_term, first_entry, block FROM search_blocks WHERE segment = $1
               ORDER BY first_term, first_entry";
    content.blocks = db.all(sql, &params![segment], |row| {
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
            let of = |entries: &[Entry]| {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by_key(|entry| entry.message);
                Content::new(&entries)
            };
            let whole = of(&entries);
            // By the order in which they were sent, and by their groups.
            for is_sorted in [true, false] {
                if !is_sorted {
                    entries.sort_by_key(|entry| entry.group);
                }
                let parts: Vec<_> = entries.chunks(rng.usize(1..200)).map(of).collect();
                assert_eq!(Content::merged(&parts).as_ref(), Ok(&whole));
            }
        }
    }
}
