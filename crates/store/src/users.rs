//! Users and their passwords.

use std::sync::Arc;

use async_trait::async_trait;
use rim_core::contact::Contact;
use rim_core::event::{Change, Ended};
use rim_core::session::{self, Proof};
use rim_core::user::{
    Credentials, MAX_TOLD_FRIENDS, MAX_TOLD_GROUPS, NewUser, ProfileChange, User, UserRecord,
};
use rim_core::{Refusal, Timestamp, UserId, account};

use crate::database::{Database, STRANGERS, Tx};
use crate::failure::{Failure, Result as Step};
use crate::files::Shown;
use crate::table::{Table, integer, optional, text};
use crate::{Result, contacts, files, friends, groups, params, people, sessions, uploads};

pub(crate) const TABLE: Table = Table {
    name: "users",
    key: 1,
    columns: &[
        integer("id"),
        text("account"),
        text("account_key"),
        text("name"),
        text("avatar"),
        text("email"),
        optional(text("password_hash")),
        integer("created_at"),
        optional(integer("disabled_at")),
        integer("rev"),
        integer("profile_rev"),
    ],
};

/// Who there is.
#[async_trait]
pub trait Users: Send + Sync {
    /// Creates a user.
    ///
    /// # Errors
    /// `AccountTaken` if the account is taken, compared by [`rim_core::account::fold`]; `AccountConfusable` if people cannot
    /// tell it from one that exists, by [`rim_core::account::confuses`].
    async fn create_user(&self, user: NewUser, now: Timestamp) -> Result<UserId>;

    /// What a login to `account` is checked against; compared by [`rim_core::account::fold`], and before that by
    /// [`rim_core::account::keys`], so that accounts that were two before text was normalised stay two.
    async fn credentials(&self, account: &str) -> Result<Option<Credentials>>;

    /// What a change of the user's password is checked against.
    async fn credentials_of(&self, user: UserId) -> Result<Option<Credentials>>;

    /// Sets the password and ends every session of the user; those who do it themselves keep the one they do it in.
    ///
    /// # Errors
    /// `NoSuchUser`; where there is a proof, `SessionEnded` if its session has ended, and `PasswordChanged` if its
    /// password is no longer the user's.
    async fn set_password(&self, user: UserId, password_hash: String, proof: Option<Proof>) -> Result<()>;

    /// Replaces the hash of an unchanged password by a stronger one, if it is still `old`. Ends no session.
    async fn rehash_password(&self, user: UserId, old: &str, new: String) -> Result<()>;

    /// Disables or enables a user. Disabling ends all their sessions; they keep their memberships.
    ///
    /// # Errors
    /// `NoSuchUser`.
    async fn set_disabled(&self, user: UserId, disabled: bool, now: Timestamp) -> Result<()>;

    async fn user(&self, user: UserId) -> Result<Option<User>>;

    /// `other`, and what they are to `user`.
    async fn look_up(&self, user: UserId, other: UserId) -> Result<Option<(User, Contact)>>;

    /// The user of that account, compared as by [`Self::credentials`].
    async fn user_by_account(&self, account: &str) -> Result<Option<User>>;

    /// Users above `after` by id, at most `limit`.
    async fn list_users(&self, after: UserId, limit: u32) -> Result<Vec<UserRecord>>;

    /// Changes the profile; takes the user's next own `rev` and publishes `Profile`. Values that are as they were
    /// are no change.
    ///
    /// A new name or picture concerns others, too: it takes a `rev` in every group that the user is a member of,
    /// and the next own `rev` of everybody who is, or is asked to be, the user's friend. Published are a `Profile`
    /// each, by id, and then a [`Change::MemberProfile`] a group, by id. Beyond
    /// [`rim_core::user::MAX_TOLD_FRIENDS`] and [`rim_core::user::MAX_TOLD_GROUPS`] nobody is told.
    ///
    /// # Errors
    /// `NoSuchUser`.
    async fn update_profile(&self, user: UserId, change: ProfileChange, now: Timestamp) -> Result<()>;
}

#[async_trait]
impl<D: Database> Users for D {
    async fn create_user(&self, new: NewUser, now: Timestamp) -> Result<UserId> {
        self.write(STRANGERS, move |tx| {
            let (account, key) = (account::shown(&new.account), account::fold(&new.account));
            let skeleton = account::skeleton_of_any(&account);
            must_be_distinct(tx, &key, &skeleton)?;
            // The profile's first rev is 1, so that a client that knows nothing is told of it.
            let sql = "INSERT INTO users (account, account_key, account_skeleton, name, avatar, email, password_hash,
                                          created_at, rev, profile_rev)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, 1)
                       ON CONFLICT (account_key) DO NOTHING RETURNING id";
            let NewUser { name, avatar, email, password_hash, .. } = &new;
            let params = params![account, key, skeleton, name, avatar, email, password_hash.as_ref(), now];
            let created = tx.reader().first(sql, &params, |row| row.get("id"))?.ok_or(Refusal::AccountTaken)?;
            uploads::show(tx, &[avatar], now)?;
            files::show(tx, created, Shown::User(created), "", avatar)?;
            Ok(created)
        })
        .await
    }

    async fn credentials(&self, account: &str) -> Result<Option<Credentials>> {
        let keys = account::keys(account);
        self.read(move |db| {
            let sql = "SELECT id, password_hash, disabled_at FROM users WHERE account_key IN ($1, $2)
                       ORDER BY account_key = $1 DESC LIMIT 1";
            db.first(sql, &by_keys(&keys), people::read_credentials)
        })
        .await
    }

    async fn credentials_of(&self, user: UserId) -> Result<Option<Credentials>> {
        self.read(move |db| people::credentials_of(db, user)).await
    }

    async fn set_password(&self, user: UserId, password_hash: String, proof: Option<Proof>) -> Result<()> {
        self.write(user, move |tx| {
            people::lock(tx, &[user])?;
            if let Some(proof) = &proof {
                let known = people::credentials_of(tx, user)?.ok_or(Refusal::NoSuchUser)?;
                session::may_set_password(&known, sessions::is_of(tx, user, proof.session)?, proof)?;
            }
            let sql = "UPDATE users SET password_hash = $2 WHERE id = $1";
            if tx.execute(sql, &params![user, password_hash])? == 0 {
                return Err(Refusal::NoSuchUser.into());
            }
            sessions::end_all(tx, user, proof.map(|proof| proof.session), Ended::Revoked)?;
            Ok(())
        })
        .await
    }

    async fn rehash_password(&self, user: UserId, old: &str, new: String) -> Result<()> {
        let old = old.to_owned();
        self.write(user, move |tx| {
            let sql = "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
            tx.execute(sql, &params![user, old, new])?;
            Ok(())
        })
        .await
    }

    async fn set_disabled(&self, user: UserId, disabled: bool, now: Timestamp) -> Result<()> {
        self.write(user, move |tx| {
            // Disabled twice, they have been disabled since the first time.
            let sql = "UPDATE users SET disabled_at = CASE WHEN $2 THEN coalesce(disabled_at, $3) END WHERE id = $1";
            if tx.execute(sql, &params![user, disabled, now])? == 0 {
                return Err(Refusal::NoSuchUser.into());
            }
            if disabled {
                sessions::end_all(tx, user, None, Ended::Disabled)?;
            }
            Ok(())
        })
        .await
    }

    async fn user(&self, user: UserId) -> Result<Option<User>> {
        self.read(move |db| people::find(db, user)).await
    }

    async fn look_up(&self, user: UserId, other: UserId) -> Result<Option<(User, Contact)>> {
        self.read(move |db| {
            let Some(found) = people::find(db, other)? else { return Ok(None) };
            Ok(contacts::find(db, user, &[other])?.pop().map(|contact| (found, contact)))
        })
        .await
    }

    async fn user_by_account(&self, account: &str) -> Result<Option<User>> {
        let keys = account::keys(account);
        self.read(move |db| {
            let sql = "SELECT id, account, name, avatar, email FROM users WHERE account_key IN ($1, $2)
                       ORDER BY account_key = $1 DESC LIMIT 1";
            db.first(sql, &by_keys(&keys), people::read)
        })
        .await
    }

    async fn list_users(&self, after: UserId, limit: u32) -> Result<Vec<UserRecord>> {
        self.read(move |db| {
            let sql = "SELECT id, account, name, avatar, email, created_at, disabled_at FROM users
                       WHERE id > $1 ORDER BY id LIMIT $2";
            db.all(sql, &params![after, u64::from(limit)], |row| {
                let disabled = row.get::<Option<Timestamp>>("disabled_at")?.is_some();
                Ok(UserRecord { user: people::read(row)?, created_at: row.get("created_at")?, disabled })
            })
        })
        .await
    }

    async fn update_profile(&self, user: UserId, change: ProfileChange, now: Timestamp) -> Result<()> {
        self.write_many(user, move |tx| {
            let related = friends::latest(tx, user, MAX_TOLD_FRIENDS)?;
            // All of them at once, so that nobody who locks two of them waits for one who waits for the other.
            people::lock(tx, &[&related[..], &[user]].concat())?;
            if friends::latest(tx, user, MAX_TOLD_FRIENDS)? != related {
                return Err(Failure::Overtaken("the user has just made or lost a friend"));
            }
            let before = people::find(tx, user)?.ok_or(Refusal::NoSuchUser)?;
            let after = change.applied_to(&before);
            if after == before {
                return Ok(());
            }
            let sql =
                "UPDATE users SET name = $2, avatar = $3, email = $4, rev = rev + 1, profile_rev = rev + 1
                       WHERE id = $1 RETURNING rev";
            let params = params![user, &after.name, &after.avatar, &after.email];
            let rev = tx.reader().first(sql, &params, |row| row.get("rev"))?.ok_or(Refusal::NoSuchUser)?;
            let (seen, shown) = (Arc::new(after.for_others()), [before.avatar.clone(), after.avatar.clone()]);
            let is_seen = !after.looks_like(&before);
            tx.publish(Change::Profile { to: user, rev, user: Arc::new(after), at: now });
            if is_seen {
                for (friend, rev) in friends::touch(tx, &related, user)? {
                    tx.publish(Change::Profile { to: friend, rev, user: Arc::clone(&seen), at: now });
                }
                for (group, rev, at) in groups::touch_member(tx, user, MAX_TOLD_GROUPS, now)? {
                    tx.publish(Change::MemberProfile { group, rev, user: Arc::clone(&seen), at });
                }
            }
            // Last, as all others have the groups before the uploads.
            uploads::show(tx, &[&shown[0], &shown[1]], now)?;
            files::show(tx, user, Shown::User(user), &shown[0], &shown[1])
        })
        .await
    }
}

/// # Errors
/// `AccountTaken`, `AccountConfusable`.
fn must_be_distinct(tx: &dyn Tx, key: &str, skeleton: &str) -> Step<()> {
    // Those who want accounts that look alike come one after the other.
    tx.lock_name(skeleton)?;
    let sql = "SELECT account_key FROM users WHERE account_skeleton = $1";
    let alike: Vec<String> = tx.reader().all(sql, &params![skeleton], |row| row.get("account_key"))?;
    if alike.iter().any(|other| other == key) {
        return Err(Refusal::AccountTaken.into());
    }
    if alike.iter().any(|other| account::confuses(key, other)) {
        return Err(Refusal::AccountConfusable.into());
    }
    Ok(())
}

/// By the first of the keys that an account has.
fn by_keys(keys: &[String; 2]) -> [crate::Value<'_>; 2] {
    params![&keys[0], &keys[1]]
}
