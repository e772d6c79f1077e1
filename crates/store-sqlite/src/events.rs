//! What happened in groups, kept to be told among their messages.

use std::collections::BTreeSet;

use rim_core::group_event::{GroupEvent, MAX_ROWS};
use rim_core::sync::Stay;
use rim_core::user::User;
use rim_core::{GroupId, Rev, Seq, UserId};
use rusqlite::Connection;

use crate::failure::Result;
use crate::membership::Membership;
use crate::row::{self, Sql};
use crate::users;

/// Of these stays, which ascend, those seen by the places `from` to `to` of the messages: the newest `limit`,
/// ascending.
pub(crate) fn newest(
    db: &Connection,
    group: GroupId,
    stays: &[Stay],
    (from, to): (Seq, Seq),
    limit: usize,
) -> Result<Vec<GroupEvent>> {
    let sql = "SELECT place, seq, kind, actor_id, user_ids, user_count, name, created_at FROM group_events
               WHERE group_id = ?1 AND place >= ?2 AND place <= ?3 AND seq >= ?4 AND seq <= ?5
               ORDER BY seq DESC, place DESC LIMIT ?6";
    let mut events = Vec::new();
    for stay in stays.iter().rev() {
        let left = (limit - events.len()) as u64;
        if left == 0 {
            break;
        }
        let params = [group.sql(), stay.from.sql(), stay.to.sql(), from.sql(), to.sql(), left.sql()];
        events.extend(row::all(db, sql, params, row::of("group_events"))?);
    }
    events.reverse();
    Ok(events)
}

/// The first `limit` of these stays, which ascend.
pub(crate) fn first(
    db: &Connection,
    group: GroupId,
    stays: &[Stay],
    limit: usize,
) -> Result<Vec<GroupEvent>> {
    let sql = "SELECT place, seq, kind, actor_id, user_ids, user_count, name, created_at FROM group_events
               WHERE group_id = ?1 AND place >= ?2 AND place <= ?3 ORDER BY place LIMIT ?4";
    let mut events = Vec::new();
    for stay in stays {
        let left = (limit - events.len()) as u64;
        if left == 0 {
            break;
        }
        let params = [group.sql(), stay.from.sql(), stay.to.sql(), left.sql()];
        events.extend(row::all(db, sql, params, row::of("group_events"))?);
    }
    Ok(events)
}

/// See [`rim_store::Store::group_events`].
pub(crate) fn between(
    db: &Connection,
    user: UserId,
    group: GroupId,
    places: (Seq, Seq),
    limit: u32,
    bytes: usize,
) -> Result<(Vec<GroupEvent>, Vec<User>, bool)> {
    let Some(membership) = Membership::find_any(db, group, user)? else {
        return Ok((Vec::new(), Vec::new(), false));
    };
    let stays = membership.stays(db, group, user, Rev(0), Rev(u64::MAX))?;
    let mut events = newest(db, group, &stays, places, limit as usize + 1)?;
    let mut more = events.len() > limit as usize;
    if more {
        events.remove(0);
    }
    more |= GroupEvent::keep_newest(&mut events, MAX_ROWS);
    let named: BTreeSet<UserId> = events.iter().flat_map(GroupEvent::named).collect();
    let mut users = users::find_all(db, named)?;
    more |= GroupEvent::keep_small(&mut events, &mut users, bytes);
    Ok((events, users, more))
}
