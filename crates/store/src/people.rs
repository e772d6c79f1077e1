//! Users one by one, as all use cases look at them.

use rim_core::user::{Credentials, User};
use rim_core::{Refusal, Rev, Timestamp, UserId};

use crate::database::{Fields, Read, Tx};
use crate::failure::Result as Step;
use crate::params;

pub(crate) fn credentials_of(db: &dyn Read, user: UserId) -> Step<Option<Credentials>> {
    db.first(
        "SELECT id, password_hash, disabled_at FROM users WHERE id = $1",
        &params![user],
        read_credentials,
    )
}

pub(crate) fn read_credentials(row: Fields<'_>) -> Step<Credentials> {
    let disabled = row.get::<Option<Timestamp>>("disabled_at")?.is_some();
    Ok(Credentials { user: row.get("id")?, password_hash: row.get("password_hash")?, disabled })
}

const FIND: &str = "SELECT id, account, name, avatar, email FROM users WHERE id = $1";

pub(crate) fn find(db: &dyn Read, user: UserId) -> Step<Option<User>> {
    db.first(FIND, &params![user], read)
}

/// The users of these ids, in this order. An id that is nobody's is passed over.
pub(crate) fn find_all(db: &dyn Read, users: impl IntoIterator<Item = UserId>) -> Step<Vec<User>> {
    let keys: Vec<_> = users.into_iter().map(|user| params![user].to_vec()).collect();
    Ok(db.first_of_each(FIND, &keys, read)?.into_iter().flatten().collect())
}

pub(crate) fn read(row: Fields<'_>) -> Step<User> {
    Ok(User {
        id: row.get("id")?,
        account: row.get("account")?,
        name: row.get("name")?,
        avatar: row.get("avatar")?,
        email: row.get("email")?,
    })
}

/// # Errors
/// `UnknownUser`, for the first of them that nobody is.
pub(crate) fn must_exist(db: &dyn Read, users: &[UserId]) -> Step<()> {
    let keys: Vec<_> = users.iter().map(|user| params![*user].to_vec()).collect();
    let found = db.first_of_each("SELECT id FROM users WHERE id = $1", &keys, |_| Ok(()))?;
    match users.iter().zip(found).find(|(_, found)| found.is_none()) {
        Some((unknown, _)) => Err(Refusal::UnknownUser(*unknown).into()),
        None => Ok(()),
    }
}

/// Locks the users, in the order of their ids, so that nobody who does so too waits for one who waits for them.
pub(crate) fn lock(db: &dyn Read, users: &[UserId]) -> Step<()> {
    let mut users = users.to_vec();
    users.sort_unstable();
    users.dedup();
    let keys: Vec<_> = users.iter().map(|user| params![*user].to_vec()).collect();
    db.first_of_each("SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE", &keys, |_| Ok(())).map(drop)
}

/// Takes the user's next own `rev`.
///
/// # Errors
/// `UnknownUser`.
pub(crate) fn next_rev(tx: &dyn Tx, user: UserId) -> Step<Rev> {
    Ok(next_revs(tx, &[user])?.pop().ok_or(Refusal::UnknownUser(user))?)
}

/// Each takes their next own `rev`.
///
/// # Errors
/// `UnknownUser`.
pub(crate) fn next_revs(tx: &dyn Tx, users: &[UserId]) -> Step<Vec<Rev>> {
    let keys: Vec<_> = users.iter().map(|user| params![*user].to_vec()).collect();
    let sql = "UPDATE users SET rev = rev + 1 WHERE id = $1 RETURNING rev";
    let revs = tx.reader().first_of_each(sql, &keys, |row| row.get("rev"))?;
    users.iter().zip(revs).map(|(user, rev)| Ok(rev.ok_or(Refusal::UnknownUser(*user))?)).collect()
}
