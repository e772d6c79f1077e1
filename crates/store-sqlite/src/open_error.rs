//! Why a database cannot be opened.

use std::path::PathBuf;

use rusqlite::ErrorCode;

use crate::failure::Failure;

/// In words for whoever runs the server.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Going back to an older rim needs a backup from before the update.
    #[error("the database was written by a newer rim: it has version {found}, this rim knows {known}")]
    Newer { found: u32, known: u32 },
    /// For what does not bring it up to date, as a server does when it starts.
    #[error(
        "the database was written by an older rim: it has version {found}, this rim checks {known}; start the server once"
    )]
    Older { found: u32, known: u32 },
    #[error("the file is not a database")]
    NotADatabase,
    #[error("the database is damaged; restore a backup")]
    Damaged,
    /// It can be read, and says what no rim writes.
    #[error("the database is damaged: {0}; restore a backup")]
    Corrupt(String),
    #[error("the file is a database of another program")]
    NotOurs,
    /// `rim migrate` was broken off; the same command goes on with it.
    #[error("moving {from} here has not come to its end: run `rim migrate` again, or remove the database")]
    Unfinished { from: String },
    /// Another process has it open, and must be the only one or is in the way of one that must.
    #[error("another process has the database open")]
    InUse,
    /// SQLite would begin a new database and delete it.
    #[error("the database is missing or empty, and what was last written to it is still in {}: put the database back, restore a backup, or move that file away", .0.display())]
    LogAlone(PathBuf),
    #[error("the database is cut off: it has {found} bytes of {expected}; restore a backup")]
    CutOff { found: u64, expected: u64 },
    #[error("cannot open the file: {0}")]
    File(#[source] std::io::Error),
    #[error("cannot lock the file: {0}; the database must be on a file system that has locks")]
    Lock(#[source] std::io::Error),
    #[error("sqlite: {0}")]
    Sqlite(#[source] rusqlite::Error),
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase,
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse,
            _ => Self::Sqlite(error),
        }
    }
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Sqlite(error) => error.into(),
            other => Self::Corrupt(other.to_string()),
        }
    }
}
