//! A clock that ticks more often than the runtime's, which knows only milliseconds.

use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Context;
use tokio::sync::Notify;

/// A thread that sleeps, and wakes whoever waits for a tick. It ends when this is dropped.
pub(crate) struct Pace(Arc<Notify>);

impl Pace {
    pub(crate) fn every(interval: Duration) -> anyhow::Result<Self> {
        let ticks = Arc::new(Notify::new());
        let of_thread = Arc::downgrade(&ticks);
        std::thread::Builder::new()
            .name("pace".into())
            .spawn(move || {
                while let Some(ticks) = Weak::upgrade(&of_thread) {
                    ticks.notify_one();
                    drop(ticks);
                    std::thread::sleep(interval);
                }
            })
            .context("cannot start a thread")?;
        Ok(Self(ticks))
    }

    /// Waits for the next tick. Those that were missed meanwhile are one.
    pub(crate) async fn tick(&self) {
        self.0.notified().await;
    }
}
