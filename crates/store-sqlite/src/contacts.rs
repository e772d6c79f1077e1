//! What people are to each other, and who may put whom into groups.

use rim_core::contact::{self, Bounds, Brought, Contact, Directory, Joining};
use rim_core::friend::Friendship;
use rim_core::{GroupId, Refusal, UserId};
use rusqlite::{Connection, params};

use crate::failure::Result;
use crate::friends;
use crate::row::{self, Fields, Sql};

/// What `other` is to `user`.
pub(crate) fn find(db: &Connection, user: UserId, other: UserId) -> Result<Contact> {
    let friendship = friends::state_of(db, user, other)?;
    let shares_group = has_single_chat(db, user, other)? || are_in_one_group(db, user, other)?;
    Ok(Contact {
        friends: friendship == Friendship::Friends,
        asks: friendship == Friendship::Incoming,
        shares_group,
    })
}

fn has_single_chat(db: &Connection, user: UserId, other: UserId) -> Result<bool> {
    let sql = "SELECT 1 FROM single_chats WHERE low_user_id = min(?1, ?2) AND high_user_id = max(?1, ?2)";
    Ok(row::first(db, sql, [user.sql(), other.sql()], |_| Ok(()))?.is_some())
}

/// Looks at the groups of the one who is in fewer: the other may be in thousands, and many are asked about in the writer's
/// transaction.
fn are_in_one_group(db: &Connection, user: UserId, other: UserId) -> Result<bool> {
    let (mut few, mut many, mut most) = (user, other, FEW_GROUPS);
    // Whoever is seen to the end first is in fewer, or hardly in more.
    while groups_up_to(db, few, most)? == most {
        (few, many) = (many, few);
        if few == user {
            most *= 2;
        }
    }
    let sql = "SELECT 1 FROM members AS m CROSS JOIN members AS o ON o.group_id = m.group_id
               WHERE m.user_id = ?1 AND m.left_rev IS NULL AND o.user_id = ?2 AND o.left_rev IS NULL LIMIT 1";
    Ok(row::first(db, sql, [few.sql(), many.sql()], |_| Ok(()))?.is_some())
}

/// Of so many it does not matter who is in fewer.
const FEW_GROUPS: u64 = 16;

/// In how many groups the user is or was and has not deleted, if they are fewer than `most`; an index has it.
fn groups_up_to(db: &Connection, user: UserId, most: u64) -> Result<u64> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM members WHERE user_id = ?1 LIMIT ?2)";
    let count = row::first(db, sql, [user.sql(), most.sql()], |row| Fields { table: "members", row }.get(0))?;
    Ok(count.unwrap_or(0))
}

/// Whether the user may name all of these others.
///
/// # Errors
/// `UnknownUser`, as if there were no such user.
pub(crate) fn may_name(db: &Connection, user: UserId, others: &[UserId], directory: Directory) -> Result<()> {
    if directory == Directory::Everybody {
        return Ok(());
    }
    for other in others.iter().filter(|other| **other != user) {
        if !find(db, user, *other)?.may_be_looked_up(directory) {
            return Err(Refusal::UnknownUser(*other).into());
        }
    }
    Ok(())
}

/// Whether `newcomers`, whom `caller` brings, may all become members of a group chat. Gives back those of them to whom
/// the caller is a stranger.
///
/// # Errors
/// Those of [`contact::may_join`].
pub(crate) fn may_join(
    db: &Connection,
    caller: UserId,
    newcomers: &[UserId],
    bounds: &Bounds,
) -> Result<Vec<UserId>> {
    let mut unasked = Vec::new();
    for &user in newcomers {
        let groups = group_chats(db, user, bounds.groups.min(bounds.groups_by_others))?;
        let brought = if user == caller {
            None
        } else {
            let acquainted = !friends::acquaintances(db, caller, vec![user])?.is_empty();
            let count = if acquainted { 0 } else { unasked_groups(db, user, bounds.unasked)? };
            Some(Brought { acquainted, unasked: count })
        };
        contact::may_join(Joining { user, groups, brought }, bounds)?;
        if brought.is_some_and(|brought| !brought.acquainted) {
            unasked.push(user);
        }
    }
    Ok(unasked)
}

/// In how many group chats the user is; up to `most` it is enough to know that they are fewer.
fn group_chats(db: &Connection, user: UserId, most: u64) -> Result<u64> {
    let count = |sql: &str, params: &[i64]| {
        let count = row::first(db, sql, rusqlite::params_from_iter(params), |row| {
            Fields { table: "members", row }.get::<u64>(0)
        })?;
        Ok::<_, crate::failure::Failure>(count.unwrap_or(0))
    };
    // An index has it, single chats included; most people are in few.
    let all = "SELECT count(*) FROM (SELECT 1 FROM members WHERE user_id = ?1 AND left_rev IS NULL LIMIT ?2)";
    let found = count(all, &[user.sql(), most.sql()])?;
    if found < most {
        return Ok(found);
    }
    let exact = "SELECT count(*) FROM members AS m JOIN groups AS g ON g.id = m.group_id
                 WHERE m.user_id = ?1 AND m.left_rev IS NULL AND NOT g.single";
    count(exact, &[user.sql()])
}

/// In how many group chats strangers have put the user, who has not looked into them; up to `most` as above.
fn unasked_groups(db: &Connection, user: UserId, most: u64) -> Result<u64> {
    let count = || {
        let sql = "SELECT count(*) FROM unasked WHERE user_id = ?1";
        let count = row::first(db, sql, [user.sql()], |row| Fields { table: "unasked", row }.get::<u64>(0))?;
        Ok::<_, crate::failure::Failure>(count.unwrap_or(0))
    };
    let found = count()?;
    if found < most {
        return Ok(found);
    }
    // What they have read or written in, or are done with, is theirs by now.
    let sql = "DELETE FROM unasked WHERE user_id = ?1 AND NOT EXISTS
                   (SELECT 1 FROM members AS m WHERE m.group_id = unasked.group_id AND m.user_id = ?1
                    AND max(m.read_seq, m.sent_seq) <= m.join_seq)";
    row::execute(db, sql, [user.sql()])?;
    count()
}

/// Notes that strangers have put these users into a group chat.
pub(crate) fn note_unasked(db: &Connection, group: GroupId, users: &[UserId]) -> Result<()> {
    for user in users {
        let sql = "INSERT INTO unasked (user_id, group_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        row::execute(db, sql, params![user.sql(), group.sql()])?;
    }
    Ok(())
}

/// The user has done with the group by themselves.
pub(crate) fn forget_unasked(db: &Connection, group: GroupId, user: UserId) -> Result<()> {
    let sql = "DELETE FROM unasked WHERE user_id = ?1 AND group_id = ?2";
    row::execute(db, sql, params![user.sql(), group.sql()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Somebody is in so many groups, and another in one, the last of them if they meet: whether they do, and how many
    /// steps it took to see it.
    fn looked_at(groups: u64, meet: bool, turned: bool) -> (bool, u64) {
        let mut db = Connection::open_in_memory().expect("memory");
        db.execute_batch(
            "CREATE TABLE members (group_id, user_id, left_rev, PRIMARY KEY (group_id, user_id)) WITHOUT ROWID;
             CREATE INDEX members_by_user ON members (user_id, group_id, left_rev);",
        )
        .expect("tables");
        let mut member = db.prepare("INSERT INTO members VALUES (?1, ?2, NULL)").expect("SQL");
        for group in 1..=groups {
            member.execute([group, 1]).expect("a member");
        }
        member.execute([if meet { groups } else { groups + 1 }, 2]).expect("a member");
        drop(member);
        let steps = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&steps);
        let count = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        };
        db.progress_handler(1, Some(count)).expect("a handler");
        let (user, other) = if turned { (UserId(2), UserId(1)) } else { (UserId(1), UserId(2)) };
        let met = are_in_one_group(&db, user, other).expect("tables");
        (met, steps.load(Ordering::Relaxed))
    }

    #[test]
    fn it_does_not_matter_in_how_many_groups_the_one_is_if_the_other_is_in_few() {
        for turned in [false, true] {
            assert!(looked_at(1_000, true, turned).0);
            let ((met, few), (_, many)) = (looked_at(100, false, turned), looked_at(1_000, false, turned));
            assert!(!met);
            assert_eq!(many, few);
        }
    }
}
