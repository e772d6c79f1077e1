//! What waits for the writer. In which order it is handed out, [`Waiting`] says.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use rim_core::UserId;
use rim_core::message::Write;
use rim_store::waiting::{Ask, Gauge, MAX_BATCH_WRITES, Waiting};
use rim_store::{Done, StoreError};

use crate::batch::Call;

/// How long the writer waits for those whom it has just answered, for each of them: what it takes to tell one and to
/// read what they send next. So they share the next commit with those who came meanwhile. Otherwise people who each
/// wait for their Ack fall into two halves that take turns, and pay for twice the commits: of 50 who do, 48 share
/// one now instead of 27.
const PATIENCE: Duration = Duration::from_micros(40);
/// Nobody else waits longer for them.
const MAX_PATIENCE: Duration = Duration::from_millis(3);

/// One thing to do in a batch.
pub(crate) enum Item {
    /// The message path: no savepoint, no allocation but its own.
    Write { write: Write, done: Done },
    /// Every other use case.
    Call(Box<dyn Call>),
}

impl Ask for Item {
    fn user(&self) -> UserId {
        match self {
            Self::Write { write, .. } => write.user(),
            Self::Call(call) => call.by(),
        }
    }

    fn cost(&self) -> usize {
        match self {
            Self::Write { write, .. } => write.cost(),
            Self::Call(call) => call.cost(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Write { write, .. } => write.bytes(),
            Self::Call(_) => 0,
        }
    }

    fn is_abandoned(&self) -> bool {
        matches!(self, Self::Call(call) if call.is_abandoned())
    }
}

/// Bounded by count and by bytes. Full means "busy" to the caller; nothing is ever dropped.
pub(crate) struct Queue {
    /// A plain mutex: held for a push, or to move out one batch; never across I/O or an await.
    state: Mutex<State>,
    filled: Condvar,
    /// Of what `state` has.
    gauge: Gauge,
}

#[derive(Default)]
struct State {
    waiting: Waiting<Item>,
    closed: bool,
    /// How many items the writer waits for; it is not woken before.
    wanted: usize,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::default(), filled: Condvar::new(), gauge: Gauge::default() }
    }

    /// # Errors
    /// `Busy` if it is full or closed; the item is dropped.
    pub(crate) fn push(&self, item: Item) -> rim_store::Result<()> {
        let mut state = self.state.lock();
        if state.closed || state.waiting.push(item).is_err() {
            return Err(StoreError::Busy);
        }
        self.gauge.note(&state.waiting);
        let enough = state.waiting.len() >= state.wanted;
        drop(state);
        if enough {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Puts back what is left of a use case that has begun. It is always taken, and handed out even if the queue is closed.
    pub(crate) fn put_back(&self, rest: Box<dyn Call>) {
        let mut state = self.state.lock();
        state.waiting.push_rest(Item::Call(rest));
        self.gauge.note(&state.waiting);
    }

    /// Waits for something to do and moves one batch into `batch`, which it finds empty; `answered` is how many the
    /// last one had. It may be
    /// empty, where nobody wants to know any more of what waited. `false` once the queue is closed and everything in it was taken.
    pub(crate) fn take(&self, batch: &mut Vec<Item>, answered: usize) -> bool {
        let mut state = self.state.lock();
        // Who was alone waits for nobody.
        if answered > 1 && !state.waiting.is_crowded() {
            let likely = (state.waiting.len() + answered).min(MAX_BATCH_WRITES);
            let until =
                Instant::now() + MAX_PATIENCE.min(PATIENCE * u32::try_from(likely).unwrap_or(u32::MAX));
            state.wanted = likely;
            while state.waiting.len() < likely && !state.closed {
                if self.filled.wait_until(&mut state, until).timed_out() {
                    break;
                }
            }
        }
        state.wanted = 1;
        while state.waiting.is_empty() {
            if state.closed {
                return false;
            }
            self.filled.wait(&mut state);
        }
        state.waiting.take(batch);
        self.gauge.note(&state.waiting);
        true
    }

    pub(crate) fn len(&self) -> usize {
        self.gauge.writes()
    }

    pub(crate) fn fill(&self) -> f32 {
        self.gauge.fill()
    }

    /// Takes no more. What is in it is still handed out.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.filled.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::awaited;
    use rim_core::message::{MessageKind, NewMessage};
    use rim_store::callback;
    use rim_store::waiting::{MAX_BYTES, MAX_WRITES};

    fn append(bytes: usize) -> Item {
        append_of(UserId(1), bytes)
    }

    fn append_of(sender: UserId, bytes: usize) -> Item {
        let write = Write::Append(NewMessage {
            extras: None,
            group: Default::default(),
            sender,
            client_msg_id: "c".into(),
            kind: MessageKind::Text,
            content: "x".repeat(bytes),
            session: None,
            now: Default::default(),
            connection: Default::default(),
        });
        Item::Write { write, done: callback(drop) }
    }

    /// A use case that somebody waits for.
    fn large(by: UserId, cost: usize) -> Item {
        let (call, answer) = awaited(by, cost, |_| Ok(()));
        std::mem::forget(answer);
        Item::Call(call)
    }

    #[test]
    fn what_nobody_waits_for_any_more_is_not_done() {
        let queue = Queue::new();
        let (call, answer) = awaited(UserId(1), 500, |_| Ok(()));
        queue.push(Item::Call(call)).expect("room");
        queue.push(append(1)).expect("room");
        drop(answer);
        let mut batch = Vec::new();
        assert!(queue.take(&mut batch, 0));
        assert!(matches!(batch[..], [Item::Write { .. }]));
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn the_rest_of_what_has_begun_is_handed_out_by_a_closed_queue() {
        let queue = Queue::new();
        queue.close();
        let Item::Call(rest) = large(UserId(1), 500) else { unreachable!("a use case") };
        queue.put_back(rest);
        let mut batch = Vec::new();
        assert!(queue.take(&mut batch, 0));
        assert_eq!(batch.len(), 1);
        batch.clear();
        assert!(!queue.take(&mut batch, 0));
    }

    #[test]
    fn a_queue_full_by_count_is_busy_until_a_batch_is_taken() {
        let queue = Queue::new();
        for user in 0..MAX_WRITES as u64 {
            queue.push(append_of(UserId(user), 1)).expect("room");
        }
        assert!(matches!(queue.push(append(1)), Err(StoreError::Busy)));
        assert_eq!((queue.len(), queue.fill()), (MAX_WRITES, 1.0));
        let mut batch = Vec::new();
        assert!(queue.take(&mut batch, 0));
        assert_eq!(batch.len(), MAX_BATCH_WRITES);
        queue.push(append(1)).expect("room again");
    }

    #[test]
    fn a_queue_full_by_bytes_is_busy_until_a_batch_is_taken() {
        let queue = Queue::new();
        for _ in 0..4 {
            queue.push(append(MAX_BYTES / 4)).expect("room");
        }
        assert!(matches!(queue.push(append(1)), Err(StoreError::Busy)));
        assert_eq!((queue.len(), queue.fill()), (4, 1.0));
        let mut batch = Vec::new();
        assert!(queue.take(&mut batch, 0));
        assert_eq!(batch.len(), 1, "one of them is a batch by bytes");
        queue.push(append(1)).expect("room again");
    }

    #[test]
    fn nobody_is_waited_for_longer_than_is_worth_it() {
        let queue = Queue::new();
        queue.push(append(1)).expect("room");
        let mut batch = Vec::new();
        assert!(queue.take(&mut batch, 2));
        assert_eq!(batch.len(), 1);
    }

    #[test]
    fn the_writer_is_woken_when_those_it_waits_for_are_there() {
        let queue = Queue::new();
        queue.push(append(1)).expect("room");
        queue.state.lock().wanted = 3;
        std::thread::scope(|scope| {
            let woken = scope.spawn(|| {
                let mut state = queue.state.lock();
                while state.waiting.len() < state.wanted {
                    queue.filled.wait(&mut state);
                }
                state.waiting.len()
            });
            queue.push(append(1)).expect("room");
            queue.push(append(1)).expect("room");
            assert_eq!(woken.join().expect("woken"), 3);
        });
    }

    #[test]
    fn a_queue_that_closes_waits_for_nobody() {
        let queue = Queue::new();
        queue.push(append(1)).expect("room");
        queue.close();
        let mut batch = Vec::new();
        assert!(queue.take(&mut batch, 2));
        assert_eq!(batch.len(), 1);
    }

    #[test]
    fn a_closed_queue_takes_nothing_and_hands_out_what_it_has() {
        let queue = Queue::new();
        queue.push(append(1)).expect("room");
        queue.close();
        assert!(matches!(queue.push(append(1)), Err(StoreError::Busy)));
        let mut batch = Vec::new();
        assert!(queue.take(&mut batch, 0));
        batch.clear();
        assert!(!queue.take(&mut batch, 0));
    }
}
