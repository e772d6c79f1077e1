//! Brings the keys of accounts up to what they are compared by.
//!
//! Accounts of a time when text was compared as it was typed, and those that were moved here from another store, have no
//! skeleton yet. Their keys are computed anew. Where another account has the new key already both stay: who types what
//! was always typed finds the old key first ([`rim_core::account::keys`]).

use rim_core::account;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::failure::Result;

/// Accounts that are in memory at the same time.
const AT_ONCE: u32 = 4096;

pub(crate) fn bring_up_to_date(db: &mut Connection) -> Result<()> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    loop {
        let mut find = tx.prepare_cached(
            "SELECT id, account, account_key FROM users WHERE account_skeleton = '' ORDER BY id LIMIT ?1",
        )?;
        let rows = find.query_map([AT_ONCE], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let rows: Vec<(i64, String, String)> = rows.collect::<rusqlite::Result<_>>()?;
        drop(find);
        if rows.is_empty() {
            break;
        }
        for (id, account, old_key) in rows {
            let key = account::fold(&account);
            if key != old_key && !key.is_empty() {
                let sql = "UPDATE users SET account_key = ?2 WHERE id = ?1
                           AND NOT EXISTS (SELECT 1 FROM users WHERE account_key = ?2)";
                tx.prepare_cached(sql)?.execute(params![id, key])?;
            }
            let sql = "UPDATE users SET account_skeleton = ?2 WHERE id = ?1";
            tx.prepare_cached(sql)?.execute(params![id, account::skeleton_of_any(&account)])?;
        }
    }
    Ok(tx.commit()?)
}
