//! The bus between nodes: NATS, without JetStream. What it loses, the store knows.

mod connect;
mod interest;
mod listening;
mod options;
mod pump;
mod status;
mod subjects;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use async_nats::connection::State;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt;
use rim_core::bus::{Bus, Subject, Teller};
use rim_core::event::Topic;
use tokio::task::coop::unconstrained;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::interest::Interest;
use crate::status::Status;
use crate::subjects::Subjects;

pub use crate::options::{Options, OptionsError};

/// Bytes that a hint may have, if the server takes as many.
const MAX_PAYLOAD_BYTES: usize = 1 << 20;

/// What waits to be sent: so many hints, in the queue of the client, of so many bytes together.
const QUEUE_HINTS: usize = 4096;
const QUEUE_BYTES: usize = 16 << 20;

/// How long the end of a bus waits for what is queued.
const CLOSE_PATIENCE: Duration = Duration::from_secs(3);

/// A node's connection to NATS.
pub struct NatsBus {
    client: async_nats::Client,
    subjects: Arc<Subjects>,
    interest: Arc<Interest>,
    status: Arc<Status>,
    teller: Teller,
    queued_bytes: Arc<AtomicUsize>,
    lost: AtomicU64,
    tasks: TaskTracker,
    cancelled: CancellationToken,
    _cancels: DropGuard,
}

impl NatsBus {
    /// How many hints were not published, as the server was away, the queue full, or they were too large.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Hands a hint to the client, if it can take it now.
    fn try_publish(&self, subject: Subject, payload: Vec<u8>) -> bool {
        let taken = payload.len();
        if self.ready().is_err() || taken > self.max_payload() {
            return false;
        }
        if self.queued_bytes.fetch_add(taken, Ordering::Relaxed) + taken > QUEUE_BYTES {
            self.queued_bytes.fetch_sub(taken, Ordering::Relaxed);
            return false;
        }
        let payload = Queued { payload, queued_bytes: Arc::clone(&self.queued_bytes) };
        let publish = self.client.publish(self.subjects.name(subject), Bytes::from_owner(payload));
        // It waits for room in the client's queue, and for nothing else once the budget of the task is out of
        // the way; what would have to wait is lost.
        matches!(unconstrained(publish).now_or_never(), Some(Ok(())))
    }
}

/// A payload on its way to the socket.
struct Queued {
    payload: Vec<u8>,
    queued_bytes: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Queued {
    fn as_ref(&self) -> &[u8] {
        &self.payload
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.queued_bytes.fetch_sub(self.payload.len(), Ordering::Relaxed);
    }
}

#[async_trait]
impl Bus for NatsBus {
    fn subscribe(&self, topic: Topic) {
        self.interest.add(topic);
    }

    fn unsubscribe(&self, topic: Topic) {
        self.interest.remove(topic);
    }

    fn publish(&self, subject: Subject, payload: Vec<u8>) {
        if !self.try_publish(subject, payload) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn max_payload(&self) -> usize {
        self.client.max_payload().min(MAX_PAYLOAD_BYTES)
    }

    fn ready(&self) -> Result<(), String> {
        if self.status.is_closed() {
            return Err("it is closed".to_owned());
        }
        match self.client.connection_state() {
            State::Connected => Ok(()),
            State::Pending | State::Disconnected => Err(self.status.why_away()),
        }
    }

    async fn close(&self) {
        let connected = self.ready().is_ok();
        self.status.close();
        if connected {
            let goodbye = async {
                // What was queued before has come to the server when it answers.
                pump::round_trip(&self.client, &self.subjects).await;
                // It fails only where there is nothing left to end.
                let _ = self.client.drain().await;
            };
            // Whatever has not been sent by then is lost, as hints may be.
            let _ = tokio::time::timeout(CLOSE_PATIENCE, goodbye).await;
        }
        self.cancelled.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.teller.close();
    }
}

impl Drop for NatsBus {
    fn drop(&mut self) {
        self.status.close();
        self.teller.close();
    }
}
