//! What is counted of files. A clone counts the same.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use rim_core::Refusal;
use rim_store::StoreError;

use super::register::{counter, gauge};
use crate::counters::Counters;

/// Why an upload was refused: it is larger than `max-file`; its owner keeps too much, has uploaded too much today, or has too
/// many going on; the disk is nearly full; the storage or the store does not keep up.
const REFUSALS: [&str; 6] = ["size", "quota", "day", "transfers", "disk", "busy"];
/// What became of what looked like a picture.
const PICTURES: [&str; 2] = ["drawn", "refused"];
/// What is asked of a storage.
const OPERATIONS: [&str; 8] = ["write", "sync", "keep", "put", "open", "read", "remove", "look"];

#[derive(Debug, Clone)]
pub struct FileMetrics {
    /// Different bytes that are kept. Counted with the sweep, as counting takes a while.
    pub kept: Gauge,
    pub kept_bytes: Gauge,
    pub added: Counter,
    pub going_on: Gauge,
    refused: Counters,
    pub received_bytes: Counter,
    pub sent_bytes: Counter,
    pictures: Counters,
    pub removed: Counter,
    pub expired: Counter,
    storage_errors: Counters,
    storage_seconds: [(&'static str, Histogram); OPERATIONS.len()],
}

impl FileMetrics {
    pub fn register(r: &mut Registry) -> Self {
        Self {
            kept: gauge(r, "rim_files_kept", "Files of different bytes in the storage, counted once an hour"),
            kept_bytes: {
                let bytes = Gauge::default();
                let help = "Their bytes without previews, counted once an hour";
                r.register_with_unit("rim_files_kept", help, Unit::Bytes, bytes.clone());
                bytes
            },
            added: counter(r, "rim_files_added", "Files uploaded, those of link previews included"),
            going_on: gauge(r, "rim_uploads", "Uploads going on"),
            refused: Counters::register(
                r,
                "rim_uploads_refused",
                "Uploads refused: by max-file, file-quota, file-day, transfers or min-free-disk, or as busy",
                "reason",
                &REFUSALS,
            ),
            received_bytes: counter(r, "rim_file_received_bytes", "Bytes of files that came"),
            sent_bytes: counter(r, "rim_file_sent_bytes", "Bytes of files and of previews that were sent"),
            pictures: Counters::register(
                r,
                "rim_pictures",
                "Pictures that came: drawn smaller, or refused as none within the limits",
                "result",
                &PICTURES,
            ),
            removed: counter(r, "rim_files_removed", "Files removed, as nothing used them"),
            expired: counter(
                r,
                "rim_transfers_expired",
                "Uploads that nobody went on with, and were removed",
            ),
            storage_errors: Counters::register(
                r,
                "rim_storage_errors",
                "Operations of the storage of files that failed",
                "operation",
                &OPERATIONS,
            ),
            storage_seconds: {
                let family = Family::new_with_constructor(seconds as fn() -> Histogram);
                let help =
                    "Time of an operation of the storage of files; of write and read that of one piece";
                r.register_with_unit("rim_storage_duration", help, Unit::Seconds, family.clone());
                OPERATIONS
                    .map(|operation| (operation, family.get_or_create_owned(&[("operation", operation)])))
            },
        }
    }

    /// Counts an error of an upload if it is a refusal, and passes it on.
    pub fn refused(&self, error: StoreError) -> StoreError {
        let reason = match &error {
            StoreError::Refused(Refusal::FileTooLarge(_) | Refusal::PictureTooLarge(_)) => "size",
            StoreError::Refused(Refusal::QuotaExceeded { .. }) => "quota",
            StoreError::Refused(Refusal::DayExceeded { .. }) => "day",
            StoreError::Refused(Refusal::TooManyTransfers(_)) => "transfers",
            StoreError::Refused(Refusal::DiskNearlyFull) => "disk",
            StoreError::Busy => "busy",
            _ => return error,
        };
        self.refused.inc(reason);
        error
    }

    /// A picture was drawn smaller, or is none within the limits.
    pub fn picture(&self, is_drawn: bool) {
        self.pictures.inc(PICTURES[usize::from(!is_drawn)]);
    }

    /// An operation of the storage has ended.
    pub fn storage(&self, operation: &'static str, elapsed: Duration, is_error: bool) {
        if let Some((_, histogram)) = self.storage_seconds.iter().find(|(known, _)| *known == operation) {
            histogram.observe(elapsed.as_secs_f64());
        }
        if is_error {
            self.storage_failed(operation);
        }
    }

    /// One that is not timed has failed.
    pub fn storage_failed(&self, operation: &'static str) {
        self.storage_errors.inc(operation);
    }
}

/// From a millisecond to 16 seconds, in few steps: there is one for each operation.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 4.0, 8))
}

/// Those of a server that shows them to nobody.
impl Default for FileMetrics {
    fn default() -> Self {
        Self::register(&mut Registry::default())
    }
}
