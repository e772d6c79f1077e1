//! When each connection is looked at: when it has been silent for long enough to be pinged, or to be given up.
//!
//! A look costs a connection nothing while it is heard: it is put off to when its silence would be long enough, and
//! never is there more than one look to come.

use std::collections::HashMap;
use std::sync::Arc;

use rim_core::ConnectionId;

use super::outbox::Outbox;

/// The longest silence before a ping. Proxies cut what is silent for a minute, nginx among them.
const MAX_PING_SECONDS: u32 = 30;

/// A slot a second: as many as the farthest look is away, and that of now.
const SLOTS: u32 = MAX_PING_SECONDS + 2;

/// What becomes of a silent connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silent {
    Ping,
    GiveUp,
}

pub(super) struct Wheel {
    /// Every connection, in the slot of the second in which it is looked at next.
    slots: Vec<HashMap<ConnectionId, Arc<Outbox>>>,
    /// A connection is given up when it was silent for more than these seconds.
    idle: u32,
}

impl Wheel {
    pub(super) fn new(idle_seconds: u32) -> Self {
        Self { slots: (0..SLOTS).map(|_| HashMap::new()).collect(), idle: idle_seconds }
    }

    pub(super) fn insert(&mut self, outbox: &Arc<Outbox>, second: u32) {
        self.look_in(self.next(outbox.id(), 0), outbox, second);
    }

    pub(super) fn remove(&mut self, outbox: &Outbox) {
        self.slots[usize::from(outbox.slot())].remove(&outbox.id());
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Outbox>> {
        self.slots.iter().flat_map(HashMap::values)
    }

    /// Looks at those whose turn it is in `second`, and tells who was silent for too long. No second may be left out.
    pub(super) fn turn(&mut self, second: u32) -> Vec<(Arc<Outbox>, Silent)> {
        let mut found = Vec::new();
        for (id, outbox) in std::mem::take(&mut self.slots[(second % SLOTS) as usize]) {
            let silent = second.saturating_sub(outbox.heard_at());
            self.look_in(self.next(id, silent), &outbox, second);
            // Both are a second apart at least, as a second may have just begun.
            if silent > self.idle {
                found.push((outbox, Silent::GiveUp));
            } else if silent >= self.ping_after(id) {
                found.push((outbox, Silent::Ping));
            }
        }
        found
    }

    /// In how many seconds one is looked at again who is silent for so long.
    fn next(&self, id: ConnectionId, silent: u32) -> u32 {
        let ping_after = self.ping_after(id);
        let next = ping_after - silent % ping_after;
        // Who is given up is looked at in time for that, and is not asked right before.
        if silent <= self.idle && silent + next >= self.idle { self.idle + 1 - silent } else { next }
    }

    /// The silence before a ping, in seconds. Not the same for all: those who come at once, as after a restart, are not
    /// pinged at once for ever.
    fn ping_after(&self, id: ConnectionId) -> u32 {
        let longest = (self.idle / 3).clamp(1, MAX_PING_SECONDS);
        longest - (id.0 % u64::from(longest / 6 + 1)) as u32
    }

    fn look_in(&mut self, seconds: u32, outbox: &Arc<Outbox>, second: u32) {
        let slot = (second + seconds) % SLOTS;
        outbox.set_slot(slot as u8);
        self.slots[slot as usize].insert(outbox.id(), Arc::clone(outbox));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wheel with connections in it, which answer pings or do not.
    fn wheel(idle_seconds: u32, connections: u64) -> (Wheel, Vec<Arc<Outbox>>) {
        let mut wheel = Wheel::new(idle_seconds);
        let outboxes: Vec<_> =
            (0..connections).map(|id| Arc::new(Outbox::new(ConnectionId(id), 0))).collect();
        outboxes.iter().for_each(|outbox| wheel.insert(outbox, 0));
        (wheel, outboxes)
    }

    /// What became of each connection, and when.
    fn live(wheel: &mut Wheel, until: u32, mut heard: impl FnMut(&Outbox, Silent, u32)) {
        for second in 1..=until {
            for (outbox, silent) in wheel.turn(second) {
                heard(&outbox, silent, second);
                if silent == Silent::GiveUp {
                    wheel.remove(&outbox);
                }
            }
        }
    }

    #[test]
    fn whoever_is_silent_is_pinged_every_half_minute_and_given_up_when_the_settings_say() {
        for idle in [1, 2, 3, 10, 59, 60, 89, 90, 91, 92, 300] {
            let (mut wheel, outboxes) = wheel(idle, 100);
            let longest = (idle / 3).clamp(1, 30);
            let (mut last, mut gone) = (vec![0; 100], 0);
            live(&mut wheel, idle + 100, |outbox, silent, second| {
                let pause = second - std::mem::replace(&mut last[outbox.id().0 as usize], second);
                match silent {
                    Silent::Ping => {
                        assert!((longest - longest / 6..=longest).contains(&pause), "{pause} of {idle}");
                        assert!(second < idle.max(2), "{second} of {idle}: a ping nobody can answer in time");
                    }
                    // A second has begun when it is counted.
                    Silent::GiveUp => assert_eq!(second, idle + 1),
                }
                gone += u32::from(silent == Silent::GiveUp);
            });
            assert_eq!((gone, wheel.all().count()), (100, 0), "{idle}");
            drop(outboxes);
        }
    }

    #[test]
    fn whoever_answers_stays_and_is_pinged_within_half_a_minute_again() {
        let (mut wheel, outboxes) = wheel(90, 100);
        let mut last = vec![0; 100];
        live(&mut wheel, 10_000, |outbox, silent, second| {
            assert_eq!(silent, Silent::Ping);
            let pause = second - std::mem::replace(&mut last[outbox.id().0 as usize], second);
            assert!((25..=30).contains(&pause), "{pause}");
            outbox.heard(second);
        });
        assert!(last.iter().all(|second| *second > 10_000 - 30));
        assert_eq!(wheel.all().count(), outboxes.len());
    }

    #[test]
    fn whoever_speaks_is_left_alone_and_pinged_so_long_after_the_last_word() {
        let (mut wheel, outboxes) = wheel(90, 1);
        for second in 1..=1_000 {
            assert_eq!(wheel.turn(second).len(), 0, "{second}");
            if second % 29 == 0 || second == 1_000 {
                outboxes[0].heard(second);
            }
        }
        let mut pings = Vec::new();
        live_on(&mut wheel, 1_001..=1_091, |silent, second| pings.push((silent, second)));
        let expected = [(Silent::Ping, 1_030), (Silent::Ping, 1_060), (Silent::GiveUp, 1_091)];
        assert_eq!(pings, expected);
    }

    fn live_on(
        wheel: &mut Wheel,
        seconds: std::ops::RangeInclusive<u32>,
        mut heard: impl FnMut(Silent, u32),
    ) {
        for second in seconds {
            wheel.turn(second).into_iter().for_each(|(_, silent)| heard(silent, second));
        }
    }

    #[test]
    fn those_who_came_at_once_are_not_pinged_at_once() {
        let (mut wheel, _outboxes) = wheel(90, 600);
        for second in 1..=30 {
            let pinged = wheel.turn(second).len();
            assert!(pinged <= 100, "{pinged} in second {second}");
        }
    }

    #[test]
    fn whoever_has_gone_is_looked_at_no_more() {
        let (mut wheel, outboxes) = wheel(90, 10);
        wheel.turn(1);
        outboxes.iter().for_each(|outbox| wheel.remove(outbox));
        assert_eq!(wheel.all().count(), 0);
    }
}
