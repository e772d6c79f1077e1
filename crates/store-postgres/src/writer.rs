//! The one task of this node that writes messages and receipts.
//!
//! It takes what has queued up, carries it out in one transaction (`batch`), and tells of it after the commit: so many
//! writes share two round trips and one sync of the disk, and the busier the node, the more of them.
//!
//! All it writes may be written again: a message is stored once, and receipts only move on. So a batch that fails for
//! a reason that passes is tried again, and whoever waits for it waits a little longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rim_store::{CommitObserver, StoreError};
use tokio_util::task::TaskTracker;

use crate::batch::{self, Carried, Unsure};
use crate::failure::Failure;
use crate::pools::Pools;
use crate::publisher::Publisher;
use crate::queue::{Item, Queue, Wanted};

/// For how long a batch is tried again. A server that restarts, or another that takes its place, is back by then;
/// and clients that wait for an answer give up soon after.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two tries. Doubles from the first to the last, each with some chance in it, so that nodes do not all come
/// at once to a server that is just back.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// The way to the task.
pub(crate) struct Writer {
    pub(crate) queue: Arc<Queue>,
    pools: Arc<Pools>,
    /// Batches fail, and none has succeeded since.
    fails: Arc<AtomicBool>,
    task: TaskTracker,
}

impl Writer {
    /// Starts the task.
    pub(crate) fn start(
        pools: Arc<Pools>,
        publisher: Arc<Publisher>,
        observer: Arc<dyn CommitObserver>,
    ) -> Self {
        let queue = Arc::new(Queue::new());
        let task = TaskTracker::new();
        let of_task = CloseOnDrop { queue: Arc::clone(&queue), publisher: Arc::clone(&publisher) };
        let fails = Arc::new(AtomicBool::new(false));
        let mut work = Work {
            pools: Arc::clone(&pools),
            publisher,
            observer,
            away_since: None,
            fails: Arc::clone(&fails),
        };
        task.spawn(async move {
            while let Some(items) = of_task.queue.take().await {
                work.batch(items, &of_task.queue).await;
            }
            work.pools.close_messages();
        });
        task.close();
        Self { queue, pools, fails, task }
    }

    /// Whether it can store messages now: asked on their own way, as others may be open that it is not.
    ///
    /// # Errors
    /// What keeps it from that.
    pub(crate) async fn ready(&self) -> Result<(), Failure> {
        if self.fails.load(Ordering::Relaxed) {
            batch::can_store_again(&self.pools).await?;
            self.fails.store(false, Ordering::Relaxed);
        }
        batch::can_store(&self.pools).await
    }

    /// Takes no more, and waits until everything taken is committed and told.
    pub(crate) async fn close(&self) {
        self.queue.close();
        self.task.wait().await;
    }
}

impl Drop for Writer {
    /// A store that is dropped without `close` still commits what it has taken.
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// Whatever ends the task, a queue without one must be "busy", not a place where callers wait for ever; and the feed ends,
/// so that whoever drains it knows.
struct CloseOnDrop {
    queue: Arc<Queue>,
    publisher: Arc<Publisher>,
}

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.queue.close();
        self.publisher.close();
        while self.queue.take_now().is_some_and(|abandoned| !abandoned.is_empty()) {}
    }
}

struct Work {
    pools: Arc<Pools>,
    publisher: Arc<Publisher>,
    observer: Arc<dyn CommitObserver>,
    /// When it first failed, since it last succeeded.
    away_since: Option<Instant>,
    fails: Arc<AtomicBool>,
}

impl Work {
    /// Carries out all of them and answers.
    async fn batch(&mut self, items: Vec<Item>, queue: &Queue) {
        // Before anything is locked: whoever drains the feed may take long.
        let slot = self.publisher.slot().await;
        let publisher = Arc::clone(&self.publisher);
        let (writes, askers): (Vec<_>, Vec<_>) =
            items.into_iter().map(|item| (item.wanted, item.asker)).unzip();
        let failure = match self.try_until_late(&publisher, &writes).await {
            Ok(Carried { outcomes, turn: _turn }) => return batch::tell(writes, askers, outcomes, slot),
            Err(failure) => failure,
        };
        match failure {
            failure @ (Failure::Unsure(_) | Failure::Away(_) | Failure::Lost(_) | Failure::Late) => {
                tracing::error!(why = %failure, writes = writes.len(), "the database is away");
                batch::refuse(askers, &failure.into(), slot);
                // They have waited long enough behind these.
                while let Some(waiting) = queue.take_now().filter(|waiting| !waiting.is_empty()) {
                    let askers = waiting.into_iter().map(|item| item.asker);
                    batch::refuse(askers, &StoreError::Busy, self.publisher.slot().await);
                }
            }
            // Something in it cannot be stored. The others can.
            failure if writes.len() > 1 => {
                tracing::error!(%failure, writes = writes.len(), "a batch failed: each write is tried alone");
                drop(slot);
                for (wanted, asker) in writes.into_iter().zip(askers) {
                    Box::pin(self.batch(vec![Item { wanted, asker }], queue)).await;
                }
            }
            failure => {
                tracing::error!(%failure, "a write failed");
                batch::refuse(askers, &failure.into(), slot);
            }
        }
    }

    /// # Errors
    /// `Away`, `Lost` or `Late` when trying again has not helped; `Unsure` where a COMMIT was sent and what became of it
    /// is not known; anything else will not pass.
    async fn try_until_late(&mut self, publisher: &Publisher, writes: &[Wanted]) -> Result<Carried, Failure> {
        let (mut unsure, mut pause) = (None, FIRST_PAUSE);
        // Since a COMMIT was not answered: what became of it is worth as much patience.
        let mut unsure_since = None;
        loop {
            let began = Instant::now();
            match self.once(publisher, writes, &mut unsure).await {
                Ok(carried) => {
                    self.away_since = None;
                    self.fails.store(false, Ordering::Relaxed);
                    self.observer.committed(writes.len(), began.elapsed());
                    return Ok(carried);
                }
                Err(failure) if failure.is_passing() => {
                    self.fails.store(true, Ordering::Relaxed);
                    let away_since = *self.away_since.get_or_insert(began);
                    let since = match &unsure {
                        Some(_) => *unsure_since.get_or_insert_with(Instant::now),
                        None => away_since,
                    };
                    if since.elapsed() >= PATIENCE {
                        return Err(known_or_not(failure, unsure.as_ref()));
                    }
                    tracing::warn!(why = %failure, writes = writes.len(), "a batch failed and is tried again");
                    tokio::time::sleep(pause.mul_f32(0.5 + fastrand::f32())).await;
                    pause = (pause * 2).min(LAST_PAUSE);
                }
                Err(failure) => return Err(known_or_not(failure, unsure.as_ref())),
            }
        }
    }

    /// Tries once. `unsure` is what is left of the try before, and then of this one.
    async fn once(
        &self,
        publisher: &Publisher,
        writes: &[Wanted],
        unsure: &mut Option<Unsure>,
    ) -> Result<Carried, Failure> {
        if let Some(before) = unsure {
            if batch::was_committed(&self.pools, &before.evidence).await? {
                let turn = Some(publisher.turn().await);
                return Ok(Carried { outcomes: std::mem::take(&mut before.outcomes), turn });
            }
            *unsure = None;
        }
        batch::carry_out(&self.pools, publisher, writes).await.map_err(|failed| {
            *unsure = failed.unsure;
            failed.failure
        })
    }
}

/// Why a batch is given up: that nothing came of it is said only where it is known.
fn known_or_not(failure: Failure, unsure: Option<&Unsure>) -> Failure {
    if unsure.is_some() { Failure::Unsure(failure.to_string()) } else { failure }
}
