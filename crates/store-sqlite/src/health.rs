//! How reading goes: what is damaged, and whether most of it fails.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rim_core::MessageId;
use rim_store::CommitObserver;

/// Damaged rows that are told once each; a disk that has more has said enough.
const MAX_TOLD: usize = 1000;

pub(crate) struct Health {
    observer: Arc<dyn CommitObserver>,
    /// Use cases that read, since the last look.
    well: AtomicU64,
    failed: AtomicU64,
    /// A plain mutex: it is held to insert a number, and hardly ever.
    told: Mutex<BTreeSet<MessageId>>,
}

impl Health {
    pub(crate) fn new(observer: Arc<dyn CommitObserver>) -> Self {
        Self { observer, well: AtomicU64::new(0), failed: AtomicU64::new(0), told: Mutex::default() }
    }

    /// A use case has read what it wanted, or the database has failed it.
    pub(crate) fn read(&self, failed: bool) {
        if failed {
            self.failed.fetch_add(1, Ordering::Relaxed);
            self.observer.read_failed();
        } else {
            self.well.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether more reads have failed than not since this was asked before. One chat whose page is damaged is no reason
    /// to send everybody away.
    pub(crate) fn fails(&self) -> bool {
        let (well, failed) = (self.well.swap(0, Ordering::Relaxed), self.failed.swap(0, Ordering::Relaxed));
        failed > well
    }

    /// A message is not what was written, or its row in another table.
    pub(crate) fn damaged(&self, table: &'static str, message: MessageId, why: &str) {
        self.observer.damaged_row();
        let mut told = self.told.lock();
        if told.len() < MAX_TOLD && told.insert(message) {
            tracing::error!(
                table,
                row = message.0,
                why,
                "a row is damaged and is shown as such; `rim check` finds all of them, a backup has them whole"
            );
        }
    }
}
