//! Storms: what is done with the messages of one group, much of it in a short time.
//!
//! A thousand people react to one message, and a thousand connections hear of it: told one by one that is a million frames.
//! So in a window of time a group is told a number of frames at once, and then no more: of each message only how it is
//! at the end of the window is told. What was gathered covers all the `rev`s that it took, so that whoever has a `rev`
//! has everything up to it. Nothing here tells anybody: [`super::dispatch`] does.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rim_core::event::Change;
use rim_core::message::Message;
use rim_core::note::Noted;
use rim_core::size::Size;
use rim_core::{ConnectionId, GroupId, Rev, Seq, Timestamp, UserId};

/// How long a window is: shorter than what people take for a delay.
const WINDOW: Duration = Duration::from_millis(250);

/// Frames of a window that are told at once, to all connections together; one note always is. A small group never has as
/// many. A long message counts as several frames.
const AT_ONCE: usize = 256;

/// What one frame holds, about.
const FRAME_BYTES: usize = 1024;

/// Messages of all groups that are gathered at the same time. With more, what a group has is told early.
const MAX_GATHERED: usize = 4096;

/// What was done with a message, to be told.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) message: Arc<Message>,
    /// What it covers: one change, or all from the one `rev` to the other.
    pub(super) from_rev: Rev,
    pub(super) rev: Rev,
    pub(super) actor: UserId,
    pub(super) what: Noted,
    pub(super) blind: Vec<UserId>,
    pub(super) at: Timestamp,
    /// Where all of it came from; nobody's if it came from several.
    pub(super) connection: ConnectionId,
}

impl Note {
    /// Frames that it counts as, to each connection.
    fn frames(&self) -> usize {
        1 + self.message.size_bytes() / FRAME_BYTES
    }

    pub(super) fn of(change: &Change) -> Option<Self> {
        let Change::Noted { message, rev, actor, what, blind, at, connection } = change else { return None };
        Some(Self {
            message: Arc::clone(message),
            from_rev: *rev,
            rev: *rev,
            actor: *actor,
            what: what.clone(),
            blind: blind.clone(),
            at: *at,
            connection: *connection,
        })
    }
}

/// The windows that are open.
#[derive(Default)]
pub(super) struct Storms {
    groups: HashMap<GroupId, Storm>,
    /// When they end. As all are of one length, the first ends first.
    ends: VecDeque<(Duration, GroupId)>,
    /// Messages that are gathered.
    gathered: usize,
}

#[derive(Default)]
struct Storm {
    /// Frames that were told in this window.
    told: usize,
    /// By the first `rev` of each message.
    gathered: Vec<Note>,
    by_place: HashMap<Seq, usize>,
    last: Rev,
    /// Whether what was gathered is all that happened between its first `rev` and its last.
    is_whole: bool,
}

impl Storms {
    /// Whether nothing is gathered and no window is open.
    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Something was done with a message of a group with so many connections. Returns what is to be told now.
    pub(super) fn take(&mut self, now: Duration, note: Note, hearers: usize) -> Vec<Note> {
        let group = note.message.group;
        let storm = self.groups.entry(group).or_insert_with(|| {
            self.ends.push_back((now + WINDOW, group));
            Storm::default()
        });
        let frames = note.frames() * hearers.max(1);
        if storm.gathered.is_empty() && (storm.told == 0 || storm.told + frames <= AT_ONCE) {
            storm.told += frames;
            return vec![note];
        }
        let before = storm.gathered.len();
        storm.gather(note);
        self.gathered += storm.gathered.len() - before;
        if self.gathered > MAX_GATHERED { self.all_of(group) } else { Vec::new() }
    }

    /// All that is gathered of a group: before anything else of it is told.
    pub(super) fn all_of(&mut self, group: GroupId) -> Vec<Note> {
        let Some(storm) = self.groups.get_mut(&group) else { return Vec::new() };
        self.gathered -= storm.gathered.len();
        storm.all()
    }

    /// When the next window ends.
    pub(super) fn next_end(&self) -> Option<Duration> {
        self.ends.front().map(|(end, _)| *end)
    }

    /// Ends the windows whose time is over. `tell` is called for each group with what it has gathered, and returns to how
    /// many connections it has told that: then another window follows.
    pub(super) fn end(&mut self, now: Duration, mut tell: impl FnMut(Vec<Note>) -> usize) {
        while let Some((_, group)) = self.ends.pop_front_if(|(end, _)| *end <= now) {
            let gathered = self.all_of(group);
            if gathered.is_empty() {
                self.groups.remove(&group);
                continue;
            }
            let frames: usize = gathered.iter().map(Note::frames).sum();
            let told = frames * tell(gathered).max(1);
            if let Some(storm) = self.groups.get_mut(&group) {
                storm.told = told;
                self.ends.push_back((now + WINDOW, group));
            }
        }
    }
}

impl Storm {
    fn gather(&mut self, note: Note) {
        self.is_whole = self.gathered.is_empty() || (self.is_whole && note.from_rev.0 == self.last.0 + 1);
        self.last = note.rev;
        match self.by_place.get(&note.message.seq).map(|index| &mut self.gathered[*index]) {
            None => {
                self.by_place.insert(note.message.seq, self.gathered.len());
                self.gathered.push(note);
            }
            Some(earlier) => {
                let same = earlier.connection == note.connection;
                let connection = if same { note.connection } else { ConnectionId::default() };
                *earlier = Note { from_rev: earlier.from_rev, connection, ..note };
            }
        }
    }

    /// What was gathered, each with what it covers. Each message is told as it is after everything, so behind it all is
    /// known that happened before the next one changed first. Where something of the group was told meanwhile to some and not
    /// to all, each stands for its latest change alone, and who misses one asks for it.
    fn all(&mut self) -> Vec<Note> {
        let mut notes = std::mem::take(&mut self.gathered);
        self.by_place = HashMap::new();
        if self.is_whole {
            let ends: Vec<Rev> = notes.iter().skip(1).map(|next| Rev(next.from_rev.0 - 1)).collect();
            for (note, end) in notes.iter_mut().zip(ends.into_iter().chain([self.last])) {
                note.rev = end;
            }
        } else {
            notes.iter_mut().for_each(|note| note.from_rev = note.rev);
            notes.sort_unstable_by_key(|note| note.rev);
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use rim_core::message::MessageKind;
    use rim_core::{MessageId, Seq};

    use super::*;

    const GROUP: GroupId = GroupId(7);
    const NOW: Duration = Duration::from_secs(5);

    fn note(seq: u64, rev: u64) -> Note {
        let message = Message {
            id: MessageId(100 + seq),
            group: GROUP,
            seq: Seq(seq),
            rev: Rev(seq),
            sender: UserId(1),
            client_msg_id: "c".into(),
            kind: MessageKind::Text,
            content: format!("at {rev}"),
            created_at: Timestamp(1),
            state: None,
        };
        Note {
            message: Arc::new(message),
            from_rev: Rev(rev),
            rev: Rev(rev),
            actor: UserId(2),
            what: Noted::Pinned,
            blind: Vec::new(),
            at: Timestamp(2),
            connection: ConnectionId(rev),
        }
    }

    /// What is told of each: its place, what it covers, and what it says.
    fn told(notes: Vec<Note>) -> Vec<(u64, u64, u64, String)> {
        let one =
            |note: Note| (note.message.seq.0, note.from_rev.0, note.rev.0, note.message.content.clone());
        notes.into_iter().map(one).collect()
    }

    fn at_end(storms: &mut Storms, now: Duration) -> Vec<(u64, u64, u64, String)> {
        let mut all = Vec::new();
        storms.end(now, |notes| {
            all.extend(told(notes));
            1000
        });
        all
    }

    #[test]
    fn what_is_told_to_few_is_told_at_once() {
        let mut storms = Storms::default();
        for rev in 1..=(AT_ONCE as u64 / 8) {
            assert_eq!(storms.take(NOW, note(1, rev), 8).len(), 1, "{rev}");
        }
        assert_eq!(storms.take(NOW, note(1, 99), 8).len(), 0);
    }

    #[test]
    fn a_long_message_counts_as_several_frames() {
        let mut storms = Storms::default();
        let long = |rev| {
            let mut note = note(1, rev);
            Arc::make_mut(&mut note.message).content = "x".repeat(64 * FRAME_BYTES);
            note
        };
        let told: usize = (1..=10).map(|rev| storms.take(NOW, long(rev), 2).len()).sum();
        assert_eq!(told, 1, "65 frames to each of two, and as many would be too many");
    }

    #[test]
    fn of_a_storm_the_first_is_told_at_once_and_then_one_of_each_message_at_the_end_of_each_window() {
        let mut storms = Storms::default();
        assert_eq!(storms.take(NOW, note(1, 10), 1000).len(), 1);
        for rev in 11..=500 {
            assert_eq!(storms.take(NOW, note(1 + rev % 2, rev), 1000).len(), 0);
        }
        assert_eq!(at_end(&mut storms, NOW + WINDOW / 2), []);
        let expected = [(2, 11, 11, "at 499".to_owned()), (1, 12, 500, "at 500".to_owned())];
        assert_eq!(at_end(&mut storms, NOW + WINDOW), expected);
        assert_eq!(storms.take(NOW + WINDOW, note(1, 501), 1000).len(), 0, "the storm goes on");
        assert_eq!(at_end(&mut storms, NOW + 2 * WINDOW), [(1, 501, 501, "at 501".to_owned())]);
        assert_eq!(at_end(&mut storms, NOW + 3 * WINDOW), []);
        assert!(storms.is_empty() && storms.next_end().is_none(), "it is over");
        assert_eq!(storms.take(NOW + 3 * WINDOW, note(1, 502), 1000).len(), 1);
    }

    /// Whatever was done in whichever order: who hears all of it has each message as it is at the `rev` that they are at.
    #[test]
    fn who_has_a_rev_has_everything_up_to_it() {
        let mut chance = 88_172_645_463_325_252_u64;
        for _ in 0..200 {
            let mut storms = Storms::default();
            let mut latest: Vec<(u64, u64)> = Vec::new();
            let mut heard = storms.take(NOW, note(9, 1), 1000);
            for rev in 2..30 {
                chance ^= chance << 13;
                chance ^= chance >> 7;
                chance ^= chance << 17;
                let seq = 1 + chance % 5;
                latest.push((rev, seq));
                heard.extend(storms.take(NOW, note(seq, rev), 1000));
                if chance.is_multiple_of(11) {
                    heard.extend(storms.all_of(GROUP));
                }
            }
            heard.extend(storms.all_of(GROUP));
            let mut at = 0;
            let mut has: HashMap<u64, u64> = HashMap::new();
            for note in heard {
                assert_eq!(note.from_rev.0, at + 1, "without a gap");
                at = note.rev.0;
                let says = note.message.content.trim_start_matches("at ").parse().expect("a number");
                has.insert(note.message.seq.0, says);
                for (rev, seq) in latest.iter().take_while(|(rev, _)| *rev <= at) {
                    assert!(has.get(seq).is_some_and(|says| says >= rev), "{seq} at {at}");
                }
            }
            assert_eq!(at, 29);
        }
    }

    #[test]
    fn nothing_stands_for_what_was_not_told() {
        let mut storms = Storms::default();
        storms.take(NOW, note(1, 1), 1000);
        // 3 was told to one person alone.
        for (seq, rev) in [(2, 2), (1, 4), (2, 5), (1, 6)] {
            storms.take(NOW, note(seq, rev), 1000);
        }
        let expected = [(2, 5, 5, "at 5".to_owned()), (1, 6, 6, "at 6".to_owned())];
        assert_eq!(told(storms.all_of(GROUP)), expected);
    }

    #[test]
    fn what_came_from_one_connection_alone_is_known_to_it() {
        let mut storms = Storms::default();
        let by = |rev, connection| Note { connection: ConnectionId(connection), ..note(1, rev) };
        storms.take(NOW, by(1, 8), 1000);
        storms.take(NOW, by(2, 8), 1000);
        storms.take(NOW, by(3, 8), 1000);
        assert_eq!(storms.all_of(GROUP)[0].connection, ConnectionId(8));
        storms.take(NOW, by(4, 8), 1000);
        storms.take(NOW, by(5, 9), 1000);
        assert_eq!(storms.all_of(GROUP)[0].connection, ConnectionId::default());
    }

    #[test]
    fn what_is_gathered_is_bounded() {
        let mut storms = Storms::default();
        let mut told = 0;
        for seq in 1..=10 * MAX_GATHERED as u64 {
            told += storms.take(NOW, note(seq, seq), 1000).len();
            assert!(storms.gathered <= MAX_GATHERED);
        }
        assert_eq!(told + storms.all_of(GROUP).len(), 10 * MAX_GATHERED);
        assert_eq!(storms.gathered, 0);
    }
}
