//! Which store this is, and how its epoch comes about.

use rim_core::identity::Identity;
use rusqlite::{Connection, params};

/// Draws the epoch where none was drawn since the store was made or restored.
pub(crate) fn open(db: &Connection) -> rusqlite::Result<Identity> {
    // 53 bits, as JavaScript has to hold it; odd, so never 0.
    db.execute("UPDATE identity SET epoch = (random() & 9007199254740991) | 1 WHERE epoch = 0", [])?;
    find(db)
}

/// As it is stored: the epoch may be 0.
pub(crate) fn find(db: &Connection) -> rusqlite::Result<Identity> {
    db.query_row("SELECT id, epoch FROM identity", [], |row| {
        Ok(Identity { id: row.get(0)?, epoch: row.get::<_, i64>(1)?.unsigned_abs() })
    })
}

/// Makes the next server draw another epoch. A database of a rim that knew none gets it with its identity.
pub(crate) fn forget_epoch(db: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'identity')";
    if db.query_row(sql, [], |row| row.get(0))? {
        db.execute("UPDATE identity SET epoch = 0", [])?;
    }
    Ok(())
}

/// Becomes the store that all of this was moved from.
pub(crate) fn set(db: &Connection, identity: &Identity) -> rusqlite::Result<()> {
    let epoch = identity.epoch.cast_signed();
    db.execute("UPDATE identity SET id = ?1, epoch = ?2", params![identity.id, epoch]).map(drop)
}
