//! Brings the keys of accounts up to what they are compared by.
//!
//! Accounts of a time when text was compared as it was typed, and those that were moved here from another store, have no
//! skeleton yet. Their keys are computed anew. Where another account has the new key already both stay: who types what
//! was always typed finds the old key first ([`rim_core::account::keys`]).

use deadpool_postgres::Client;
use rim_core::account;

use crate::failure::Result;
use crate::text::Text;
use crate::{migrations, row};

/// Accounts that are in memory at the same time.
const AT_ONCE: i64 = 4096;

/// Several nodes may do so at once, and the first does it. Nothing may be missing that is being moved here.
pub(crate) async fn bring_up_to_date(client: &mut Client) -> Result<()> {
    let tx = client.transaction().await?;
    let db = &tx;
    // It may take as long as there are accounts.
    db.batch_execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0").await?;
    let lock = "SELECT pg_advisory_xact_lock($1, hashtext(current_schema()))";
    db.execute(lock, &[&migrations::LOCK]).await?;
    loop {
        let sql =
            "SELECT id, account, account_key FROM users WHERE account_skeleton = '' ORDER BY id LIMIT $1";
        let rows: Vec<(i64, String, String)> = row::all(db, sql, &[&AT_ONCE], row::read).await?;
        if rows.is_empty() {
            return Ok(tx.commit().await?);
        }
        for (id, account, old_key) in rows {
            let key = account::fold(&account);
            if key != old_key && !key.is_empty() {
                let sql = "UPDATE users SET account_key = $2 WHERE id = $1
                           AND NOT EXISTS (SELECT FROM users WHERE account_key = $2)";
                row::execute(db, sql, &[&id, &Text(&key)]).await?;
            }
            let sql = "UPDATE users SET account_skeleton = $2 WHERE id = $1";
            row::execute(db, sql, &[&id, &Text(&account::skeleton_of_any(&account))]).await?;
        }
    }
}
