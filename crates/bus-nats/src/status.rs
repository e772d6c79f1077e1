//! How the connection is, as the client tells it.

use std::sync::atomic::{AtomicBool, Ordering};

use async_nats::Event;
use parking_lot::Mutex;
use rim_core::bus::Teller;
use tokio::sync::Notify;

/// How the connection is, as the client tells it.
#[derive(Default)]
pub(crate) struct Status {
    closed: AtomicBool,
    // Held to copy a few words, and never across an await.
    problem: Mutex<Option<String>>,
    /// Notified of every event of the client.
    pub events: Notify,
}

impl Status {
    pub fn note(&self, event: Event, teller: &Teller) {
        match event {
            Event::Connected => *self.problem.lock() = None,
            Event::SlowConsumer(_) => teller.missed(),
            Event::ClientError(error) => *self.problem.lock() = Some(error.to_string()),
            Event::ServerError(error) => {
                tracing::warn!(%error, "the NATS server complains");
                *self.problem.lock() = Some(error.to_string());
            }
            Event::Disconnected | Event::LameDuckMode | Event::Draining | Event::Closed => {}
        }
        self.events.notify_one();
    }

    /// For people.
    pub fn why_away(&self) -> String {
        match &*self.problem.lock() {
            Some(problem) => format!("no connection to NATS: {problem}"),
            None => "no connection to NATS".to_owned(),
        }
    }

    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}
