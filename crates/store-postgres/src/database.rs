//! How use cases come to a connection: reads on a snapshot, writes in a transaction whose changes are told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{Client, Transaction};
use futures_util::future::BoxFuture;
use rim_core::UserId;
use rim_core::event::Change;
use rim_store::{CommitObserver, Committed, StoreError};
use tokio::sync::{MutexGuard, Semaphore, oneshot};
use tokio::time::timeout;
use tokio_postgres::IsolationLevel;
use tokio_util::task::TaskTracker;

use crate::connections::{Connections, Lent};
use crate::failure::{Failure, Result};
use crate::publisher::{Publisher, Slot};
use crate::turns::Turns;
use crate::{changes, events};

/// Use cases that run or wait. One more is answered "busy".
const MAX_WAITING: usize = 16_384;

/// How long a use case may take once it has a connection. The server's own time-outs end statements sooner: this is
/// for a server, or a network, that says nothing at all.
const CALL: Duration = Duration::from_secs(15);

/// Between two tries to find out how a COMMIT ended.
const PAUSE: Duration = Duration::from_millis(100);

pub(crate) struct Database {
    connections: Arc<Connections>,
    /// Bounds those who wait for a connection. Closed with the store.
    waiting: Semaphore,
    publisher: Arc<Publisher>,
    observer: Arc<dyn CommitObserver>,
    /// Of large changes.
    turns: Turns,
    /// Of the writes: one whose caller gives up goes on to its end, as nobody could take back its COMMIT.
    tasks: TaskTracker,
}

/// How often a piece is tried again whose database was away.
const TRIES: usize = 20;

/// What came of a piece of a large change.
pub(crate) enum Piece<T> {
    /// There are others.
    More,
    /// The same; nothing is written yet.
    Looked,
    Last(T),
}

/// What a transaction needs before it begins.
struct Begun<'c> {
    client: Lent<'c>,
    slot: Slot,
}

/// Somebody who waits for an answer.
struct Asked(oneshot::Receiver<()>);

impl Asked {
    /// What comes of it, unless nobody waits for the answer any more before it does.
    async fn unless_it_ends<T>(self, wait: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            _ = self.0 => None,
            done = wait => Some(done),
        }
    }
}

/// A transaction that changes something.
pub(crate) struct Tx<'c> {
    pub(crate) db: Transaction<'c>,
    changes: Vec<Change>,
}

/// A transaction whose COMMIT was sent.
struct Ended<'p, T> {
    answer: T,
    changes: Vec<Change>,
    committed: Result<()>,
    /// To be held until the changes are told; `None` if there are none.
    turn: Option<MutexGuard<'p, ()>>,
}

impl Tx<'_> {
    /// Tells users of a change, once it is committed.
    pub(crate) fn publish(&mut self, change: Change) {
        self.changes.push(change);
    }
}

impl Database {
    pub(crate) fn new(
        connections: Arc<Connections>,
        publisher: Arc<Publisher>,
        observer: Arc<dyn CommitObserver>,
    ) -> Self {
        let (waiting, tasks) = (Semaphore::new(MAX_WAITING), TaskTracker::new());
        let turns = Turns::new(connections.most());
        Self { connections, waiting, publisher, observer, turns, tasks }
    }

    /// Reads by one statement that is its own transaction.
    pub(crate) async fn one<T, F>(&self, work: F) -> rim_store::Result<T>
    where
        F: for<'t> FnOnce(&'t Client) -> BoxFuture<'t, Result<T>>,
    {
        let _waiting = self.waiting.try_acquire().map_err(|_| StoreError::Busy)?;
        let client = self.client().await?;
        match timeout(CALL, work(&client)).await {
            Ok(answer) => Ok(answer?),
            Err(_) => {
                client.discard();
                Err(Failure::Late.into())
            }
        }
    }

    /// Runs one statement that is its own transaction and changes something.
    pub(crate) async fn change<T, F>(&self, work: F) -> rim_store::Result<T>
    where
        F: for<'t> FnOnce(&'t Client) -> BoxFuture<'t, Result<T>>,
    {
        let _waiting = self.waiting.try_acquire().map_err(|_| StoreError::Busy)?;
        let client = self.client().await?;
        match timeout(CALL, work(&client)).await {
            // Its COMMIT is a part of it.
            Ok(Err(Failure::Lost(why))) => Err(Failure::Unsure(why).into()),
            Ok(answer) => Ok(answer?),
            Err(_) => {
                client.discard();
                Err(Failure::Unsure(Failure::Late.to_string()).into())
            }
        }
    }

    /// Runs `work` on a snapshot.
    pub(crate) async fn read<T, F>(&self, work: F) -> rim_store::Result<T>
    where
        F: for<'t> FnOnce(&'t Transaction<'t>) -> BoxFuture<'t, Result<T>>,
    {
        let _waiting = self.waiting.try_acquire().map_err(|_| StoreError::Busy)?;
        let mut client = self.client().await?;
        let reading = async {
            let snapshot =
                client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
            let snapshot = snapshot.start().await?;
            // Rolled back when it is dropped, without waiting: which for a reader is how to end.
            work(&snapshot).await
        };
        match timeout(CALL, reading).await {
            Ok(answer) => Ok(answer?),
            Err(_) => {
                client.discard();
                Err(Failure::Late.into())
            }
        }
    }

    /// Runs `work` in a transaction, commits it, and tells what it has changed. Once it has begun it goes on even if the
    /// caller does not.
    pub(crate) async fn write<T, F>(self: &Arc<Self>, work: F) -> rim_store::Result<T>
    where
        T: Send + 'static,
        F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let database = Arc::clone(self);
        self.unless_abandoned(async move |asked| {
            let Some(begun) = asked.unless_it_ends(database.begin()).await else {
                return Err(StoreError::Busy);
            };
            database.transact(begun?, work).await
        })
        .await
    }

    /// The same of a large change that is one whole. It waits for its turn.
    pub(crate) async fn write_many<T, F>(self: &Arc<Self>, by: UserId, work: F) -> rim_store::Result<T>
    where
        T: Send + 'static,
        F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let database = Arc::clone(self);
        self.unless_abandoned(async move |asked| {
            let turn = async {
                let own = database.turns.of(by).await;
                (own, database.turns.of_a_piece().await, database.begin().await)
            };
            let Some((_own, _turn, begun)) = asked.unless_it_ends(turn).await else {
                return Err(StoreError::Busy);
            };
            database.transact(begun?, work).await
        })
        .await
    }

    /// The same of one in pieces, each in a transaction of its own. `next` carries out the next of them, and gives back the
    /// work that is left. Once the first has succeeded all others come, whatever becomes of the caller.
    pub(crate) async fn write_in_pieces<T, W, F>(
        self: &Arc<Self>,
        by: UserId,
        mut work: W,
        next: F,
    ) -> rim_store::Result<T>
    where
        T: Send + 'static,
        W: Clone + Send + Sync + 'static,
        F: for<'t, 'c> Fn(&'t mut Tx<'c>, W) -> BoxFuture<'t, Result<(W, Piece<T>)>>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        let database = Arc::clone(self);
        self.unless_abandoned(async move |asked| {
            let turn = async {
                let own = database.turns.of(by).await;
                (own, database.turns.of_a_piece().await, database.begin().await)
            };
            let Some((_own, mut turn, mut begun)) = asked.unless_it_ends(turn).await else {
                return Err(StoreError::Busy);
            };
            let (mut has_begun, mut in_part, mut failed) = (false, false, 0);
            loop {
                let (next, of_piece) = (next.clone(), work.clone());
                let piece = match begun {
                    Ok(begun) => database.transact(begun, move |tx| next(tx, of_piece)).await,
                    Err(failure) => Err(failure.into()),
                };
                match piece {
                    Ok((_, Piece::Last(answer))) => return Ok(answer),
                    Ok((rest, Piece::More)) => (work, has_begun, in_part, failed) = (rest, true, true, 0),
                    Ok((rest, Piece::Looked)) => (work, has_begun, failed) = (rest, true, 0),
                    Err(StoreError::Busy) if has_begun && failed < TRIES => {
                        failed += 1;
                        tokio::time::sleep(PAUSE).await;
                    }
                    // A part of it is there, so "refused" would not be true either.
                    Err(error) if in_part => {
                        if let StoreError::Fault(cause) = error {
                            tracing::error!(%cause, "a large change ended in its midst");
                        }
                        return Err(StoreError::Unsure);
                    }
                    Err(error) => return Err(error),
                }
                // Others have theirs.
                drop(turn);
                turn = database.turns.of_a_piece().await;
                begun = database.begin().await;
            }
        })
        .await
    }

    /// Spawns a write, and waits for its answer. It is told when nobody waits any more.
    async fn unless_abandoned<T: Send + 'static, R>(
        self: &Arc<Self>,
        work: impl FnOnce(Asked) -> R + Send + 'static,
    ) -> rim_store::Result<T>
    where
        R: Future<Output = rim_store::Result<T>> + Send + 'static,
    {
        let (_asks, ended) = oneshot::channel();
        let database = Arc::clone(self);
        let task = self.tasks.spawn(async move {
            let _waiting = database.waiting.try_acquire().map_err(|_| StoreError::Busy)?;
            work(Asked(ended)).await
        });
        task.await.unwrap_or(Err(StoreError::Fault(Failure::Panicked.to_string())))
    }

    /// A connection, and room in the feed: before anything is locked, as whoever drains it may take long.
    async fn begin(&self) -> Result<Begun<'_>> {
        let client = self.client().await?;
        Ok(Begun { client, slot: self.publisher.slot().await })
    }

    async fn transact<T, F>(&self, begun: Begun<'_>, work: F) -> rim_store::Result<T>
    where
        F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T>>,
    {
        let Begun { mut client, slot } = begun;
        let began = Instant::now();
        let Ended { answer, changes, committed, turn } = match self.work_and_commit(&mut client, work).await {
            Ok(ended) => ended,
            Err(failure) => {
                if matches!(failure, Failure::Late) {
                    client.discard();
                }
                return Err(failure.into());
            }
        };
        if let Err(failure) = committed {
            if !matches!(failure, Failure::Unsure(_)) {
                return Err(failure.into());
            }
            client.discard();
            let has_place = |change: &&Change| change.places().next().is_some();
            let Some(evidence) = changes.iter().find(has_place) else { return Err(failure.into()) };
            match self.was_committed(evidence).await {
                Some(Ok(true)) => {}
                Some(Ok(false)) => return Err(StoreError::Busy),
                Some(Err(_)) | None => return Err(failure.into()),
            }
        }
        self.observer.committed(1, began.elapsed());
        slot.tell(changes.into_iter().map(Committed::Change).collect());
        drop(turn);
        Ok(answer)
    }

    /// # Errors
    /// Nothing was committed.
    async fn work_and_commit<T, F>(&self, client: &mut Client, work: F) -> Result<Ended<'_, T>>
    where
        F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T>>,
    {
        let working = async {
            let mut tx = Tx { db: client.transaction().await?, changes: Vec::new() };
            let answer = work(&mut tx).await?;
            events::record(&tx.db, &tx.changes).await?;
            changes::record(&tx.db, &tx.changes).await?;
            Ok::<_, Failure>((answer, tx))
        };
        let (answer, Tx { db, changes }) = timeout(CALL, working).await.unwrap_or(Err(Failure::Late))?;
        let turn = if changes.is_empty() { None } else { Some(self.publisher.turn().await) };
        let committed = match timeout(CALL, db.commit()).await {
            Ok(committed) => committed.map_err(Failure::of_commit),
            Err(_) => Err(Failure::Unsure("the database does not answer in time".into())),
        };
        Ok(Ended { answer, changes, committed, turn })
    }

    /// Finds out whether the transaction was committed that made this change; `None` if that cannot be found out in
    /// time.
    async fn was_committed(&self, change: &Change) -> Option<Result<bool>> {
        let until = Instant::now() + CALL;
        while Instant::now() < until {
            match timeout(CALL, self.is_recorded(change)).await {
                Ok(Err(failure)) if failure.is_passing() => tokio::time::sleep(PAUSE).await,
                Ok(found) => return Some(found),
                Err(_) => return None,
            }
        }
        None
    }

    async fn is_recorded(&self, change: &Change) -> Result<bool> {
        let mut client = self.client().await?;
        let tx = client.transaction().await?;
        let found = changes::is_recorded(&tx, change).await?;
        tx.rollback().await?;
        Ok(found)
    }

    async fn client(&self) -> Result<Lent<'_>> {
        self.connections.for_a_use_case().await
    }

    /// Lets nobody in any more, and waits for the writes that are under way.
    pub(crate) async fn close(&self) {
        self.waiting.close();
        self.tasks.close();
        self.tasks.wait().await;
        self.connections.close_others();
    }
}
