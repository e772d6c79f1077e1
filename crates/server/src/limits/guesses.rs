//! Guesses at a password: an attempt is counted before it is looked at and given back unless it was wrong.
//!
//! Counted afterwards, any number of guesses made at once would all be let in. `governor` cannot give back,
//! so this is its rule (GCRA) with that one step more: each attempt moves the debt on by one interval, time
//! pays it off, and nobody is let in whose debt is more than the burst.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use governor::Quota;
use governor::clock::{Clock, Reference};
use parking_lot::Mutex;

/// Who guesses at what: the folded account, from the network of an address. By account alone a stranger
/// could lock its owner out.
pub(super) type Guesser = (Box<str>, IpAddr);

pub(super) struct Guesses<C: Clock> {
    interval: Duration,
    /// The debt one may have and still be let in.
    tolerance: Duration,
    clock: C,
    start: C::Instant,
    /// When each debt is paid off, from `start`. A plain mutex: a login costs milliseconds of hashing
    /// beside it.
    paid_off: Mutex<HashMap<Guesser, Duration>>,
}

impl<C: Clock> Guesses<C> {
    pub(super) fn new(quota: Quota, clock: C) -> Self {
        let interval = quota.replenish_interval();
        Self {
            interval,
            tolerance: interval * (quota.burst_size().get() - 1),
            start: clock.now(),
            clock,
            paid_off: Mutex::default(),
        }
    }

    /// Counts an attempt; or, where there were too many, tells how long to wait and counts nothing.
    pub(super) fn attempt(&self, guesser: Guesser) -> Result<(), Duration> {
        let now = self.now();
        let mut paid_off = self.paid_off.lock();
        let debt = paid_off.entry(guesser).or_default();
        match debt.saturating_sub(now).checked_sub(self.tolerance) {
            None | Some(Duration::ZERO) => {
                *debt = now.max(*debt) + self.interval;
                Ok(())
            }
            Some(wait) => Err(wait),
        }
    }

    /// Gives an attempt back.
    pub(super) fn give_back(&self, guesser: &Guesser) {
        if let Some(debt) = self.paid_off.lock().get_mut(guesser) {
            *debt = debt.saturating_sub(self.interval);
        }
    }

    pub(super) fn retain_recent(&self) {
        let now = self.now();
        self.paid_off.lock().retain(|_, paid_off| *paid_off > now);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.paid_off.lock().len()
    }

    fn now(&self) -> Duration {
        self.clock.now().duration_since(self.start).into()
    }
}
