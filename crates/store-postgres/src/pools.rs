//! The database connections of a node: one for messages, and some for everything else.
//!
//! That for messages and one of the others are made when the node starts, and kept. More are made when many use cases
//! come at once, and given back when they are not needed any more: the server has a number of them for all nodes
//! together. Where it has no more, use cases share those there are, and one of theirs goes where the messages have none.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use deadpool_postgres::{Client, Object, Pool, PoolError};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::connection::{Server, WAIT, is_full};
use crate::failure::{Failure, Result};

/// Connections that are kept though nobody uses them: a person's requests come two or three at a time.
const KEPT: usize = 2;

pub(crate) struct Pools {
    messages: Pool,
    others: Pool,
    /// One for each use case that may have a connection now: fewer than `most` where the server had no more.
    permits: Arc<Semaphore>,
    /// How many `permits` there are, taken ones included.
    open_permits: AtomicUsize,
    most: usize,
    /// The messages have no connection: the next that a use case is done with is closed.
    one_is_needed: AtomicBool,
    /// When it was looked last which are not needed. A plain mutex: held for a look.
    tended_at: Mutex<Instant>,
}

/// The database connection of a use case.
pub(crate) struct Lent {
    /// Taken only when it goes.
    client: Option<Client>,
    permit: Option<OwnedSemaphorePermit>,
    pools: Arc<Pools>,
}

impl Pools {
    /// None is made yet. At most `most` are for everything but messages.
    pub(crate) fn new(server: &Server, most: usize) -> Self {
        let most = most.max(1);
        Self {
            messages: server.pool(1),
            others: server.pool(most),
            permits: Arc::new(Semaphore::new(most)),
            open_permits: AtomicUsize::new(most),
            most,
            one_is_needed: AtomicBool::new(false),
            tended_at: Mutex::new(Instant::now()),
        }
    }

    /// How many use cases may have one at the same time.
    pub(crate) const fn most(&self) -> usize {
        self.most
    }

    /// The one on which messages are written.
    pub(crate) async fn for_messages(&self) -> std::result::Result<Client, PoolError> {
        let got = self.messages.get().await;
        if let Err(PoolError::Backend(error)) = &got
            && is_full(error)
        {
            self.give_one_up();
        }
        got
    }

    /// One for a use case, as soon as there is one.
    pub(crate) async fn for_a_use_case(self: &Arc<Self>) -> Result<Lent> {
        loop {
            let permit = timeout(WAIT, Arc::clone(&self.permits).acquire_owned()).await;
            let permit = permit.map_err(|_| Failure::Late)?;
            let permit = permit.map_err(|_| Failure::Away("the store is closed".into()))?;
            match self.others.get().await {
                Ok(client) => {
                    let pools = Arc::clone(self);
                    return Ok(Lent { client: Some(client), permit: Some(permit), pools });
                }
                // The server has none for this permit, but the other permits have theirs.
                Err(PoolError::Backend(error)) if is_full(&error) && self.close_permit() => permit.forget(),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The first for use cases, in the words of the pool.
    pub(crate) async fn first(&self) -> std::result::Result<Client, PoolError> {
        self.others.get().await
    }

    /// Gives back what was not used since it was called last, and makes what should be there. To be called every so
    /// often.
    pub(crate) async fn tend(&self) {
        let last = std::mem::replace(&mut *self.tended_at.lock(), Instant::now());
        // The longest unused come first.
        let mut there = self.others.status().size;
        self.others.retain(|_, metrics| {
            let needed = there <= KEPT || metrics.recycled.unwrap_or(metrics.created) > last;
            there -= usize::from(!needed);
            needed
        });
        // The server may have more by now.
        let closed = self.most - self.open_permits.swap(self.most, Ordering::Relaxed);
        self.permits.add_permits(closed);
        if let Err(error) = self.for_messages().await {
            tracing::warn!(%error, "there is no connection for messages");
        }
    }

    pub(crate) fn close_others(&self) {
        self.permits.close();
        self.others.close();
    }

    pub(crate) fn close_messages(&self) {
        self.messages.close();
    }

    /// One permit fewer, which its holder forgets; but one is always left.
    fn close_permit(&self) -> bool {
        let fewer = |open: usize| if open > 1 { Some(open - 1) } else { None };
        self.open_permits.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).is_ok()
    }

    /// Closes a connection that no use case has, or else the next that one is done with; not the last.
    fn give_one_up(&self) {
        let mut left = self.others.status().size;
        let mut given = false;
        self.others.retain(|_, _| {
            let stays = given || left <= 1;
            given |= !stays;
            left -= usize::from(!stays);
            stays
        });
        self.one_is_needed.store(!given, Ordering::Relaxed);
    }
}

impl Lent {
    /// Nobody knows what is still under way on it.
    pub(crate) fn discard(mut self) {
        drop(self.client.take().map(Object::take));
    }
}

impl Deref for Lent {
    type Target = Client;

    fn deref(&self) -> &Client {
        self.client.as_ref().expect("it is there until it goes")
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Client {
        self.client.as_mut().expect("it is there until it goes")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        let pools = &self.pools;
        if pools.one_is_needed.swap(false, Ordering::Relaxed) && pools.close_permit() {
            drop(Object::take(client));
            // Nor is another made instead, until there may be more again.
            if let Some(permit) = self.permit.take() {
                permit.forget();
            }
        }
    }
}
