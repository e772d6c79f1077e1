//! What waits for the writer.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use rim_core::event::Done;
use rim_core::message::Write;
use rim_core::store::StoreError;

use crate::batch::Call;

/// Writes that may wait. At the pace of one writer this is less than a second.
const MAX_WRITES: usize = 16_384;
/// Bytes of content that may wait.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Writes that share one commit: beyond this a larger batch is hardly cheaper, and its first waits longer.
const MAX_BATCH_WRITES: usize = 512;
/// Bytes of content that share one commit: they fit into the writer's page cache.
const MAX_BATCH_BYTES: usize = 16 * 1024 * 1024;

/// How long the writer waits for those whom it has just answered, for each of them: what it takes to tell one and to
/// read what he sends next. So they share the next commit with those who came meanwhile. Otherwise people who each
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

impl Item {
    fn bytes(&self) -> usize {
        match self {
            Self::Write { write: Write::Append(new), .. } => new.content.len(),
            Self::Write { write: Write::Mark(_), .. } | Self::Call(_) => 0,
        }
    }
}

/// Bounded by count and by bytes. Full means "busy" to the caller; nothing is ever dropped.
pub(crate) struct Queue {
    /// A plain mutex: held for a push, or to move out one batch; never across I/O or an await.
    state: Mutex<State>,
    filled: Condvar,
    /// How many items `state` has and of how many bytes, for those who want to know no more. Written under its
    /// lock, so that they end right.
    writes: AtomicUsize,
    bytes: AtomicUsize,
}

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    bytes: usize,
    closed: bool,
    /// How many items the writer waits for; it is not woken before.
    wanted: usize,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::default(),
            filled: Condvar::new(),
            writes: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
        }
    }

    /// # Errors
    /// `Busy` if it is full or closed; the item is dropped.
    pub(crate) fn push(&self, item: Item) -> rim_core::store::Result<()> {
        let bytes = item.bytes();
        let mut state = self.state.lock();
        if state.closed || state.items.len() >= MAX_WRITES || state.bytes + bytes > MAX_BYTES {
            return Err(StoreError::Busy);
        }
        state.bytes += bytes;
        state.items.push_back(item);
        self.note(&state);
        let enough = state.items.len() >= state.wanted;
        drop(state);
        if enough {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Waits for something to do and moves one batch into `batch`, which it finds empty; `answered` is how many the
    /// last one had. `false` once the queue is closed and everything in it was taken.
    pub(crate) fn take(&self, batch: &mut Vec<Item>, answered: usize) -> bool {
        let mut state = self.state.lock();
        // Who was alone waits for nobody.
        if answered > 1 {
            let likely = (state.items.len() + answered).min(MAX_BATCH_WRITES);
            let until =
                Instant::now() + MAX_PATIENCE.min(PATIENCE * u32::try_from(likely).unwrap_or(u32::MAX));
            state.wanted = likely;
            while state.items.len() < likely && !state.closed {
                if self.filled.wait_until(&mut state, until).timed_out() {
                    break;
                }
            }
        }
        state.wanted = 1;
        while state.items.is_empty() {
            if state.closed {
                return false;
            }
            self.filled.wait(&mut state);
        }
        let mut bytes = 0;
        while let Some(item) = state.items.pop_front() {
            bytes += item.bytes();
            batch.push(item);
            if batch.len() == MAX_BATCH_WRITES || bytes >= MAX_BATCH_BYTES {
                break;
            }
        }
        state.bytes -= bytes;
        self.note(&state);
        true
    }

    fn note(&self, state: &State) {
        self.writes.store(state.items.len(), Ordering::Relaxed);
        self.bytes.store(state.bytes, Ordering::Relaxed);
    }

    pub(crate) fn len(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }

    /// How full it is, from 0 to 1, by number or by bytes, whichever is more.
    #[expect(clippy::cast_precision_loss, reason = "a bound that is off by a millionth bounds as well")]
    pub(crate) fn fill(&self) -> f32 {
        let writes = self.len() as f32 / MAX_WRITES as f32;
        let bytes = self.bytes.load(Ordering::Relaxed) as f32 / MAX_BYTES as f32;
        writes.max(bytes)
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
    use rim_core::message::{Kind, NewMessage};

    fn append(bytes: usize) -> Item {
        let write = Write::Append(NewMessage {
            group: Default::default(),
            sender: Default::default(),
            client_msg_id: "c".into(),
            kind: Kind::Text,
            content: "x".repeat(bytes),
            session: None,
            now: Default::default(),
            origin: Default::default(),
        });
        Item::Write { write, done: Box::new(|_| ()) }
    }

    #[test]
    fn a_queue_full_by_count_is_busy_until_a_batch_is_taken() {
        let queue = Queue::new();
        for _ in 0..MAX_WRITES {
            queue.push(append(1)).expect("room");
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
                while state.items.len() < state.wanted {
                    queue.filled.wait(&mut state);
                }
                state.items.len()
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
