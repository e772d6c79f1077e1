//! Looking terms up: which entries of segments have what is asked for, and which messages these are, the newest first.

use std::collections::{BTreeSet, BinaryHeap, HashMap};

use rim_core::message::Span;
use rim_core::search::Term;
use rim_core::{GroupId, MessageId, Seq, sight};

use super::asked::{Asked, Candidate, EachCandidate};
use super::block::Reading;
use super::entries::{self, CHUNK, Of};
use super::number::Damaged;
use super::segment::Segment;
use crate::database::Read;
use crate::failure::Result as Step;
use crate::params;

/// Entries of segments that are asked together at first; each time that these were not enough, twice as many, up to the second:
/// in between it is seen whether somebody has waited long enough.
const FIRST: u64 = 65_536;
const MOST: u64 = 524_288;
/// Segments that are asked together at the most.
const MOST_SEGMENTS: usize = 64;

/// Of no more candidates the groups are looked at one by one; of more the index is asked for them.
const FEW: usize = 512;

/// Chunks that are read together at first, of all segments; then of each twice as many as before, up to the second.
const FIRST_CHUNKS: usize = 16;
const MOST_CHUNKS: usize = 64;

/// Entries of groups that are not asked for, passed over before it is told how far it is.
const PASSED_OVER: u64 = 128;

const SEGMENTS: &str = "SELECT segment, version, last_message, entries FROM search_segments
    WHERE state = 1 AND edits = $1 AND first_message < $2 AND last_message > $3 ORDER BY last_message DESC";

/// Blocks of segments that end from `$2` to `$3`, which may have terms from `$4` up to, and without, `$5`: those that begin with one,
/// and the one before.
const BLOCKS: &str = "SELECT s.segment, b.block
    FROM search_segments AS s CROSS JOIN search_blocks AS b
    WHERE s.state = 1 AND s.edits = $1 AND s.last_message >= $2 AND s.last_message <= $3
          AND b.segment = s.segment AND b.first_term < $5
          AND b.first_term >= coalesce((SELECT before.first_term FROM search_blocks AS before
                                        WHERE before.segment = s.segment AND before.first_term < $4
                                        ORDER BY before.first_term DESC LIMIT 1), $4)
    ORDER BY s.segment, b.first_term, b.first_entry";

/// The last chunk of a segment that begins before a message.
const LAST_BEFORE: &str =
    "SELECT chunk, entries FROM search_entries WHERE segment = $1 AND first_message < $2
    ORDER BY first_message DESC, chunk DESC LIMIT 1";

/// What is asked of many rows, each with parameters.
#[cfg(feature = "suite")]
pub const STATEMENTS: [(&str, &str); 3] =
    [(BLOCKS, "false, 1, 9, 'a', 'b'"), (LAST_BEFORE, "1, 9"), (CHUNK_AT, "1, 0")];

const CHUNK_AT: &str = "SELECT entries FROM search_entries WHERE segment = $1 AND chunk = $2";

/// Entries of a segment that may be what is asked for, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Matches {
    /// All up to, and without, this one.
    All(u32),
    These(Vec<u32>),
}

impl Matches {
    fn last(&self) -> Option<u32> {
        match self {
            Self::All(count) => count.checked_sub(1),
            Self::These(entries) => entries.last().copied(),
        }
    }

    fn pop(&mut self) -> Option<u32> {
        match self {
            Self::All(count) => {
                *count = count.checked_sub(1)?;
                Some(*count)
            }
            Self::These(entries) => entries.pop(),
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::All(count) => *count as usize,
            Self::These(entries) => entries.len(),
        }
    }

    fn cut(&mut self, end: u32) {
        match self {
            Self::All(count) => *count = end.min(*count),
            Self::These(entries) => entries.truncate(entries.partition_point(|entry| *entry < end)),
        }
    }

    fn keep(&mut self, others: Vec<u32>) {
        match self {
            Self::All(count) => {
                let end = *count;
                *self = Self::These(others);
                self.cut(end);
            }
            Self::These(entries) => {
                let mut others = others.into_iter().peekable();
                entries.retain(|entry| {
                    while others.next_if(|other| other < entry).is_some() {}
                    others.peek() == Some(entry)
                });
            }
        }
    }
}

/// A segment, of whose entries the newest are told first.
struct Cursor {
    segment: u64,
    matches: Matches,
    /// The newest of them, of which it is known what they are; the very newest at the end.
    known: Vec<Of>,
    /// How many chunks of it are read together.
    chunks: usize,
}

#[derive(Default)]
struct Cursors {
    all: Vec<Cursor>,
    /// The newest entry of each, by the place of the cursor.
    newest: BinaryHeap<(Of, usize)>,
    /// Those of which it is not known.
    unknown: Vec<usize>,
}

impl Cursors {
    fn add(&mut self, segment: Segment, matches: Matches) {
        if matches.last().is_some() {
            self.unknown.push(self.all.len());
            self.all.push(Cursor { segment: segment.id, matches, known: Vec::new(), chunks: 0 });
        }
    }

    /// Takes the newest entry of all, if it is above that.
    fn newest_above(&mut self, db: &dyn Read, floor: MessageId) -> Step<Option<Of>> {
        while !self.unknown.is_empty() {
            self.know(db)?;
        }
        if self.newest.peek().is_none_or(|(of, _)| of.message <= floor) {
            return Ok(None);
        }
        let Some((of, at)) = self.newest.pop() else { return Ok(None) };
        self.goes_on(at);
        Ok(Some(of))
    }

    fn goes_on(&mut self, at: usize) {
        let cursor = &mut self.all[at];
        match cursor.known.pop() {
            Some(next) => self.newest.push((next, at)),
            None if cursor.matches.last().is_some() => self.unknown.push(at),
            None => {}
        }
    }

    /// Reads what the next entries are.
    fn know(&mut self, db: &dyn Read) -> Step<()> {
        let (mut wanted, mut chunks) = (Vec::new(), Vec::new());
        let share = (FIRST_CHUNKS / self.all.len()).max(1);
        for at in std::mem::take(&mut self.unknown) {
            let cursor = &mut self.all[at];
            cursor.chunks = if cursor.chunks == 0 { share } else { MOST_CHUNKS.min(cursor.chunks * 2) };
            let (mut entries, mut of_cursor) = (Vec::new(), BTreeSet::new());
            while let Some(entry) = cursor.matches.last() {
                let chunk = entry as usize / CHUNK;
                if !of_cursor.contains(&chunk) && of_cursor.len() == cursor.chunks {
                    break;
                }
                of_cursor.insert(chunk);
                entries.extend(cursor.matches.pop());
            }
            chunks.extend(of_cursor.iter().map(|chunk| (cursor.segment, *chunk as u64)));
            wanted.push((at, entries));
        }
        let mut known: HashMap<(u64, u64), Vec<Of>> = HashMap::new();
        let keys: Vec<_> = chunks.iter().map(|(segment, chunk)| params![*segment, *chunk].to_vec()).collect();
        db.rows_of_each(CHUNK_AT, &keys, &mut |at, row| {
            known.insert(chunks[at], decoded(chunks[at].0, &row.get::<Vec<u8>>("entries")?)?);
            Ok(())
        })?;
        for (at, entries) in wanted {
            let segment = self.all[at].segment;
            let of = |entry: &u32| {
                let (chunk, place) = (*entry as usize / CHUNK, *entry as usize % CHUNK);
                known.get(&(segment, chunk as u64))?.get(place).copied()
            };
            self.all[at].known = entries.iter().rev().filter_map(of).collect();
            self.goes_on(at);
        }
        Ok(())
    }
}

/// Whether candidates are looked for among messages as they were sent, or among what edits made of them, each with its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Among {
    Sent,
    Edits,
}

/// Tells candidates, the newest first: each is told, and perhaps others that do not fit. Where many of other groups, or other
/// segments, are passed over, it is told now and then how far ([`Candidate::is_none`]).
pub(in super::super) fn candidates(
    db: &dyn Read,
    asked: &Asked,
    among: Among,
    each: EachCandidate<'_>,
) -> Step<()> {
    let edits = among == Among::Edits;
    let params = params![edits, asked.below, asked.above];
    let mut waiting: Vec<Segment> = db.all(SEGMENTS, &params, Segment::read)?;
    waiting.reverse();
    let mut cursors = Cursors::default();
    let (mut room, mut passed_over) = (FIRST, 0);
    while !waiting.is_empty() {
        let mut together = Vec::new();
        let mut entries = 0;
        while entries < room
            && together.len() < MOST_SEGMENTS
            && let Some(segment) = waiting.pop()
        {
            entries += u64::from(segment.entries);
            together.push(segment);
        }
        room = MOST.min(room * 2);
        for (segment, matches) in matches(db, asked, edits, &together)? {
            cursors.add(segment, matches);
        }
        // Those that wait may have any message up to there.
        let floor = waiting.last().map_or(MessageId(0), |segment| segment.last);
        while let Some(of) = cursors.newest_above(db, floor)? {
            if of.message >= asked.below {
                continue;
            }
            if of.message <= asked.above {
                return Ok(());
            }
            let places = if asked.groups.binary_search(&of.group).is_ok() {
                sight::at(of.seq)
            } else {
                passed_over += 1;
                if passed_over % PASSED_OVER != 0 {
                    continue;
                }
                Span { after: of.seq, to: of.seq }
            };
            let candidate = Candidate { group: of.group, places, last: of.message };
            if each(candidate)?.is_break() {
                return Ok(());
            }
        }
        if let Some(next) = waiting.last().filter(|next| next.last < asked.below) {
            let last = MessageId(next.last.0 + 1);
            let none = Candidate { places: Span { after: Seq(0), to: Seq(0) }, group: GroupId(0), last };
            if each(none)?.is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Which entries of segments may be what is asked for.
fn matches(db: &dyn Read, asked: &Asked, edits: bool, segments: &[Segment]) -> Step<Vec<(Segment, Matches)>> {
    let mut found: Vec<_> =
        segments.iter().map(|segment| (*segment, Matches::All(segment.entries))).collect();
    // Those of edits that are of one message may be in several chunks: there are few.
    let reaches = |segment: &Segment| !edits && segment.last >= asked.below;
    let cut: Vec<_> = segments.iter().filter(|segment| reaches(segment)).collect();
    if !cut.is_empty() {
        let mut ends: HashMap<u64, u32> = HashMap::new();
        let keys: Vec<_> = cut.iter().map(|segment| params![segment.id, asked.below].to_vec()).collect();
        db.rows_of_each(LAST_BEFORE, &keys, &mut |at, row| {
            let (segment, chunk): (u64, u64) = (cut[at].id, row.get("chunk")?);
            let before = decoded(segment, &row.get::<Vec<u8>>("entries")?)?;
            let before = before.iter().filter(|of| of.message < asked.below).count();
            ends.insert(segment, (chunk as usize * CHUNK + before) as u32);
            Ok(())
        })?;
        for (segment, matches) in found.iter_mut().filter(|(segment, _)| reaches(segment)) {
            matches.cut(ends.get(&segment.id).copied().unwrap_or(0));
        }
    }
    narrow(db, &asked.clauses, edits, &mut found)?;
    if let Some(groups) = asked.group_clause()
        && (asked.clauses.is_empty() || found.iter().map(|(_, matches)| matches.count()).sum::<usize>() > FEW)
    {
        narrow(db, &[groups], edits, &mut found)?;
    }
    Ok(found)
}

/// Keeps what has a term of each clause.
fn narrow(
    db: &dyn Read,
    clauses: &[Vec<Term>],
    edits: bool,
    found: &mut Vec<(Segment, Matches)>,
) -> Step<()> {
    found.retain(|(_, matches)| matches.count() > 0);
    let terms: BTreeSet<&Term> = clauses.iter().flatten().collect();
    if terms.is_empty() || found.is_empty() {
        return Ok(());
    }
    let terms: Vec<_> = terms.into_iter().collect();
    let lasts = || found.iter().map(|(segment, _)| segment.last);
    let (first, last) = (lasts().min(), lasts().max());
    let ranges: Vec<_> = terms.iter().map(|term| range(term)).collect();
    let keys: Vec<_> =
        ranges.iter().map(|(from, to)| params![edits, first, last, &from[..], &to[..]].to_vec()).collect();
    let mut entries: HashMap<(u64, usize), Vec<u32>> = HashMap::new();
    db.rows_of_each(BLOCKS, &keys, &mut |at, row| {
        let (segment, block): (u64, Vec<u8>) = (row.get("segment")?, row.get("block")?);
        collect(&block, &ranges[at], entries.entry((segment, at)).or_default())
            .map_err(|Damaged| Segment::damaged(segment, "search_blocks", "block"))
    })?;
    for (segment, matches) in found {
        for clause in clauses {
            let mut of_clause = Vec::new();
            for term in clause {
                let at = terms.binary_search(&term).unwrap_or_default();
                let of_term = entries.get(&(segment.id, at)).map_or(&[][..], Vec::as_slice);
                of_clause.extend_from_slice(of_term);
            }
            // Mostly it is sorted already, which this is quick with.
            of_clause.sort();
            of_clause.dedup();
            matches.keep(of_clause);
        }
    }
    Ok(())
}

/// All that a term can be: from the first up to, and without, the second.
fn range(term: &Term) -> (Vec<u8>, Vec<u8>) {
    let (text, behind) = match term {
        Term::Whole(text) => (text, 0),
        // No text has this byte.
        Term::Beginning(text) => (text, 0xFF),
    };
    let (from, mut to) = (text.as_bytes().to_vec(), text.as_bytes().to_vec());
    to.push(behind);
    (from, to)
}

fn collect(
    block: &[u8],
    (from, to): &(Vec<u8>, Vec<u8>),
    entries: &mut Vec<u32>,
) -> std::result::Result<(), Damaged> {
    let mut reading = Reading::new(block);
    while reading.next()? && reading.term() < &to[..] {
        if reading.term() >= &from[..] {
            reading.entries(|entry| entries.push(entry))?;
        }
    }
    Ok(())
}

fn decoded(segment: u64, bytes: &[u8]) -> Step<Vec<Of>> {
    entries::decode(bytes).map_err(|Damaged| Segment::damaged(segment, "search_entries", "entries"))
}
