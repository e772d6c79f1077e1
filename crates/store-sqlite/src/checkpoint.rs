//! Moving commits from the write-ahead log into the database, without making the writer wait for it.
//!
//! A commit appends to the log. A checkpoint copies the log's pages into the database and syncs it; only
//! when all of them are copied and no reader looks at the log any more does the log begin anew. Left to
//! itself SQLite checkpoints inside some unlucky commit, which then takes as long as a hundred others.
//!
//! So the bulk is copied by a thread with its own connection (`PASSIVE`: it waits for nobody and nobody
//! for it). Under constant load such a checkpoint never sees the end of the log, which would grow for ever.
//! So the writer, between two batches, copies the little that was added meanwhile and has the log begin
//! anew (`RESTART`). For that it waits for readers of old snapshots, briefly; if one takes longer (a backup
//! does) it tries again when the log has grown by another step. Only a reader that never ends can make the
//! log grow without bound; that is logged.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;

use crate::{OpenError, connection};

/// The log is copied whenever it has grown by this many pages of 4 KiB: 32 MiB.
const STEP: u32 = 8 * 1024;
/// From here on the log is too long (512 MiB): the writer copies it itself, if the thread cannot keep up,
/// and waits longer for readers.
const TOO_LONG: u32 = 128 * 1024;
/// How long the writer waits for readers of old snapshots.
const PATIENCE: Duration = Duration::from_millis(20);
/// The same, if the log is too long.
const LAST_PATIENCE: Duration = Duration::from_millis(500);

/// The writer's side of it.
pub(crate) struct Checkpoints {
    /// Length of the log in pages, told by SQLite at each commit.
    length: Arc<AtomicU32>,
    /// The length at which something is to be done next.
    next: u32,
    /// Whether the thread was asked to copy and has not answered yet.
    copying: bool,
    /// Set by the thread when it has copied.
    copied: Arc<AtomicBool>,
    /// Room for one: more than one is never asked for.
    ask: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Checkpoints {
    /// Starts the thread and listens to the commits of `writer`.
    pub(crate) fn start(path: &Path, writer: &mut Connection) -> Result<Self, OpenError> {
        let length = Arc::new(AtomicU32::new(0));
        let told = Arc::clone(&length);
        writer.wal_hook(Some(move |_: &mut Wal, pages: i32| {
            told.store(pages.unsigned_abs(), Ordering::Relaxed);
            Ok(())
        }))?;

        let (ask, asked) = sync_channel(1);
        let copied = Arc::new(AtomicBool::new(false));
        let (db, answer) = (connection::read_write(path)?, Arc::clone(&copied));
        connection::make_durable(&db)?;
        let thread = std::thread::Builder::new().name("rim-checkpoint".into()).spawn(move || {
            while asked.recv().is_ok() {
                if let Err(error) = checkpoint(&db, CheckpointMode::PASSIVE) {
                    tracing::warn!(%error, "cannot copy the write-ahead log into the database");
                }
                answer.store(true, Ordering::Release);
            }
        })?;
        Ok(Self { length, next: STEP, copying: false, copied, ask, thread })
    }

    /// Called by the writer between two batches.
    pub(crate) fn after_commit(&mut self, writer: &Connection) {
        let length = self.length.load(Ordering::Relaxed);
        if self.copying {
            let overdue = length >= self.next.saturating_add(TOO_LONG);
            if self.copied.swap(false, Ordering::Acquire) || overdue {
                self.copying = false;
                self.restart(writer, length);
            }
        } else if length >= self.next {
            self.copying = match self.ask.try_send(()) {
                Ok(()) => true,
                Err(TrySendError::Full(())) => false,
                // Without it the log would grow until the disk is full. So the writer ends, and the server with it.
                Err(TrySendError::Disconnected(())) => panic!("the thread that copies the log has ended"),
            };
        }
    }

    /// Copies the rest and has the log begin anew, if no reader needs it for longer than our patience.
    fn restart(&mut self, writer: &Connection, length: u32) {
        let patience = if length >= TOO_LONG { LAST_PATIENCE } else { PATIENCE };
        let restarted = writer
            .busy_timeout(patience)
            .and_then(|()| checkpoint(writer, CheckpointMode::RESTART))
            .and_then(|()| writer.busy_timeout(connection::WRITER_TIMEOUT));
        self.next = STEP;
        if let Err(error) = restarted {
            self.next = length.saturating_add(STEP);
            if length >= TOO_LONG {
                tracing::warn!(pages = length, %error, "the write-ahead log is long and cannot begin anew");
            }
        }
    }

    /// Ends the thread and leaves everything in the database and an empty log.
    pub(crate) fn finish(self, writer: &Connection) {
        drop(self.ask);
        // It has logged on the way what went wrong.
        let _ = self.thread.join();
        // A log that is left is read at the next start: nothing is lost, so nothing is insisted on.
        if let Err(error) = checkpoint(writer, CheckpointMode::TRUNCATE) {
            tracing::warn!(%error, "cannot empty the write-ahead log");
        }
    }
}

/// # Errors
/// Also "busy", if it could not come to its end.
fn checkpoint(db: &Connection, mode: CheckpointMode) -> rusqlite::Result<()> {
    db.wal_checkpoint_v2(None::<&str>, mode).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "the thread that copies the log has ended")]
    fn a_log_that_nobody_copies_ends_the_writer() {
        let db = Connection::open_in_memory().expect("a database");
        let (ask, _) = sync_channel(1);
        let mut checkpoints = Checkpoints {
            length: Arc::new(AtomicU32::new(STEP)),
            next: STEP,
            copying: false,
            copied: Arc::default(),
            ask,
            thread: std::thread::spawn(|| ()),
        };
        checkpoints.after_commit(&db);
    }
}
