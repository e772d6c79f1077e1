//! Who is in a group.

use std::collections::HashSet;

use rim_core::group::{Member, Role};
use rim_core::member_list::{self, MAX_LOOKED_AT, MAX_PAGE, MembersPage, MembersQuery};
use rim_core::size::{Size, fitting};
use rim_core::{GroupId, Rev, Timestamp, UserId};

use crate::database::{Fields, Read};
use crate::failure::Result as Step;
use crate::{params, people};

/// Of a group and a user.
pub(super) const CURRENT: &str =
    "SELECT user_id, role FROM members WHERE group_id = $1 AND user_id = $2 AND left_rev IS NULL";

/// By order of joining.
pub(super) fn all(db: &dyn Read, group: GroupId) -> Step<Vec<Member>> {
    let sql = "SELECT user_id, role FROM members WHERE group_id = $1 AND left_rev IS NULL ORDER BY join_rev";
    db.all(sql, &params![group], read)
}

pub(crate) fn current(db: &dyn Read, group: GroupId, user: UserId) -> Step<Option<Member>> {
    db.first(CURRENT, &params![group, user], read)
}

fn read(row: Fields<'_>) -> Step<Member> {
    Ok(Member { user: row.get("user_id")?, role: row.get("role")? })
}

/// Those of `users` who are members now, each once.
pub(crate) fn among(db: &dyn Read, group: GroupId, users: &[UserId]) -> Step<Vec<UserId>> {
    let keys: Vec<_> = unique(users).map(|user| params![group, user].to_vec()).collect();
    let found = db.first_of_each(CURRENT, &keys, |row| row.get("user_id"))?;
    Ok(found.into_iter().flatten().collect())
}

/// Those of `users` who are or were members.
pub(crate) fn ever_among(db: &dyn Read, group: GroupId, users: &[UserId]) -> Step<HashSet<UserId>> {
    let keys: Vec<_> = unique(users).map(|user| params![group, user].to_vec()).collect();
    let sql = "SELECT user_id FROM members WHERE group_id = $1 AND user_id = $2";
    let found = db.first_of_each(sql, &keys, |row| row.get("user_id"))?;
    Ok(found.into_iter().flatten().collect())
}

/// Somebody who is about to become a member.
#[derive(Debug, Clone, Copy)]
pub(super) struct Joining {
    pub(super) user: UserId,
    pub(super) role: Role,
    /// Whether they were one before.
    pub(super) again: bool,
}

/// Those of `users` who are no members now, each once, as common members.
pub(super) fn newcomers(db: &dyn Read, group: GroupId, users: &[UserId]) -> Step<Vec<Joining>> {
    let users: Vec<_> = unique(users).collect();
    let keys: Vec<_> = users.iter().map(|user| params![group, *user].to_vec()).collect();
    let sql = "SELECT user_id, left_rev FROM members WHERE group_id = $1 AND user_id = $2";
    let left = db.first_of_each(sql, &keys, |row| row.get::<Option<Rev>>("left_rev"))?;
    let sql = "SELECT user_id FROM forgotten_members WHERE group_id = $1 AND user_id = $2";
    let forgotten = db.first_of_each(sql, &keys, |_| Ok(()))?;
    let known = users.into_iter().zip(left).zip(forgotten);
    let newcomers = known.filter_map(|((user, left), forgotten)| match left {
        Some(None) => None,
        left => Some(Joining { user, role: Role::Common, again: left.is_some() || forgotten.is_some() }),
    });
    Ok(newcomers.collect())
}

pub(super) fn unique(users: &[UserId]) -> impl Iterator<Item = UserId> {
    let mut seen = HashSet::new();
    users.iter().copied().filter(move |user| seen.insert(*user))
}

/// The heir of [`rim_core::group::needs_heir`].
pub(super) fn longest_standing(db: &dyn Read, group: GroupId) -> Step<Option<UserId>> {
    let members = all(db, group)?;
    let admin = members.iter().find(|member| member.role == Role::Admin);
    Ok(admin.or(members.first()).map(|member| member.user))
}

/// See [`super::Groups::members_page`].
pub(super) fn page(db: &dyn Read, caller: UserId, group: GroupId, query: &MembersQuery) -> Step<MembersPage> {
    let sql = "SELECT g.id, g.member_count, c.role FROM groups AS g
               JOIN members AS c ON c.group_id = g.id AND c.user_id = $2 AND c.left_rev IS NULL WHERE g.id = $1";
    let known =
        db.first(sql, &params![group, caller], |row| Ok((row.get("member_count")?, row.get("role")?)))?;
    let Some((count, role)) = known else { return Ok(MembersPage::default()) };

    // Without what may be large. One more than is looked at tells whether there are more.
    let size = query.size.min(MAX_PAGE) as usize;
    let limit = if query.named.is_some() { MAX_LOOKED_AT as usize } else { size };
    let sql = "SELECT m.join_rev, m.user_id, m.role, m.joined_at, u.account, u.name
               FROM members AS m JOIN users AS u ON u.id = m.user_id
               WHERE m.group_id = $1 AND m.left_rev IS NULL AND m.join_rev > $2 ORDER BY m.join_rev LIMIT $3";
    let looked_at: Vec<(Rev, UserId, Role, Timestamp, bool)> =
        db.all(sql, &params![group, query.after, limit as u64 + 1], |row| {
            let found = match &query.named {
                Some(named) => named.is_in(&row.get::<String>("account")?, &row.get::<String>("name")?),
                None => true,
            };
            Ok((row.get("join_rev")?, row.get("user_id")?, row.get("role")?, row.get("joined_at")?, found))
        })?;
    // Those before the first that is one too many.
    let at = |index: usize| looked_at.get(index.wrapping_sub(1)).map_or(query.after, |(rev, ..)| *rev);
    let mut next = (looked_at.len() > limit).then(|| at(limit));
    let found: Vec<_> = looked_at.iter().take(limit).filter(|(.., found)| *found).collect();
    if found.len() > size {
        next = found.get(size.wrapping_sub(1)).map(|(rev, ..)| *rev);
    }
    let found = &found[..found.len().min(size)];
    // Nobody is ever deleted, so they are as many.
    let users = people::find_all(db, found.iter().map(|(_, user, ..)| *user))?;
    let joined = users.into_iter().zip(found);
    let mut members: Vec<_> = joined
        .map(|(user, (_, _, role, joined_at, _))| member_list::Member {
            user,
            role: *role,
            joined_at: *joined_at,
        })
        .collect();
    let fit = fitting(&members, query.bytes, Size::size_bytes);
    if fit < members.len() {
        next = found.get(fit.wrapping_sub(1)).map(|(rev, ..)| *rev);
    }
    members.truncate(fit);
    Ok(MembersPage { members, count, next, role: Some(role) })
}
