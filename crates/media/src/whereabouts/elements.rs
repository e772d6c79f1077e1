//! Matroska and WebM, which are made of elements: an id, a length and content, which may be elements again.
//!
//! Locations are tags, which have a name and a value and may lie in each other, and photographs that are attached. One that tells
//! becomes an element that is void. Where an element has a check sum, that becomes void, too, once anything in the element has changed.

use super::blanks::Blank;
use super::flow::{Flow, LOOKED_AT_BYTES, MAX_DEPTH};
use super::found::Found;
use super::words::is_of_a_location;
use crate::clean::{names_a_location, surely_names_a_location};

/// Names of tags are words.
const MAX_NAME_BYTES: u64 = 256;

#[derive(Debug)]
pub(super) struct Elements {
    flow: Flow,
    then: Then,
    /// What it is in, the outermost first.
    open: Vec<Open>,
    found: Found,
}

/// What is done with what is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The head of the next element.
    Begin,
    /// The beginning of what a tag is called, of its value, or of a file.
    Name {
        end: u64,
    },
    Value {
        end: u64,
    },
    File {
        end: u64,
    },
    /// Nobody knows where the next one is.
    Nothing,
}

/// An element that it is in.
#[derive(Debug)]
struct Open {
    begin: u64,
    end: u64,
    place: Place,
    /// Of something that goes as a whole: it names a location.
    tells: bool,
    changed: bool,
    sum: Option<Blank>,
}

/// In what an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    File,
    Segment,
    /// One without a length, as what is written live has it.
    Cluster,
    Tags,
    Tag,
    /// A name with its value.
    Entry,
    Attachments,
    Attachment,
}

const FILE: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;
const TAGS: u32 = 0x1254_c367;
const TAG: u32 = 0x7373;
const ENTRY: u32 = 0x67c8;
const NAME: u32 = 0x45a3;
const TEXT: u32 = 0x4487;
const BINARY: u32 = 0x4485;
const ATTACHMENTS: u32 = 0x1941_a469;
const ATTACHMENT: u32 = 0x61a7;
const DATA: u32 = 0x465c;
const SUM: u32 = 0xbf;

impl Default for Elements {
    fn default() -> Self {
        Self { flow: Flow::of(2), then: Then::Begin, open: Vec::new(), found: Found::default() }
    }
}

impl Elements {
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.then != Then::Nothing {
            if let Some(held) = self.flow.take(&mut bytes) {
                self.step(held);
            }
        }
    }

    pub fn finish(mut self) -> Found {
        // It breaks off there.
        let held = std::mem::take(&mut self.flow.held);
        self.look(&held);
        while !self.open.is_empty() {
            self.close();
        }
        self.found
    }

    fn step(&mut self, held: Vec<u8>) {
        match self.then {
            Then::Begin => {
                if let Some((held, wanted)) = self.begin(held) {
                    self.flow.more(held, wanted);
                    return;
                }
            }
            Then::Name { end } | Then::Value { end } | Then::File { end } => {
                self.look(&held);
                self.flow.pass_to = end;
            }
            Then::Nothing => {}
        }
        self.next();
    }

    /// What was collected says whether the element tells that it is in.
    fn look(&mut self, held: &[u8]) {
        let tells = match self.then {
            Then::Name { .. } => is_of_a_location(held),
            Then::Value { .. } => names_a_location(held),
            Then::File { .. } => surely_names_a_location(held),
            Then::Begin | Then::Nothing => false,
        };
        if let Some(open) = self.open.last_mut() {
            open.tells |= tells;
        }
    }

    /// Goes on with the next element, and out of those that have ended.
    fn next(&mut self) {
        if self.then == Then::Nothing {
            return;
        }
        while let Some(end) = self.open.last().map(|open| open.end)
            && end.saturating_sub(self.flow.at.max(self.flow.pass_to)) < 2
        {
            // What is left of it is no element.
            self.flow.pass_to = self.flow.pass_to.max(end);
            self.close();
        }
        (self.then, self.flow.wanted) = (Then::Begin, 2);
    }

    /// The head of an element is there; or what is, and how much of it there has to be.
    fn begin(&mut self, head: Vec<u8>) -> Option<(Vec<u8>, usize)> {
        let parents_end = self.open.last().map_or(u64::MAX, |open| open.end);
        let begin = self.flow.at - head.len() as u64;
        let of_id = head[0].leading_zeros() as usize + 1;
        let needed = head.get(of_id).map_or(of_id + 1, |first| of_id + first.leading_zeros() as usize + 1);
        // Ids have up to four bytes, lengths up to eight.
        if of_id > 4 || needed > of_id + 8 || needed as u64 > parents_end - begin {
            self.lose();
            return None;
        }
        if head.len() < needed {
            return Some((head, needed));
        }
        let number = |bytes: &[u8]| bytes.iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        let (id, of_length) = (number(&head[..of_id]) as u32, needed - of_id);
        let most = (1 << (7 * of_length)) - 1;
        let length = Some(number(&head[of_id..]) & most).filter(|length| *length != most);
        self.leave_what_has_no_length(id);
        let parents_end = self.open.last().map_or(u64::MAX, |open| open.end);
        let end = length.map_or(parents_end, |length| self.flow.at.saturating_add(length).min(parents_end));
        let place = self.open.last().map_or(Place::File, |open| open.place);
        let held = |most: u64| (end - self.flow.at).min(most) as usize;
        match (place, id) {
            (Place::File, SEGMENT) => self.enter(Place::Segment, begin, end),
            (Place::Segment, CLUSTER) if length.is_none() => self.enter(Place::Cluster, begin, end),
            _ if length.is_none() => self.lose(),
            (Place::Segment, TAGS) => self.enter(Place::Tags, begin, end),
            (Place::Tags, TAG) => self.enter(Place::Tag, begin, end),
            (Place::Tag | Place::Entry, ENTRY) => self.enter(Place::Entry, begin, end),
            (Place::Segment, ATTACHMENTS) => self.enter(Place::Attachments, begin, end),
            (Place::Attachments, ATTACHMENT) => self.enter(Place::Attachment, begin, end),
            (Place::Entry, NAME) => return self.collect(Then::Name { end }, held(MAX_NAME_BYTES)),
            (Place::Entry, TEXT | BINARY) => {
                return self.collect(Then::Value { end }, held(LOOKED_AT_BYTES));
            }
            (Place::Attachment, DATA) => return self.collect(Then::File { end }, held(LOOKED_AT_BYTES)),
            (_, SUM) => {
                if let Some(open) = self.open.last_mut() {
                    open.sum = Some(Blank::of_element(begin, end));
                }
                self.flow.pass_to = end;
            }
            _ => self.flow.pass_to = end,
        }
        None
    }

    fn collect(&mut self, then: Then, wanted: usize) -> Option<(Vec<u8>, usize)> {
        if wanted == 0 {
            return None;
        }
        self.then = then;
        Some((Vec::new(), wanted))
    }

    /// What has no length ends where something begins that cannot be in it.
    fn leave_what_has_no_length(&mut self, id: u32) {
        // What a segment holds has ids of four bytes, and nothing in a cluster has.
        let is_of_a_segment = id >> 28 == 1;
        if is_of_a_segment && self.open.last().is_some_and(|open| open.place == Place::Cluster) {
            self.close();
        }
        let is_segment = |open: &Open| open.place == Place::Segment && open.end == u64::MAX;
        if matches!(id, FILE | SEGMENT) && self.open.last().is_some_and(is_segment) {
            self.close();
        }
    }

    /// Nobody knows where the next one begins.
    fn lose(&mut self) {
        let in_tags = |open: &Open| !matches!(open.place, Place::File | Place::Segment | Place::Cluster);
        self.found.stays |= self.open.iter().any(in_tags);
        match self.open.last() {
            Some(open) if open.end < u64::MAX => self.flow.pass_to = open.end,
            _ => self.then = Then::Nothing,
        }
    }

    fn enter(&mut self, place: Place, begin: u64, end: u64) {
        if self.open.len() >= MAX_DEPTH {
            // Nothing that anybody writes.
            self.found.stays = true;
            self.flow.pass_to = end;
            return;
        }
        self.open.push(Open { begin, end, place, tells: false, changed: false, sum: None });
    }

    /// The innermost has ended.
    fn close(&mut self) {
        let Some(Open { begin, end, tells, mut changed, sum, .. }) = self.open.pop() else { return };
        if tells {
            self.found.tells(Blank::of_element(begin, end));
            changed = true;
        }
        if let Some(sum) = sum.filter(|_| changed) {
            self.found.add(sum);
        }
        if let Some(parent) = self.open.last_mut() {
            parent.changed |= changed;
        }
    }
}
