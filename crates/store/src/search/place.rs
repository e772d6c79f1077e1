//! How far the index has come, and who may change it.

use rim_core::GroupId;

use super::index;
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
    Ok(index::has_entries(db)? || !db.exists(sql, &params![consumer])?)
}

/// Whoever lists messages of these groups, or takes them out, waits for who does.
pub(super) fn lock(tx: &dyn Tx, groups: impl IntoIterator<Item = GroupId>) -> Step<()> {
    let names: Vec<_> = groups.into_iter().map(|group| format!("search {group}")).collect();
    tx.lock_names(&names)
}
