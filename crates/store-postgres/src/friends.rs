//! Friendships: two rows a pair, each the mirror of the other.

use deadpool_postgres::GenericClient;
use rim_core::contact::AskBounds;
use rim_core::event::Change;
use rim_core::friend::{self, FriendAction, FriendChange, Friendship};
use rim_core::user::User;
use rim_core::{Refusal, Rev, Timestamp, UserId};
use rim_store::Part;

use crate::database::Tx;
use crate::failure::Result;
use crate::row::{self, Sql};
use crate::{contacts, users};

pub(crate) async fn befriend(
    tx: &mut Tx<'_>,
    user: UserId,
    other: UserId,
    action: FriendAction,
    bounds: AskBounds,
    now: Timestamp,
) -> Result<bool> {
    if action == FriendAction::Ask {
        friend::may_ask(user, other)?;
        users::must_exist(&tx.db, &[user, other]).await?;
    }
    users::lock(&tx.db, [user, other]).await?;
    let Some((state, what)) = friend::act(state_of(&tx.db, user, other).await?, action) else {
        return Ok(false);
    };
    if what == FriendChange::Requested {
        let contact = contacts::find(&tx.db, user, &[other]).await?.first().map(|(_, contact)| *contact);
        let pending = pending(&tx.db, user, bounds.pending).await?;
        friend::may_ask_another(other, contact.unwrap_or_default(), pending, &bounds)?;
    }
    let actor_rev = set(&tx.db, user, other, state).await?;
    let other_rev = set(&tx.db, other, user, state.mirrored()).await?;
    tx.publish(Change::Friend { actor: user, actor_rev, other, other_rev, what, at: now });
    Ok(true)
}

/// How many the user has asked who have not answered; beyond `most` nobody counts.
async fn pending(db: &impl GenericClient, user: UserId, most: u64) -> Result<u64> {
    let sql =
        "SELECT count(*) FROM (SELECT FROM friendships WHERE user_id = $1 AND state = $2 LIMIT $3) AS found";
    let outgoing = row::friendship_code(Friendship::Outgoing);
    let count = row::first(db, sql, &[&user.sql(), &outgoing, &most.sql()], |row| row.number(0)).await?;
    Ok(count.unwrap_or(0))
}

async fn state_of(db: &impl GenericClient, user: UserId, other: UserId) -> Result<Friendship> {
    let sql = "SELECT user_id, state FROM friendships WHERE user_id = $1 AND other_id = $2";
    let state = row::first(db, sql, &[&user.sql(), &other.sql()], |row| row.friendship(1)).await?;
    Ok(state.unwrap_or(Friendship::None))
}

/// Stores what `user` sees, as the next of his own changes.
async fn set(db: &impl GenericClient, user: UserId, other: UserId, state: Friendship) -> Result<Rev> {
    let rev = users::next_rev(db, user).await?.ok_or(Refusal::UnknownUser(user))?;
    let sql = "INSERT INTO friendships (user_id, other_id, state, rev) VALUES ($1, $2, $3, $4)
               ON CONFLICT (user_id, other_id) DO UPDATE SET state = excluded.state, rev = excluded.rev";
    let state = row::friendship_code(state);
    row::execute(db, sql, &[&user.sql(), &other.sql(), &state, &rev.sql()]).await?;
    Ok(rev)
}

/// Those to whom the user is or was asked to be a friend and whose relation changed last, by id.
pub(crate) async fn latest(db: &impl GenericClient, user: UserId, limit: usize) -> Result<Vec<UserId>> {
    let sql =
        "SELECT other_id FROM friendships WHERE user_id = $1 AND state <> $2 ORDER BY rev DESC LIMIT $3";
    let none = row::friendship_code(Friendship::None);
    let mut latest =
        row::all(db, sql, &[&user.sql(), &none, &(limit as u64).sql()], |row| row.number(0)).await?;
    latest.sort_unstable();
    Ok(latest)
}

/// What each of `users`, who are locked, sees of `other` takes the next of the user's own changes, as it is. By id.
pub(crate) async fn touch(
    db: &impl GenericClient,
    users: &[UserId],
    other: UserId,
) -> Result<Vec<(UserId, Rev)>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "WITH moved AS (UPDATE users SET rev = rev + 1 WHERE id = ANY($1) RETURNING id, rev),
                    seen AS (UPDATE friendships AS f SET rev = moved.rev FROM moved
                             WHERE f.user_id = moved.id AND f.other_id = $2)
               SELECT id, rev FROM moved ORDER BY id";
    let params: row::Params<'_> = &[&row::array(users.iter().copied()), &other.sql()];
    row::all(db, sql, params, |row| Ok((row.number(0)?, row.number(1)?))).await
}

/// See [`rim_store::Store::friends_part`].
pub(crate) async fn part(
    db: &impl GenericClient,
    user: UserId,
    states: Vec<Friendship>,
    after: UserId,
    bytes: usize,
) -> Result<Part<User, UserId>> {
    let sql = "SELECT u.id, u.account, u.name, u.avatar, u.email
               FROM friendships AS f JOIN users AS u ON u.id = f.other_id
               WHERE f.user_id = $1 AND f.other_id > $2 AND f.state = ANY($3) ORDER BY f.other_id LIMIT $4";
    let states: Vec<i16> = states.into_iter().map(row::friendship_code).collect();
    let params: row::Params<'_> = &[&user.sql(), &after.sql(), &states, &row::AT_ONCE];
    let rows = row::all(db, sql, params, row::user).await?;
    Ok(row::part(rows, bytes, |user: &User| user.id))
}

/// Each part is a look-up by primary keys.
pub(crate) async fn acquaintances(
    db: &impl GenericClient,
    user: UserId,
    others: Vec<UserId>,
) -> Result<Vec<UserId>> {
    let sql = "WITH partners (user_id, group_id) AS (
                 SELECT high_user_id, group_id FROM single_chats
                 WHERE low_user_id = $1 AND high_user_id = ANY($2)
                 UNION ALL SELECT low_user_id, group_id FROM single_chats
                 WHERE low_user_id = ANY($2) AND high_user_id = $1)
               SELECT other_id FROM friendships WHERE user_id = $1 AND other_id = ANY($2) AND state = $3
               UNION SELECT user_id FROM partners JOIN members USING (group_id, user_id)
               WHERE left_rev IS NULL AND sent_seq > join_seq
               ORDER BY 1";
    let friends = row::friendship_code(Friendship::Friends);
    row::all(db, sql, &[&user.sql(), &row::array(others), &friends], |row| row.number(0)).await
}

/// The first `limit` that changed after `rev`, in that order.
pub(crate) async fn changed(
    db: &impl GenericClient,
    user: UserId,
    rev: Rev,
    limit: usize,
) -> Result<Vec<(Rev, UserId, Friendship)>> {
    let sql = "SELECT user_id, other_id, state, rev FROM friendships WHERE user_id = $1 AND rev > $2
               ORDER BY rev LIMIT $3";
    row::all(db, sql, &[&user.sql(), &rev.sql(), &(limit as u64).sql()], |row| {
        Ok((row.number(3)?, row.number(1)?, row.friendship(2)?))
    })
    .await
}
