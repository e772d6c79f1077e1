//! Friendships, as sync tells them.

use rim_core::friend::Friend;
use rim_core::{Rev, UserId};
use rusqlite::Connection;

use crate::failure::Result;
use crate::row::{self, Fields, Sql};

/// The first `limit` that changed after `rev`, in that order.
pub(crate) fn changed(db: &Connection, user: UserId, rev: Rev, limit: usize) -> Result<Vec<(Rev, Friend)>> {
    let sql = "SELECT rev, other_id, state, remark FROM friendships
               WHERE user_id = ?1 AND rev > ?2 ORDER BY rev LIMIT ?3";
    let params = [user.sql(), rev.sql(), (limit as u64).sql()];
    row::all(db, sql, params, |row| {
        let (rev, user, state, remark) = Fields { table: "friendships", row }.read(0)?;
        Ok((rev, Friend { user, state, remark }))
    })
}
