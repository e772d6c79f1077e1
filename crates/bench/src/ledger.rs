//! Whether everything that was sent has come, once and in order.

use std::collections::BTreeSet;

/// What one listener was told of one group in which one person speaks.
///
/// The sender numbers their messages from 0 in `clientMsgId`, and the group numbers them in `seq`. Each
/// finds what the other cannot: a message that was stored twice has two `seq` and one number, and one
/// that was stored and not delivered leaves a gap in both.
#[derive(Default)]
pub(crate) struct Ledger {
    numbers: Sequence,
    /// Begins with the first that comes: a group may have a history. Nothing before that.
    seqs: Option<Sequence>,
}

/// What went wrong, in messages.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Faults {
    pub(crate) lost: u64,
    pub(crate) duplicated: u64,
    pub(crate) out_of_order: u64,
}

impl Ledger {
    /// Notes a delivery; false if that message had come before.
    pub(crate) fn delivered(&mut self, number: u64, seq: u64) -> bool {
        let seqs = self.seqs.get_or_insert_with(|| Sequence::from(seq.saturating_sub(number)));
        seqs.came(seq);
        self.numbers.came(number)
    }

    /// How many different messages have come.
    pub(crate) fn count(&self) -> u64 {
        self.numbers.next - self.numbers.missing.len() as u64
    }

    /// What went wrong, if `sent` were sent in all.
    pub(crate) fn faults(&self, sent: u64) -> Faults {
        let numbers = self.numbers.faults(sent);
        let seqs = self.seqs.as_ref().map_or(numbers, |seqs| seqs.faults(seqs.first + sent));
        // Mostly both show the same fault, and it counts once.
        Faults {
            lost: numbers.lost.max(seqs.lost),
            duplicated: numbers.duplicated.max(seqs.duplicated),
            out_of_order: numbers.out_of_order.max(seqs.out_of_order),
        }
    }
}

impl std::iter::Sum for Faults {
    fn sum<I: Iterator<Item = Self>>(faults: I) -> Self {
        faults.fold(Self::default(), |sum, faults| Self {
            lost: sum.lost + faults.lost,
            duplicated: sum.duplicated + faults.duplicated,
            out_of_order: sum.out_of_order + faults.out_of_order,
        })
    }
}

/// Numbers that should come one after the other.
#[derive(Default)]
struct Sequence {
    first: u64,
    /// Above all that have come.
    next: u64,
    /// Those below `next` that have not come.
    missing: BTreeSet<u64>,
    duplicated: u64,
    out_of_order: u64,
}

impl Sequence {
    fn from(first: u64) -> Self {
        Self { first, next: first, ..Self::default() }
    }

    /// Notes a number; false if it had come before.
    fn came(&mut self, number: u64) -> bool {
        if number >= self.next {
            self.missing.extend(self.next..number);
            self.next = number + 1;
        } else if self.missing.remove(&number) {
            self.out_of_order += 1;
        } else {
            self.duplicated += 1;
            return false;
        }
        true
    }

    fn faults(&self, end: u64) -> Faults {
        Faults {
            lost: self.missing.len() as u64 + end.saturating_sub(self.next),
            duplicated: self.duplicated,
            out_of_order: self.out_of_order,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ledger of messages, each with its number and its seq.
    fn ledger(deliveries: impl IntoIterator<Item = (u64, u64)>) -> Ledger {
        let mut ledger = Ledger::default();
        for (number, seq) in deliveries {
            ledger.delivered(number, seq);
        }
        ledger
    }

    #[test]
    fn nothing_is_wrong_with_a_group_that_had_a_history() {
        let ledger = ledger((0..100).map(|number| (number, number + 5_001)));
        assert_eq!((ledger.count(), ledger.faults(100)), (100, Faults::default()));
    }

    #[test]
    fn what_did_not_come_is_lost_wherever_it_is() {
        assert_eq!(ledger([]).faults(2).lost, 2, "all of them");
        assert_eq!(ledger([(1, 2), (2, 3)]).faults(3).lost, 1, "the first");
        assert_eq!(ledger([(0, 1), (2, 3)]).faults(3).lost, 1, "one in the middle");
        assert_eq!(ledger([(0, 1), (1, 2)]).faults(3).lost, 1, "the last");
    }

    #[test]
    fn what_came_again_is_a_duplicate() {
        let delivered_twice = ledger([(0, 1), (1, 2), (1, 2)]);
        assert_eq!(delivered_twice.faults(2), Faults { duplicated: 1, ..Faults::default() });

        let stored_twice = ledger([(0, 1), (1, 2), (1, 3), (2, 4)]);
        assert_eq!(stored_twice.faults(3), Faults { duplicated: 1, ..Faults::default() });
    }

    #[test]
    fn what_came_late_is_out_of_order_and_not_lost() {
        let swapped = ledger([(0, 1), (2, 3), (1, 2)]);
        assert_eq!(swapped.count(), 3);
        assert_eq!(swapped.faults(3), Faults { out_of_order: 1, ..Faults::default() });
    }

    #[test]
    fn an_order_that_seq_contradicts_is_out_of_order() {
        let swapped = ledger([(0, 1), (1, 3), (2, 2)]);
        assert_eq!(swapped.faults(3), Faults { out_of_order: 1, ..Faults::default() });
    }

    #[test]
    fn the_faults_of_all_listeners_are_added() {
        let faults: Faults =
            [ledger([(0, 1)]).faults(2), ledger([(0, 1), (0, 1)]).faults(1)].into_iter().sum();
        assert_eq!(faults, Faults { lost: 1, duplicated: 1, out_of_order: 0 });
    }
}
