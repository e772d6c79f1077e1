//! Friendships: two rows a pair, each the mirror of the other.

use std::sync::Arc;

use async_trait::async_trait;
use rim_core::contact::AskBounds;
use rim_core::event::Change;
use rim_core::friend::{self, FriendAction, FriendChange, Friendship};
use rim_core::size::PART_BYTES;
use rim_core::user::User;
use rim_core::{Refusal, Rev, Timestamp, UserId};

use crate::database::{Database, Read, Tx};
use crate::failure::Result as Step;
use crate::table::{Table, integer, text};
use crate::{Part, Result, contacts, params, part, people};

pub(crate) const TABLE: Table = Table {
    name: "friendships",
    key: 2,
    columns: &[integer("user_id"), integer("other_id"), integer("state"), integer("rev"), text("remark")],
};

/// Who is whose friend, or has asked to be.
#[async_trait]
pub trait Friends: Send + Sync {
    /// Asks, accepts or declines by [`rim_core::friend::act`]; `false` where the action applied to nothing.
    /// Takes the next own `rev` of both users where something changed.
    ///
    /// # Errors
    /// For `Ask`: `SelfFriend`, `UnknownUser`, and where nobody has asked the other way those of
    /// [`rim_core::friend::may_ask_another`].
    async fn befriend(
        &self,
        user: UserId,
        other: UserId,
        action: FriendAction,
        bounds: AskBounds,
        now: Timestamp,
    ) -> Result<bool>;

    /// Sets what `user` calls a friend, for themselves alone; empty for nothing. `false` where they are no friends, see
    /// [`rim_core::friend::may_remark`]. Takes the user's next own `rev` and publishes the friend's `Profile` to them. What
    /// it was already is no change. It ends with the friendship.
    async fn set_remark(&self, user: UserId, friend: UserId, remark: String, now: Timestamp) -> Result<bool>;

    /// What `user` calls their friends with ids from the first to the last of these: of those whom they call something, by id.
    async fn remarks(&self, user: UserId, first: UserId, last: UserId) -> Result<Vec<(UserId, String)>>;

    /// Users above `after` whose relation to `user` is one of `states`, by id: as many as fit into so many bytes.
    async fn friends_part(
        &self,
        user: UserId,
        states: &[Friendship],
        after: UserId,
        bytes: usize,
    ) -> Result<Part<User, UserId>>;

    /// All of them, however many: for tests and tools. Answers are made of parts.
    async fn friends(&self, user: UserId, states: &[Friendship]) -> Result<Vec<User>> {
        let (mut friends, mut after) = (Vec::new(), Some(UserId(0)));
        while let Some(from) = after {
            let part = self.friends_part(user, states, from, PART_BYTES).await?;
            friends.extend(part.rows);
            after = part.rest;
        }
        Ok(friends)
    }

    /// Those of `others` to whom `user` is no stranger, by id: their friends, and whoever has written in their single
    /// chat since they joined it last, and has not left it. Costs what `others` are, not what they have.
    async fn acquaintances(&self, user: UserId, others: Vec<UserId>) -> Result<Vec<UserId>>;
}

#[async_trait]
impl<D: Database> Friends for D {
    async fn befriend(
        &self,
        user: UserId,
        other: UserId,
        action: FriendAction,
        bounds: AskBounds,
        now: Timestamp,
    ) -> Result<bool> {
        self.write(user, move |tx| {
            if action == FriendAction::Ask {
                friend::may_ask(user, other)?;
                people::must_exist(tx, &[user, other])?;
            }
            people::lock(tx, &[user, other])?;
            let Some((state, what)) = friend::act(state_of(tx, user, other)?, action) else {
                return Ok(false);
            };
            if what == FriendChange::Requested {
                let contact = contacts::find(tx, user, &[other])?.pop().unwrap_or_default();
                friend::may_ask_another(other, contact, pending(tx, user, bounds.pending)?, &bounds)?;
            }
            let actor_rev = set(tx, user, other, state)?;
            let other_rev = set(tx, other, user, state.mirrored())?;
            tx.publish(Change::Friend { actor: user, actor_rev, other, other_rev, what, at: now });
            Ok(true)
        })
        .await
    }

    async fn set_remark(&self, user: UserId, friend: UserId, remark: String, now: Timestamp) -> Result<bool> {
        self.write(user, move |tx| {
            people::lock(tx, &[user])?;
            if !friend::may_remark(state_of(tx, user, friend)?) {
                return Ok(false);
            }
            let sql = "SELECT user_id FROM friendships WHERE user_id = $1 AND other_id = $2 AND remark = $3";
            if tx.reader().exists(sql, &params![user, friend, &remark])? {
                return Ok(true);
            }
            let rev = people::next_rev(tx, user)?;
            let sql = "UPDATE friendships SET remark = $3, rev = $4 WHERE user_id = $1 AND other_id = $2";
            tx.execute(sql, &params![user, friend, remark, rev])?;
            let seen = people::find(tx, friend)?.ok_or(Refusal::UnknownUser(friend))?.for_others();
            tx.publish(Change::Profile { to: user, rev, user: Arc::new(seen), at: now });
            Ok(true)
        })
        .await
    }

    async fn remarks(&self, user: UserId, first: UserId, last: UserId) -> Result<Vec<(UserId, String)>> {
        self.read(move |db| {
            let sql = "SELECT other_id, remark FROM friendships
                       WHERE user_id = $1 AND other_id >= $2 AND other_id <= $3 AND remark <> '' ORDER BY other_id";
            db.all(sql, &params![user, first, last], |row| Ok((row.get("other_id")?, row.get("remark")?)))
        })
        .await
    }

    async fn friends_part(
        &self,
        user: UserId,
        states: &[Friendship],
        after: UserId,
        bytes: usize,
    ) -> Result<Part<User, UserId>> {
        // There are four of them.
        let state = |at: usize| states.get(at).or(states.first()).copied();
        let states = [state(0), state(1), state(2), state(3)];
        self.read(move |db| {
            let sql = "SELECT u.id, u.account, u.name, u.avatar, u.email
                       FROM friendships AS f JOIN users AS u ON u.id = f.other_id
                       WHERE f.user_id = $1 AND f.other_id > $2 AND f.state IN ($3, $4, $5, $6)
                       ORDER BY f.other_id LIMIT $7";
            let [one, two, three, four] = states;
            let params = params![user, after, one, two, three, four, part::AT_ONCE];
            part::read(db, sql, &params, bytes, people::read, |user| user.id)
        })
        .await
    }

    async fn acquaintances(&self, user: UserId, others: Vec<UserId>) -> Result<Vec<UserId>> {
        self.read(move |db| contacts::acquaintances(db, user, others)).await
    }
}

/// How many the user has asked who have not answered; beyond `most` nobody counts.
fn pending(db: &dyn Read, user: UserId, most: u64) -> Step<u64> {
    let sql = "SELECT count(*) AS count
               FROM (SELECT 1 FROM friendships WHERE user_id = $1 AND state = $2 LIMIT $3) AS asked";
    db.count(sql, &params![user, Friendship::Outgoing, most])
}

fn state_of(db: &dyn Read, user: UserId, other: UserId) -> Step<Friendship> {
    Ok(contacts::states_of(db, user, &[other])?.pop().unwrap_or(Friendship::None))
}

/// Stores what `user` sees, as the next of their own changes.
fn set(tx: &dyn Tx, user: UserId, other: UserId, state: Friendship) -> Step<Rev> {
    let rev = people::next_rev(tx, user)?;
    let sql = "INSERT INTO friendships (user_id, other_id, state, rev) VALUES ($1, $2, $3, $4)
               ON CONFLICT (user_id, other_id) DO UPDATE SET state = excluded.state, rev = excluded.rev, remark = ''";
    tx.execute(sql, &params![user, other, state, rev])?;
    Ok(rev)
}

/// Those to whom the user is or was asked to be a friend and whose relation changed last, by id.
pub(crate) fn latest(db: &dyn Read, user: UserId, limit: usize) -> Step<Vec<UserId>> {
    let sql =
        "SELECT other_id FROM friendships WHERE user_id = $1 AND state <> $2 ORDER BY rev DESC LIMIT $3";
    let params = params![user, Friendship::None, limit as u64];
    let mut latest: Vec<UserId> = db.all(sql, &params, |row| row.get("other_id"))?;
    latest.sort_unstable();
    Ok(latest)
}

/// What each of `users`, who are locked, sees of `other` takes the next of the user's own changes, as it is.
pub(crate) fn touch(tx: &dyn Tx, users: &[UserId], other: UserId) -> Step<Vec<(UserId, Rev)>> {
    let touched: Vec<_> = users.iter().copied().zip(people::next_revs(tx, users)?).collect();
    let sql = "UPDATE friendships SET rev = $3 WHERE user_id = $1 AND other_id = $2";
    let rows: Vec<_> = touched.iter().map(|(user, rev)| params![*user, other, *rev].to_vec()).collect();
    tx.execute_each(sql, &rows)?;
    Ok(touched)
}
