//! Friendships, as sync tells them.

use rim_core::friend::Friendship;
use rim_core::{Rev, UserId};
use rusqlite::Connection;

use crate::failure::Result;
use crate::row::{self, Fields, Sql};

/// The first `limit` that changed after `rev`, in that order.
pub(crate) fn changed(
    db: &Connection,
    user: UserId,
    rev: Rev,
    limit: usize,
) -> Result<Vec<(Rev, UserId, Friendship)>> {
    let sql = "SELECT user_id, other_id, state, rev FROM friendships WHERE user_id = ?1 AND rev > ?2
               ORDER BY rev LIMIT ?3";
    row::all(db, sql, [user.sql(), rev.sql(), (limit as u64).sql()], |row| {
        let row = Fields { table: "friendships", row };
        Ok((Rev(row.get(3)?), UserId(row.get(1)?), row.code(2)?))
    })
}
