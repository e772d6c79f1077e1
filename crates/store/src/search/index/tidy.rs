//! What listing, and taking out, leave to be done in the index. It is done in pieces, each a commit of its own, so that nobody's
//! messages wait for long; what takes long beside that is done before, from what is read.
//!
//! Whoever writes here does so alone, and what was read may be different by then: of a segment its `version` says so, and it is
//! read again.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;

use rim_core::{MessageId, Rev};

use super::block::{self, Block};
use super::entries::{self, CHUNK};
use super::number::Damaged;
use super::segment::{Content, Segment, State, read};
use crate::database::{InPieces, Piece, Read, Tx};
use crate::failure::Result as Step;
use crate::params;

/// Rows of a piece: some milliseconds.
const PIECE: usize = 256;

/// So many segments of one size become one.
const TOGETHER: usize = 8;

/// What has so many entries or bytes stays as it is: eight of those that are listed where much waits, though a few of their messages be
/// wiped.
const FULL_ENTRIES: u32 = 28_672;
const FULL_BYTES: u64 = 4 << 20;

/// Dead entries that are taken out together.
const DEAD: u64 = 1_024;

/// Until it has ended only this transaction tidies up.
pub(super) fn alone(tx: &dyn Tx) -> Step<()> {
    tx.lock_name("search segments")
}

/// Something that is to be done.
#[derive(Clone)]
pub struct Chore(Do);

#[derive(Clone)]
enum Do {
    /// A segment that is not needed any more, or was never finished, goes.
    Remove(u64),
    Erase(Erasing),
    Merge(Merging),
}

/// What is to be done next, if there is anything. Much of it is done with that.
///
/// # Errors
/// Those of the database.
pub fn next_chore(db: &dyn Read) -> Step<Option<Chore>> {
    let sql = "SELECT segment FROM search_segments WHERE state <> 1 ORDER BY segment LIMIT 1";
    if let Some(segment) = db.first(sql, &[], |row| row.get("segment"))? {
        return Ok(Some(Chore(Do::Remove(segment))));
    }
    if let Some(erasing) = Erasing::next(db)? {
        return Ok(Some(Chore(Do::Erase(erasing))));
    }
    Ok(Merging::next(db)?.map(|merging| Chore(Do::Merge(merging))))
}

impl Chore {
    /// Whether what it removes is a part of the index worth mentioning.
    pub(in super::super) fn leaves_room(&self) -> bool {
        matches!(&self.0, Do::Merge(merging) if merging.what.content.count() >= FULL_ENTRIES / 2)
    }
}

impl InPieces for Chore {
    type Output = ();

    fn cost(&self) -> usize {
        PIECE
    }

    fn next(&mut self, tx: &mut dyn Tx) -> Step<Piece<()>> {
        alone(tx)?;
        let mut room = PIECE;
        let is_done = match &mut self.0 {
            Do::Remove(segment) => remove(tx, *segment, &mut room)?,
            Do::Erase(erasing) => erasing.go_on(tx, &mut room)?,
            Do::Merge(merging) => merging.go_on(tx, &mut room)?,
        };
        Ok(if is_done { Piece::Last(()) } else { Piece::More })
    }
}

/// Whether all of it is gone.
fn remove(tx: &dyn Tx, segment: u64, room: &mut usize) -> Step<bool> {
    let sql = "SELECT first_term FROM search_blocks WHERE segment = $1
               ORDER BY first_term, first_entry LIMIT 1 OFFSET $2";
    let next =
        tx.reader().first(sql, &params![segment, *room as u64], |row| row.get::<Vec<u8>>("first_term"))?;
    if let Some(next) = next {
        let sql = "DELETE FROM search_blocks WHERE segment = $1 AND first_term <= $2";
        tx.execute(sql, &params![segment, &next[..]])?;
        *room = 0;
        return Ok(false);
    }
    for sql in [
        "DELETE FROM search_blocks WHERE segment = $1",
        "DELETE FROM search_entries WHERE segment = $1",
        "DELETE FROM search_segments WHERE segment = $1",
    ] {
        *room = room.saturating_sub(tx.execute(sql, &params![segment])? as usize);
    }
    Ok(true)
}

fn set_state(tx: &dyn Tx, segment: u64, state: State) -> Step<()> {
    let sql = "UPDATE search_segments SET state = $2 WHERE segment = $1";
    tx.execute(sql, &params![segment, state.code()]).map(drop)
}

/// Whether it is still as it was when it was read.
fn is_as_before(db: &dyn Read, segment: u64, state: State, version: u64) -> Step<bool> {
    let sql = "SELECT segment FROM search_segments WHERE segment = $1 AND state = $2 AND version = $3";
    db.exists(sql, &params![segment, state.code(), version])
}

/// Dead entries are taken out of the segments that have them.
#[derive(Clone)]
struct Erasing {
    dead: Vec<(MessageId, Rev)>,
    segments: Vec<Graves>,
}

/// Where in a segment they are.
#[derive(Clone)]
struct Graves {
    segment: u64,
    version: u64,
    entries: Vec<u32>,
    /// The blocks that have some.
    blocks: Vec<(Vec<u8>, u64)>,
}

impl Erasing {
    fn next(db: &dyn Read) -> Step<Option<Self>> {
        let sql = "SELECT message_id, rev FROM search_dead ORDER BY message_id, rev LIMIT $1";
        let dead: Vec<(MessageId, Rev)> =
            db.all(sql, &params![DEAD], |row| Ok((row.get("message_id")?, row.get("rev")?)))?;
        let (Some((first, _)), Some((last, _))) = (dead.first(), dead.last()) else { return Ok(None) };
        let sql = "SELECT segment, version, first_message, last_message, entries FROM search_segments
                   WHERE state = 1 AND first_message <= $2 AND last_message >= $1";
        let near = db.all(sql, &params![*first, *last], Segment::read)?;
        let mut segments = Vec::new();
        for segment in near {
            let of: BTreeSet<_> = dead
                .iter()
                .copied()
                .filter(|(message, _)| (segment.first..=segment.last).contains(message))
                .collect();
            segments.extend(Graves::of(db, segment, &of)?);
        }
        Ok(Some(Self { dead, segments }))
    }

    /// Whether all of it is done, or it has to be begun anew.
    fn go_on(&mut self, tx: &dyn Tx, room: &mut usize) -> Step<bool> {
        while let Some(graves) = self.segments.last_mut() {
            if !is_as_before(tx.reader(), graves.segment, State::Live, graves.version)? {
                return Ok(true);
            }
            let rest = graves.blocks.split_off(graves.blocks.len().min(*room));
            let blocks = mem::replace(&mut graves.blocks, rest);
            *room -= blocks.len();
            graves.take_out(tx, blocks)?;
            if *room == 0 {
                return Ok(false);
            }
            let sql = "SELECT segment FROM search_blocks WHERE segment = $1 LIMIT 1";
            if !tx.reader().exists(sql, &params![graves.segment])? {
                set_state(tx, graves.segment, State::Going)?;
            }
            self.segments.pop();
        }
        let dead: Vec<_> = self.dead.iter().map(|(message, rev)| params![*message, *rev].to_vec()).collect();
        tx.execute_each("DELETE FROM search_dead WHERE message_id = $1 AND rev = $2", &dead)?;
        Ok(true)
    }
}

impl Graves {
    /// Of those that are among these, if any are.
    fn of(db: &dyn Read, segment: Segment, dead: &BTreeSet<(MessageId, Rev)>) -> Step<Option<Self>> {
        // Those of one message stand together, and may go on in other chunks.
        let sql = "SELECT chunk, entries FROM search_entries WHERE segment = $1 AND first_message <= $2
                   AND chunk >= coalesce((SELECT chunk FROM search_entries
                                          WHERE segment = $1 AND first_message < $2
                                          ORDER BY first_message DESC, chunk DESC LIMIT 1), 0)";
        let messages: BTreeSet<_> = dead.iter().map(|(message, _)| *message).collect();
        let keys: Vec<_> = messages.iter().map(|message| params![segment.id, *message].to_vec()).collect();
        let mut found = BTreeSet::new();
        db.rows_of_each(sql, &keys, &mut |_, row| {
            let chunk: u64 = row.get("chunk")?;
            let of = entries::decode(&row.get::<Vec<u8>>("entries")?)
                .map_err(|Damaged| Segment::damaged(segment.id, "search_entries", "entries"))?;
            let is_dead = of.iter().enumerate().filter(|(_, of)| dead.contains(&(of.message, of.rev)));
            found.extend(is_dead.map(|(place, _)| (chunk as usize * CHUNK + place) as u32));
            Ok(())
        })?;
        if found.is_empty() {
            return Ok(None);
        }
        let entries: Vec<u32> = found.into_iter().collect();
        let mut blocks = Vec::new();
        let sql = "SELECT first_term, first_entry, block FROM search_blocks WHERE segment = $1";
        db.rows(sql, &params![segment.id], &mut |row| {
            let has_one = block::has_one(&row.get::<Vec<u8>>("block")?, &entries)
                .map_err(|Damaged| Segment::damaged(segment.id, "search_blocks", "block"))?;
            if has_one {
                blocks.push((row.get("first_term")?, row.get("first_entry")?));
            }
            Ok(std::ops::ControlFlow::Continue(()))
        })?;
        Ok(Some(Self { segment: segment.id, version: segment.version, entries, blocks }))
    }

    fn take_out(&mut self, tx: &dyn Tx, blocks: Vec<(Vec<u8>, u64)>) -> Step<()> {
        let keys: Vec<_> =
            blocks.iter().map(|(term, entry)| params![self.segment, &term[..], *entry].to_vec()).collect();
        let sql =
            "SELECT block FROM search_blocks WHERE segment = $1 AND first_term = $2 AND first_entry = $3";
        let found = tx.reader().first_of_each(sql, &keys, |row| row.get::<Vec<u8>>("block"))?;
        let mut bytes_less = 0;
        for ((key, (term, entry)), block) in keys.iter().zip(&blocks).zip(found) {
            let block = block.unwrap_or_default();
            let left = block::without(&block, &self.entries)
                .map_err(|Damaged| Segment::damaged(self.segment, "search_blocks", "block"))?;
            bytes_less += block.len() - left.as_ref().map_or(0, |left| left.bytes.len());
            match left {
                None => {
                    let sql = "DELETE FROM search_blocks
                               WHERE segment = $1 AND first_term = $2 AND first_entry = $3";
                    tx.execute(sql, key)?;
                }
                Some(Block { first_term, first_entry, bytes }) => {
                    // What has the same beginning stays where it is, so that no copy is left of the key.
                    let is_same = first_term == *term && u64::from(first_entry) == *entry;
                    let sql = if is_same {
                        "UPDATE search_blocks SET block = $4
                         WHERE segment = $1 AND first_term = $2 AND first_entry = $3"
                    } else {
                        "UPDATE search_blocks SET block = $4, first_term = $5, first_entry = $6
                         WHERE segment = $1 AND first_term = $2 AND first_entry = $3"
                    };
                    let changed = params![&bytes[..], &first_term[..], u64::from(first_entry)];
                    let changed = &changed[..if is_same { 1 } else { 3 }];
                    tx.execute(sql, &[&key[..], changed].concat())?;
                }
            }
        }
        if !blocks.is_empty() {
            let sql =
                "UPDATE search_segments SET version = version + 1, bytes = bytes - $2 WHERE segment = $1";
            tx.execute(sql, &params![self.segment, bytes_less as u64])?;
            self.version += 1;
        }
        Ok(())
    }
}

/// Several segments become one.
#[derive(Clone)]
struct Merging {
    what: Arc<Merged>,
    /// The segment, once it is begun, and how many of its blocks are written.
    into: Option<u64>,
    written: usize,
}

struct Merged {
    edits: bool,
    from: Vec<Segment>,
    content: Content,
}

impl Merging {
    fn next(db: &dyn Read) -> Step<Option<Self>> {
        for edits in [false, true] {
            let Some(from) = of_a_size(db, edits)? else { continue };
            let parts = from.iter().map(|segment| read(db, segment.id)).collect::<Step<Vec<_>>>()?;
            let content = Content::merged(&parts)
                .map_err(|Damaged| Segment::damaged(from[0].id, "search_blocks", "block"))?;
            let what = Arc::new(Merged { edits, from, content });
            return Ok(Some(Self { what, into: None, written: 0 }));
        }
        Ok(None)
    }

    /// Whether it is done, or has to be begun anew.
    fn go_on(&mut self, tx: &dyn Tx, room: &mut usize) -> Step<bool> {
        let Merged { edits, from, content } = &*self.what;
        let into = match self.into {
            Some(into) if is_as_before(tx.reader(), into, State::Unfinished, 0)? => into,
            Some(_) => return Ok(true),
            None => {
                let Some(into) = content.begin(tx, *edits, State::Unfinished)? else { return Ok(true) };
                self.into = Some(into);
                into
            }
        };
        let blocks = &content.blocks[self.written..];
        let blocks = &blocks[..blocks.len().min(*room)];
        content.write_blocks(tx, into, blocks)?;
        self.written += blocks.len();
        *room -= blocks.len();
        if *room == 0 {
            return Ok(false);
        }
        // What was taken out meanwhile is in there still.
        for segment in from {
            if !is_as_before(tx.reader(), segment.id, State::Live, segment.version)? {
                set_state(tx, into, State::Going)?;
                return Ok(true);
            }
        }
        set_state(tx, into, State::Live)?;
        for segment in from {
            set_state(tx, segment.id, State::Going)?;
        }
        for segment in from {
            if *room == 0 || !remove(tx, segment.id, room)? {
                break;
            }
        }
        Ok(true)
    }
}

/// Eight of a size, if there are, of the smallest: as many of them as are full together.
fn of_a_size(db: &dyn Read, edits: bool) -> Step<Option<Vec<Segment>>> {
    let sql = "SELECT segment, version, first_message, last_message, entries, bytes FROM search_segments
               WHERE state = 1 AND edits = $1 AND entries < $2 AND bytes < $3 ORDER BY segment";
    let small = db.all(sql, &params![edits, u64::from(FULL_ENTRIES), FULL_BYTES], |row| {
        Ok((Segment::read(row)?, row.get::<u64>("bytes")?))
    })?;
    let mut sizes: BTreeMap<u32, Vec<(Segment, u64)>> = BTreeMap::new();
    for (segment, bytes) in small {
        sizes.entry(size(segment.entries)).or_default().push((segment, bytes));
    }
    let together = sizes.into_values().find(|segments| segments.len() >= TOGETHER);
    let Some(together) = together else { return Ok(None) };
    let (mut entries, mut bytes) = (0, 0);
    let fits = together.into_iter().take(TOGETHER).take_while(|(segment, more)| {
        let has_room = entries < FULL_ENTRIES && bytes < FULL_BYTES;
        (entries, bytes) = (entries + segment.entries, bytes + more);
        has_room
    });
    Ok(Some(fits.map(|(segment, _)| segment).collect()))
}

/// Those of one size may have up to eight times as many entries as each other.
const fn size(entries: u32) -> u32 {
    entries.ilog2() / TOGETHER.ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_eight_apart() {
        assert_eq!([1, 7, 8, 63, 64, 511, 512, 4_095, 4_096].map(size), [0, 0, 1, 1, 2, 2, 3, 3, 4]);
    }
}
