//! The bus of a few nodes: LISTEN and NOTIFY of the database that they have in common.
//!
//! It has a connection of its own, so nothing waits for it. All hints go over one channel to all nodes, and each
//! takes what it has subscribed to: right for two to five nodes, beyond which each does more and more for nothing.
//! A NOTIFY takes a lock that all who notify in that server share, so hints are gathered into as few as hold them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use rim_core::NodeId;
use rim_core::bus::{Bus, Hearing, Subject, hearing};
use rim_core::event::Topic;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::OpenError;
use crate::connection::Server;

mod frame;
mod link;

use frame::{Hint, MAX_PAYLOAD_BYTES};
use link::{Link, Shared};

/// Hints that wait to be sent; of the largest they are 24 MB.
const QUEUE_HINTS: usize = 4096;

/// How long the end of a bus waits for what is queued.
const CLOSE_PATIENCE: Duration = Duration::from_secs(3);

/// How to join the bus of a database.
pub struct BusOptions {
    /// As of the store.
    pub url: String,
    /// [`rim_store::SharedStore::id`]: nodes hear those of the same number alone.
    pub store: u64,
    pub node: NodeId,
    /// Hints that may be heard and not yet taken.
    pub room: usize,
}

/// The bus as one node has it.
pub struct NotifyBus {
    /// `None` when it is closed. A plain mutex: held to put one hint into a queue that makes nobody wait.
    queue: Mutex<Option<mpsc::Sender<Hint>>>,
    shared: Arc<Shared>,
    task: TaskTracker,
    cancelled: CancellationToken,
    _cancels: DropGuard,
}

impl NotifyBus {
    /// Connects, and hears what is published from then on.
    ///
    /// # Errors
    /// `Url`, `Roots`, `Connect`, `Full`.
    pub async fn open(options: BusOptions) -> Result<(Self, Hearing), OpenError> {
        let server = Server::new(&options.url)?;
        let (teller, hearing) = hearing(options.room);
        let shared = Arc::new(Shared { topics: Mutex::default(), teller, trouble: Mutex::default() });
        let (queue, queued) = mpsc::channel(QUEUE_HINTS);
        let link = Link::new(server, options.store, options.node, queued, Arc::clone(&shared));
        let connected = link.connect().await?;
        let (task, cancelled) = (TaskTracker::new(), CancellationToken::new());
        let run = cancelled.clone().run_until_cancelled_owned(link.run(connected));
        task.spawn(shared.teller.clone().while_running(async move { _ = run.await }));
        task.close();
        let bus = Self {
            queue: Mutex::new(Some(queue)),
            shared,
            task,
            _cancels: cancelled.clone().drop_guard(),
            cancelled,
        };
        Ok((bus, hearing))
    }
}

#[async_trait]
impl Bus for NotifyBus {
    fn subscribe(&self, topic: Topic) {
        self.shared.topics.lock().insert(topic);
    }

    fn unsubscribe(&self, topic: Topic) {
        self.shared.topics.lock().remove(&topic);
    }

    fn publish(&self, subject: Subject, payload: Vec<u8>) {
        if payload.len() > MAX_PAYLOAD_BYTES {
            return;
        }
        if let Some(queue) = &*self.queue.lock() {
            // Full: it is lost.
            let _ = queue.try_send((subject, payload));
        }
    }

    fn max_payload(&self) -> usize {
        MAX_PAYLOAD_BYTES
    }

    fn ready(&self) -> Result<(), String> {
        if self.queue.lock().is_none() {
            return Err("it is closed".to_owned());
        }
        self.shared.trouble.lock().clone().map_or(Ok(()), Err)
    }

    async fn close(&self) {
        // The task ends when it has sent what is left.
        drop(self.queue.lock().take());
        if tokio::time::timeout(CLOSE_PATIENCE, self.task.wait()).await.is_err() {
            self.cancelled.cancel();
            self.task.wait().await;
        }
        self.shared.teller.close();
    }
}
