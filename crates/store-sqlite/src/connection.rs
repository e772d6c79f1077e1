//! Connections and their settings.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::port;

/// How long a statement waits for another connection's lock. Only checkpoints, backups and people with a
/// shell take one: writers are one thread and readers read a snapshot.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The same for what writes, which waits as long as for a disk that is slow: told sooner that it failed, people would
/// send the same again, to the same lock.
pub(crate) const WRITER_TIMEOUT: Duration = Duration::from_secs(60);

/// Room for every statement of the crate, so that none is ever compiled twice on a connection.
const CACHED_STATEMENTS: usize = 256;

/// A connection that may write, not yet set up: until it is known whose the database is, nothing in it may
/// change. Creates the file if there is none.
pub(crate) fn read_write(path: &Path) -> rusqlite::Result<Connection> {
    open(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
}

/// Sets up a connection that writes or checkpoints.
pub(crate) fn make_durable(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "journal_mode", "wal")?;
    // FULL syncs the log at every commit: a commit that returned is on the disk.
    db.pragma_update(None, "synchronous", "full")?;
    // Checkpoints are ours to time, see checkpoint.rs.
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    // What is overwritten is gone: see wipe.rs.
    db.pragma_update(None, "secure_delete", true)?;
    db.pragma_update(None, "cache_size", -64 * 1024)?; // KiB, if negative
    db.busy_timeout(WRITER_TIMEOUT)
}

/// A connection that reads snapshots.
pub(crate) fn read_only(path: &Path) -> rusqlite::Result<Connection> {
    let db = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.pragma_update(None, "cache_size", -8 * 1024)?;
    // A page that does not fit together is damage, and not searched for what it might mean.
    db.pragma_update(None, "cell_size_check", true)?;
    Ok(db)
}

fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    // Plans do not look at bound values. If one might, rusqlite's clearing of the values after a use has SQLite
    // compile the cached statement anew for the next.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.pragma_update(None, "temp_store", "memory")?;
    port::teach(&db)?;
    Ok(db)
}
