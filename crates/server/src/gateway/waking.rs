//! When connections are woken to write: few at once, a crowd in portions.
//!
//! A write to a socket costs ten times what queueing a frame does, so what counts is how many frames it takes
//! along. A message to a large group leaves something in a thousand outboxes. Woken all together, their
//! connections stand before everything else that has something to do, the next commit included, which then goes
//! out by itself, in a round of its own. In portions, the next commit is told while most of them still wait, and
//! they write both at once: every message takes one round through the crowd, wherever in it the round is.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::task::Waker;

use parking_lot::Mutex;
use rim_store::Sleeper;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::yield_now;

/// Sessions that are woken together, for each thread that runs them. Between two portions the runtime looks at its
/// sockets, so the fewer they are, the sooner goes along what somebody sends: with four messages in flight to a
/// thousand connections 64 at a time gave 600,000 deliveries a second, 32 gave 660,000 and 16 gave 735,000.
const PORTION: usize = 16;

/// So many are no crowd: woken at once they take less than a millisecond, and a twentieth less CPU.
const FEW: usize = 128;

/// Those who wait to be woken.
#[derive(Default)]
pub struct Waking {
    /// The first is woken next. Nobody is in it twice, so it is bounded by the connections. A plain mutex: held
    /// to append to it or to take a portion, never across an await.
    crowd: Mutex<VecDeque<Waker>>,
    gathered: Notify,
}

impl Waking {
    /// Runs `work`, which does not wait, and wakes those it collects after its end, each once.
    pub(crate) fn batched<T>(&self, work: impl FnOnce(&mut Wakes<'_>) -> T) -> T {
        work(&mut Wakes { waking: self, sleepers: Vec::new() })
    }

    /// Does `work`, and wakes the crowd meanwhile, to the last of it. One at a time does so.
    pub async fn beside<T>(&self, work: impl Future<Output = T>) -> T {
        let done = tokio::select! {
            // What is told before the next portion is woken goes out with it.
            biased;
            done = work => done,
            // Dropping it loses nothing: who was taken was woken.
            never = self.wake_crowd() => match never {},
        };
        self.wake_all();
        done
    }

    /// Wakes the crowd, to the last of it.
    pub(super) fn wake_all(&self) {
        while self.wake_portion(usize::MAX) > 0 {}
    }

    async fn wake_crowd(&self) -> Infallible {
        let portion = PORTION * Handle::current().metrics().num_workers();
        loop {
            if self.wake_portion(portion) == 0 {
                self.gathered.notified().await;
            } else {
                yield_now().await;
            }
        }
    }

    /// Wakes the first of the crowd, `most` at most, and returns how many they were.
    fn wake_portion(&self, most: usize) -> usize {
        let mut crowd = self.crowd.lock();
        let portion = if most < crowd.len() {
            crowd.drain(..most).collect()
        } else {
            // The room goes along: nothing is copied.
            std::mem::take(&mut *crowd)
        };
        drop(crowd);
        let count = portion.len();
        portion.into_iter().for_each(Waker::wake);
        count
    }
}

/// Those whom some work has left something for. They are woken when this is dropped, also where the work panics:
/// nobody else is going to wake them.
pub(crate) struct Wakes<'a> {
    waking: &'a Waking,
    sleepers: Vec<Waker>,
}

impl Wakes<'_> {
    pub(crate) fn add(&mut self, sleeper: Sleeper) {
        self.sleepers.extend(sleeper.into_waker());
    }
}

impl Drop for Wakes<'_> {
    fn drop(&mut self) {
        let sleepers = std::mem::take(&mut self.sleepers);
        // Those who talk with few do not wait for a crowd that they are not in.
        if sleepers.len() <= FEW {
            sleepers.into_iter().for_each(Waker::wake);
        } else {
            let mut crowd = self.waking.crowd.lock();
            if crowd.is_empty() {
                *crowd = sleepers.into();
            } else {
                crowd.extend(sleepers);
            }
            drop(crowd);
            self.waking.gathered.notify_one();
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, LazyLock};
    use std::task::Wake;

    use bytes::Bytes;
    use rim_core::ConnectionId;

    use crate::gateway::outbox::Outbox;

    /// For tests in which nobody sleeps.
    pub(in crate::gateway) fn wakes() -> Wakes<'static> {
        static WAKING: LazyLock<Waking> = LazyLock::new(Waking::default);
        Wakes { waking: &WAKING, sleepers: Vec::new() }
    }

    /// Counts how often a connection is woken.
    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    struct House {
        waking: Waking,
        outboxes: Vec<Arc<Outbox>>,
        woken: Vec<Arc<Woken>>,
    }

    impl House {
        fn of(connections: usize) -> Self {
            let outboxes =
                (1..=connections as u64).map(|id| Arc::new(Outbox::new(ConnectionId(id), 0))).collect();
            let woken = (0..connections).map(|_| Arc::default()).collect();
            let house = Self { waking: Waking::default(), outboxes, woken };
            house.sleep();
            house
        }

        /// A connection that is woken asks to be woken again.
        fn sleep(&self) {
            for (outbox, woken) in self.outboxes.iter().zip(&self.woken) {
                outbox.register(&Arc::clone(woken).into());
            }
        }

        /// Tells everybody of a commit.
        fn tell(&self) {
            self.waking.batched(|wakes| self.push(wakes, "frame"));
        }

        fn push(&self, wakes: &mut Wakes<'_>, frame: &'static str) {
            self.outboxes.iter().for_each(|outbox| wakes.add(outbox.push(frame.into())));
        }

        fn woken(&self) -> Vec<usize> {
            self.woken.iter().map(|woken| woken.0.load(Ordering::Relaxed)).collect()
        }
    }

    #[test]
    fn few_are_woken_once_when_everything_is_queued() {
        let house = House::of(FEW);
        house.waking.batched(|wakes| {
            house.push(wakes, "one");
            house.push(wakes, "two");
            assert_eq!(house.woken(), vec![0; FEW]);
        });
        assert_eq!(house.woken(), vec![1; FEW]);
    }

    #[test]
    fn work_inside_of_other_work_leaves_nobody_asleep() {
        let house = House::of(3);
        let push = |wakes: &mut Wakes<'_>, who: usize| {
            wakes.add(house.outboxes[who].push(Bytes::from_static(b"frame")));
        };
        house.waking.batched(|outer| {
            push(outer, 0);
            house.waking.batched(|inner| [0, 1].into_iter().for_each(|who| push(inner, who)));
            assert_eq!(house.woken(), [0, 1, 0], "the first is woken by whoever collected them first");
            house.sleep();
            push(outer, 1);
            push(outer, 2);
            assert_eq!(house.woken(), [0, 1, 0], "the outer work collects on");
        });
        assert_eq!(house.woken(), [1, 2, 1]);
        house.sleep();
        house.outboxes[0].push(Bytes::from_static(b"at once")).wake();
        assert_eq!(house.woken(), [2, 2, 1]);
    }

    #[test]
    fn work_that_panics_leaves_nobody_asleep() {
        let house = House::of(2);
        let panics = || {
            house.waking.batched(|wakes| {
                wakes.add(house.outboxes[0].push(Bytes::from_static(b"collected")));
                let _not_collected = house.outboxes[1].push(Bytes::from_static(b"not collected"));
                panic!("as a fault in the work does");
            });
        };
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        assert_eq!(house.woken(), [1, 1]);
    }

    #[test]
    fn a_crowd_is_woken_in_portions_and_takes_along_what_comes_meanwhile() {
        let house = House::of(4 * FEW);
        house.tell();
        assert_eq!(house.waking.wake_portion(2 * FEW), 2 * FEW);
        assert_eq!(house.woken().iter().sum::<usize>(), 2 * FEW);
        house.sleep();
        // Those who still wait are not listed again, and those who were woken are behind them.
        house.tell();
        assert_eq!(house.waking.wake_portion(2 * FEW), 2 * FEW);
        assert_eq!(house.woken(), vec![1; 4 * FEW]);
        assert_eq!(house.outboxes[2 * FEW].take().0.len(), 2);
        assert_eq!(house.waking.wake_portion(usize::MAX), 2 * FEW);
        assert_eq!(house.woken()[..2 * FEW], vec![2; 2 * FEW]);
        assert_eq!(house.waking.wake_portion(usize::MAX), 0);
    }

    #[test]
    fn few_do_not_wait_behind_a_crowd() {
        let crowd = House::of(2 * FEW);
        crowd.tell();
        let outbox = Arc::new(Outbox::new(ConnectionId(0), 0));
        let woken = Arc::new(Woken::default());
        outbox.register(&Arc::clone(&woken).into());
        crowd.waking.batched(|wakes| wakes.add(outbox.push(Bytes::from_static(b"frame"))));
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert_eq!(crowd.woken(), vec![0; 2 * FEW]);
    }

    #[tokio::test]
    async fn nobody_is_left_when_the_work_ends() {
        let house = House::of(5 * FEW);
        house.waking.beside(async { house.tell() }).await;
        assert_eq!(house.woken(), vec![1; 5 * FEW]);
    }

    #[tokio::test]
    async fn a_crowd_is_woken_while_the_work_goes_on() {
        let house = House::of(5 * FEW);
        let work = async {
            house.tell();
            while house.woken().contains(&0) {
                yield_now().await;
            }
        };
        house.waking.beside(work).await;
        assert_eq!(house.woken(), vec![1; 5 * FEW]);
    }
}
