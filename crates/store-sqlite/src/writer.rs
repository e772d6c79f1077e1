//! The one thread that writes.
//!
//! It takes what has queued up, carries it out in one transaction, and tells of it after the commit: so
//! many writes share one sync of the disk, and the busier the server, the more of them.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use rim_core::UserId;
use rim_core::message::Write;
use rim_store::{CommitObserver, Committed, Done, Feed, StoreError};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use crate::OpenError;
use crate::batch::{Batch, Call, Piece, awaited, in_pieces};
use crate::checkpoint::Checkpoints;
use crate::failure::Result;
use crate::file::DatabaseFile;
use crate::published_heads::PublishedHeads;
use crate::queue::{Item, Queue};
use crate::tail::Tail;

/// Commits that wait to be told. Full: the writer waits, its queue fills, and new writes are "busy".
const FEED_COMMITS: usize = 64;

/// The way to the thread.
pub(crate) struct Writer {
    queue: Arc<Queue>,
    /// Its sender ends with the thread.
    ended: watch::Receiver<()>,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(
        mut db: Connection,
        file: DatabaseFile,
        tail: Tail,
        published: Arc<PublishedHeads>,
        observer: Arc<dyn CommitObserver>,
    ) -> std::result::Result<(Self, Feed), OpenError> {
        let queue = Arc::new(Queue::new());
        let (feed, committed) = mpsc::channel(FEED_COMMITS);
        let (alive, ended) = watch::channel(());
        let checkpoints = Checkpoints::start(file.path(), &mut db)?;
        let of_thread = CloseOnDrop(Arc::clone(&queue));
        // Not joined: `ended` tells when it is through.
        let _: JoinHandle<()> = std::thread::Builder::new().name("rim-writer".into()).spawn(move || {
            // In this order: the database is closed, then it is free for others, then that is told.
            let (_alive, _file, db) = (alive, file, db);
            match Batch::new(&db, tail) {
                Ok(batch) => Thread { batch, published, feed, observer, checkpoints }.run(&of_thread.0),
                Err(error) => tracing::error!(%error, "the writer cannot begin; every write is busy"),
            }
        })?;
        Ok((Self { queue, ended }, committed))
    }

    pub(crate) fn submit(&self, write: Write, done: Done) -> rim_store::Result<()> {
        self.queue.push(Item::Write { write, done })
    }

    /// Runs `work`, which `by` asks for and which writes about so many rows, in a batch and waits for its commit. It is not
    /// run if nobody waits for it any more when it has its turn.
    pub(crate) async fn call<T, F>(&self, by: UserId, cost: usize, work: F) -> rim_store::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Batch<'_>) -> Result<T> + Send + 'static,
    {
        self.wait_for(awaited(by, cost, work)).await
    }

    /// The same of [`in_pieces`].
    pub(crate) async fn call_in_pieces<T, F>(&self, by: UserId, cost: usize, work: F) -> rim_store::Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Batch<'_>) -> Result<Piece<T>> + Send + 'static,
    {
        self.wait_for(in_pieces(by, cost, work)).await
    }

    async fn wait_for<T>(
        &self,
        (call, answer): (Box<dyn Call>, oneshot::Receiver<rim_store::Result<T>>),
    ) -> rim_store::Result<T> {
        self.queue.push(Item::Call(call))?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Fault("the writer has died".into())))
    }

    pub(crate) fn queue_depth(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn queue_fill(&self) -> f32 {
        self.queue.fill()
    }

    /// Takes no more, and waits until everything taken is committed and told.
    pub(crate) async fn close(&self) {
        self.queue.close();
        // Nothing is ever sent: it ends with an error when the thread drops its side.
        let _ = self.ended.clone().changed().await;
    }
}

impl Drop for Writer {
    /// A store that is dropped without `close` still commits what it has taken.
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// Whatever ends the thread, a queue without one must be "busy", not a place where callers wait for ever.
struct CloseOnDrop(Arc<Queue>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
        let mut abandoned = Vec::new();
        while self.0.take(&mut abandoned, 0) {
            abandoned.clear();
        }
    }
}

struct Thread<'c> {
    batch: Batch<'c>,
    published: Arc<PublishedHeads>,
    feed: mpsc::Sender<Vec<Committed>>,
    observer: Arc<dyn CommitObserver>,
    checkpoints: Checkpoints,
}

impl Thread<'_> {
    fn run(mut self, queue: &Queue) {
        let mut items = Vec::new();
        let mut answered = 0;
        while queue.take(&mut items, answered) {
            if items.is_empty() {
                continue;
            }
            answered = items.len();
            self.batch(&mut items, queue);
            self.checkpoints.after_commit(self.batch.db);
        }
        self.checkpoints.finish(self.batch.db);
    }

    /// Carries out everything in `items`, leaves it empty, and answers.
    fn batch(&mut self, items: &mut Vec<Item>, queue: &Queue) {
        let (began, writes) = (Instant::now(), items.len());
        let (mut items, mut calls) = (items.drain(..), Vec::new());
        let outcome = self.transact(&mut items, &mut calls);
        let fault = match outcome {
            Ok(out) => {
                self.observer.committed(writes, began.elapsed());
                self.tell(out);
                None
            }
            Err(failure) => {
                let fault = failure.to_string();
                tracing::error!(%fault, writes, "a commit failed; every write in it is answered with a fault");
                let mut owed = self.batch.failed();
                for item in items {
                    match item {
                        Item::Write { done, .. } => owed.push(done),
                        Item::Call(call) => calls.push(call),
                    }
                }
                let result = || Err(StoreError::Fault(fault.clone()));
                self.tell(
                    owed.into_iter().map(|done| Committed::Answer { done, result: result() }).collect(),
                );
                Some(fault)
            }
        };
        // After the feed: who awaits a change may rely on it being told before.
        for call in calls {
            if fault.is_none() && call.has_more() {
                queue.put_back(call);
            } else {
                call.answer(fault.as_deref());
            }
        }
    }

    /// Commits `items` and gives back what to tell. Use cases go to `calls`; if it fails, items that it has
    /// not come to are left.
    fn transact(
        &mut self,
        items: &mut impl Iterator<Item = Item>,
        calls: &mut Vec<Box<dyn Call>>,
    ) -> Result<Vec<Committed>> {
        self.batch.begin()?;
        for item in items {
            match item {
                Item::Write { write, done } => self.batch.write(write, done)?,
                Item::Call(mut call) => {
                    let carried_out = self.batch.call(&mut *call);
                    calls.push(call);
                    carried_out?;
                }
            }
        }
        self.batch.commit()?;
        Ok(self.batch.committed(&self.published))
    }

    fn tell(&self, out: Vec<Committed>) {
        if out.is_empty() {
            return;
        }
        // Nobody listens any more, as while shutting down: the answers are still owed.
        if let Err(mpsc::error::SendError(out)) = self.feed.blocking_send(out) {
            for entry in out {
                if let Committed::Answer { done, result } = entry {
                    done(result).wake();
                }
            }
        }
    }
}
