//! What waits for the writer. In which order it is handed out, [`Waiting`] says.

use parking_lot::Mutex;
use rim_core::message::Write;
use rim_core::{ConnectionId, GroupId, SessionId, Timestamp, UserId};
use rim_store::waiting::{Ask, Gauge, Waiting};
use rim_store::{Done, StoreError};
use tokio::sync::{Notify, oneshot};

/// One thing to do in a batch.
pub(crate) struct Item {
    pub(crate) wanted: Wanted,
    pub(crate) asker: Asker,
}

pub(crate) enum Wanted {
    Write(Write),
    ReadAll { user: UserId, group: GroupId, now: Timestamp },
}

/// Who is owed an answer.
pub(crate) enum Asker {
    /// Answered by whoever drains the feed.
    Feed(Done),
    /// Waits, and is answered when the feed has the change.
    Caller(oneshot::Sender<rim_store::Result<()>>),
}

impl Wanted {
    pub(crate) fn group(&self) -> GroupId {
        match self {
            Self::Write(Write::Append(new)) => new.group,
            Self::Write(Write::Mark(mark)) => mark.group,
            Self::ReadAll { group, .. } => *group,
        }
    }

    pub(crate) fn user(&self) -> UserId {
        match self {
            Self::Write(write) => write.user(),
            Self::ReadAll { user, .. } => *user,
        }
    }

    /// The session it comes from, if it comes from one.
    pub(crate) fn session(&self) -> Option<SessionId> {
        match self {
            Self::Write(Write::Append(new)) => new.session,
            Self::Write(Write::Mark(mark)) => mark.session,
            Self::ReadAll { .. } => None,
        }
    }

    pub(crate) fn connection(&self) -> ConnectionId {
        match self {
            Self::Write(Write::Append(new)) => new.connection,
            Self::Write(Write::Mark(mark)) => mark.connection,
            Self::ReadAll { .. } => ConnectionId(0),
        }
    }
}

impl Ask for Item {
    fn user(&self) -> UserId {
        self.wanted.user()
    }

    fn cost(&self) -> usize {
        match &self.wanted {
            Wanted::Write(write) => write.cost(),
            Wanted::ReadAll { .. } => 1,
        }
    }

    fn bytes(&self) -> usize {
        match &self.wanted {
            Wanted::Write(write) => write.bytes(),
            Wanted::ReadAll { .. } => 0,
        }
    }

    fn is_abandoned(&self) -> bool {
        matches!(&self.asker, Asker::Caller(caller) if caller.is_closed())
    }
}

/// Bounded by count and by bytes. Full means "busy" to the caller; nothing is ever dropped.
pub(crate) struct Queue {
    /// A plain mutex: held for a push, or to move out one batch; never across an await.
    state: Mutex<State>,
    /// For the one writer.
    filled: Notify,
    /// Of what `state` has.
    gauge: Gauge,
}

#[derive(Default)]
struct State {
    waiting: Waiting<Item>,
    closed: bool,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::default(), filled: Notify::new(), gauge: Gauge::default() }
    }

    /// # Errors
    /// `Busy` if it is full or closed; the item is dropped.
    pub(crate) fn push(&self, item: Item) -> rim_store::Result<()> {
        let mut state = self.state.lock();
        if state.closed || state.waiting.push(item).is_err() {
            return Err(StoreError::Busy);
        }
        self.gauge.note(&state.waiting);
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Waits for something to do and takes one batch; nothing once the queue is closed and everything in it was
    /// taken.
    pub(crate) async fn take(&self) -> Option<Vec<Item>> {
        loop {
            match self.take_now() {
                Some(batch) if batch.is_empty() => self.filled.notified().await,
                taken => return taken,
            }
        }
    }

    /// A batch of what is there, which may be nothing; `None` if nothing will come any more.
    pub(crate) fn take_now(&self) -> Option<Vec<Item>> {
        let mut state = self.state.lock();
        let mut batch = Vec::new();
        while batch.is_empty() && !state.waiting.is_empty() {
            state.waiting.take(&mut batch);
        }
        self.gauge.note(&state.waiting);
        (!batch.is_empty() || !state.closed).then_some(batch)
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
    use rim_core::message::{MessageKind, NewMessage};
    use rim_store::callback;
    use rim_store::waiting::{MAX_BATCH_WRITES, MAX_BYTES, MAX_WRITES};

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
        Item { wanted: Wanted::Write(write), asker: Asker::Feed(callback(drop)) }
    }

    #[tokio::test]
    async fn a_queue_full_by_count_is_busy_until_a_batch_is_taken() {
        let queue = Queue::new();
        for user in 0..MAX_WRITES as u64 {
            queue.push(append_of(UserId(user), 1)).expect("room");
        }
        assert!(matches!(queue.push(append(1)), Err(StoreError::Busy)));
        assert_eq!((queue.len(), queue.fill()), (MAX_WRITES, 1.0));
        assert_eq!(queue.take().await.map(|batch| batch.len()), Some(MAX_BATCH_WRITES));
        queue.push(append(1)).expect("room again");
    }

    #[tokio::test]
    async fn a_queue_full_by_bytes_is_busy_until_a_batch_is_taken() {
        let queue = Queue::new();
        for _ in 0..4 {
            queue.push(append(MAX_BYTES / 4)).expect("room");
        }
        assert!(matches!(queue.push(append(1)), Err(StoreError::Busy)));
        assert_eq!((queue.len(), queue.fill()), (4, 1.0));
        assert_eq!(queue.take().await.map(|batch| batch.len()), Some(1), "one of them is a batch by bytes");
        queue.push(append(1)).expect("room again");
    }

    #[tokio::test]
    async fn the_writer_is_woken_by_what_comes() {
        let queue = Queue::new();
        let (taken, ()) = tokio::join!(queue.take(), async { queue.push(append(1)).expect("room") });
        assert_eq!(taken.map(|batch| batch.len()), Some(1));
    }

    #[tokio::test]
    async fn a_closed_queue_takes_nothing_and_hands_out_what_it_has() {
        let queue = Queue::new();
        queue.push(append(1)).expect("room");
        queue.close();
        assert!(matches!(queue.push(append(1)), Err(StoreError::Busy)));
        assert_eq!(queue.take().await.map(|batch| batch.len()), Some(1));
        assert!(queue.take().await.is_none());
    }
}
