//! The queue between a bus and its node.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use super::{Heard, Hearing, Subject};

/// The end of a [`Hearing`] that an implementation of a bus has. Waits for nothing, and keeps the promise that
/// `Missed` follows what was dropped.
#[derive(Clone)]
pub struct Teller {
    // A thread holds it for some instructions, and never across an await.
    queue: Arc<Mutex<Option<Queue>>>,
}

struct Queue {
    sender: mpsc::Sender<Heard>,
    /// How many were ever put into it.
    put: usize,
    /// The number of the last `Missed` among them, from 1.
    last_missed: usize,
}

/// A hearing with room for `room` hints that nobody has taken yet. It ends with [`Teller::close`], or with the
/// last of the tellers.
pub fn hearing(room: usize) -> (Teller, Hearing) {
    // The last place is for a `Missed` alone, so that there is one when all others are taken.
    let (sender, hearing) = mpsc::channel(room.max(1) + 1);
    let queue = Queue { sender, put: 0, last_missed: 0 };
    (Teller { queue: Arc::new(Mutex::new(Some(queue))) }, hearing)
}

impl Teller {
    /// Tells of a hint, or that one was missed.
    pub fn hint(&self, subject: Subject, payload: Vec<u8>) {
        if let Some(queue) = &mut *self.lock() {
            if queue.sender.capacity() > 1 {
                queue.put(Heard::Hint { subject, payload });
            } else {
                queue.missed();
            }
        }
    }

    /// Tells that hints may have been missed.
    pub fn missed(&self) {
        if let Some(queue) = &mut *self.lock() {
            queue.missed();
        }
    }

    /// Runs the task of a bus. When it ends the hearing does, also where it panics: so the node learns of it.
    pub async fn while_running(self, task: impl Future<Output = ()>) {
        let _closing = CloseOnDrop(self);
        task.await;
    }

    /// Ends the hearing. Nobody is told anything any more.
    pub fn close(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Queue>> {
        // Nothing in here panics halfway.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct CloseOnDrop(Teller);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Queue {
    /// One `Missed` that was not taken yet says it for whatever was missed since.
    fn missed(&mut self) {
        let waiting = self.sender.max_capacity() - self.sender.capacity();
        let taken = self.put - waiting;
        if self.last_missed <= taken {
            self.put(Heard::Missed);
            self.last_missed = self.put;
        }
    }

    fn put(&mut self, heard: Heard) {
        // There is room, as only who has the lock puts something in; or nobody hears it any more.
        let _ = self.sender.try_send(heard);
        self.put += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(number: u8) -> Heard {
        Heard::Hint { subject: Subject::Everybody, payload: vec![number] }
    }

    fn tell(teller: &Teller, numbers: impl IntoIterator<Item = u8>) {
        numbers.into_iter().for_each(|number| teller.hint(Subject::Everybody, vec![number]));
    }

    fn take_all(hearing: &mut Hearing) -> Vec<Heard> {
        std::iter::from_fn(|| hearing.try_recv().ok()).collect()
    }

    #[test]
    fn what_finds_the_hearing_full_is_missed() {
        let (teller, mut hearing) = hearing(2);
        tell(&teller, 1..=9);
        assert_eq!(take_all(&mut hearing), [hint(1), hint(2), Heard::Missed]);
        tell(&teller, 10..=11);
        assert_eq!(take_all(&mut hearing), [hint(10), hint(11)]);
    }

    #[test]
    fn one_missed_says_it_until_it_is_taken() {
        let (teller, mut hearing) = hearing(2);
        tell(&teller, 1..=3);
        assert_eq!(hearing.try_recv(), Ok(hint(1)));
        // Room for a hint comes with the second that is taken: one place is kept.
        tell(&teller, [4]);
        assert_eq!(hearing.try_recv(), Ok(hint(2)));
        tell(&teller, 5..=7);
        assert_eq!(take_all(&mut hearing), [Heard::Missed, hint(5)]);
    }

    #[test]
    fn what_is_missed_after_the_last_missed_was_taken_is_told_again() {
        let (teller, mut hearing) = hearing(1);
        tell(&teller, 1..=2);
        assert_eq!(hearing.try_recv(), Ok(hint(1)));
        assert_eq!(hearing.try_recv(), Ok(Heard::Missed));
        tell(&teller, 3..=4);
        assert_eq!(take_all(&mut hearing), [hint(3), Heard::Missed]);
    }

    #[tokio::test]
    async fn a_hearing_ends_with_the_task_that_tells_also_if_that_panics() {
        let (teller, mut hearing) = hearing(2);
        let other = teller.clone();
        let task = teller.while_running(async move {
            other.missed();
            panic!("as a fault in it does");
        });
        assert!(tokio::spawn(task).await.expect_err("it panics").is_panic());
        assert_eq!(hearing.recv().await, Some(Heard::Missed));
        assert_eq!(hearing.recv().await, None);
    }

    #[test]
    fn a_closed_hearing_ends_after_what_was_told() {
        let (teller, mut hearing) = hearing(2);
        teller.missed();
        let other = teller.clone();
        other.close();
        tell(&teller, [1]);
        assert_eq!(hearing.try_recv(), Ok(Heard::Missed));
        assert_eq!(hearing.try_recv(), Err(mpsc::error::TryRecvError::Disconnected));
    }
}
