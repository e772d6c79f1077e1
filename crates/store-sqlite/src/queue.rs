//! What waits for the writer.

use std::collections::VecDeque;

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
}

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    bytes: usize,
    closed: bool,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::default(), filled: Condvar::new() }
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
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Waits for something to do and moves one batch into `batch`, which it finds empty. `false` once the
    /// queue is closed and everything in it was taken.
    pub(crate) fn take(&self, batch: &mut Vec<Item>) -> bool {
        let mut state = self.state.lock();
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
        true
    }

    pub(crate) fn len(&self) -> usize {
        self.state.lock().items.len()
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
        let mut batch = Vec::new();
        assert!(queue.take(&mut batch));
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
        let mut batch = Vec::new();
        assert!(queue.take(&mut batch));
        assert_eq!(batch.len(), 1, "one of them is a batch by bytes");
        queue.push(append(1)).expect("room again");
    }

    #[test]
    fn a_closed_queue_takes_nothing_and_hands_out_what_it_has() {
        let queue = Queue::new();
        queue.push(append(1)).expect("room");
        queue.close();
        assert!(matches!(queue.push(append(1)), Err(StoreError::Busy)));
        let mut batch = Vec::new();
        assert!(queue.take(&mut batch));
        batch.clear();
        assert!(!queue.take(&mut batch));
    }
}
