//! As long as the server lives: what time it is, how time passes, who is at work, and when it ends.

use std::sync::Arc;

use rim_core::Clock;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::time::Time;
use crate::vital::{Around, Vitals};

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
    /// What it needs until then.
    pub vitals: Vitals,
}

impl Life {
    /// One that goes on until `shutdown`, or until something fails that it needs. `around` is what stands around that.
    pub fn new(
        clock: Arc<dyn Clock>,
        time: Time,
        shutdown: &CancellationToken,
        around: Arc<dyn Around>,
    ) -> Self {
        // A fault of this server ends no other that is to stop with it.
        let shutdown = shutdown.child_token();
        let vitals = Vitals::new(shutdown.clone(), around);
        Self { clock, time, tasks: TaskTracker::new(), shutdown, vitals }
    }

    /// Spawns a task that is needed until the shutdown, and ends with it.
    pub fn needs(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.vitals.spawn(&self.tasks, name, task);
    }
}
