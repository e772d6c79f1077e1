//! Which groups wait for a consumer, in which order, and which of them make trouble.
//!
//! Groups take turns: of one with much to be seen a portion is taken, and then it is behind all others. Where the work on
//! several groups together fails they are taken one by one, and one that fails by itself message by message, until the
//! message is found that it fails of. That is tried again, later each time, and then passed over.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use rim_core::{GroupId, Rev, Timestamp};
use rim_store::consumers::{Mark, Portion};

/// Groups that wait. Are there more, it is noted that not all of them are known.
const MAX_WAITING: usize = 64 * 1024;
/// Groups in which much waits that are taken together: few, so that it is read in long runs, and one with little does not wait long for
/// its turn.
const LARGE_TOGETHER: u64 = 16;
/// How often one message is tried before it is passed over.
const TRIES: u32 = 3;
/// Until it is tried again: as much, twice as much, and so on.
const REST_MS: i64 = 1000;
/// At the most: of a group that cannot be read at all.
const LONG_REST_MS: i64 = 600_000;

/// Of one consumer.
#[derive(Default)]
pub(super) struct Waiting {
    groups: HashMap<GroupId, Entry>,
    /// Those whose turn comes.
    queue: VecDeque<GroupId>,
    /// There was no room for all.
    overflowed: bool,
}

/// A moment of the store's commits.
pub(super) struct Moment {
    /// Later ones have higher numbers.
    pub(super) number: u64,
    /// `None`: before all that the store knows, so that it takes a look at all groups.
    pub(super) mark: Option<Mark>,
    /// When it was, or earlier.
    pub(super) at: Timestamp,
}

struct Entry {
    /// From there it is found again that it has moved.
    since: Arc<Moment>,
    /// Since when it waits; of a group of which more waits, when the last was sent that does not.
    at: Timestamp,
    /// Messages that wait in it, where that is known.
    left: u64,
    turn: Turn,
    /// It has moved once more since it was taken.
    again: Option<(Arc<Moment>, Timestamp)>,
    trouble: Option<Trouble>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Queued,
    Taken,
    /// Not before then.
    Rests(Timestamp),
}

/// Work on it has failed.
#[derive(Clone, Copy, Default)]
struct Trouble {
    /// Up to there it is taken message by message; before that is known, alone.
    careful_to: Option<Rev>,
    /// How often one message has failed.
    tries: u32,
    /// How often it could not be read since it was last: nothing is known of its messages by that.
    unread: u32,
}

/// Groups that are taken together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) groups: Vec<GroupId>,
    /// One message at a time.
    pub(super) carefully: bool,
}

/// What is to be done with work that has failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It comes again by itself.
    Again,
    PassOver,
}

impl Waiting {
    /// The group has moved, after this.
    pub(super) fn mark(&mut self, group: GroupId, since: &Arc<Moment>, now: Timestamp) {
        if let Some(entry) = self.groups.get_mut(&group) {
            if entry.turn == Turn::Taken {
                entry.again.get_or_insert_with(|| (Arc::clone(since), now));
            }
            return;
        }
        if self.groups.len() >= MAX_WAITING {
            self.overflowed = true;
            return;
        }
        let since = Arc::clone(since);
        let entry = Entry { since, at: now, left: 0, turn: Turn::Queued, again: None, trouble: None };
        self.groups.insert(group, entry);
        self.queue.push_back(group);
    }

    /// Those whose turn it is: at most so many, no more than there is room for of their messages, and those that make trouble by
    /// themselves.
    pub(super) fn take(&mut self, most: usize, room: usize) -> Option<Taken> {
        let (mut groups, mut wait, room) = (Vec::new(), 0, room as u64);
        let share = (room / LARGE_TOGETHER).max(1);
        while groups.len() < most
            && (groups.is_empty() || wait < room)
            && let Some(group) = self.queue.front()
        {
            let Some(entry) = self.groups.get_mut(group) else { break };
            if entry.trouble.is_some() && !groups.is_empty() {
                break;
            }
            entry.turn = Turn::Taken;
            wait += entry.left.clamp(1, share);
            groups.extend(self.queue.pop_front());
            if let Some(trouble) = entry.trouble {
                return Some(Taken { groups, carefully: trouble.careful_to.is_some() });
            }
        }
        (!groups.is_empty()).then_some(Taken { groups, carefully: false })
    }

    /// A portion of it was consumed.
    pub(super) fn consumed(&mut self, portion: &Portion) {
        let Some(entry) = self.groups.get_mut(&portion.group) else { return };
        entry.left = portion.left;
        if let Some(trouble) = &mut entry.trouble {
            (trouble.tries, trouble.unread) = (0, 0);
            if trouble.careful_to.is_none_or(|to| to <= portion.to.rev) {
                entry.trouble = None;
            }
        }
        if portion.more {
            if let Some(last) = portion.messages.last() {
                entry.at = last.created_at;
            }
            self.put_back(portion.group);
        } else {
            self.seen(portion.group);
        }
    }

    /// There is nothing to be seen in it.
    pub(super) fn seen(&mut self, group: GroupId) {
        let Some(entry) = self.groups.get_mut(&group) else { return };
        match entry.again.take() {
            Some((since, at)) => {
                (entry.since, entry.at, entry.left) = (since, at, 0);
                self.put_back(group);
            }
            None => _ = self.groups.remove(&group),
        }
    }

    /// It was taken and nothing came of it, for no fault of its own.
    pub(super) fn put_back(&mut self, group: GroupId) {
        if let Some(entry) = self.groups.get_mut(&group) {
            entry.turn = Turn::Queued;
            self.queue.push_back(group);
        }
    }

    /// Work on these, which were taken together, has failed of what they hold.
    pub(super) fn failed(&mut self, portions: &[Portion], now: Timestamp) -> Verdict {
        if let [portion] = portions
            && let Some(entry) = self.groups.get_mut(&portion.group)
        {
            let trouble = entry.trouble.get_or_insert_default();
            let careful_to = *trouble.careful_to.get_or_insert(portion.to.rev);
            trouble.careful_to = Some(careful_to.max(portion.to.rev));
            trouble.unread = 0;
            if portion.messages.len() <= 1 {
                trouble.tries += 1;
                if trouble.tries >= TRIES {
                    return Verdict::PassOver;
                }
                entry.turn = Turn::Rests(now.plus_ms(REST_MS << (trouble.tries - 1)));
                return Verdict::Again;
            }
        }
        for portion in portions {
            if let Some(entry) = self.groups.get_mut(&portion.group) {
                entry.trouble.get_or_insert_default();
            }
            self.put_back(portion.group);
        }
        Verdict::Again
    }

    /// These, which were taken together, could not be read. `true`: it is one, which rests.
    pub(super) fn unreadable(&mut self, groups: &[GroupId], now: Timestamp) -> bool {
        if let [group] = groups
            && let Some(entry) = self.groups.get_mut(group)
        {
            let trouble = entry.trouble.get_or_insert_default();
            trouble.unread = (trouble.unread + 1).min(20);
            entry.turn = Turn::Rests(now.plus_ms((REST_MS << trouble.unread).min(LONG_REST_MS)));
            return true;
        }
        for group in groups {
            if let Some(entry) = self.groups.get_mut(group) {
                entry.trouble.get_or_insert_default();
            }
            self.put_back(*group);
        }
        false
    }

    /// Those that have rested have their turns again.
    pub(super) fn wake(&mut self, now: Timestamp) {
        for (group, entry) in &mut self.groups {
            if matches!(entry.turn, Turn::Rests(until) if until <= now) {
                entry.turn = Turn::Queued;
                self.queue.push_back(*group);
            }
        }
    }

    /// From where it is found again which groups wait: the `latest` if none does.
    pub(super) fn seen_up_to(&self, latest: &Arc<Moment>) -> Arc<Moment> {
        let since = self.groups.values().map(|entry| &entry.since);
        Arc::clone(since.min_by_key(|since| (since.mark.is_some(), since.number)).unwrap_or(latest))
    }

    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there was no room for all since this was asked last.
    pub(super) fn has_overflowed(&mut self) -> bool {
        std::mem::take(&mut self.overflowed)
    }

    /// Messages that wait, as far as it is known.
    pub(super) fn messages(&self) -> u64 {
        self.groups.values().map(|entry| entry.left.max(1)).sum()
    }

    /// Since when the oldest waits.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.groups.values().map(|entry| entry.at).min()
    }
}

#[cfg(test)]
mod tests {
    use rim_core::message::{Message, MessageKind};
    use rim_core::{MessageId, Seq, UserId};
    use rim_store::consumers::Position;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn moment(number: u64) -> Arc<Moment> {
        Arc::new(Moment { number, mark: Some(Mark(number.to_string())), at: Timestamp(0) })
    }

    fn message(group: GroupId, seq: u64) -> Message {
        Message {
            state: None,
            id: MessageId(seq),
            group,
            seq: Seq(seq),
            rev: Rev(seq),
            sender: UserId(1),
            client_msg_id: seq.to_string(),
            kind: MessageKind::Text,
            content: String::new(),
            created_at: NOW,
        }
    }

    /// The messages from one place to another, of 100.
    fn portion(group: u64, after: u64, to: u64) -> Portion {
        let group = GroupId(group);
        let at = |place| Position { rev: Rev(place), seq: Seq(place) };
        Portion {
            group,
            from: at(after),
            to: at(to),
            messages: (after + 1..=to).map(|seq| message(group, seq)).collect(),
            reworded: Vec::new(),
            expired: Vec::new(),
            more: to < 100,
            left: 100 - to,
            is_first: after == 0,
        }
    }

    fn waiting(groups: impl IntoIterator<Item = u64>) -> Waiting {
        let mut waiting = Waiting::default();
        groups.into_iter().for_each(|group| waiting.mark(GroupId(group), &moment(0), NOW));
        waiting
    }

    fn take(waiting: &mut Waiting, most: usize) -> Option<(Vec<u64>, bool)> {
        let Taken { groups, carefully } = waiting.take(most, 64)?;
        Some((groups.into_iter().map(|group| group.0).collect(), carefully))
    }

    #[test]
    fn of_groups_in_which_much_waits_few_are_taken_together() {
        let mut waiting = waiting(1..=40);
        let all: Vec<u64> = (1..=40).collect();
        assert_eq!(take(&mut waiting, 64), Some((all.clone(), false)), "of none it is known how much waits");
        all.iter().for_each(|group| waiting.consumed(&portion(*group, 0, if *group > 20 { 99 } else { 10 })));
        assert_eq!(
            take(&mut waiting, 64),
            Some((all[..16].to_vec(), false)),
            "a sixteenth of 64 is 4 of each"
        );
        assert_eq!(take(&mut waiting, 64), Some((all[16..].to_vec(), false)), "4 of four, and 1 of twenty");
    }

    #[test]
    fn groups_take_turns_and_each_waits_once() {
        let mut waiting = waiting([1, 2, 3, 2]);
        assert_eq!(take(&mut waiting, 2), Some((vec![1, 2], false)));
        waiting.consumed(&portion(1, 0, 10));
        waiting.consumed(&portion(2, 0, 100));
        assert_eq!((waiting.len(), waiting.messages()), (2, 91));
        assert_eq!(
            take(&mut waiting, 9),
            Some((vec![3, 1], false)),
            "one of which more waits is behind the others"
        );
        waiting.seen(GroupId(3));
        waiting.consumed(&portion(1, 10, 100));
        assert_eq!((take(&mut waiting, 9), waiting.oldest()), (None, None));
    }

    #[test]
    fn what_moves_while_it_is_taken_comes_again() {
        let mut waiting = waiting([1]);
        take(&mut waiting, 1);
        waiting.mark(GroupId(1), &moment(3), NOW.plus_ms(3));
        waiting.mark(GroupId(1), &moment(4), NOW.plus_ms(4));
        assert_eq!(waiting.seen_up_to(&moment(5)).number, 0, "until it is consumed");
        waiting.consumed(&portion(1, 0, 100));
        assert_eq!((waiting.seen_up_to(&moment(5)).number, waiting.oldest()), (3, Some(NOW.plus_ms(3))));
        assert_eq!(take(&mut waiting, 1), Some((vec![1], false)));
        waiting.seen(GroupId(1));
        assert_eq!(waiting.seen_up_to(&moment(5)).number, 5);
    }

    #[test]
    fn a_message_that_fails_is_found_and_tried_and_passed_over_while_others_go_on() {
        let mut waiting = waiting([1, 2]);
        assert_eq!(take(&mut waiting, 9), Some((vec![1, 2], false)));
        assert_eq!(waiting.failed(&[portion(1, 0, 100), portion(2, 0, 3)], NOW), Verdict::Again);
        assert_eq!(take(&mut waiting, 9), Some((vec![1], false)), "each by itself");
        assert_eq!(take(&mut waiting, 9), Some((vec![2], false)));
        waiting.consumed(&portion(1, 0, 100));
        assert_eq!(waiting.failed(&[portion(2, 0, 3)], NOW), Verdict::Again);
        assert_eq!(take(&mut waiting, 9), Some((vec![2], true)), "message by message");
        waiting.consumed(&portion(2, 0, 1));
        for rest in [1000, 2000] {
            assert_eq!(take(&mut waiting, 9), Some((vec![2], true)));
            assert_eq!(waiting.failed(&[portion(2, 1, 2)], NOW), Verdict::Again);
            waiting.wake(NOW.plus_ms(rest - 1));
            assert_eq!(take(&mut waiting, 9), None, "it rests");
            waiting.wake(NOW.plus_ms(rest));
        }
        assert_eq!(take(&mut waiting, 9), Some((vec![2], true)));
        assert_eq!(waiting.failed(&[portion(2, 1, 2)], NOW), Verdict::PassOver);
        waiting.consumed(&portion(2, 1, 2));
        assert_eq!(take(&mut waiting, 9), Some((vec![2], true)));
        waiting.consumed(&portion(2, 2, 3));
        waiting.mark(GroupId(3), &moment(1), NOW);
        assert_eq!(take(&mut waiting, 9), Some((vec![2, 3], false)), "as if nothing had been");
    }

    #[test]
    fn what_cannot_be_read_rests_alone() {
        let mut waiting = waiting([1, 2]);
        take(&mut waiting, 2);
        assert!(!waiting.unreadable(&[GroupId(1), GroupId(2)], NOW));
        take(&mut waiting, 2);
        assert!(waiting.unreadable(&[GroupId(1)], NOW));
        assert_eq!(take(&mut waiting, 2), Some((vec![2], false)));
        waiting.wake(NOW.plus_ms(LONG_REST_MS));
        assert_eq!(take(&mut waiting, 2), Some((vec![1], false)));
    }

    #[test]
    fn a_message_is_tried_as_often_whatever_could_not_be_read_before() {
        let mut waiting = waiting([1]);
        let mut now = NOW;
        let mut rest = |waiting: &mut Waiting| {
            now = now.plus_ms(LONG_REST_MS);
            waiting.wake(now);
            assert!(waiting.take(1, 64).is_some());
            now
        };
        take(&mut waiting, 1);
        for _ in 0..2 * TRIES {
            assert!(waiting.unreadable(&[GroupId(1)], NOW));
            rest(&mut waiting);
        }
        for tried in 1..TRIES {
            assert_eq!(waiting.failed(&[portion(1, 0, 1)], NOW), Verdict::Again, "{tried}");
            rest(&mut waiting);
            assert!(waiting.unreadable(&[GroupId(1)], NOW), "and again it cannot be read");
            rest(&mut waiting);
        }
        assert_eq!(waiting.failed(&[portion(1, 0, 1)], NOW), Verdict::PassOver);
    }

    #[test]
    fn of_more_groups_than_there_is_room_for_it_is_known_that_there_were_more() {
        let mut waiting = waiting(1..=MAX_WAITING as u64);
        assert!(!waiting.has_overflowed());
        waiting.mark(GroupId(0), &moment(0), NOW);
        assert!(waiting.has_overflowed() && !waiting.has_overflowed());
        assert_eq!(waiting.len(), MAX_WAITING);
    }
}
