//! Users and their passwords.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use deadpool_postgres::GenericClient;
use rim_core::event::{Change, Ended, GroupChange};
use rim_core::session::{self, Proof};
use rim_core::size::user_bytes;
use rim_core::user::{
    Credentials, MAX_TOLD_FRIENDS, MAX_TOLD_GROUPS, NewUser, ProfileChange, User, UserRecord,
};
use rim_core::{Refusal, Rev, Timestamp, UserId, account};

use crate::database::Tx;
use crate::failure::{Failure, Result};
use crate::row::{self, Fields, Sql, array};
use crate::text::Text;
use crate::{friends, groups, sessions, uploads};

/// "rima" in ASCII: with a skeleton it is the lock of those who want such an account.
const LOCK: i32 = 0x7269_6d61;

pub(crate) async fn create(tx: &mut Tx<'_>, new: NewUser, now: Timestamp) -> Result<UserId> {
    let db = &tx.db;
    let (account, key) = (account::shown(&new.account), account::fold(&new.account));
    let skeleton = account::skeleton_of_any(&account);
    must_be_distinct(db, &key, &skeleton).await?;
    // The profile's first rev is 1, so that a client that knows nothing is told of it.
    let sql = "INSERT INTO users (account, account_key, account_skeleton, name, avatar, email, password_hash, created_at,
                                  rev, profile_rev)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, 1)
               ON CONFLICT (account_key) DO NOTHING RETURNING id";
    let params: row::Params<'_> = &[
        &Text(&account),
        &Text(&key),
        &Text(&skeleton),
        &Text(&new.name),
        &Text(&new.avatar),
        &Text(&new.email),
        &new.password_hash.as_deref().map(Text),
        &now.0,
    ];
    let created = row::first(db, sql, params, |row| row.number(0)).await?;
    let created = created.ok_or(Refusal::AccountTaken)?;
    uploads::show(db, &[&new.avatar], now).await?;
    Ok(created)
}

/// # Errors
/// `AccountTaken`, `AccountConfusable`.
async fn must_be_distinct(db: &impl GenericClient, key: &str, skeleton: &str) -> Result<()> {
    // Those who want accounts that look alike come one after the other.
    row::execute(db, "SELECT pg_advisory_xact_lock($1, hashtext($2))", &[&LOCK, &Text(skeleton)]).await?;
    let sql = "SELECT account_key FROM users WHERE account_skeleton = $1";
    let alike: Vec<String> = row::all(db, sql, &[&Text(skeleton)], |row| row.text(0)).await?;
    if alike.iter().any(|other| other == key) {
        return Err(Refusal::AccountTaken.into());
    }
    if alike.iter().any(|other| account::confuses(key, other)) {
        return Err(Refusal::AccountConfusable.into());
    }
    Ok(())
}

/// By the first of the keys that an account has.
pub(crate) async fn credentials(db: &impl GenericClient, keys: [String; 2]) -> Result<Option<Credentials>> {
    let sql = "SELECT id, password_hash, disabled_at IS NOT NULL FROM users WHERE account_key IN ($1, $2)
               ORDER BY account_key = $1 DESC LIMIT 1";
    row::first(db, sql, &[&Text(&keys[0]), &Text(&keys[1])], read_credentials).await
}

pub(crate) async fn credentials_of(db: &impl GenericClient, user: UserId) -> Result<Option<Credentials>> {
    let sql = "SELECT id, password_hash, disabled_at IS NOT NULL FROM users WHERE id = $1";
    row::first(db, sql, &[&user.sql()], read_credentials).await
}

fn read_credentials(row: Fields<'_>) -> Result<Credentials> {
    let has_password = row.get::<Option<&str>>(1)?.is_some();
    let password_hash = if has_password { Some(row.text(1)?) } else { None };
    Ok(Credentials { user: row.number(0)?, password_hash, disabled: row.get(2)? })
}

pub(crate) async fn set_password(
    tx: &mut Tx<'_>,
    user: UserId,
    password_hash: String,
    proof: Option<Proof>,
) -> Result<()> {
    if let Some(proof) = &proof {
        lock(&tx.db, [user]).await?;
        let known = credentials_of(&tx.db, user).await?.ok_or(Refusal::NoSuchUser)?;
        session::may_set_password(&known, sessions::is_of(&tx.db, user, proof.session).await?, proof)?;
    }
    let sql = "UPDATE users SET password_hash = $2 WHERE id = $1";
    if row::execute(&tx.db, sql, &[&user.sql(), &Text(&password_hash)]).await? == 0 {
        return Err(Refusal::NoSuchUser.into());
    }
    sessions::end_all(tx, user, proof.map(|proof| proof.session), Ended::Revoked).await?;
    Ok(())
}

pub(crate) async fn rehash_password(
    db: &impl GenericClient,
    user: UserId,
    old: String,
    new: String,
) -> Result<()> {
    let sql = "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
    row::execute(db, sql, &[&user.sql(), &Text(&old), &Text(&new)]).await?;
    Ok(())
}

pub(crate) async fn set_disabled(
    tx: &mut Tx<'_>,
    user: UserId,
    disabled: bool,
    now: Timestamp,
) -> Result<()> {
    // Disabled twice, he has been disabled since the first time.
    let sql = "UPDATE users SET disabled_at = CASE WHEN $2 THEN coalesce(disabled_at, $3) END WHERE id = $1";
    if row::execute(&tx.db, sql, &[&user.sql(), &disabled, &now.0]).await? == 0 {
        return Err(Refusal::NoSuchUser.into());
    }
    if disabled {
        sessions::end_all(tx, user, None, Ended::Disabled).await?;
    }
    Ok(())
}

pub(crate) async fn find(db: &impl GenericClient, user: UserId) -> Result<Option<User>> {
    let sql = "SELECT id, account, name, avatar, email FROM users WHERE id = $1";
    row::first(db, sql, &[&user.sql()], row::user).await
}

/// The users of these ids, in this order. An id that is nobody's is passed over.
pub(crate) async fn find_all(db: &impl GenericClient, users: Vec<UserId>) -> Result<Vec<User>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT id, account, name, avatar, email FROM users WHERE id = ANY($1)";
    let found = row::all(db, sql, &[&array(users.clone())], row::user).await?;
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
    row::all(db, sql, &[&array(users)], |row| {
        Ok((row.number(0)?, user_bytes(row.number::<u64>(1)? as usize)))
    })
    .await
}

/// By the first of the keys that an account has.
pub(crate) async fn by_account(db: &impl GenericClient, keys: [String; 2]) -> Result<Option<User>> {
    let sql = "SELECT id, account, name, avatar, email FROM users WHERE account_key IN ($1, $2)
               ORDER BY account_key = $1 DESC LIMIT 1";
    row::first(db, sql, &[&Text(&keys[0]), &Text(&keys[1])], row::user).await
}

pub(crate) async fn list(db: &impl GenericClient, after: UserId, limit: u32) -> Result<Vec<UserRecord>> {
    let sql = "SELECT id, account, name, avatar, email, created_at, disabled_at IS NOT NULL FROM users
               WHERE id > $1 ORDER BY id LIMIT $2";
    row::all(db, sql, &[&after.sql(), &i64::from(limit)], |row| {
        Ok(UserRecord { user: row::user(row)?, created_at: row.time(5)?, disabled: row.get(6)? })
    })
    .await
}

pub(crate) async fn update_profile(
    tx: &mut Tx<'_>,
    user: UserId,
    change: ProfileChange,
    now: Timestamp,
) -> Result<()> {
    // All of them at once, so that nobody who locks two of them waits for one who waits for the other.
    let related = friends::latest(&tx.db, user, MAX_TOLD_FRIENDS).await?;
    lock(&tx.db, related.iter().copied().chain([user])).await?;
    if friends::latest(&tx.db, user, MAX_TOLD_FRIENDS).await? != related {
        return Err(Failure::Away("the user has just made or lost a friend".into()));
    }
    let before = find(&tx.db, user).await?.ok_or(Refusal::NoSuchUser)?;
    let after = change.applied_to(&before);
    if after == before {
        return Ok(());
    }
    let sql = "UPDATE users SET name = $2, avatar = $3, email = $4, rev = rev + 1, profile_rev = rev + 1
               WHERE id = $1 RETURNING rev";
    let params: row::Params<'_> =
        &[&user.sql(), &Text(&after.name), &Text(&after.avatar), &Text(&after.email)];
    let rev = row::first(&tx.db, sql, params, |row| row.number(0)).await?;
    let rev = rev.ok_or(Refusal::NoSuchUser)?;
    uploads::show(&tx.db, &[&before.avatar, &after.avatar], now).await?;
    let seen = Arc::new(after.for_others());
    let is_seen = !after.looks_like(&before);
    tx.publish(Change::Profile { to: user, rev, user: Arc::new(after), at: now });
    if !is_seen {
        return Ok(());
    }
    for (friend, rev) in friends::touch(&tx.db, &related, user).await? {
        tx.publish(Change::Profile { to: friend, rev, user: Arc::clone(&seen), at: now });
    }
    for (group, rev, at) in groups::touch_member(&tx.db, user, MAX_TOLD_GROUPS, now).await? {
        let what = GroupChange::Profile { user: Arc::clone(&seen) };
        tx.publish(Change::Group { group, rev, seq: None, actor: user, what, at });
    }
    Ok(())
}

/// # Errors
/// `UnknownUser`, for the first of them that nobody is.
pub(crate) async fn must_exist(db: &impl GenericClient, users: &[UserId]) -> Result<()> {
    let sql = "SELECT id FROM users WHERE id = ANY($1)";
    let found = row::all(db, sql, &[&array(users.iter().copied())], |row| row.number(0)).await?;
    let found: HashSet<UserId> = found.into_iter().collect();
    match users.iter().find(|user| !found.contains(user)) {
        Some(unknown) => Err(Refusal::UnknownUser(*unknown).into()),
        None => Ok(()),
    }
}

/// Locks the users, in the order of their ids, so that nobody who does so too waits for one who waits for him.
pub(crate) async fn lock(db: &impl GenericClient, users: impl IntoIterator<Item = UserId>) -> Result<()> {
    let sql = "SELECT id FROM users WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";
    row::all(db, sql, &[&array(users)], |_| Ok(())).await.map(drop)
}

/// Takes the user's next own `rev`; `None` if there is no such user.
pub(crate) async fn next_rev(db: &impl GenericClient, user: UserId) -> Result<Option<Rev>> {
    let sql = "UPDATE users SET rev = rev + 1 WHERE id = $1 RETURNING rev";
    row::first(db, sql, &[&user.sql()], |row| row.number(0)).await
}
