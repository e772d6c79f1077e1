//! Who changes what is listed already does so alone.

use rim_store::{Tx, params};

use crate::names::NAMES;

pub(super) type Result<T> = std::result::Result<T, rim_store::Failure>;

const NAME: &str = "search segments";

/// From now on until it has ended only this transaction takes something out of segments, or merges them.
pub(super) fn wait(tx: &dyn Tx) -> Result<()> {
    tx.lock_name(NAME)
}

/// The same for who would wait for nobody; whether it is so.
pub(super) fn at_once(tx: &dyn Tx) -> Result<bool> {
    let sql = "SELECT pg_try_advisory_xact_lock($1, hashtext($2)) AS is_alone";
    let params = params![u64::from(NAMES.unsigned_abs()), NAME];
    Ok(tx.reader().first(sql, &params, |row| row.get("is_alone"))? == Some(true))
}
