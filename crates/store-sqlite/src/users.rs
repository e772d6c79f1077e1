//! Users and their passwords.

use std::sync::Arc;

use rim_core::event::{Change, Ended, GroupChange};
use rim_core::session::{self, Proof};
use rim_core::user::{
    Credentials, MAX_TOLD_FRIENDS, MAX_TOLD_GROUPS, NewUser, ProfileChange, User, UserRecord,
};
use rim_core::{Refusal, Rev, Timestamp, UserId, account};
use rusqlite::{Connection, params};

use crate::batch::Batch;
use crate::failure::Result;
use crate::row::{self, Fields, Sql};
use crate::{friends, groups, sessions, uploads};

pub(crate) fn create(batch: &mut Batch<'_>, new: &NewUser, now: Timestamp) -> Result<UserId> {
    let (account, key) = (account::shown(&new.account), account::fold(&new.account));
    let skeleton = account::skeleton_of_any(&account);
    must_be_distinct(batch.db, &key, &skeleton)?;
    // The profile's first rev is 1, so that a client that knows nothing is told of it.
    let created = row::execute(
        batch.db,
        "INSERT INTO users (account, account_key, account_skeleton, name, avatar, email, password_hash, created_at,
                            rev, profile_rev)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, 1)
         ON CONFLICT (account_key) DO NOTHING",
        params![
            account,
            key,
            skeleton,
            new.name,
            new.avatar,
            new.email,
            new.password_hash,
            now.0
        ],
    )?;
    if created == 0 {
        return Err(Refusal::AccountTaken.into());
    }
    let user = UserId(batch.db.last_insert_rowid().unsigned_abs());
    uploads::show(batch.db, &[&new.avatar], now)?;
    Ok(user)
}

/// # Errors
/// `AccountTaken`, `AccountConfusable`.
fn must_be_distinct(db: &Connection, key: &str, skeleton: &str) -> Result<()> {
    let sql = "SELECT id, account_key FROM users WHERE account_skeleton = ?1";
    let alike: Vec<String> = row::all(db, sql, [skeleton], |row| Fields { table: "users", row }.get(1))?;
    if alike.iter().any(|other| other == key) {
        return Err(Refusal::AccountTaken.into());
    }
    if alike.iter().any(|other| account::confuses(key, other)) {
        return Err(Refusal::AccountConfusable.into());
    }
    Ok(())
}

/// By the first of the keys that an account has.
pub(crate) fn credentials(db: &Connection, keys: &[String; 2]) -> Result<Option<Credentials>> {
    let sql = "SELECT id, password_hash, disabled_at IS NOT NULL FROM users WHERE account_key IN (?1, ?2)
               ORDER BY account_key = ?1 DESC LIMIT 1";
    row::first(db, sql, params![keys[0], keys[1]], read_credentials)
}

pub(crate) fn credentials_of(db: &Connection, user: UserId) -> Result<Option<Credentials>> {
    let sql = "SELECT id, password_hash, disabled_at IS NOT NULL FROM users WHERE id = ?1";
    row::first(db, sql, [user.sql()], read_credentials)
}

fn read_credentials(row: &rusqlite::Row<'_>) -> Result<Credentials> {
    let row = Fields { table: "users", row };
    Ok(Credentials { user: UserId(row.get(0)?), password_hash: row.get(1)?, disabled: row.get(2)? })
}

pub(crate) fn set_password(
    batch: &mut Batch<'_>,
    user: UserId,
    password_hash: &str,
    proof: Option<&Proof>,
) -> Result<()> {
    if let Some(proof) = proof {
        let known = credentials_of(batch.db, user)?.ok_or(Refusal::NoSuchUser)?;
        session::may_set_password(&known, sessions::is_of(batch.db, user, proof.session)?, proof)?;
    }
    let sql = "UPDATE users SET password_hash = ?2 WHERE id = ?1";
    if row::execute(batch.db, sql, params![user.sql(), password_hash])? == 0 {
        return Err(Refusal::NoSuchUser.into());
    }
    sessions::end_all(batch, user, proof.map(|proof| proof.session), Ended::Revoked)?;
    Ok(())
}

pub(crate) fn rehash_password(batch: &mut Batch<'_>, user: UserId, old: &str, new: &str) -> Result<()> {
    let sql = "UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2";
    row::execute(batch.db, sql, params![user.sql(), old, new])?;
    Ok(())
}

pub(crate) fn set_disabled(
    batch: &mut Batch<'_>,
    user: UserId,
    disabled: bool,
    now: Timestamp,
) -> Result<()> {
    // Disabled twice, he has been disabled since the first time.
    let sql = "UPDATE users SET disabled_at = CASE WHEN ?2 THEN coalesce(disabled_at, ?3) END WHERE id = ?1";
    if row::execute(batch.db, sql, params![user.sql(), disabled, now.0])? == 0 {
        return Err(Refusal::NoSuchUser.into());
    }
    if disabled {
        sessions::end_all(batch, user, None, Ended::Disabled)?;
    }
    Ok(())
}

pub(crate) fn find(db: &Connection, user: UserId) -> Result<Option<User>> {
    row::first(db, FIND, [user.sql()], row::user)
}

/// The users of these ids, in this order. An id that is nobody's is passed over.
pub(crate) fn find_all(db: &Connection, users: impl IntoIterator<Item = UserId>) -> Result<Vec<User>> {
    row::each(db, FIND, users, row::user)
}

const FIND: &str = "SELECT id, account, name, avatar, email FROM users WHERE id = ?1";

/// By the first of the keys that an account has.
pub(crate) fn by_account(db: &Connection, keys: &[String; 2]) -> Result<Option<User>> {
    let sql = "SELECT id, account, name, avatar, email FROM users WHERE account_key IN (?1, ?2)
               ORDER BY account_key = ?1 DESC LIMIT 1";
    row::first(db, sql, params![keys[0], keys[1]], row::user)
}

pub(crate) fn list(db: &Connection, after: UserId, limit: u32) -> Result<Vec<UserRecord>> {
    let sql = "SELECT id, account, name, avatar, email, created_at, disabled_at IS NOT NULL FROM users
               WHERE id > ?1 ORDER BY id LIMIT ?2";
    row::all(db, sql, params![after.sql(), limit], |row| {
        let fields = Fields { table: "users", row };
        Ok(UserRecord {
            user: row::user(row)?,
            created_at: Timestamp(fields.get(5)?),
            disabled: fields.get(6)?,
        })
    })
}

pub(crate) fn update_profile(
    batch: &mut Batch<'_>,
    user: UserId,
    change: ProfileChange,
    now: Timestamp,
) -> Result<()> {
    let before = find(batch.db, user)?.ok_or(Refusal::NoSuchUser)?;
    let after = change.applied_to(&before);
    if after == before {
        return Ok(());
    }
    let sql = "UPDATE users SET name = ?2, avatar = ?3, email = ?4, rev = rev + 1, profile_rev = rev + 1
               WHERE id = ?1 RETURNING rev";
    let rev = row::first(batch.db, sql, params![user.sql(), after.name, after.avatar, after.email], |row| {
        Ok(Rev(Fields { table: "users", row }.get(0)?))
    })?;
    let rev = rev.ok_or(Refusal::NoSuchUser)?;
    uploads::show(batch.db, &[&before.avatar, &after.avatar], now)?;
    let seen = Arc::new(after.for_others());
    let is_seen = !after.looks_like(&before);
    batch.publish(Change::Profile { to: user, rev, user: Arc::new(after), at: now });
    if !is_seen {
        return Ok(());
    }
    for friend in friends::latest(batch.db, user, MAX_TOLD_FRIENDS)? {
        let rev = friends::touch(batch, friend, user)?;
        batch.publish(Change::Profile { to: friend, rev, user: Arc::clone(&seen), at: now });
    }
    for group in groups::latest_of(batch.db, user, MAX_TOLD_GROUPS)? {
        let rev = groups::touch_member(batch, group, user)?;
        let at = batch.heads.time_in(batch.db, group, now)?;
        let what = GroupChange::Profile { user: Arc::clone(&seen) };
        batch.publish(Change::Group { group, rev, seq: None, actor: user, what, at });
    }
    Ok(())
}

/// # Errors
/// `UnknownUser`, for the first of them that nobody is.
pub(crate) fn must_exist(db: &Connection, users: impl IntoIterator<Item = UserId>) -> Result<()> {
    for user in users {
        if row::first(db, "SELECT id FROM users WHERE id = ?1", [user.sql()], |_| Ok(()))?.is_none() {
            return Err(Refusal::UnknownUser(user).into());
        }
    }
    Ok(())
}

/// Takes the user's next own `rev`; `None` if there is no such user.
pub(crate) fn next_rev(batch: &Batch<'_>, user: UserId) -> Result<Option<Rev>> {
    let sql = "UPDATE users SET rev = rev + 1 WHERE id = ?1 RETURNING rev";
    row::first(batch.db, sql, [user.sql()], |row| Ok(Rev(Fields { table: "users", row }.get(0)?)))
}
