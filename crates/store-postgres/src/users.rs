//! Users, as they are read along with other things.

use std::collections::HashMap;

use deadpool_postgres::GenericClient;
use rim_core::UserId;
use rim_core::user::User;

use crate::failure::Result;
use crate::row::{self, array};
use rim_core::size::user_bytes;

/// The users of these ids, in this order. An id that is nobody's is passed over.
pub(crate) async fn find_all(db: &impl GenericClient, users: Vec<UserId>) -> Result<Vec<User>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT id, account, name, avatar, email FROM users WHERE id = ANY($1)";
    let found: Vec<User> = row::all(db, sql, &[&array(users.clone())], row::read).await?;
    let mut found: HashMap<_, _> = found.into_iter().map(|user| (user.id, user)).collect();
    Ok(users.into_iter().filter_map(|user| found.remove(&user)).collect())
}

/// How much each takes up in an answer, at the most.
pub(crate) async fn sizes(db: &impl GenericClient, users: Vec<UserId>) -> Result<Vec<(UserId, usize)>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT id, (octet_length(account) + octet_length(name) + octet_length(avatar) + octet_length(email))::bigint
               FROM users WHERE id = ANY($1)";
    let found: Vec<(UserId, u64)> = row::all(db, sql, &[&array(users)], row::read).await?;
    Ok(found.into_iter().map(|(user, texts)| (user, user_bytes(texts as usize))).collect())
}
