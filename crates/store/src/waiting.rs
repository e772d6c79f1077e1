//! What waits to be written, and whose turn it is: how much may wait, how much shares a commit, and that nobody waits for all
//! that somebody else has asked for.
//!
//! While all of it fits into one commit it is handed out as it came, and nobody looks whose it is. Beyond that users take
//! turns. Each has a lane, in which what they asked for keeps its order, and another for their large changes, behind which
//! their messages do not wait. Lanes have turns (deficit round robin): in each a lane is credited with a few rows, and what
//! its credit covers goes into the batch. So a lane with a large change saves up for it while the others have their small
//! things done.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};

use rim_core::UserId;
use rim_core::message::{NewMessage, Write};

/// Writes that may wait. At the pace of one writer this is about a second.
pub const MAX_WRITES: usize = 16_384;
/// Bytes of content that may wait.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Writes that share one commit: beyond this a larger batch is hardly cheaper, and its first waits longer.
pub const MAX_BATCH_WRITES: usize = 512;
/// Rows that share one commit, or what takes as long: some ten milliseconds. What finds a little room is let in whole.
const MAX_BATCH_COST: usize = 1024;
/// Bytes of content that take as long as a row.
const BYTES_A_ROW: usize = 4096;
/// How much of what one user asks for may wait when the queue is half full: the other half is for everybody.
const FEW_OF_A_USER: usize = 64;
/// Rows that a lane is credited with in a turn: what somebody who chats has waiting is through in the first.
const CREDIT: usize = 16;
/// From so many rows on it is a large change.
const LARGE: usize = 64;

/// Something that waits to be written.
pub trait Ask {
    /// Who asks for it.
    fn user(&self) -> UserId;

    /// How long it takes, in rows that are written; at least 1.
    fn cost(&self) -> usize;

    /// Its content.
    fn bytes(&self) -> usize;

    /// Whether nobody wants it any more, and it has not begun.
    fn is_abandoned(&self) -> bool;
}

/// What a message costs beside others that is more than a plain one: what it depends on is looked up.
const EXTRAS_IN_ROWS: usize = 4;
/// Those whom it mentions are written, two by two as quick as another row: as many as keep the largest below [`LARGE`], as
/// the messages of one user stay in one lane.
const MENTIONS_A_ROW: usize = 2;
const MAX_MENTIONS_IN_ROWS: usize = 32;

impl Ask for Write {
    fn user(&self) -> UserId {
        match self {
            Self::Append(new) => new.sender,
            Self::Mark(mark) => mark.user,
        }
    }

    fn cost(&self) -> usize {
        let extras = match self {
            Self::Append(NewMessage { extras: Some(extras), .. }) => {
                EXTRAS_IN_ROWS + MAX_MENTIONS_IN_ROWS.min(extras.mentions.len() / MENTIONS_A_ROW)
            }
            _ => 0,
        };
        1 + extras + self.bytes() / BYTES_A_ROW
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Append(new) => new.content.len(),
            Self::Mark(_) => 0,
        }
    }

    fn is_abandoned(&self) -> bool {
        false
    }
}

/// All that waits.
pub struct Waiting<T> {
    /// In the order in which they came. Nobody looks whose they are as long as one commit holds all of them.
    items: VecDeque<T>,
    /// What of them found no room in a commit.
    crowd: Crowd<T>,
    /// Of `items`.
    cost: usize,
    /// Of all.
    bytes: usize,
}

impl<T: Ask> Default for Waiting<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), crowd: Crowd::new(), cost: 0, bytes: 0 }
    }
}

impl<T: Ask> Waiting<T> {
    pub fn len(&self) -> usize {
        self.items.len() + self.crowd.len
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Of the content of all.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether more waited than one commit holds, and some of it does still.
    pub const fn is_crowded(&self) -> bool {
        self.crowd.len > 0
    }

    /// Takes one more; or gives it back, if there is no room for it.
    pub fn push(&mut self, item: T) -> Result<(), T> {
        let bytes = item.bytes();
        if self.len() >= MAX_WRITES || self.bytes + bytes > MAX_BYTES {
            return Err(item);
        }
        let half_full = self.len() >= MAX_WRITES / 2 || self.bytes >= MAX_BYTES / 2;
        if half_full {
            // Only there it is known whose they are.
            self.join_crowd();
            if self.crowd.waiting_of(item.user()) >= FEW_OF_A_USER {
                return Err(item);
            }
        }
        self.bytes += bytes;
        self.cost += item.cost();
        self.items.push_back(item);
        Ok(())
    }

    /// Takes what is left of something that has begun, in any case, before what its user has asked for since.
    pub fn push_rest(&mut self, rest: T) {
        self.bytes += rest.bytes();
        self.crowd.push_rest(rest);
    }

    /// Moves what is to share the next commit into `batch`, which is empty, and stays so if nobody wants any of it.
    pub fn take(&mut self, batch: &mut Vec<T>) {
        let mut room = Room { writes: MAX_BATCH_WRITES, cost: MAX_BATCH_COST, bytes: 0 };
        if !self.is_crowded() && self.items.len() <= MAX_BATCH_WRITES && self.cost <= MAX_BATCH_COST {
            self.items.drain(..).for_each(|item| room.take(item, batch));
        } else {
            self.join_crowd();
            self.crowd.take(&mut room, batch);
        }
        self.cost = 0;
        self.bytes -= room.bytes;
    }

    fn join_crowd(&mut self) {
        self.items.drain(..).for_each(|item| self.crowd.push(item));
        self.cost = 0;
    }
}

/// How many wait and of how many bytes, for those who want to know no more. Noted under the lock of what waits, so that
/// they end right.
#[derive(Default)]
pub struct Gauge {
    writes: AtomicUsize,
    bytes: AtomicUsize,
}

impl Gauge {
    pub fn note<T: Ask>(&self, waiting: &Waiting<T>) {
        self.writes.store(waiting.len(), Ordering::Relaxed);
        self.bytes.store(waiting.bytes(), Ordering::Relaxed);
    }

    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }

    /// How full it is, from 0 to 1, by number or by bytes, whichever is more.
    #[expect(clippy::cast_precision_loss, reason = "a bound that is off by a millionth bounds as well")]
    pub fn fill(&self) -> f32 {
        let writes = self.writes() as f32 / MAX_WRITES as f32;
        let bytes = self.bytes.load(Ordering::Relaxed) as f32 / MAX_BYTES as f32;
        writes.max(bytes)
    }
}

/// What of a batch is still free.
struct Room {
    writes: usize,
    cost: usize,
    /// Of what was taken.
    bytes: usize,
}

impl Room {
    const fn is_full(&self) -> bool {
        self.writes == 0 || self.cost == 0
    }

    /// Puts it into the batch, unless nobody wants it any more.
    fn take<T: Ask>(&mut self, item: T, batch: &mut Vec<T>) {
        self.bytes += item.bytes();
        if item.is_abandoned() {
            return;
        }
        self.writes = self.writes.saturating_sub(1);
        self.cost = self.cost.saturating_sub(item.cost());
        batch.push(item);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    user: UserId,
    large: bool,
}

impl Key {
    fn of(item: &impl Ask) -> Self {
        Self { user: item.user(), large: item.cost() >= LARGE }
    }
}

struct Lane<T> {
    items: VecDeque<T>,
    credit: usize,
    /// Whether it had its credit of the turn in which the last batch was full.
    mid_turn: bool,
}

struct Crowd<T> {
    lanes: HashMap<Key, Lane<T>>,
    /// Those with something in them, each once.
    turns: VecDeque<Key>,
    len: usize,
}

impl<T: Ask> Crowd<T> {
    fn new() -> Self {
        Self { lanes: HashMap::new(), turns: VecDeque::new(), len: 0 }
    }

    /// How much of the user's small things wait.
    fn waiting_of(&self, user: UserId) -> usize {
        self.lanes.get(&Key { user, large: false }).map_or(0, |lane| lane.items.len())
    }

    /// Behind what its user asked for before.
    fn push(&mut self, item: T) {
        self.lane(Key::of(&item)).items.push_back(item);
    }

    /// The rest of a large change that has begun: before what its user asked for after it.
    fn push_rest(&mut self, item: T) {
        // However small the rest is.
        self.lane(Key { user: item.user(), large: true }).items.push_front(item);
    }

    fn lane(&mut self, key: Key) -> &mut Lane<T> {
        self.len += 1;
        let turns = &mut self.turns;
        self.lanes.entry(key).or_insert_with(|| {
            turns.push_back(key);
            Lane { items: VecDeque::new(), credit: 0, mid_turn: false }
        })
    }

    /// Moves what has its turn into `batch`, until there is no room.
    fn take(&mut self, room: &mut Room, batch: &mut Vec<T>) {
        while !room.is_full()
            && let Some(key) = self.turns.pop_front()
        {
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            if !std::mem::replace(&mut lane.mid_turn, false) {
                lane.credit += CREDIT;
            }
            while !room.is_full()
                && let Some(item) = lane.items.pop_front_if(|item| item.cost() <= lane.credit)
            {
                lane.credit -= item.cost();
                self.len -= 1;
                room.take(item, batch);
            }
            if lane.items.is_empty() {
                self.lanes.remove(&key);
            } else if room.is_full() {
                lane.mid_turn = true;
                self.turns.push_front(key);
            } else {
                self.turns.push_back(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Thing {
        user: UserId,
        cost: usize,
        bytes: usize,
        abandoned: bool,
    }

    impl Thing {
        fn of_bytes(self, bytes: usize) -> Self {
            Self { bytes, ..self }
        }
    }

    impl Ask for Thing {
        fn user(&self) -> UserId {
            self.user
        }

        fn cost(&self) -> usize {
            self.cost
        }

        fn bytes(&self) -> usize {
            self.bytes
        }

        fn is_abandoned(&self) -> bool {
            self.abandoned
        }
    }

    fn large(user: UserId, cost: usize) -> Thing {
        Thing { user, cost, bytes: 0, abandoned: false }
    }

    fn append_of(user: UserId, cost: usize) -> Thing {
        Thing { bytes: 1, ..large(user, cost) }
    }

    fn room() -> Room {
        Room { writes: MAX_BATCH_WRITES, cost: MAX_BATCH_COST, bytes: 0 }
    }

    fn taken(waiting: &mut Waiting<Thing>) -> Vec<UserId> {
        let mut batch = Vec::new();
        waiting.take(&mut batch);
        batch.iter().map(Thing::user).collect()
    }

    #[test]
    fn what_fits_into_one_commit_comes_as_it_came() {
        let mut waiting = Waiting::default();
        for user in [3, 1, 2, 1, 3] {
            waiting.push(append_of(UserId(user), 1)).expect("room");
        }
        waiting.push(large(UserId(1), 500)).expect("room");
        assert_eq!(taken(&mut waiting), [3, 1, 2, 1, 3, 1].map(UserId));
        assert!(waiting.is_empty() && waiting.bytes() == 0);
    }

    #[test]
    fn who_comes_later_is_in_the_next_commit_whatever_another_has_asked_for() {
        let mut waiting = Waiting::default();
        for _ in 0..590 {
            waiting.push(large(UserId(1), 500)).expect("room");
        }
        assert!(taken(&mut waiting).len() <= 3);
        waiting.push(append_of(UserId(2), 1)).expect("room");
        assert!(taken(&mut waiting).contains(&UserId(2)));
    }

    #[test]
    fn what_nobody_wants_any_more_is_not_handed_out() {
        let mut waiting = Waiting::default();
        waiting.push(Thing { abandoned: true, ..append_of(UserId(1), 500) }).expect("room");
        assert_eq!(taken(&mut waiting), []);
        waiting.push(Thing { abandoned: true, ..append_of(UserId(1), 500) }).expect("room");
        waiting.push(append_of(UserId(2), 1)).expect("room");
        assert_eq!(taken(&mut waiting), [UserId(2)]);
        assert!(waiting.is_empty() && waiting.bytes() == 0);
    }

    #[test]
    fn one_user_does_not_fill_the_half_that_is_for_everybody_between_two_commits() {
        let mut waiting = Waiting::default();
        for _ in 0..MAX_WRITES / 2 {
            waiting.push(append_of(UserId(1), 1)).expect("room");
        }
        waiting.push(append_of(UserId(1), 1)).expect_err("they have many");
        for _ in 0..FEW_OF_A_USER {
            waiting.push(append_of(UserId(2), 1)).expect("others have room");
        }
        waiting.push(append_of(UserId(2), 1)).expect_err("they have many");
        assert_eq!(taken(&mut waiting).iter().filter(|user| **user == UserId(2)).count(), FEW_OF_A_USER);
    }

    #[test]
    fn one_user_does_not_fill_the_half_that_is_for_everybody() {
        let mut waiting = Waiting::default();
        for _ in 0..MAX_WRITES / 2 {
            waiting.push(append_of(UserId(1), 1)).expect("room");
        }
        taken(&mut waiting);
        while waiting.len() < MAX_WRITES / 2 {
            waiting.push(append_of(UserId(1), 1)).expect("room");
        }
        waiting.push(append_of(UserId(1), 1)).expect_err("they have many");
        waiting.push(append_of(UserId(2), 1)).expect("others have room");
        // Nor by the size of what they send.
        let mut waiting = Waiting::default();
        while waiting.push(append_of(UserId(1), 17).of_bytes(64 * 1024)).is_ok() {
            taken(&mut waiting);
            for _ in 0..300 {
                if waiting.push(append_of(UserId(1), 17).of_bytes(64 * 1024)).is_err() {
                    break;
                }
            }
        }
        assert!(waiting.bytes() < MAX_BYTES / 2 + 300 * 64 * 1024, "{}", waiting.bytes());
        waiting.push(append_of(UserId(2), 17).of_bytes(64 * 1024)).expect("others have room");
    }

    fn drained(crowd: &mut Crowd<Thing>) -> Vec<Vec<UserId>> {
        let mut batches = Vec::new();
        while crowd.len > 0 {
            let mut batch = Vec::new();
            crowd.take(&mut room(), &mut batch);
            batches.push(batch.iter().map(Thing::user).collect());
        }
        batches
    }

    #[test]
    fn one_who_says_something_does_not_wait_for_one_who_says_a_lot() {
        let mut crowd = Crowd::<Thing>::new();
        for _ in 0..5_000 {
            crowd.push(append_of(UserId(1), 1));
        }
        crowd.push(append_of(UserId(2), 1));
        let batches = drained(&mut crowd);
        assert_eq!(batches[0].iter().position(|user| *user == UserId(2)), Some(CREDIT), "after one turn");
        assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), 5_001);
    }

    #[test]
    fn many_who_say_a_lot_share_alike() {
        let mut crowd = Crowd::<Thing>::new();
        for user in 1..=4 {
            for _ in 0..1_000 * user {
                crowd.push(append_of(UserId(user), 1));
            }
        }
        let first = &drained(&mut crowd)[0];
        let of = |user| first.iter().filter(|of| **of == UserId(user)).count();
        assert!((1..=4).all(|user| of(user) == first.len() / 4), "{first:?}");
    }

    #[test]
    fn a_batch_has_few_large_changes_however_many_wait() {
        let mut crowd = Crowd::<Thing>::new();
        for _ in 0..50 {
            crowd.push(large(UserId(1), 500));
        }
        for user in 2..=300 {
            crowd.push(append_of(UserId(user), 1));
        }
        let batches = drained(&mut crowd);
        assert!((2..=300).all(|user| batches[0].contains(&UserId(user))), "all others are in the first");
        assert!(batches.iter().all(|batch| batch.iter().filter(|user| **user == UserId(1)).count() <= 3));
    }

    #[test]
    fn a_large_change_is_not_starved_by_small_things() {
        let mut crowd = Crowd::<Thing>::new();
        crowd.push(large(UserId(1), 500));
        let mut batches = 0;
        while crowd.lanes.contains_key(&Key { user: UserId(1), large: true }) {
            for user in 2..=100 {
                for _ in 0..10 {
                    crowd.push(append_of(UserId(user), 1));
                }
            }
            crowd.take(&mut room(), &mut Vec::new());
            batches += 1;
            assert!(batches < 100);
        }
    }

    #[test]
    fn what_one_user_asks_for_keeps_its_order() {
        let mut crowd = Crowd::<Thing>::new();
        for bytes in 1..=2_000 {
            crowd.push(append_of(UserId(1), 1).of_bytes(bytes));
            crowd.push(append_of(UserId(2), 1).of_bytes(bytes));
        }
        let mut items = Vec::new();
        while crowd.len > 0 {
            crowd.take(&mut room(), &mut items);
        }
        let of_one: Vec<_> = items.iter().filter(|item| item.user() == UserId(1)).map(Thing::bytes).collect();
        assert!(of_one.is_sorted() && of_one.len() == 2_000);
    }

    #[test]
    fn the_rest_of_a_large_change_comes_before_the_next_of_its_user() {
        let mut crowd = Crowd::<Thing>::new();
        crowd.push(large(UserId(1), 500));
        crowd.push_rest(large(UserId(1), 3));
        let mut batch = Vec::new();
        crowd.take(&mut room(), &mut batch);
        assert_eq!(batch.iter().map(Thing::cost).collect::<Vec<_>>(), [3, 500]);
    }
}
