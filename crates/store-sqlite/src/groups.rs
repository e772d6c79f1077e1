//! Groups, as they are read along with other things.

use rim_core::group::{Departure, Group};
use rim_core::{GroupId, Rev, UserId};
use rusqlite::Connection;

use crate::failure::Result;
use crate::row::{self, Sql};

pub(crate) fn find(db: &Connection, group: GroupId) -> Result<Option<Group>> {
    let sql = "SELECT id, name, avatar, mode, creator_id, single, who_pins, who_mentions_all, expire_seconds FROM groups WHERE id = ?1";
    row::first(db, sql, [group.sql()], row::of("groups"))
}

/// The group as it is told to one who left it at `left_rev`, or is in it.
pub(crate) fn seen(db: &Connection, group: GroupId, left_rev: Option<Rev>) -> Result<Option<Group>> {
    let Some(found) = find(db, group)? else { return Ok(None) };
    Ok(Some(match departure(db, group, left_rev)? {
        Some(departure) => departure.seen(found),
        None => found,
    }))
}

/// What the group chat was when somebody left it at `left_rev`, if they did.
pub(crate) fn departure(db: &Connection, group: GroupId, left_rev: Option<Rev>) -> Result<Option<Departure>> {
    let Some(left_rev) = left_rev else { return Ok(None) };
    let sql =
        "SELECT rev, name, avatar, creator_id, info_rev, member_count, first_id, second_id FROM departures
               WHERE group_id = ?1 AND rev <= ?2 ORDER BY rev DESC LIMIT 1";
    let found = row::first(db, sql, [group.sql(), left_rev.sql()], row::behind_key("departures"))?;
    Ok(found.map(|(name, avatar, creator, info_rev, member_count, first, second)| Departure {
        name,
        avatar,
        creator,
        info_rev,
        member_count,
        first: [first, second],
    }))
}

pub(crate) fn ids_of(db: &Connection, user: UserId) -> Result<Vec<GroupId>> {
    let sql = "SELECT group_id FROM members WHERE user_id = ?1 AND left_rev IS NULL ORDER BY group_id";
    row::all(db, sql, [user.sql()], row::of("members"))
}
