//! What people are to each other, and who may put whom into groups.

use std::collections::{HashMap, HashSet};

use deadpool_postgres::GenericClient;
use futures_util::try_join;
use rim_core::contact::{self, Bounds, Brought, Contact, Directory, Joining};
use rim_core::friend::Friendship;
use rim_core::user::User;
use rim_core::{GroupId, Refusal, UserId};

use crate::failure::Result;
use crate::row::{self, Sql, array};
use crate::{friends, users};

/// What each of `others` is to the user, in their order.
pub(crate) async fn find(
    db: &impl GenericClient,
    user: UserId,
    others: &[UserId],
) -> Result<Vec<(UserId, Contact)>> {
    let sql = "SELECT o.id,
                      (SELECT state FROM friendships AS f WHERE f.user_id = $1 AND f.other_id = o.id),
                      EXISTS (SELECT FROM single_chats AS s
                              WHERE s.low_user_id = least($1, o.id) AND s.high_user_id = greatest($1, o.id))
                      OR EXISTS (SELECT FROM members AS mine JOIN members AS theirs
                                     ON theirs.group_id = mine.group_id AND theirs.user_id = o.id
                                 WHERE mine.user_id = $1 AND mine.left_rev IS NULL AND theirs.left_rev IS NULL)
               FROM unnest($2::bigint[]) WITH ORDINALITY AS o (id, place) ORDER BY o.place";
    row::all(db, sql, &[&user.sql(), &array(others.iter().copied())], |row| {
        let stranger = row.get::<Option<i16>>(1)?.is_none();
        let friendship = if stranger { Friendship::None } else { row.friendship(1)? };
        let contact = Contact {
            friends: friendship == Friendship::Friends,
            asks: friendship == Friendship::Incoming,
            shares_group: row.get(2)?,
        };
        Ok((row.number(0)?, contact))
    })
    .await
}

/// See [`rim_store::Store::look_up`].
pub(crate) async fn look_up(
    db: &impl GenericClient,
    user: UserId,
    other: UserId,
) -> Result<Option<(User, Contact)>> {
    let others = [other];
    let (found, contacts) = try_join!(users::find(db, other), find(db, user, &others))?;
    Ok(found.zip(contacts.into_iter().next().map(|(_, contact)| contact)))
}

/// Whether the user may name all of these others.
///
/// # Errors
/// `UnknownUser`, as if there were no such user.
pub(crate) async fn may_name(
    db: &impl GenericClient,
    user: UserId,
    others: &[UserId],
    directory: Directory,
) -> Result<()> {
    if directory == Directory::Everybody {
        return Ok(());
    }
    for (other, contact) in find(db, user, others).await? {
        if other != user && !contact.may_be_looked_up(directory) {
            return Err(Refusal::UnknownUser(other).into());
        }
    }
    Ok(())
}

/// Whether `newcomers`, whom `caller` brings, may all become members of a group chat. Gives back those of them to whom
/// the caller is a stranger. Of those who are put into several groups at the same moment it sees what was there before.
///
/// # Errors
/// Those of [`contact::may_join`].
pub(crate) async fn may_join(
    db: &impl GenericClient,
    caller: UserId,
    newcomers: &[UserId],
    bounds: &Bounds,
) -> Result<Vec<UserId>> {
    let groups = group_chats(db, newcomers, bounds.groups.min(bounds.groups_by_others)).await?;
    let others: Vec<_> = newcomers.iter().copied().filter(|user| *user != caller).collect();
    let acquainted: HashSet<_> =
        friends::acquaintances(db, caller, others.clone()).await?.into_iter().collect();
    let strangers: Vec<_> = others.into_iter().filter(|user| !acquainted.contains(user)).collect();
    let unasked = unasked_groups(db, &strangers, bounds.unasked).await?;
    for &user in newcomers {
        let brought = (user != caller).then(|| Brought {
            acquainted: acquainted.contains(&user),
            unasked: unasked.get(&user).copied().unwrap_or(0),
        });
        let joining = Joining { user, groups: groups.get(&user).copied().unwrap_or(0), brought };
        contact::may_join(joining, bounds)?;
    }
    Ok(strangers)
}

/// In how many group chats each is; up to `most` it is enough to know that they are fewer.
async fn group_chats(db: &impl GenericClient, users: &[UserId], most: u64) -> Result<HashMap<UserId, u64>> {
    // An index has it, single chats included; most people are in few.
    let all = "SELECT u.id, (SELECT count(*) FROM (SELECT FROM members AS m
                                                   WHERE m.user_id = u.id AND m.left_rev IS NULL LIMIT $2) AS found)
               FROM unnest($1::bigint[]) AS u (id)";
    let params: row::Params<'_> = &[&array(users.iter().copied()), &most.sql()];
    let counts = row::all(db, all, params, |row| Ok((row.number(0)?, row.number(1)?))).await?;
    let mut counts: HashMap<UserId, u64> = counts.into_iter().collect();
    let many: Vec<_> = counts.iter().filter(|(_, count)| **count >= most).map(|(user, _)| *user).collect();
    if !many.is_empty() {
        let exact = "SELECT u.id, (SELECT count(*) FROM members AS m JOIN groups AS g ON g.id = m.group_id
                                   WHERE m.user_id = u.id AND m.left_rev IS NULL AND NOT g.single)
                     FROM unnest($1::bigint[]) AS u (id)";
        let exact: Vec<(UserId, u64)> =
            row::all(db, exact, &[&array(many)], |row| Ok((row.number(0)?, row.number(1)?))).await?;
        counts.extend(exact);
    }
    Ok(counts)
}

/// In how many group chats strangers have put each, who has not looked into them; up to `most` as above.
async fn unasked_groups(
    db: &impl GenericClient,
    users: &[UserId],
    most: u64,
) -> Result<HashMap<UserId, u64>> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT user_id, count(*) FROM unasked WHERE user_id = ANY($1) GROUP BY user_id";
    let count = |users: Vec<UserId>| async move {
        let ids = array(users);
        row::all(db, sql, &[&ids], |row| Ok((row.number(0)?, row.number(1)?))).await
    };
    let mut counts: HashMap<UserId, u64> = count(users.to_vec()).await?.into_iter().collect();
    let many: Vec<_> = counts.iter().filter(|(_, count)| **count >= most).map(|(user, _)| *user).collect();
    if many.is_empty() {
        return Ok(counts);
    }
    // What they have read or written in, or are done with, is theirs by now.
    let taken = "DELETE FROM unasked AS u WHERE u.user_id = ANY($1) AND NOT EXISTS
                     (SELECT FROM members AS m WHERE m.group_id = u.group_id AND m.user_id = u.user_id
                      AND greatest(m.read_seq, m.sent_seq) <= m.join_seq)";
    row::execute(db, taken, &[&array(many.iter().copied())]).await?;
    many.iter().for_each(|user| _ = counts.remove(user));
    counts.extend(count(many).await?);
    Ok(counts)
}

/// Notes that strangers have put these users into a group chat.
pub(crate) async fn note_unasked(db: &impl GenericClient, group: GroupId, users: Vec<UserId>) -> Result<()> {
    if users.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO unasked (user_id, group_id) SELECT id, $1 FROM unnest($2::bigint[]) AS u (id)
               ON CONFLICT DO NOTHING";
    row::execute(db, sql, &[&group.sql(), &array(users)]).await?;
    Ok(())
}

/// The user has done with the group by themselves.
pub(crate) async fn forget_unasked(db: &impl GenericClient, group: GroupId, user: UserId) -> Result<()> {
    let sql = "DELETE FROM unasked WHERE user_id = $1 AND group_id = $2";
    row::execute(db, sql, &[&user.sql(), &group.sql()]).await?;
    Ok(())
}
