//! Friendships: two rows a pair, each the mirror of the other.

use std::collections::BTreeSet;

use rim_core::contact::AskBounds;
use rim_core::event::Change;
use rim_core::friend::{self, FriendAction, FriendChange, Friendship};
use rim_core::user::User;
use rim_core::{Refusal, Rev, Timestamp, UserId};
use rim_store::Part;
use rusqlite::{Connection, params};

use crate::batch::Batch;
use crate::failure::Result;
use crate::row::{self, Fields, Sql};
use crate::{contacts, users};

pub(crate) fn befriend(
    batch: &mut Batch<'_>,
    user: UserId,
    other: UserId,
    action: FriendAction,
    bounds: &AskBounds,
    now: Timestamp,
) -> Result<bool> {
    if action == FriendAction::Ask {
        friend::may_ask(user, other)?;
        users::must_exist(batch.db, [user, other])?;
    }
    let Some((state, what)) = friend::act(state_of(batch.db, user, other)?, action) else {
        return Ok(false);
    };
    if what == FriendChange::Requested {
        let contact = contacts::find(batch.db, user, other)?;
        friend::may_ask_another(other, contact, pending(batch.db, user, bounds.pending)?, bounds)?;
    }
    let actor_rev = set(batch, user, other, state)?;
    let other_rev = set(batch, other, user, state.mirrored())?;
    batch.publish(Change::Friend { actor: user, actor_rev, other, other_rev, what, at: now });
    Ok(true)
}

/// How many the user has asked who have not answered; beyond `most` nobody counts.
fn pending(db: &Connection, user: UserId, most: u64) -> Result<u64> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM friendships WHERE user_id = ?1 AND state = ?2 LIMIT ?3)";
    let outgoing = row::friendship_code(Friendship::Outgoing);
    let count = row::first(db, sql, params![user.sql(), outgoing, most.sql()], |row| {
        Fields { table: "friendships", row }.get(0)
    })?;
    Ok(count.unwrap_or(0))
}

pub(crate) fn state_of(db: &Connection, user: UserId, other: UserId) -> Result<Friendship> {
    let sql = "SELECT user_id, state FROM friendships WHERE user_id = ?1 AND other_id = ?2";
    let state = row::first(db, sql, [user.sql(), other.sql()], |row| {
        Fields { table: "friendships", row }.friendship(1)
    })?;
    Ok(state.unwrap_or(Friendship::None))
}

/// Stores what `user` sees, as the next of his own changes.
fn set(batch: &Batch<'_>, user: UserId, other: UserId, state: Friendship) -> Result<Rev> {
    let rev = users::next_rev(batch, user)?.ok_or(Refusal::UnknownUser(user))?;
    row::execute(
        batch.db,
        "INSERT INTO friendships (user_id, other_id, state, rev) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (user_id, other_id) DO UPDATE SET state = excluded.state, rev = excluded.rev",
        params![user.sql(), other.sql(), row::friendship_code(state), rev.sql()],
    )?;
    Ok(rev)
}

/// Those to whom the user is or was asked to be a friend and whose relation changed last, by id.
pub(crate) fn latest(db: &Connection, user: UserId, limit: usize) -> Result<Vec<UserId>> {
    let sql = "SELECT user_id, other_id FROM friendships WHERE user_id = ?1 AND state <> ?2
               ORDER BY rev DESC LIMIT ?3";
    let none = row::friendship_code(Friendship::None);
    let mut latest = row::all(db, sql, params![user.sql(), none, (limit as u64).sql()], |row| {
        Ok(UserId(Fields { table: "friendships", row }.get(1)?))
    })?;
    latest.sort_unstable();
    Ok(latest)
}

/// What `user` sees of `other` takes the next of the user's own changes, as it is.
pub(crate) fn touch(batch: &Batch<'_>, user: UserId, other: UserId) -> Result<Rev> {
    let rev = users::next_rev(batch, user)?.ok_or(Refusal::UnknownUser(user))?;
    let sql = "UPDATE friendships SET rev = ?3 WHERE user_id = ?1 AND other_id = ?2";
    row::execute(batch.db, sql, [user.sql(), other.sql(), rev.sql()])?;
    Ok(rev)
}

/// See [`rim_store::Store::friends_part`].
pub(crate) fn part(
    db: &Connection,
    user: UserId,
    states: &[Friendship],
    after: UserId,
    bytes: usize,
) -> Result<Part<User, UserId>> {
    // There are four of them.
    let code = |at: usize| states.get(at).or(states.first()).copied().map(row::friendship_code);
    let sql = "SELECT u.id, u.account, u.name, u.avatar, u.email
               FROM friendships AS f CROSS JOIN users AS u ON u.id = f.other_id
               WHERE f.user_id = ?1 AND f.other_id > ?2 AND f.state IN (?3, ?4, ?5, ?6)
               ORDER BY f.other_id";
    let params = params![user.sql(), after.sql(), code(0), code(1), code(2), code(3)];
    let (rows, more) = row::fitting(db, sql, params, bytes, row::user)?;
    let rest = rows.last().filter(|_| more).map(|last| last.id);
    Ok(Part { rows, rest })
}

pub(crate) fn acquaintances(db: &Connection, user: UserId, others: Vec<UserId>) -> Result<Vec<UserId>> {
    let sql = "SELECT 1 WHERE
                 EXISTS (SELECT 1 FROM friendships WHERE user_id = ?1 AND other_id = ?2 AND state = ?3)
                 OR EXISTS (SELECT 1 FROM single_chats
                            JOIN members ON members.group_id = single_chats.group_id AND user_id = ?2
                            WHERE low_user_id = min(?1, ?2) AND high_user_id = max(?1, ?2)
                            AND left_rev IS NULL AND sent_seq > join_seq)";
    let mut statement = db.prepare_cached(sql)?;
    let friends = row::friendship_code(Friendship::Friends);
    let mut known = Vec::new();
    for other in BTreeSet::from_iter(others) {
        if statement.exists(params![user.sql(), other.sql(), friends])? {
            known.push(other);
        }
    }
    Ok(known)
}

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
        Ok((Rev(row.get(3)?), UserId(row.get(1)?), row.friendship(2)?))
    })
}
