//! Users, as they are read along with other things.

use rim_core::UserId;
use rim_core::user::User;
use rusqlite::Connection;

use crate::failure::Result;
use crate::row::{self, Sql};

pub(crate) fn find(db: &Connection, user: UserId) -> Result<Option<User>> {
    row::first(db, FIND, [user.sql()], row::of("users"))
}

/// The users of these ids, in this order. An id that is nobody's is passed over.
pub(crate) fn find_all(db: &Connection, users: impl IntoIterator<Item = UserId>) -> Result<Vec<User>> {
    row::each(db, FIND, users, row::of("users"))
}

const FIND: &str = "SELECT id, account, name, avatar, email FROM users WHERE id = ?1";
