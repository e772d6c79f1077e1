//! Friendships: two rows a pair, each the mirror of the other.

use std::collections::BTreeSet;

use rim_core::event::Change;
use rim_core::friend::{self, FriendAction, Friendship};
use rim_core::user::User;
use rim_core::{Refusal, Rev, Timestamp, UserId};
use rusqlite::{Connection, params};

use crate::batch::Batch;
use crate::failure::Result;
use crate::row::{self, Fields, Sql};
use crate::users;

pub(crate) fn befriend(
    batch: &mut Batch<'_>,
    user: UserId,
    other: UserId,
    action: FriendAction,
    now: Timestamp,
) -> Result<bool> {
    if action == FriendAction::Ask {
        friend::may_ask(user, other)?;
        users::must_exist(batch.db, [user, other])?;
    }
    let Some((state, what)) = friend::act(state_of(batch.db, user, other)?, action) else {
        return Ok(false);
    };
    let actor_rev = set(batch, user, other, state)?;
    let other_rev = set(batch, other, user, state.mirrored())?;
    batch.publish(Change::Friend { actor: user, actor_rev, other, other_rev, what, at: now });
    Ok(true)
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

pub(crate) fn list(db: &Connection, user: UserId, states: &[Friendship]) -> Result<Vec<User>> {
    let sql = "SELECT user_id, other_id, state FROM friendships WHERE user_id = ?1 ORDER BY other_id";
    let related = row::all(db, sql, [user.sql()], read)?;
    users::find_all(
        db,
        related.into_iter().filter(|(_, state)| states.contains(state)).map(|(other, _)| other),
    )
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

/// Those that changed after `rev`, in that order.
pub(crate) fn changed(db: &Connection, user: UserId, rev: Rev) -> Result<Vec<(UserId, Friendship)>> {
    let sql = "SELECT user_id, other_id, state FROM friendships WHERE user_id = ?1 AND rev > ?2 ORDER BY rev";
    row::all(db, sql, [user.sql(), rev.sql()], read)
}

fn read(row: &rusqlite::Row<'_>) -> Result<(UserId, Friendship)> {
    let row = Fields { table: "friendships", row };
    Ok((UserId(row.get(1)?), row.friendship(2)?))
}
