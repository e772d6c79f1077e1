//! When sessions are woken to write: few at once, a crowd in portions.
//!
//! A write to a socket costs ten times what queueing a frame does, so what counts is how many frames it takes
//! along. A message to a large group leaves something in a thousand outboxes. Woken all together, their
//! sessions stand before everything else that has something to do, the next commit included, which then goes
//! out by itself, in a round of its own. In portions, the next commit is told while most of them still wait, and
//! they write both at once: every message takes one round through the crowd, wherever in it the round is.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::yield_now;

use super::outbox::{self, Outbox};

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
    crowd: Mutex<VecDeque<Arc<Outbox>>>,
    gathered: Notify,
}

impl Waking {
    /// Runs `work`, which does not wait, and wakes each session it touched once, after its end.
    pub(crate) fn batched<T>(&self, work: impl FnOnce() -> T) -> T {
        outbox::list_touched();
        let _scope = Scope(self);
        work()
    }

    /// Does `work`, and wakes the crowd meanwhile, to the last of it. One at a time does so.
    pub async fn beside(&self, work: impl Future<Output = ()>) {
        tokio::select! {
            // What is told before the next portion is woken goes out with it.
            biased;
            () = work => {}
            // Dropping it loses nothing: who was taken was woken.
            () = self.wake_crowd() => {}
        }
        while self.wake_portion(usize::MAX) > 0 {}
    }

    async fn wake_crowd(&self) {
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
        let count = most.min(crowd.len());
        let portion: Vec<_> = crowd.drain(..count).collect();
        drop(crowd);
        portion.iter().for_each(|outbox| outbox.wake());
        portion.len()
    }
}

/// Ends with its work, also where that panics: others on this thread must not be waited for in vain.
struct Scope<'a>(&'a Waking);

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        let touched = outbox::touched();
        // Who talks with few does not wait for a crowd that he is not in.
        if touched.len() <= FEW {
            touched.iter().for_each(|outbox| outbox.wake());
        } else {
            self.0.crowd.lock().extend(touched);
            self.0.gathered.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use bytes::Bytes;
    use rim_core::Origin;

    /// Counts how often a session is woken.
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
        fn of(sessions: usize) -> Self {
            let outboxes = (1..=sessions as u64).map(|id| Arc::new(Outbox::new(Origin(id), 0))).collect();
            let woken = (0..sessions).map(|_| Arc::default()).collect();
            let house = Self { waking: Waking::default(), outboxes, woken };
            house.sleep();
            house
        }

        /// A session that is woken asks to be woken again.
        fn sleep(&self) {
            for (outbox, woken) in self.outboxes.iter().zip(&self.woken) {
                outbox.register(&Arc::clone(woken).into());
            }
        }

        /// Tells everybody of a commit.
        fn tell(&self) {
            self.waking.batched(|| self.outboxes.iter().for_each(|o| o.push(Bytes::from_static(b"frame"))));
        }

        fn woken(&self) -> Vec<usize> {
            self.woken.iter().map(|woken| woken.0.load(Ordering::Relaxed)).collect()
        }
    }

    #[test]
    fn few_are_woken_once_when_everything_is_queued() {
        let house = House::of(FEW);
        house.waking.batched(|| {
            house.outboxes.iter().for_each(|outbox| outbox.push(Bytes::from_static(b"one")));
            house.outboxes.iter().for_each(|outbox| outbox.push(Bytes::from_static(b"two")));
            assert_eq!(house.woken(), vec![0; FEW]);
        });
        assert_eq!(house.woken(), vec![1; FEW]);
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
        let outbox = Arc::new(Outbox::new(Origin(0), 0));
        let woken = Arc::new(Woken::default());
        outbox.register(&Arc::clone(&woken).into());
        crowd.waking.batched(|| outbox.push(Bytes::from_static(b"frame")));
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
