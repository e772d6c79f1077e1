//! How use cases come to a connection: reads on a snapshot, writes in a transaction whose changes are told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{Client, Transaction};
use futures_util::future::BoxFuture;
use rim_core::UserId;
use rim_core::event::Change;
use rim_store::database::{InPieces, Piece};
use rim_store::{CommitObserver, Committed, Read, StoreError, Tx};
use tokio::runtime::Handle;
use tokio::sync::{OwnedMutexGuard, Semaphore, oneshot};
use tokio::time::timeout;
use tokio_postgres::IsolationLevel;
use tokio_util::task::TaskTracker;

use crate::changes;
use crate::failure::{Failure, Result};
use crate::pools::{Lent, Pools};
use crate::port::{Patience, Reader, Writer};
use crate::publisher::{Publisher, Slot};
use crate::turns::Turns;

/// Use cases that run or wait. One more is answered "busy".
const MAX_WAITING: usize = 16_384;

/// How long a use case may take once it has a connection. The server's own time-outs end statements sooner: this is
/// for a server, or a network, that says nothing at all.
const CALL: Duration = Duration::from_secs(15);

/// Between two tries to find out how a COMMIT ended.
const PAUSE: Duration = Duration::from_millis(100);

pub(crate) struct Database {
    pools: Arc<Pools>,
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

/// What a transaction needs before it begins.
struct Begun {
    client: Lent,
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

/// A transaction whose COMMIT was sent.
struct Ended<T> {
    answer: T,
    changes: Vec<Change>,
    committed: Result<()>,
    /// To be held until the changes are told; `None` if there are none.
    turn: Option<OwnedMutexGuard<()>>,
}

impl Database {
    pub(crate) fn new(
        pools: Arc<Pools>,
        publisher: Arc<Publisher>,
        observer: Arc<dyn CommitObserver>,
    ) -> Self {
        let (waiting, tasks) = (Semaphore::new(MAX_WAITING), TaskTracker::new());
        let turns = Turns::new(pools.most());
        Self { pools, waiting, publisher, observer, turns, tasks }
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

    /// Reads, on a thread: on one snapshot, or without one.
    pub(crate) async fn read_here<T: Send + 'static>(
        &self,
        at_once: bool,
        work: impl FnOnce(&dyn Read) -> std::result::Result<T, rim_store::Failure> + Send + 'static,
    ) -> rim_store::Result<T> {
        let _waiting = self.waiting.try_acquire().map_err(|_| StoreError::Busy)?;
        let mut client = self.client().await?;
        let patience = Patience::new(Handle::current(), CALL);
        let reading = tokio::task::spawn_blocking(move || {
            let answer = if at_once {
                read_at_once(&mut client, &patience, work)
            } else {
                work(&Reader { db: &*client, patience: &patience }).map_err(Failure::from)
            };
            if matches!(answer, Err(Failure::Late)) {
                client.discard();
            }
            answer
        });
        Ok(reading.await.unwrap_or(Err(Failure::Panicked))?)
    }

    /// Runs `work` in a transaction, commits it, and tells what it has changed. Once it has begun it goes on even if the
    /// caller does not.
    pub(crate) async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut dyn Tx) -> std::result::Result<T, rim_store::Failure> + Send + 'static,
    ) -> rim_store::Result<T> {
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
    pub(crate) async fn write_many<T: Send + 'static>(
        self: &Arc<Self>,
        by: UserId,
        work: impl FnOnce(&mut dyn Tx) -> std::result::Result<T, rim_store::Failure> + Send + 'static,
    ) -> rim_store::Result<T> {
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

    /// The same of one in pieces, each in a transaction of its own. Once the first has succeeded all others come, whatever
    /// becomes of the caller.
    pub(crate) async fn write_in_pieces<W: InPieces>(
        self: &Arc<Self>,
        by: UserId,
        mut work: W,
    ) -> rim_store::Result<W::Output> {
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
                // Of a copy, so that one that fails can be tried again.
                let mut next = work.clone();
                let piece = match begun {
                    Ok(begun) => database.transact(begun, move |tx| Ok((next.next(tx)?, next))).await,
                    Err(failure) => Err(failure.into()),
                };
                match piece {
                    Ok((Piece::Last(answer), _)) => return Ok(answer),
                    Ok((Piece::More, rest)) => (work, has_begun, in_part, failed) = (rest, true, true, 0),
                    Ok((Piece::Looked, rest)) => (work, has_begun, failed) = (rest, true, 0),
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
    async fn begin(&self) -> Result<Begun> {
        let client = self.client().await?;
        Ok(Begun { client, slot: self.publisher.slot().await })
    }

    async fn transact<T: Send + 'static>(
        &self,
        begun: Begun,
        work: impl FnOnce(&mut dyn Tx) -> std::result::Result<T, rim_store::Failure> + Send + 'static,
    ) -> rim_store::Result<T> {
        let Begun { mut client, slot } = begun;
        let began = Instant::now();
        let (runtime, publisher) = (Handle::current(), Arc::clone(&self.publisher));
        let working = tokio::task::spawn_blocking(move || {
            let ended = work_and_commit(&mut client, runtime, &publisher, work);
            if matches!(ended, Err(Failure::Late) | Ok(Ended { committed: Err(Failure::Unsure(_)), .. })) {
                client.discard();
            }
            ended
        });
        let Ended { answer, changes, committed, turn } = working.await.unwrap_or(Err(Failure::Panicked))?;
        if let Err(failure) = committed {
            if !matches!(failure, Failure::Unsure(_)) {
                return Err(failure.into());
            }
            let has_topic = |change: &&Change| change.topic_revs().next().is_some();
            let Some(evidence) = changes.iter().find(has_topic) else { return Err(failure.into()) };
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

    async fn client(&self) -> Result<Lent> {
        self.pools.for_a_use_case().await
    }

    /// Lets nobody in any more, and waits for the writes that are under way.
    pub(crate) async fn close(&self) {
        self.waiting.close();
        self.tasks.close();
        self.tasks.wait().await;
        self.pools.close_others();
    }
}

fn read_at_once<T>(
    client: &mut Client,
    patience: &Patience,
    work: impl FnOnce(&dyn Read) -> std::result::Result<T, rim_store::Failure>,
) -> Result<T> {
    let snapshot = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    // Rolled back when it is dropped, without waiting: which for a reader is how to end.
    let snapshot = patience.wait(snapshot.start())??;
    Ok(work(&Reader { db: &snapshot, patience })?)
}

/// # Errors
/// Nothing was committed.
fn work_and_commit<T>(
    client: &mut Client,
    runtime: Handle,
    publisher: &Publisher,
    work: impl FnOnce(&mut dyn Tx) -> std::result::Result<T, rim_store::Failure>,
) -> Result<Ended<T>> {
    let patience = Patience::new(runtime.clone(), CALL);
    let db = patience.wait(client.transaction())??;
    let mut tx = Writer { db, patience: &patience, changes: Vec::new() };
    let answer = work(&mut tx)?;
    let Writer { db, changes, .. } = tx;
    patience.wait(changes::record(&db, &changes))??;
    let turn = if changes.is_empty() { None } else { Some(runtime.block_on(publisher.turn())) };
    let committed = match Patience::new(runtime, CALL).wait(db.commit()) {
        Ok(committed) => committed.map_err(Failure::of_commit),
        Err(_) => Err(Failure::Unsure("the database does not answer in time".into())),
    };
    Ok(Ended { answer, changes, committed, turn })
}
