//! Limits from which what was counted can be taken back: an attempt is counted before it is looked at, and given back
//! where it should not count.
//!
//! Counted afterwards, any number of attempts made at once would all be let in. `governor` cannot give back, so this is
//! its rule (GCRA) with that one step more: each attempt moves the debt on by what it costs, time pays it off, and
//! nobody is let in whose debt is more than may be.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use governor::Quota;
use governor::clock::{Clock, Reference};
use parking_lot::Mutex;

/// Debts that are kept. Where there are more those who have none yet are not let in: a minute brings so many to
/// nobody but an attacker with thousands of addresses.
const MAX_DEBTS: usize = 100_000;
/// How long those wait whom there is no room for, and how often room is made for them.
const MAKE_ROOM_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Debts<K, C: Clock> {
    clock: C,
    start: C::Instant,
    most: usize,
    /// A plain mutex: what asks costs milliseconds beside it.
    state: Mutex<State<K>>,
}

struct State<K> {
    /// When each debt is paid off, from `start`.
    paid_off: HashMap<K, Duration>,
    room_made_at: Duration,
}

/// What an attempt costs one debtor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Charge<K> {
    pub(super) debtor: K,
    pub(super) cost: Duration,
    /// The debt one may have and still be let in.
    pub(super) tolerance: Duration,
}

impl<K> Charge<K> {
    /// One of a quota.
    pub(super) fn of(debtor: K, quota: Quota) -> Self {
        let cost = quota.replenish_interval();
        Self { debtor, cost, tolerance: cost * (quota.burst_size().get() - 1) }
    }
}

impl<K: Hash + Eq + Copy, C: Clock> Debts<K, C> {
    pub(super) fn new(clock: C) -> Self {
        let state = State { paid_off: HashMap::new(), room_made_at: Duration::ZERO };
        Self { start: clock.now(), clock, most: MAX_DEBTS, state: Mutex::new(state) }
    }

    /// Counts an attempt for all of these; or, where one of them owes too much, tells how long to wait and counts
    /// nothing.
    pub(super) fn attempt(&self, charges: &[Charge<K>]) -> Result<(), Duration> {
        let now = self.now();
        let State { paid_off, room_made_at } = &mut *self.state.lock();
        let wait = charges.iter().map(|charge| {
            let end = paid_off.get(&charge.debtor).copied().unwrap_or_default();
            Duration::saturating_sub(end, now).saturating_sub(charge.tolerance)
        });
        let wait = wait.max();
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        if paid_off.len() + charges.len() > self.most {
            if now >= *room_made_at + MAKE_ROOM_EVERY {
                *room_made_at = now;
                paid_off.retain(|_, end| *end > now);
            }
            let new = charges.iter().filter(|charge| !paid_off.contains_key(&charge.debtor)).count();
            if paid_off.len() + new > self.most {
                return Err(MAKE_ROOM_EVERY);
            }
        }
        for charge in charges {
            let end = paid_off.entry(charge.debtor).or_default();
            *end = now.max(*end) + charge.cost;
        }
        Ok(())
    }

    /// Gives an attempt back.
    pub(super) fn give_back(&self, charges: &[Charge<K>]) {
        let mut state = self.state.lock();
        for charge in charges {
            if let Some(end) = state.paid_off.get_mut(&charge.debtor) {
                *end = Duration::saturating_sub(*end, charge.cost);
            }
        }
    }

    /// How much somebody owes.
    pub(super) fn debt(&self, debtor: &K) -> Duration {
        let end = self.state.lock().paid_off.get(debtor).copied().unwrap_or_default();
        Duration::saturating_sub(end, self.now())
    }

    pub(super) fn retain_recent(&self) {
        let now = self.now();
        self.state.lock().paid_off.retain(|_, end| *end > now);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.state.lock().paid_off.len()
    }

    fn now(&self) -> Duration {
        self.clock.now().duration_since(self.start).into()
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn charge(debtor: u32, cost: Duration, tolerance: Duration) -> Charge<u32> {
        Charge { debtor, cost, tolerance }
    }

    #[test]
    fn an_attempt_counts_for_all_whom_it_concerns_or_for_none() {
        let debts = Debts::new(FakeRelativeClock::default());
        let (one, other) = (charge(1, SECOND, Duration::ZERO), charge(2, 9 * SECOND, Duration::ZERO));
        assert_eq!(debts.attempt(&[one]), Ok(()));
        assert_eq!(debts.attempt(&[other, one]), Err(SECOND));
        assert_eq!(debts.debt(&2), Duration::ZERO, "nothing was counted");
        debts.give_back(&[one]);
        assert_eq!(debts.attempt(&[other, one]), Ok(()));
        assert_eq!(debts.attempt(&[one, other]), Err(9 * SECOND), "the longer of both");
    }

    #[test]
    fn what_a_stranger_can_fill_is_bounded_and_who_owes_something_is_let_in_all_the_same() {
        let clock = FakeRelativeClock::default();
        let debts = Debts { most: 10, ..Debts::new(clock.clone()) };
        let charge = |debtor| charge(debtor, 5 * SECOND, 60 * SECOND);
        clock.advance(SECOND);
        for debtor in 0..10 {
            assert_eq!(debts.attempt(&[charge(debtor)]), Ok(()));
        }
        assert_eq!(debts.attempt(&[charge(10)]), Err(MAKE_ROOM_EVERY));
        assert_eq!(debts.attempt(&[charge(3)]), Ok(()));
        assert_eq!(debts.len(), 10);
        clock.advance(6 * SECOND);
        assert_eq!(debts.attempt(&[charge(10)]), Ok(()), "room was made of those who owe nothing any more");
        assert_eq!(debts.len(), 2);
    }
}
