//! Looking terms up: which entries of segments have what is asked for, and which messages these are, the newest first.

use std::borrow::Cow;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use rim_core::message::Span;
use rim_core::search::Term;
use rim_core::{GroupId, MessageId, Seq, sight};

use super::asked::{Asked, Candidate, EachCandidate, group_term};
use super::block::Reading;
use super::entries::{self, CHUNK, Of};
use super::groups::{self, Groups};
use super::number::Damaged;
use super::segment::Segment;
use crate::database::Read;
use crate::failure::Result as Step;
use crate::params;

/// Entries of segments that are asked together at first, unless these overlap; each time that they were not enough, twice as many:
/// in between it is seen whether somebody has waited long enough.
const FIRST: u64 = 65_536;
/// At the most, if one term is asked for; of more as much less.
const MOST: u64 = 1_048_576;
/// Segments that are asked together at the most.
const MOST_SEGMENTS: usize = 64;

/// Of no more candidates the groups are looked at one by one. Of more the index is asked for them, where there are fewer of these.
const FEW: usize = 64;

/// Groups that a segment is asked for at the most: who is in more of those that it has sees much of it.
const MAX_GROUPS: usize = 64;

/// Of so many entries it is read together at first what they are; then of twice as many as before, up to the second.
const FIRST_KNOWN: usize = 64;
const MOST_KNOWN: usize = 4_096;
/// Chunks that are read for that at the most, beside one of each segment.
const MOST_CHUNKS: usize = 256;

/// Entries of groups that are not asked for, passed over before it is told how far it is.
const PASSED_OVER: u64 = 128;

const SEGMENTS: &str = "SELECT segment, version, first_message, last_message, entries FROM search_segments
    WHERE state = 1 AND edits = $1 AND first_message < $2 AND last_message > $3 ORDER BY last_message DESC";

const GROUPS: &str = "SELECT group_ids FROM search_segments WHERE segment = $1";

/// Blocks of a segment that may have terms from `$2` up to, and without, `$3`: those that begin with one, and the one before.
const BLOCKS: &str = "SELECT block FROM search_blocks
    WHERE segment = $1 AND first_term < $3
          AND first_term >= coalesce((SELECT before.first_term FROM search_blocks AS before
                                      WHERE before.segment = $1 AND before.first_term < $2
                                      ORDER BY before.first_term DESC LIMIT 1), $2)
    ORDER BY first_term, first_entry";

/// The last chunk of a segment that begins before a message.
const LAST_BEFORE: &str =
    "SELECT chunk, entries FROM search_entries WHERE segment = $1 AND first_message < $2
    ORDER BY first_message DESC, chunk DESC LIMIT 1";

/// What is asked of many rows, each with parameters.
#[cfg(feature = "suite")]
pub const STATEMENTS: [(&str, &str); 3] =
    [(BLOCKS, "1, 'a', 'b'"), (LAST_BEFORE, "1, 9"), (CHUNK_AT, "1, 0")];

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

/// A segment in which there may be what is asked for.
struct Near {
    segment: Segment,
    /// The groups that it is to be asked for, if it is to be.
    groups: Vec<GroupId>,
    matches: Matches,
}

impl Near {
    /// `None` where it has nothing of the groups.
    fn new(segment: Segment, ids: Option<&[u8]>, groups: &[GroupId]) -> Step<Option<Self>> {
        let Groups { asked, has_others } = match ids {
            Some(ids) => groups::among(ids, groups)
                .map_err(|Damaged| Segment::damaged(segment.id, "search_segments", "group_ids"))?,
            None => Groups { asked: groups.to_vec(), has_others: true },
        };
        if asked.is_empty() {
            return Ok(None);
        }
        let groups = if has_others && asked.len() <= MAX_GROUPS { asked } else { Vec::new() };
        Ok(Some(Self { segment, groups, matches: Matches::All(segment.entries) }))
    }

    /// Which entries have one of the groups.
    fn group_clause(&self) -> Vec<Vec<Term>> {
        let term = |group: &GroupId| Term::Whole(group_term(*group));
        let clause: Vec<_> = self.groups.iter().map(term).collect();
        if clause.is_empty() { Vec::new() } else { vec![clause] }
    }
}

/// A segment, of whose entries the newest are told first.
struct Cursor {
    segment: u64,
    matches: Matches,
    /// The newest of them, of which it is known what they are; the very newest at the front.
    known: VecDeque<Of>,
}

impl Cursor {
    /// Takes entries until so many are known with these, as long as there is room for the chunks that they are in; those of one
    /// chunk at least.
    fn wanted(&mut self, count: usize, room: &mut usize) -> Vec<(u64, Vec<u32>)> {
        let mut wanted: Vec<(u64, Vec<u32>)> = Vec::new();
        let mut known = self.known.len();
        while let Some(entry) = self.matches.last() {
            let chunk = entry as u64 / CHUNK as u64;
            match wanted.last_mut() {
                Some((last, entries)) if *last == chunk => entries.push(entry),
                Some(_) if known >= count || *room == 0 => break,
                _ => {
                    *room = room.saturating_sub(1);
                    wanted.push((chunk, vec![entry]));
                }
            }
            known += 1;
            self.matches.pop();
        }
        wanted
    }
}

#[derive(Default)]
struct Cursors {
    all: Vec<Cursor>,
    /// The newest entry of each, by the place of the cursor.
    newest: BinaryHeap<(Of, usize)>,
    /// Those of which it is not known.
    unknown: Vec<usize>,
    /// How many it is to be known of next.
    together: usize,
}

impl Cursors {
    fn add(&mut self, Near { segment, matches, .. }: Near) {
        if matches.last().is_some() {
            self.unknown.push(self.all.len());
            self.all.push(Cursor { segment: segment.id, matches, known: VecDeque::new() });
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
        match cursor.known.pop_front() {
            Some(next) => self.newest.push((next, at)),
            None if cursor.matches.last().is_some() => self.unknown.push(at),
            None => {}
        }
    }

    /// Reads what the next entries are: of all, as one that has come to an end is mostly not the last to.
    fn know(&mut self, db: &dyn Read) -> Step<()> {
        let are_left = self.all.iter().filter(|cursor| cursor.matches.last().is_some()).count();
        let share = (self.together / are_left.max(1)).max(1);
        self.together = MOST_KNOWN.min(self.together * 2);
        let unknown = std::mem::take(&mut self.unknown);
        let mut room = MOST_CHUNKS;
        let (mut wanted, mut chunks) = (Vec::new(), Vec::new());
        let others = (0..self.all.len()).filter(|at| !unknown.contains(at));
        for at in unknown.iter().copied().chain(others) {
            let cursor = &mut self.all[at];
            if cursor.known.len() >= share || (room == 0 && !cursor.known.is_empty()) {
                continue;
            }
            for (chunk, entries) in cursor.wanted(share, &mut room) {
                chunks.push(params![cursor.segment, chunk].to_vec());
                wanted.push((at, entries));
            }
        }
        let mut known: Vec<Vec<Of>> = vec![Vec::new(); wanted.len()];
        db.rows_of_each(CHUNK_AT, &chunks, &mut |nth, row| {
            let (at, entries) = &wanted[nth];
            let of = decoded(self.all[*at].segment, &row.get::<Vec<u8>>("entries")?)?;
            known[nth] =
                entries.iter().filter_map(|entry| of.get(*entry as usize % CHUNK).copied()).collect();
            Ok(())
        })?;
        for ((at, _), known) in wanted.into_iter().zip(known) {
            self.all[at].known.extend(known);
        }
        unknown.into_iter().for_each(|at| self.goes_on(at));
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
    let mut cursors = Cursors { together: FIRST_KNOWN, ..Cursors::default() };
    // Whatever entries have of all terms is in memory together.
    let most = FIRST.max(MOST / asked.clauses.iter().flatten().count().max(1) as u64);
    let (mut room, mut passed_over) = (FIRST, 0);
    while !waiting.is_empty() {
        let (mut together, mut entries, mut begin) = (Vec::new(), 0, MessageId(0));
        // Until one of them has only newer messages than the next.
        let overlaps = |next: &Segment, begin| next.last >= begin;
        while together.len() < MOST_SEGMENTS
            && let Some(segment) =
                waiting.pop_if(|next| entries < room || (entries < most && overlaps(next, begin)))
        {
            entries += u64::from(segment.entries);
            begin = begin.max(segment.first);
            together.push(segment);
        }
        room = most.min(room * 2);
        let mut near = near(db, asked, &together)?;
        find(db, asked, edits, &mut near)?;
        near.into_iter().for_each(|near| cursors.add(near));
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

/// Those in which there may be something.
fn near(db: &dyn Read, asked: &Asked, together: &[Segment]) -> Step<Vec<Near>> {
    let keys: Vec<_> = together.iter().map(|segment| params![segment.id].to_vec()).collect();
    let ids = db.first_of_each(GROUPS, &keys, |row| row.get::<Option<Vec<u8>>>("group_ids"))?;
    let near = together
        .iter()
        .zip(ids)
        .map(|(segment, ids)| Near::new(*segment, ids.flatten().as_deref(), &asked.groups));
    near.filter_map(Step::transpose).collect()
}

/// Finds out which entries may be what is asked for.
fn find(db: &dyn Read, asked: &Asked, edits: bool, together: &mut Vec<Near>) -> Step<()> {
    // Those of edits that are of one message may be in several chunks: there are few.
    let reaches = |near: &Near| !edits && near.segment.last >= asked.below;
    let cut: Vec<_> = together.iter().filter(|near| reaches(near)).map(|near| near.segment.id).collect();
    if !cut.is_empty() {
        let mut ends: HashMap<u64, u32> = HashMap::new();
        let keys: Vec<_> = cut.iter().map(|segment| params![*segment, asked.below].to_vec()).collect();
        db.rows_of_each(LAST_BEFORE, &keys, &mut |at, row| {
            let (segment, chunk): (u64, u64) = (cut[at], row.get("chunk")?);
            let before = decoded(segment, &row.get::<Vec<u8>>("entries")?)?;
            let before = before.iter().filter(|of| of.message < asked.below).count();
            ends.insert(segment, (chunk as usize * CHUNK + before) as u32);
            Ok(())
        })?;
        for near in together.iter_mut().filter(|near| reaches(near)) {
            near.matches.cut(ends.get(&near.segment.id).copied().unwrap_or(0));
        }
    }
    narrow(db, together, |_| Cow::Borrowed(&asked.clauses))?;
    let candidates: usize = together.iter().map(|near| near.matches.count()).sum();
    let groups: usize = together.iter().map(|near| near.groups.len()).sum();
    if groups > 0 && candidates > FEW.max(groups) {
        narrow(db, together, |near| Cow::Owned(near.group_clause()))?;
    }
    Ok(())
}

/// Keeps what has a term of each clause.
fn narrow<'c>(
    db: &dyn Read,
    together: &mut Vec<Near>,
    clauses: impl Fn(&Near) -> Cow<'c, [Vec<Term>]>,
) -> Step<()> {
    together.retain(|near| near.matches.count() > 0);
    let mut entries: Vec<Vec<Vec<u32>>> = Vec::with_capacity(together.len());
    let (mut asked, mut ranges) = (Vec::new(), Vec::new());
    for (at, near) in together.iter().enumerate() {
        let clauses = clauses(near);
        entries.push(vec![Vec::new(); clauses.len()]);
        for (nth, term) in
            clauses.iter().enumerate().flat_map(|(nth, clause)| clause.iter().map(move |term| (nth, term)))
        {
            asked.push((at, nth));
            ranges.push(range(term));
        }
    }
    let keys: Vec<_> = std::iter::zip(&asked, &ranges)
        .map(|((at, _), (from, to))| params![together[*at].segment.id, &from[..], &to[..]].to_vec())
        .collect();
    db.rows_of_each(BLOCKS, &keys, &mut |number, row| {
        let (at, nth) = asked[number];
        collect(&row.get::<Vec<u8>>("block")?, &ranges[number], &mut entries[at][nth])
            .map_err(|Damaged| Segment::damaged(together[at].segment.id, "search_blocks", "block"))
    })?;
    for (near, clauses) in together.iter_mut().zip(entries) {
        for mut of_clause in clauses {
            // Mostly it is sorted already, which this is quick with.
            of_clause.sort();
            of_clause.dedup();
            near.matches.keep(of_clause);
        }
    }
    Ok(())
}

/// From the first up to, and without, the second.
type TermRange = (Vec<u8>, Vec<u8>);

/// All that a term can be.
fn range(term: &Term) -> TermRange {
    let (text, behind) = match term {
        Term::Whole(text) => (text, 0),
        // No text has this byte.
        Term::Beginning(text) => (text, 0xFF),
    };
    let (from, mut to) = (text.as_bytes().to_vec(), text.as_bytes().to_vec());
    to.push(behind);
    (from, to)
}

fn collect(block: &[u8], (from, to): &TermRange, entries: &mut Vec<u32>) -> std::result::Result<(), Damaged> {
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
