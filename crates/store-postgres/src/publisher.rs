//! The feed: what the transactions of this node tell, in the order of their commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rim_store::{Committed, Feed};
use tokio::sync::mpsc::{self, OwnedPermit};
use tokio::sync::{Notify, OwnedMutexGuard};

/// Commits that wait to be told. Full: nobody commits, the writer's queue fills, and new writes are "busy".
const FEED_COMMITS: usize = 64;

pub(crate) struct Publisher {
    /// Taken when the store closes, so that the feed ends. A plain mutex: held to clone a handle.
    feed: Mutex<Option<mpsc::Sender<Vec<Committed>>>>,
    /// Held from the COMMIT to the feed by everybody who has something to tell, so that the feed is in the order of the
    /// commits. Its holder waits for nobody's lock in the database. A lock of tokio's, as it is held while waiting.
    order: Arc<tokio::sync::Mutex<()>>,
    told: Arc<Told>,
}

/// How much was told, for those who read along.
#[derive(Default)]
struct Told {
    commits: AtomicU64,
    woken: Notify,
}

impl Publisher {
    pub(crate) fn new() -> (Self, Feed) {
        let (feed, committed) = mpsc::channel(FEED_COMMITS);
        (Self { feed: Mutex::new(Some(feed)), order: Arc::default(), told: Arc::default() }, committed)
    }

    /// Waits for room. To be had before anything is locked in the database: it may take long.
    pub(crate) async fn slot(&self) -> Slot {
        let feed = self.feed.lock().clone();
        let room = match feed {
            Some(feed) => feed.reserve_owned().await.ok(),
            None => None,
        };
        Slot { room, told: Arc::clone(&self.told) }
    }

    /// How many commits were told.
    pub(crate) fn told(&self) -> u64 {
        self.told.commits.load(Ordering::Relaxed)
    }

    /// Waits until more were told than so many.
    pub(crate) async fn more_than(&self, told: u64) {
        let woken = self.told.woken.notified();
        if self.told() <= told {
            woken.await;
        }
    }

    /// From the COMMIT on, until what it did is told.
    pub(crate) async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.order).lock_owned().await
    }

    pub(crate) fn close(&self) {
        self.feed.lock().take();
    }
}

/// Room for one commit in the feed; nothing if nobody listens any more.
pub(crate) struct Slot {
    room: Option<OwnedPermit<Vec<Committed>>>,
    told: Arc<Told>,
}

impl Slot {
    pub(crate) fn tell(self, out: Vec<Committed>) {
        if out.is_empty() {
            return;
        }
        self.told.commits.fetch_add(1, Ordering::Relaxed);
        self.told.woken.notify_waiters();
        match self.room {
            Some(room) => drop(room.send(out)),
            // As while shutting down: the answers are still owed.
            None => {
                for entry in out {
                    if let Committed::Answer { done, result } = entry {
                        done(result).wake();
                    }
                }
            }
        }
    }
}
