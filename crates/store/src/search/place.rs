//! How far the index has come, and who may change it.

use rim_core::{GroupId, Rev};

use crate::consumers;
use crate::database::{Read, Tx};
use crate::failure::Result as Step;
use crate::params;

/// The consumer that keeps the index up. It is called otherwise whenever [`rim_core::search::VERSION`] counts up: so it begins
/// anew.
pub const CONSUMER: &str = "search-2";

/// Whether it has something if anything was put in: not in a store whose rows were moved here, to which positions belong and the
/// index does not.
pub(super) fn is_whole(db: &dyn Read) -> Step<bool> {
    let Some(consumer) = consumers::number_of(db, CONSUMER)? else { return Ok(true) };
    let sql = "SELECT seq FROM consumer_positions WHERE consumer = $1 AND seq > 0 LIMIT 1";
    Ok(db.index_has_entries()? || !db.exists(sql, &params![consumer])?)
}

/// Whether what the group said up to that `rev` is listed.
///
/// # Errors
/// Those of the database.
pub fn is_listed(db: &dyn Read, group: GroupId, rev: Rev) -> Step<bool> {
    let Some(consumer) = consumers::number_of(db, CONSUMER)? else { return Ok(false) };
    Ok(rev <= consumers::position(db, consumer, group)?.rev)
}

/// Whoever lists messages of the group, or takes them out, waits for who does.
///
/// # Errors
/// Those of the database.
pub fn lock(tx: &dyn Tx, group: GroupId) -> Step<()> {
    tx.lock_name(&format!("search {group}"))
}
