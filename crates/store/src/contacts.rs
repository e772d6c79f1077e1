//! What people are to each other, and who may put whom into groups.

use rim_core::contact::{self, Bounds, Brought, Contact, Directory, Joining};
use rim_core::friend::Friendship;
use rim_core::{GroupId, Refusal, UserId};

use crate::database::{Read, Tx};
use crate::failure::Result as Step;
use crate::params;
use crate::table::{Table, integer};

pub(crate) const UNASKED: Table =
    Table { name: "unasked", key: 2, columns: &[integer("user_id"), integer("group_id")] };

/// What each of `others` is to the user, in their order.
pub(crate) fn find(db: &dyn Read, user: UserId, others: &[UserId]) -> Step<Vec<Contact>> {
    let friendships = states_of(db, user, others)?;
    let shared = share_a_group(db, user, others)?;
    let contacts = friendships.into_iter().zip(shared).map(|(friendship, shares_group)| Contact {
        friends: friendship == Friendship::Friends,
        asks: friendship == Friendship::Incoming,
        shares_group,
    });
    Ok(contacts.collect())
}

/// Whether each of the others has a single chat with the user, or is with them in some group.
fn share_a_group(db: &dyn Read, user: UserId, others: &[UserId]) -> Step<Vec<bool>> {
    let pairs: Vec<_> = few_and_many(db, user, others)?
        .map(|(few, many)| params![few, many, few.min(many), few.max(many)].to_vec())
        .collect();
    // No join, which PostgreSQL would begin with both.
    let sql = "SELECT 1 WHERE
                 EXISTS (SELECT 1 FROM single_chats WHERE low_user_id = $3 AND high_user_id = $4)
                 OR EXISTS (SELECT 1 FROM members AS m WHERE m.user_id = $1 AND m.left_rev IS NULL
                            AND (SELECT o.left_rev IS NULL FROM members AS o
                                 WHERE o.group_id = m.group_id AND o.user_id = $2))";
    let shared = db.first_of_each(sql, &pairs, |_| Ok(()))?;
    Ok(shared.into_iter().map(|shared| shared.is_some()).collect())
}

/// Of so many groups it does not matter who is in fewer.
const FEW_GROUPS: u64 = 16;

/// The user and each of the others, the one first who is in fewer groups, or hardly in more: those are looked at, as the
/// other may be in thousands, and many are asked about in one transaction.
fn few_and_many(
    db: &dyn Read,
    user: UserId,
    others: &[UserId],
) -> Step<impl Iterator<Item = (UserId, UserId)>> {
    // In how many each is or was and has not deleted, up to a number; an index has it.
    let sql = "SELECT count(*) AS count FROM (SELECT 1 FROM members WHERE user_id = $1 LIMIT $2) AS found";
    let mut few: Vec<Option<UserId>> = vec![None; others.len()];
    let mut most = FEW_GROUPS;
    while few.contains(&None) {
        // Whoever is seen to the end first.
        if db.count(sql, &params![user, most])? < most {
            few.iter_mut().for_each(|few| *few = few.or(Some(user)));
            break;
        }
        let open: Vec<_> = (0..others.len()).filter(|at| few[*at].is_none()).collect();
        let asked: Vec<_> = open.iter().map(|at| params![others[*at], most].to_vec()).collect();
        let counts: Vec<Option<u64>> = db.first_of_each(sql, &asked, |row| row.get("count"))?;
        for (at, _) in
            open.into_iter().zip(counts).filter(|(_, count)| count.is_some_and(|count| count < most))
        {
            few[at] = Some(others[at]);
        }
        most *= 2;
    }
    Ok(few.into_iter().zip(others).map(move |(few, other)| match few {
        Some(few) if few != user => (few, user),
        _ => (user, *other),
    }))
}

/// Whether the user may name all of these others.
///
/// # Errors
/// `UnknownUser`, as if there were no such user.
pub(crate) fn may_name(db: &dyn Read, user: UserId, others: &[UserId], directory: Directory) -> Step<()> {
    if directory == Directory::Everybody {
        return Ok(());
    }
    for (other, contact) in others.iter().zip(find(db, user, others)?) {
        if *other != user && !contact.may_be_looked_up(directory) {
            return Err(Refusal::UnknownUser(*other).into());
        }
    }
    Ok(())
}

/// Whether `newcomers`, whom `caller` brings, may all become members of a group chat. Gives back those of them to whom
/// the caller is a stranger. Of those who are put into several groups at the same moment it sees what was there before.
///
/// # Errors
/// Those of [`contact::may_join`].
pub(crate) fn may_join(
    tx: &dyn Tx,
    caller: UserId,
    newcomers: &[UserId],
    bounds: &Bounds,
) -> Step<Vec<UserId>> {
    let db = tx.reader();
    let groups = group_chats(db, newcomers, bounds.groups.min(bounds.groups_by_others))?;
    let others: Vec<_> = newcomers.iter().copied().filter(|user| *user != caller).collect();
    let acquainted = acquaintances(db, caller, others.clone())?;
    let is_stranger = |user: &UserId| acquainted.binary_search(user).is_err();
    let strangers: Vec<_> = others.into_iter().filter(is_stranger).collect();
    let mut unasked = strangers.iter().zip(unasked_groups(tx, &strangers, bounds.unasked)?);
    for (&user, groups) in newcomers.iter().zip(groups) {
        let brought = (user != caller).then(|| {
            let acquainted = !is_stranger(&user);
            // Strangers come in the order of the newcomers.
            let unasked = if acquainted { 0 } else { unasked.next().map_or(0, |(_, count)| count) };
            Brought { acquainted, unasked }
        });
        contact::may_join(Joining { user, groups, brought }, bounds)?;
    }
    Ok(strangers)
}

/// In how many group chats each is; up to `most` it is enough to know that they are fewer.
fn group_chats(db: &dyn Read, users: &[UserId], most: u64) -> Step<Vec<u64>> {
    // An index has it, single chats included; most people are in few.
    let all = "SELECT count(*) AS count
               FROM (SELECT 1 FROM members WHERE user_id = $1 AND left_rev IS NULL LIMIT $2) AS found";
    let exact = "SELECT count(*) AS count FROM members AS m JOIN groups AS g ON g.id = m.group_id
                 WHERE m.user_id = $1 AND m.left_rev IS NULL AND NOT g.single";
    let keys: Vec<_> = users.iter().map(|user| params![*user, most].to_vec()).collect();
    let counts = db.first_of_each(all, &keys, |row| row.get("count"))?;
    let exactly = |(user, count): (&UserId, Option<u64>)| match count {
        Some(count) if count < most => Ok(count),
        _ => db.count(exact, &params![*user]),
    };
    users.iter().zip(counts).map(exactly).collect()
}

/// In how many group chats strangers have put each, who has not looked into them; up to `most` as above.
fn unasked_groups(tx: &dyn Tx, users: &[UserId], most: u64) -> Step<Vec<u64>> {
    let sql = "SELECT count(*) AS count FROM unasked WHERE user_id = $1";
    let keys: Vec<_> = users.iter().map(|user| params![*user].to_vec()).collect();
    let counts = tx.reader().first_of_each(sql, &keys, |row| row.get("count"))?;
    let exactly = |user: UserId, count: Option<u64>| match count {
        Some(count) if count < most => Ok(count),
        _ => {
            // What they have read or written in, or are done with, is theirs by now.
            let taken = "DELETE FROM unasked WHERE user_id = $1 AND NOT EXISTS
                             (SELECT 1 FROM members AS m WHERE m.group_id = unasked.group_id AND m.user_id = $1
                              AND greatest(m.read_seq, m.sent_seq) <= m.join_seq)";
            tx.execute(taken, &params![user])?;
            tx.reader().count(sql, &params![user])
        }
    };
    // By id, so that nobody who counts for some of the same waits for one who waits for them.
    let mut asked: Vec<_> = users.iter().copied().zip(counts).enumerate().collect();
    asked.sort_unstable_by_key(|(_, (user, _))| *user);
    let mut exact = vec![0; users.len()];
    for (at, (user, count)) in asked {
        exact[at] = exactly(user, count)?;
    }
    Ok(exact)
}

/// Notes that strangers have put these users into a group chat.
pub(crate) fn note_unasked(tx: &dyn Tx, group: GroupId, users: &[UserId]) -> Step<()> {
    let sql = "INSERT INTO unasked (user_id, group_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    let rows: Vec<_> = users.iter().map(|user| params![*user, group].to_vec()).collect();
    tx.execute_each(sql, &rows).map(drop)
}

/// The user has done with the group by themselves.
pub(crate) fn forget_unasked(tx: &dyn Tx, group: GroupId, user: UserId) -> Step<()> {
    let sql = "DELETE FROM unasked WHERE user_id = $1 AND group_id = $2";
    tx.execute(sql, &params![user, group]).map(drop)
}

/// Whose friend the user is, of the others in their order.
pub(crate) fn states_of(db: &dyn Read, user: UserId, others: &[UserId]) -> Step<Vec<Friendship>> {
    let sql = "SELECT user_id, state FROM friendships WHERE user_id = $1 AND other_id = $2";
    let pairs: Vec<_> = others.iter().map(|other| params![user, *other].to_vec()).collect();
    let states = db.first_of_each(sql, &pairs, |row| row.get("state"))?;
    Ok(states.into_iter().map(|state| state.unwrap_or(Friendship::None)).collect())
}

/// See [`crate::Friends::acquaintances`].
pub(crate) fn acquaintances(db: &dyn Read, user: UserId, mut others: Vec<UserId>) -> Step<Vec<UserId>> {
    others.sort_unstable();
    others.dedup();
    let sql = "SELECT 1 WHERE
                 EXISTS (SELECT 1 FROM friendships WHERE user_id = $1 AND other_id = $2 AND state = $3)
                 OR EXISTS (SELECT 1 FROM single_chats AS s
                            JOIN members AS m ON m.group_id = s.group_id AND m.user_id = $2
                            WHERE s.low_user_id = $4 AND s.high_user_id = $5
                            AND m.left_rev IS NULL AND m.sent_seq > m.join_seq)";
    let pair = |other: &UserId| {
        params![user, *other, Friendship::Friends, user.min(*other), user.max(*other)].to_vec()
    };
    let known = db.first_of_each(sql, &others.iter().map(pair).collect::<Vec<_>>(), |_| Ok(()))?;
    Ok(others.into_iter().zip(known).filter_map(|(other, known)| known.map(|()| other)).collect())
}
