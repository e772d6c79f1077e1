//! A group that is being changed: loaded once, and written once.

use rim_core::event::{Change, GroupChange};
use rim_core::group::{self, Group, NewGroup, Role, Settings};
use rim_core::group_event::GroupEvent;
use rim_core::{GroupId, Refusal, Rev, Timestamp, UserId};

use super::members::Joining;
use crate::database::{Fields, Head, Read, Tx};
use crate::failure::Result as Step;
use crate::table::{Table, integer, optional, text};
use crate::{membership, params};

pub(crate) const GROUPS: Table = Table {
    name: "groups",
    key: 1,
    columns: &[
        integer("id"),
        text("name"),
        text("avatar"),
        integer("mode"),
        integer("single"),
        integer("creator_id"),
        integer("created_at"),
        integer("last_seq"),
        integer("last_rev"),
        integer("last_message_id"),
        integer("info_rev"),
        integer("member_count"),
        integer("who_pins"),
        integer("who_mentions_all"),
        integer("expire_seconds"),
    ],
};

pub(crate) const DEPARTURES: Table = Table {
    name: "departures",
    key: 2,
    columns: &[
        integer("group_id"),
        integer("rev"),
        text("name"),
        text("avatar"),
        integer("creator_id"),
        integer("info_rev"),
        integer("member_count"),
        optional(integer("first_id")),
        optional(integer("second_id")),
    ],
};

pub(crate) const GROUP_EVENTS: Table = Table {
    name: "group_events",
    key: 2,
    columns: &[
        integer("group_id"),
        integer("place"),
        integer("seq"),
        integer("kind"),
        integer("actor_id"),
        text("user_ids"),
        integer("user_count"),
        optional(text("name")),
        integer("created_at"),
    ],
};

/// A group that only this transaction moves.
pub(crate) struct Room {
    pub(crate) group: Group,
    pub(crate) head: Head,
    /// The latest change of name, avatar, creator or settings.
    pub(crate) info_rev: Rev,
    pub(crate) member_count: u64,
}

impl Room {
    /// # Errors
    /// `NoSuchGroup`.
    pub(crate) fn lock(tx: &mut dyn Tx, group: GroupId) -> Step<Self> {
        let head = tx.lock_groups(&[group])?.pop().ok_or(Refusal::NoSuchGroup)?;
        Self::read(tx, head)
    }

    /// As it was a moment ago, for those who change nothing.
    ///
    /// # Errors
    /// `NoSuchGroup`.
    pub(crate) fn look(db: &dyn Read, group: GroupId) -> Step<Self> {
        Self::read(db, Head { group, ..Head::default() })
    }

    fn read(db: &dyn Read, head: Head) -> Step<Self> {
        let sql =
            "SELECT id, name, avatar, mode, creator_id, single, who_pins, who_mentions_all, expire_seconds,
                          info_rev, member_count FROM groups WHERE id = $1";
        let room = db.first(sql, &params![head.group], |row| {
            let (info_rev, member_count) = (row.get("info_rev")?, row.get("member_count")?);
            Ok(Self { group: read(row)?, head, info_rev, member_count })
        })?;
        Ok(room.ok_or(Refusal::NoSuchGroup)?)
    }

    /// A new one, in which nobody is.
    pub(super) fn insert(
        tx: &mut dyn Tx,
        group: GroupId,
        new: &NewGroup,
        single: bool,
        now: Timestamp,
    ) -> Step<Self> {
        let sql =
            "INSERT INTO groups (id, name, avatar, mode, single, creator_id, created_at, last_seq, last_rev,
                                       last_message_id, info_rev, member_count)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, 1, 0)";
        tx.execute(sql, &params![group, &new.name, &new.avatar, new.mode, single, new.creator, now])?;
        Self::lock(tx, group)
    }

    /// Writes what has changed of it.
    pub(crate) fn save(&self, tx: &mut dyn Tx) -> Step<()> {
        let sql =
            "UPDATE groups SET name = $2, avatar = $3, creator_id = $4, info_rev = $5, member_count = $6
                   WHERE id = $1";
        let Group { id, name, avatar, creator, .. } = &self.group;
        tx.execute(sql, &params![*id, name, avatar, *creator, self.info_rev, self.member_count])?;
        tx.moved_groups(&[self.head])
    }

    /// Tells of a change that took the group's last `rev`. Every change of a group itself and of its membership ends here.
    pub(super) fn publish(
        &mut self,
        tx: &mut dyn Tx,
        actor: UserId,
        what: GroupChange,
        now: Timestamp,
    ) -> Step<()> {
        let Head { group, last_seq, last_rev, .. } = self.head;
        let at = self.head.time(now);
        self.save(tx)?;
        let seq = (!self.group.single).then_some(last_seq);
        let change = Change::Group { group, rev: last_rev, seq, actor, what, at };
        record(tx, &change)?;
        tx.publish(change);
        Ok(())
    }

    /// # Errors
    /// `TooManyMembers` if so many more are too many.
    pub(super) fn must_hold(&self, more: usize, max_members: u64) -> Step<()> {
        let is_full = more > 0 && self.member_count + more as u64 > max_members;
        if is_full { Err(Refusal::TooManyMembers(max_members).into()) } else { Ok(()) }
    }

    /// Makes them members and tells of it. They are no members now.
    pub(super) fn bring_in(
        &mut self,
        tx: &mut dyn Tx,
        actor: UserId,
        newcomers: &[Joining],
        now: Timestamp,
    ) -> Step<()> {
        if newcomers.is_empty() {
            return Ok(());
        }
        self.join(tx, newcomers, now)?;
        let users = newcomers.iter().map(|joining| joining.user).collect();
        self.publish(tx, actor, GroupChange::Added { users }, now)
    }

    /// Each joining takes a `rev`. They are no members now, but may have been.
    pub(super) fn join(&mut self, tx: &dyn Tx, joining: &[Joining], now: Timestamp) -> Step<()> {
        let (group, join_seq, at) = (self.head.group, self.head.last_seq, self.head.time(now));
        let again: Vec<_> = joining.iter().filter(|one| one.again).map(|one| one.user).collect();
        forget_leaving(tx, group, &again)?;
        let rows: Vec<_> = joining
            .iter()
            .map(|one| params![group, one.user, one.role, self.head.next_rev(), at, join_seq].to_vec())
            .collect();
        let sql = "INSERT INTO members (group_id, user_id, role, join_rev, joined_at, join_seq, read_seq,
                                        delivered_seq, sent_seq, rev, left_message_id)
                   VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, $4, 0)
                   ON CONFLICT (group_id, user_id) DO UPDATE SET
                       role = excluded.role, join_rev = excluded.join_rev, joined_at = excluded.joined_at,
                       join_seq = excluded.join_seq, left_seq = NULL, left_rev = NULL, rev = excluded.rev";
        tx.execute_each(sql, &rows)?;
        self.member_count += joining.len() as u64;
        Ok(())
    }

    /// Each leaving takes a `rev`. They are members now.
    pub(super) fn leave(&mut self, tx: &dyn Tx, users: &[UserId]) -> Step<()> {
        self.note_departure(tx)?;
        let Head { group, last_seq, last_message, .. } = self.head;
        let rows: Vec<_> = users
            .iter()
            .map(|user| params![group, *user, last_seq, self.head.next_rev(), last_message].to_vec())
            .collect();
        let sql = "UPDATE members SET left_seq = $3, left_rev = $4, rev = $4,
                          left_message_id = CASE WHEN $3 > join_seq THEN $5 ELSE left_message_id END
                   WHERE group_id = $1 AND user_id = $2";
        tx.execute_each(sql, &rows)?;
        self.member_count -= users.len() as u64;
        Ok(())
    }

    /// Keeps what the group chat is, for those who are about to leave it, the first of them at the next `rev`.
    fn note_departure(&self, tx: &dyn Tx) -> Step<()> {
        let sql = "INSERT INTO departures (group_id, rev, name, avatar, creator_id, info_rev, member_count, first_id,
                                           second_id)
                   SELECT id, $2, name, avatar, creator_id, info_rev, member_count,
                          (SELECT user_id FROM members WHERE group_id = $1 AND left_rev IS NULL
                           ORDER BY join_rev LIMIT 1),
                          (SELECT user_id FROM members WHERE group_id = $1 AND left_rev IS NULL
                           ORDER BY join_rev LIMIT 1 OFFSET 1)
                   FROM groups WHERE id = $1 AND NOT single";
        tx.execute(sql, &params![self.head.group, Rev(self.head.last_rev.0 + 1)]).map(drop)
    }

    /// Takes the group's next `rev`.
    pub(super) fn set_role(&mut self, tx: &dyn Tx, user: UserId, role: Role) -> Step<()> {
        let sql = "UPDATE members SET role = $3, rev = $4 WHERE group_id = $1 AND user_id = $2";
        tx.execute(sql, &params![self.head.group, user, role, self.head.next_rev()]).map(drop)
    }

    /// Makes the user creator and admin, and tells of it.
    pub(super) fn hand_over(
        &mut self,
        tx: &mut dyn Tx,
        actor: UserId,
        user: UserId,
        now: Timestamp,
    ) -> Step<()> {
        self.set_role(tx, user, Role::Admin)?;
        (self.group.creator, self.info_rev) = (user, self.head.last_rev);
        self.publish(tx, actor, GroupChange::Creator { user }, now)
    }
}

/// Groups as the user sees them, in their order: one who has left sees what it was called then. None of which they never were a
/// member.
pub(crate) fn as_seen(
    db: &dyn Read,
    user: UserId,
    groups: impl IntoIterator<Item = GroupId>,
) -> Step<Vec<Group>> {
    let keys: Vec<_> = groups.into_iter().map(|group| params![group, user].to_vec()).collect();
    let sql = "SELECT left_rev FROM members WHERE group_id = $1 AND user_id = $2
               UNION ALL SELECT left_rev FROM forgotten_members WHERE group_id = $1 AND user_id = $2";
    let left = db.first_of_each(sql, &keys, |row| row.get::<Option<Rev>>("left_rev"))?;
    // Of a member no departure is looked at: none has this rev.
    let seen = keys.into_iter().zip(left).filter_map(|(mut key, left)| {
        key[1] = left?.unwrap_or_default().into();
        Some(key)
    });
    let sql = "SELECT g.id, coalesce(d.name, g.name) AS name, coalesce(d.avatar, g.avatar) AS avatar, g.mode,
                      coalesce(d.creator_id, g.creator_id) AS creator_id, g.single, g.who_pins, g.who_mentions_all,
                      g.expire_seconds
               FROM groups AS g LEFT JOIN departures AS d ON d.group_id = g.id AND d.rev = (
                   SELECT rev FROM departures WHERE group_id = $1 AND rev <= $2 ORDER BY rev DESC LIMIT 1)
               WHERE g.id = $1";
    Ok(db.first_of_each(sql, &seen.collect::<Vec<_>>(), read)?.into_iter().flatten().collect())
}

/// Brings back who has left the single chat in which `sender` writes.
///
/// # Errors
/// `NoSuchGroup`.
pub fn bring_back(tx: &mut dyn Tx, group: GroupId, sender: UserId, now: Timestamp) -> Step<()> {
    let mut room = Room::lock(tx, group)?;
    let sql = "SELECT user_id FROM members WHERE group_id = $1 AND left_rev IS NOT NULL";
    let away: Vec<UserId> = tx.reader().all(sql, &params![group], |row| row.get("user_id"))?;
    let back = group::brought_back_by_a_message(sender, away);
    let back: Vec<_> =
        back.map(|user| Joining { user, role: Role::Common, again: true }).into_iter().collect();
    room.bring_in(tx, sender, &back, now)
}

/// Of a group and one who comes back: what they saw by then is kept, and when they were there; and they see the chat again.
pub const FORGET_LEAVING: [&str; 3] = [
    "INSERT INTO earlier_spans (group_id, user_id, after_seq, to_seq)
     SELECT group_id, user_id, join_seq, left_seq FROM members
     WHERE group_id = $1 AND user_id = $2 AND left_seq > join_seq",
    "INSERT INTO earlier_stays (group_id, user_id, join_rev, left_rev)
     SELECT group_id, user_id, join_rev, left_rev FROM members
     WHERE group_id = $1 AND user_id = $2 AND left_rev IS NOT NULL",
    "DELETE FROM chats WHERE group_id = $1 AND user_id = $2",
];

/// Some who were members and have left are about to be it again: what they saw by then is kept.
fn forget_leaving(tx: &dyn Tx, group: GroupId, users: &[UserId]) -> Step<()> {
    if users.is_empty() {
        return Ok(());
    }
    membership::remember(tx, group, users)?;
    let keys: Vec<_> = users.iter().map(|user| params![group, *user].to_vec()).collect();
    for sql in FORGET_LEAVING {
        tx.execute_each(sql, &keys)?;
    }
    Ok(())
}

/// Keeps what is to be told among the messages of a group.
fn record(tx: &dyn Tx, change: &Change) -> Step<()> {
    let Some((group, event)) = GroupEvent::of(change) else { return Ok(()) };
    let sql = "INSERT INTO group_events (group_id, place, seq, kind, actor_id, user_ids, user_count, name, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let (place, kind, users) = (event.seen_rev(), event.kind.code(), event.users_as_text());
    let GroupEvent { seq, actor, count, name, at, .. } = &event;
    tx.execute(sql, &params![group, place, *seq, kind, *actor, users, *count, name.as_ref(), *at]).map(drop)
}

/// Of `id, name, avatar, mode, creator_id, single, who_pins, who_mentions_all, expire_seconds`.
pub(super) fn read(row: Fields<'_>) -> Step<Group> {
    Ok(Group {
        id: row.get("id")?,
        name: row.get("name")?,
        avatar: row.get("avatar")?,
        mode: row.get("mode")?,
        creator: row.get("creator_id")?,
        single: row.get("single")?,
        settings: Settings {
            who_pins: row.get("who_pins")?,
            who_mentions_all: row.get("who_mentions_all")?,
            expire_seconds: row.get("expire_seconds")?,
        },
    })
}
