//! Friendships, as sync tells them.

use deadpool_postgres::GenericClient;
use rim_core::friend::Friend;
use rim_core::{Rev, UserId};

use crate::failure::Result;
use crate::row::{self, Sql};

/// The first `limit` that changed after `rev`, in that order.
pub(crate) async fn changed(
    db: &impl GenericClient,
    user: UserId,
    rev: Rev,
    limit: usize,
) -> Result<Vec<(Rev, Friend)>> {
    let sql = "SELECT rev, other_id, state, remark FROM friendships
               WHERE user_id = $1 AND rev > $2 ORDER BY rev LIMIT $3";
    row::all(db, sql, &[&user.sql(), &rev.sql(), &(limit as u64).sql()], |row| {
        let (rev, user, state, remark) = row::read(row)?;
        Ok((rev, Friend { user, state, remark }))
    })
    .await
}
