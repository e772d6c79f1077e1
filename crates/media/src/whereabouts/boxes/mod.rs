//! Films, sound and pictures that are made of boxes (MP4, MOV, HEIC, AVIF).
//!
//! A box is a length, a name and content, which may be boxes again; offsets into the file stand in some of them. A box that
//! tells is called `free` from then on, which players pass over, and is filled with zeros.

mod items;
mod known;
mod samples;

use self::items::Items;
use self::known::{Does, Place};
use self::samples::Samples;
use super::blanks::Blank;
use super::flow::{Flow, LOOKED_AT_BYTES, MAX_DEPTH};
use super::found::Found;
use crate::clean::{names_a_location, surely_names_a_location};

/// Tables of what is where: those of a track for two hours, with thirty pieces in a second.
const MAX_TABLE_BYTES: u64 = 1 << 20;

/// Reads a file of boxes from its beginning, in pieces of any size.
#[derive(Debug)]
pub(super) struct Boxes {
    flow: Flow,
    then: Then,
    /// What it is in, the outermost first.
    open: Vec<Open>,
    found: Found,
    /// A track that tells may be cut into pieces that are not looked for.
    has_track_that_tells: bool,
}

/// What is done with what is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The head of the next box.
    Begin,
    /// The beginning of what is blanked: whatever it says, or if it tells.
    Look { end: u64, told: Option<Blank> },
    /// The first bytes of a list of metadata, which has a version or has none.
    Meta { end: u64 },
    /// A table, whole.
    Table { name: [u8; 4] },
    /// It is none of ours.
    Nothing,
}

/// A box that it is in.
#[derive(Debug)]
struct Open {
    end: u64,
    place: Place,
    /// Of a list of metadata.
    items: Items,
    /// Of a track.
    samples: Samples,
}

impl Default for Boxes {
    fn default() -> Self {
        Self {
            flow: Flow::of(8),
            then: Then::Begin,
            open: Vec::new(),
            found: Found::default(),
            has_track_that_tells: false,
        }
    }
}

impl Boxes {
    /// The next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.then != Then::Nothing {
            if let Some(held) = self.flow.take(&mut bytes) {
                self.step(held);
            }
        }
    }

    /// That was all.
    pub fn finish(mut self) -> Found {
        if let Then::Look { told, .. } = self.then {
            let held = std::mem::take(&mut self.flow.held);
            self.look(&held, told);
        }
        while !self.open.is_empty() {
            self.close();
        }
        self.found
    }

    /// What was wanted is there.
    fn step(&mut self, held: Vec<u8>) {
        match self.then {
            Then::Begin => {
                if let Some(held) = self.begin(held) {
                    self.flow.held = held;
                    return;
                }
            }
            Then::Look { end, told } => {
                self.look(&held, told);
                self.flow.pass_to = end;
            }
            Then::Meta { end } => {
                self.enter(Place::Meta, end);
                // As QuickTime has it, without a version; or as ISO has it, with one before its first box.
                let head = if &held[4..] == b"hdlr" { &held[..] } else { &held[4..] };
                if end - (self.flow.at - head.len() as u64) >= 8 {
                    (self.then, self.flow.wanted) = (Then::Begin, 8);
                    if head.len() == 8 {
                        self.step(head.to_vec());
                    } else {
                        self.flow.held = head.to_vec();
                    }
                    return;
                }
                self.flow.pass_to = end;
            }
            Then::Table { name } => self.table(name, &held),
            Then::Nothing => {}
        }
        self.next();
    }

    /// What is blanked if it tells is a picture, mostly.
    fn look(&mut self, held: &[u8], told: Option<Blank>) {
        match told {
            Some(blank) if surely_names_a_location(held) => self.found.tells(blank),
            Some(_) => {}
            None => self.found.had_location |= names_a_location(held),
        }
    }

    /// Goes on with the next box, and out of those that have ended.
    fn next(&mut self) {
        while let Some(end) = self.open.last().map(|open| open.end)
            && end.saturating_sub(self.flow.at.max(self.flow.pass_to)) < 8
        {
            // What is left of it is no box.
            self.flow.pass_to = self.flow.pass_to.max(end);
            self.close();
        }
        (self.then, self.flow.wanted) = (Then::Begin, 8);
    }

    /// The head of a box is there, or gives it back where more of it is to come.
    fn begin(&mut self, head: Vec<u8>) -> Option<Vec<u8>> {
        let number = |at: usize, count: usize| {
            head[at..at + count].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        let name: [u8; 4] = head[4..8].try_into().expect("four bytes");
        let begin = self.flow.at - head.len() as u64;
        if self.open.is_empty() && begin == 0 && !known::begins_a_file(name) {
            self.then = Then::Nothing;
            return None;
        }
        let parents_end = self.open.last().map_or(u64::MAX, |open| open.end);
        let plain = if number(0, 4) == 1 { 16 } else { 8 };
        let whole = plain + if &name == b"uuid" { 16 } else { 0 };
        if head.len() < whole {
            if parents_end - begin >= whole as u64 {
                self.flow.wanted = whole;
                return Some(head);
            }
            self.flow.pass_to = parents_end;
            return None;
        }
        let length = match number(0, 4) {
            0 => parents_end - begin,
            1 => number(8, 8),
            length => length,
        };
        if length < whole as u64 {
            // Nobody knows where the next one begins.
            self.found.stays |= self.open.iter().any(|open| open.place.tells());
            self.flow.pass_to = parents_end;
            return None;
        }
        let end = begin.saturating_add(length).min(parents_end);
        let place = self.open.last().map_or(Place::File, |open| open.place);
        let kind = (&name == b"uuid").then(|| &head[plain..whole]);
        match known::what(place, name, kind) {
            Does::Nothing => self.flow.pass_to = end,
            Does::Hold(place, skipped) if self.open.len() < MAX_DEPTH => {
                if place == Place::Fragment {
                    self.found.stays |= self.has_track_that_tells;
                }
                self.enter(place, end);
                self.flow.pass_to = (self.flow.at + skipped).min(end);
            }
            // Nothing that anybody writes.
            Does::Hold(..) => {
                self.found.stays = true;
                self.flow.pass_to = end;
            }
            Does::List => {
                if self.open.len() >= MAX_DEPTH || end - self.flow.at < 8 {
                    self.flow.pass_to = end;
                } else {
                    (self.then, self.flow.wanted) = (Then::Meta { end }, 8);
                    return Some(Vec::new());
                }
            }
            Does::Tell => {
                self.found.tells(Blank::of_box(begin, plain, end));
                self.flow.pass_to = end;
            }
            Does::Stay => {
                (self.found.had_location, self.found.stays) = (true, true);
                self.flow.pass_to = end;
            }
            does @ (Does::Hide | Does::Weigh) => {
                let blank = Blank::of_box(begin, plain, end);
                let told = (does == Does::Weigh).then_some(blank);
                if told.is_none() {
                    self.found.add(blank);
                }
                let looked_at = (end - self.flow.at).min(LOOKED_AT_BYTES) as usize;
                if looked_at > 0 {
                    (self.then, self.flow.wanted) = (Then::Look { end, told }, looked_at);
                    return Some(Vec::new());
                }
            }
            Does::Item => {
                if let Some(list) = self.innermost(Place::Meta) {
                    list.items.value(u32::from_be_bytes(name), Blank::of_box(begin, plain, end));
                }
                self.flow.pass_to = end;
            }
            Does::Data => {
                let start = self.flow.at;
                if let Some(list) = self.innermost(Place::Meta) {
                    list.items.data(start);
                }
                self.flow.pass_to = end;
            }
            Does::Table => {
                let length = end - self.flow.at;
                if self.is_wanted(name) && length > 0 {
                    if length <= MAX_TABLE_BYTES {
                        (self.then, self.flow.wanted) = (Then::Table { name }, length as usize);
                        return Some(Vec::new());
                    }
                    self.found.stays = true;
                }
                self.flow.pass_to = end;
            }
        }
        None
    }

    fn enter(&mut self, place: Place, end: u64) {
        self.open.push(Open { end, place, items: Items::default(), samples: Samples::default() });
    }

    /// The innermost has ended.
    fn close(&mut self) {
        let Some(Open { items, samples, .. }) = self.open.pop() else { return };
        let (mut blanks, mut stays) = (Vec::new(), false);
        items.end(&mut self.found, &mut blanks, &mut stays);
        samples.end(&mut blanks, &mut stays);
        self.found.stays |= stays;
        for blank in blanks {
            self.found.add(blank);
        }
    }

    /// Whether a table is of use. The others of a film are large, and tell nothing.
    fn is_wanted(&mut self, name: [u8; 4]) -> bool {
        if !known::is_of_samples(name) {
            return true;
        }
        self.innermost(Place::Track).is_some_and(|track| track.samples.tell(name))
    }

    fn innermost(&mut self, place: Place) -> Option<&mut Open> {
        self.open.iter_mut().rev().find(|open| open.place == place)
    }

    fn table(&mut self, name: [u8; 4], content: &[u8]) {
        match &name {
            b"stsd" => {
                let tell = known::tell_in_samples(content);
                let start = self.flow.at - content.len() as u64;
                for kind in &tell {
                    // From then on it is of no kind that anybody knows.
                    self.found.add(Blank::of_name(start + *kind as u64));
                }
                if !tell.is_empty() {
                    (self.found.had_location, self.has_track_that_tells) = (true, true);
                    match self.innermost(Place::Track) {
                        Some(track) => track.samples.begin(),
                        None => self.found.stays = true,
                    }
                }
            }
            name if known::is_of_samples(*name) => {
                if let Some(track) = self.innermost(Place::Track) {
                    track.samples.table(*name, content);
                }
            }
            _ => {
                if let Some(list) = self.innermost(Place::Meta) {
                    list.items.table(name, content);
                }
            }
        }
    }
}
