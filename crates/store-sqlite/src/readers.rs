//! Reading: a few connections, each of which sees one snapshot a use case.

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use rim_store::StoreError;
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection;
use crate::failure::{Failure, Result};
use crate::health::Health;
use crate::places::Oldest;

pub(crate) use crate::snapshot::Snapshot;

/// Reads that run or wait. One more is answered "busy".
const MAX_WAITING: usize = 16_384;

pub(crate) struct Readers {
    /// Bounds those who wait for `running`, which has no bound of its own.
    waiting: Arc<Semaphore>,
    /// One permit a connection: its holder finds one in `idle`.
    running: Arc<Semaphore>,
    /// A plain mutex: it is held for a push or a pop, never across a query or an await.
    idle: Mutex<Vec<Connection>>,
    oldest: Oldest,
    pub(crate) health: Health,
}

impl Readers {
    pub(crate) fn open(
        path: &Path,
        count: usize,
        oldest: Oldest,
        health: Health,
    ) -> rusqlite::Result<Arc<Self>> {
        let count = count.max(1);
        let idle = (0..count).map(|_| connection::read_only(path)).collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(Arc::new(Self {
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
            running: Arc::new(Semaphore::new(count)),
            idle: Mutex::new(idle),
            oldest,
            health,
        }))
    }

    /// Runs `work` on a snapshot, off the runtime's threads.
    pub(crate) async fn read<T, F>(self: &Arc<Self>, work: F) -> rim_store::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Snapshot<'_>) -> Result<T> + Send + 'static,
    {
        let _waiting = self.waiting.try_acquire().map_err(|_| StoreError::Busy)?;
        let permit = Arc::clone(&self.running).acquire_owned().await.map_err(|_| StoreError::Busy)?;
        let Some(db) = self.idle.lock().pop() else { return Err(StoreError::Busy) };
        let lease = Lease { readers: Arc::clone(self), db: Some(db), _permit: permit };
        let answer = tokio::task::spawn_blocking(move || {
            let db = lease.db.as_ref().expect("taken only when the lease is dropped");
            let mut snapshot = Snapshot::open(db, &lease.readers.oldest)?;
            snapshot.health = Some(&lease.readers.health);
            work(&snapshot)
        });
        let answer = answer.await.unwrap_or(Err(Failure::Panicked));
        self.health.read(!matches!(answer, Ok(_) | Err(Failure::Refused(_))));
        answer.map_err(StoreError::from)
    }

    /// Lets no new read begin. Connections in use are closed as they come back.
    pub(crate) fn close(&self) {
        self.waiting.close();
        self.running.close();
        self.idle.lock().clear();
    }
}

/// A connection on loan. It comes back even if the work panics.
struct Lease {
    readers: Arc<Readers>,
    db: Option<Connection>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut idle = self.readers.idle.lock();
        // Looked at under the lock that `close` takes last, so none slips back after it.
        if !self.readers.running.is_closed() {
            idle.extend(self.db.take());
        }
    }
}
