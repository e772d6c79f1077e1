//! As long as the server lives: what time it is, how time passes, who is at work, and when it ends.

use std::sync::Arc;

use rim_core::Clock;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::time::Time;

/// Of one server; a clone is the same.
#[derive(Clone)]
pub struct Life {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How time passes.
    pub time: Time,
    /// Every task of a connection or in the background; the server waits for them before it closes the store.
    pub tasks: TaskTracker,
    /// Cancelled when the server should go away: nothing new is accepted, connections end.
    pub shutdown: CancellationToken,
}

impl Life {
    /// One that goes on until `shutdown`.
    pub fn new(clock: Arc<dyn Clock>, time: Time, shutdown: CancellationToken) -> Self {
        Self { clock, time, tasks: TaskTracker::new(), shutdown }
    }
}
