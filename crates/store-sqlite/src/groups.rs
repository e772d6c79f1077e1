//! Groups and their members.

use std::collections::HashSet;

use rim_core::contact::Bounds;
use rim_core::event::{Change, GroupChange};
use rim_core::group::{self, Departure, Group, Member, NewGroup, Role};
use rim_core::user::User;
use rim_core::{GroupId, Refusal, Rev, Timestamp, UserId};
use rusqlite::{Connection, params};

use crate::batch::Batch;
use crate::failure::{Failure, Result};
use crate::row::{self, Fields, Sql};
use crate::{contacts, events, membership, users};

// ---- reading

pub(crate) fn find(db: &Connection, group: GroupId) -> Result<Option<Group>> {
    let sql = "SELECT id, name, avatar, mode, creator_id, single FROM groups WHERE id = ?1";
    row::first(db, sql, [group.sql()], row::group)
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
    row::first(db, sql, [group.sql(), left_rev.sql()], |row| {
        let row = Fields { table: "departures", row };
        let maybe = |index| Ok::<_, Failure>(row.get::<Option<u64>>(index)?.map(UserId));
        Ok(Departure {
            name: row.get(1)?,
            avatar: row.get(2)?,
            creator: UserId(row.get(3)?),
            info_rev: Rev(row.get(4)?),
            member_count: row.get(5)?,
            first: [maybe(6)?, maybe(7)?],
        })
    })
}

pub(crate) fn ids_of(db: &Connection, user: UserId) -> Result<Vec<GroupId>> {
    let sql = "SELECT group_id FROM members WHERE user_id = ?1 AND left_rev IS NULL ORDER BY group_id";
    row::all(db, sql, [user.sql()], |row| Ok(GroupId(Fields { table: "members", row }.get(0)?)))
}

/// Those with the newest messages of the groups that the user is in, by id.
pub(crate) fn latest_of(db: &Connection, user: UserId, limit: usize) -> Result<Vec<GroupId>> {
    let sql = "SELECT m.group_id FROM members AS m JOIN groups AS g ON g.id = m.group_id
               WHERE m.user_id = ?1 AND m.left_rev IS NULL
               ORDER BY g.last_message_id DESC, m.group_id DESC LIMIT ?2";
    let mut latest = row::all(db, sql, [user.sql(), (limit as u64).sql()], |row| {
        Ok(GroupId(Fields { table: "members", row }.get(0)?))
    })?;
    latest.sort_unstable();
    Ok(latest)
}

pub(crate) fn of(db: &Connection, user: UserId) -> Result<Vec<Group>> {
    let sql = "SELECT g.id, g.name, g.avatar, g.mode, g.creator_id, g.single
               FROM members AS m JOIN groups AS g ON g.id = m.group_id
               WHERE m.user_id = ?1 AND m.left_rev IS NULL ORDER BY m.group_id";
    row::all(db, sql, [user.sql()], row::group)
}

pub(crate) fn members(db: &Connection, caller: UserId, group: GroupId) -> Result<Vec<(User, Role)>> {
    if current_member(db, group, caller)?.is_none() {
        return Ok(Vec::new());
    }
    let mut members = Vec::new();
    for member in current_members(db, group)? {
        members.extend(users::find(db, member.user)?.map(|user| (user, member.role)));
    }
    Ok(members)
}

/// By order of joining.
fn current_members(db: &Connection, group: GroupId) -> Result<Vec<Member>> {
    let sql = "SELECT user_id, role FROM members WHERE group_id = ?1 AND left_rev IS NULL ORDER BY join_rev";
    row::all(db, sql, [group.sql()], read_member)
}

fn current_member(db: &Connection, group: GroupId, user: UserId) -> Result<Option<Member>> {
    let sql = "SELECT user_id, role FROM members WHERE group_id = ?1 AND user_id = ?2 AND left_rev IS NULL";
    row::first(db, sql, [group.sql(), user.sql()], read_member)
}

fn read_member(row: &rusqlite::Row<'_>) -> Result<Member> {
    let row = Fields { table: "members", row };
    Ok(Member { user: UserId(row.get(0)?), role: row.role(1)? })
}

/// Whether he is or was a member.
fn has_been_member(db: &Connection, group: GroupId, user: UserId) -> Result<bool> {
    let sql = "SELECT user_id FROM members WHERE group_id = ?1 AND user_id = ?2";
    Ok(row::first(db, sql, [group.sql(), user.sql()], |_| Ok(()))?.is_some())
}

fn member_count(db: &Connection, group: GroupId) -> Result<u64> {
    let sql = "SELECT id, member_count FROM groups WHERE id = ?1";
    let count = row::first(db, sql, [group.sql()], |row| Fields { table: "groups", row }.get(1))?;
    Ok(count.ok_or(Refusal::NoSuchGroup)?)
}

// ---- writing

pub(crate) fn create(
    batch: &mut Batch<'_>,
    new: &NewGroup,
    bounds: &Bounds,
    now: Timestamp,
) -> Result<GroupId> {
    let founders = new.founders();
    let users: Vec<_> = founders.iter().map(|(user, _)| *user).collect();
    users::must_exist(batch.db, users.iter().copied())?;
    if founders.len() as u64 > bounds.members {
        return Err(Refusal::TooManyMembers(bounds.members).into());
    }
    let pair = new.is_single(&founders).then(|| Pair::of(founders[0].0, founders[1].0));
    if let Some(pair) = pair
        && let Some(group) = pair.chat(batch.db)?
    {
        let away = newcomers(batch.db, group, &users)?;
        bring_in(batch, new.creator, group, away, now)?;
        return Ok(group);
    }
    contacts::may_name(batch.db, new.creator, &users, bounds.directory)?;
    let unasked =
        if pair.is_some() { Vec::new() } else { contacts::may_join(batch.db, new.creator, &users, bounds)? };

    row::execute(
        batch.db,
        "INSERT INTO groups (name, avatar, mode, single, creator_id, created_at, last_seq, last_rev,
                             last_message_id, info_rev, member_count)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0, 1, 0)",
        params![new.name, new.avatar, new.mode, pair.is_some(), new.creator.sql(), now.0],
    )?;
    let group = GroupId(batch.db.last_insert_rowid().unsigned_abs());
    if let Some(pair) = pair {
        pair.remember(batch.db, group)?;
    }
    let rev = join(batch, group, &founders, now)?;
    contacts::note_unasked(batch.db, group, &unasked)?;
    publish(batch, group, rev, new.creator, GroupChange::Created { members: users }, now)?;
    Ok(group)
}

pub(crate) fn update(
    batch: &mut Batch<'_>,
    caller: UserId,
    group: GroupId,
    name: &str,
    avatar: &str,
    now: Timestamp,
) -> Result<()> {
    let (loaded, member) = load(batch, group, caller)?;
    group::may_update(member)?;
    if (loaded.name.as_str(), loaded.avatar.as_str()) == (name, avatar) {
        return Ok(());
    }
    let rev = next_rev(batch, group)?;
    let sql = "UPDATE groups SET name = ?2, avatar = ?3, info_rev = ?4 WHERE id = ?1";
    row::execute(batch.db, sql, params![group.sql(), name, avatar, rev.sql()])?;
    publish(
        batch,
        group,
        rev,
        caller,
        GroupChange::Updated { name: (loaded.name != name).then(|| name.to_owned()) },
        now,
    )
}

pub(crate) fn add(
    batch: &mut Batch<'_>,
    caller: UserId,
    group: GroupId,
    users: &[UserId],
    bounds: &Bounds,
    now: Timestamp,
) -> Result<()> {
    let (loaded, member) = load(batch, group, caller)?;
    let mut former = HashSet::new();
    if loaded.single {
        for user in users {
            if has_been_member(batch.db, group, *user)? {
                former.insert(*user);
            }
        }
    }
    group::may_add(&loaded, member, users, |user| former.contains(&user))?;
    users::must_exist(batch.db, users.iter().copied())?;
    let newcomers = newcomers(batch.db, group, users)?;
    if newcomers.is_empty() {
        return Ok(());
    }
    if member_count(batch.db, group)? + newcomers.len() as u64 > bounds.members {
        return Err(Refusal::TooManyMembers(bounds.members).into());
    }
    if loaded.single {
        return bring_in(batch, caller, group, newcomers, now);
    }
    contacts::may_name(batch.db, caller, &newcomers, bounds.directory)?;
    let unasked = contacts::may_join(batch.db, caller, &newcomers, bounds)?;
    contacts::note_unasked(batch.db, group, &unasked)?;
    bring_in(batch, caller, group, newcomers, now)
}

pub(crate) fn remove(
    batch: &mut Batch<'_>,
    caller: UserId,
    group: GroupId,
    users: &[UserId],
    now: Timestamp,
) -> Result<()> {
    let (loaded, member) = load(batch, group, caller)?;
    group::may_remove(&loaded, member, users)?;
    let mut leavers = Vec::new();
    for user in unique(users) {
        leavers.extend(current_member(batch.db, group, user)?.map(|member| member.user));
    }
    if leavers.is_empty() {
        return Ok(());
    }
    if leavers.contains(&caller) {
        contacts::forget_unasked(batch.db, group, caller)?;
    }
    let rev = leave(batch, group, &leavers)?;
    publish(batch, group, rev, caller, GroupChange::Removed { users: leavers.clone() }, now)?;
    if group::needs_heir(&loaded, &leavers)
        && let Some(heir) = longest_standing(batch.db, group)?
    {
        make_creator(batch, caller, group, heir, now)?;
    }
    Ok(())
}

pub(crate) fn set_role(
    batch: &mut Batch<'_>,
    caller: UserId,
    group: GroupId,
    user: UserId,
    role: Role,
    now: Timestamp,
) -> Result<()> {
    let (loaded, member) = load(batch, group, caller)?;
    let target = current_member(batch.db, group, user)?;
    group::may_change_role(&loaded, member, target)?;
    if target.is_some_and(|target| target.role == role) {
        return Ok(());
    }
    let rev = next_rev(batch, group)?;
    write_role(batch.db, group, user, role, rev)?;
    publish(batch, group, rev, caller, GroupChange::Role { user, role }, now)
}

pub(crate) fn hand_over(
    batch: &mut Batch<'_>,
    caller: UserId,
    group: GroupId,
    user: UserId,
    now: Timestamp,
) -> Result<()> {
    let (loaded, member) = load(batch, group, caller)?;
    group::may_hand_over(&loaded, member, current_member(batch.db, group, user)?)?;
    if user == loaded.creator {
        return Ok(());
    }
    make_creator(batch, caller, group, user, now)
}

pub(crate) fn dissolve(batch: &mut Batch<'_>, caller: UserId, group: GroupId, now: Timestamp) -> Result<()> {
    let (loaded, member) = load(batch, group, caller)?;
    group::may_dissolve(&loaded, member)?;
    let members: Vec<_> = current_members(batch.db, group)?.into_iter().map(|member| member.user).collect();
    let rev = leave(batch, group, &members)?;
    publish(batch, group, rev, caller, GroupChange::Dissolved { members }, now)
}

/// Brings back who has left the single chat in which `sender` writes.
pub(crate) fn bring_back(
    batch: &mut Batch<'_>,
    group: GroupId,
    sender: UserId,
    now: Timestamp,
) -> Result<()> {
    let sql = "SELECT user_id FROM members WHERE group_id = ?1 AND left_rev IS NOT NULL";
    let away =
        row::all(batch.db, sql, [group.sql()], |row| Ok(UserId(Fields { table: "members", row }.get(0)?)))?;
    let back = group::brought_back_by_a_message(true, sender, away);
    bring_in(batch, sender, group, back.into_iter().collect(), now)
}

// ---- steps of the above

/// What every rule asks for: the group, and the caller if he is a member.
fn load(batch: &Batch<'_>, group: GroupId, caller: UserId) -> Result<(Group, Option<Member>)> {
    let loaded = find(batch.db, group)?.ok_or(Refusal::NoSuchGroup)?;
    Ok((loaded, current_member(batch.db, group, caller)?))
}

fn next_rev(batch: &mut Batch<'_>, group: GroupId) -> Result<Rev> {
    Ok(batch.heads.group(batch.db, group)?.next_rev())
}

/// The name or picture of a member changed: the member's row takes the group's next `rev`.
pub(crate) fn touch_member(batch: &mut Batch<'_>, group: GroupId, user: UserId) -> Result<Rev> {
    let rev = next_rev(batch, group)?;
    let sql = "UPDATE members SET rev = ?3, profile_rev = ?3 WHERE group_id = ?1 AND user_id = ?2";
    row::execute(batch.db, sql, [group.sql(), user.sql(), rev.sql()])?;
    batch.heads.forget_standing(group, user);
    Ok(rev)
}

/// Every change of a group itself and of its membership ends here.
fn publish(
    batch: &mut Batch<'_>,
    group: GroupId,
    rev: Rev,
    actor: UserId,
    what: GroupChange,
    at: Timestamp,
) -> Result<()> {
    // Written past them: who is a member, and his rev.
    batch.heads.members_changed(batch.db, group)?;
    let single = find(batch.db, group)?.is_some_and(|group| group.single);
    let seq = if single { None } else { Some(batch.heads.group(batch.db, group)?.last_seq) };
    let at = batch.heads.time_in(batch.db, group, at)?;
    let change = Change::Group { group, rev, seq, actor, what, at };
    events::record(batch.db, &change)?;
    batch.publish(change);
    Ok(())
}

/// Those of `users` who are no members now, each once.
fn newcomers(db: &Connection, group: GroupId, users: &[UserId]) -> Result<Vec<UserId>> {
    let mut newcomers = Vec::new();
    for user in unique(users) {
        if current_member(db, group, user)?.is_none() {
            newcomers.push(user);
        }
    }
    Ok(newcomers)
}

fn unique(users: &[UserId]) -> impl Iterator<Item = UserId> {
    let mut seen = HashSet::new();
    users.iter().copied().filter(move |user| seen.insert(*user))
}

/// Makes them common members and tells of it. They are no members now.
fn bring_in(
    batch: &mut Batch<'_>,
    actor: UserId,
    group: GroupId,
    newcomers: Vec<UserId>,
    now: Timestamp,
) -> Result<()> {
    if newcomers.is_empty() {
        return Ok(());
    }
    let common: Vec<_> = newcomers.iter().map(|user| (*user, Role::Common)).collect();
    let rev = join(batch, group, &common, now)?;
    publish(batch, group, rev, actor, GroupChange::Added { users: newcomers }, now)
}

/// Each joining takes a `rev`; gives back the last. They are no members now, but may have been.
fn join(batch: &mut Batch<'_>, group: GroupId, users: &[(UserId, Role)], now: Timestamp) -> Result<Rev> {
    let head = batch.heads.group(batch.db, group)?;
    for (user, role) in users {
        let rev = head.next_rev();
        membership::remember(batch.db, group, *user)?;
        row::execute(
            batch.db,
            "INSERT INTO earlier_spans (group_id, user_id, after_seq, to_seq)
             SELECT group_id, user_id, join_seq, left_seq FROM members
             WHERE group_id = ?1 AND user_id = ?2 AND left_seq > join_seq",
            [group.sql(), user.sql()],
        )?;
        row::execute(
            batch.db,
            "INSERT INTO earlier_stays (group_id, user_id, join_rev, left_rev)
             SELECT group_id, user_id, join_rev, left_rev FROM members
             WHERE group_id = ?1 AND user_id = ?2 AND left_rev IS NOT NULL",
            [group.sql(), user.sql()],
        )?;
        row::execute(
            batch.db,
            "INSERT INTO members (group_id, user_id, role, join_rev, joined_at, join_seq, read_seq,
                                  delivered_seq, sent_seq, rev, left_message_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0, ?4, 0)
             ON CONFLICT (group_id, user_id) DO UPDATE SET
                 role = excluded.role, join_rev = excluded.join_rev, joined_at = excluded.joined_at,
                 join_seq = excluded.join_seq, left_seq = NULL, left_rev = NULL, rev = excluded.rev",
            params![group.sql(), user.sql(), row::role_code(*role), rev.sql(), now.0, head.last_seq.sql()],
        )?;
        // Whoever joins anew sees the chat again.
        let sql = "DELETE FROM chats WHERE user_id = ?1 AND group_id = ?2";
        row::execute(batch.db, sql, [user.sql(), group.sql()])?;
    }
    let rev = head.last_rev;
    let sql = "UPDATE groups SET member_count = member_count + ?2 WHERE id = ?1";
    row::execute(batch.db, sql, [group.sql(), (users.len() as u64).sql()])?;
    Ok(rev)
}

/// Each leaving takes a `rev`; gives back the last. They are members now.
fn leave(batch: &mut Batch<'_>, group: GroupId, users: &[UserId]) -> Result<Rev> {
    let head = batch.heads.group(batch.db, group)?;
    note_departure(batch.db, group, Rev(head.last_rev.0 + 1))?;
    for user in users {
        let rev = head.next_rev();
        row::execute(
            batch.db,
            "UPDATE members SET left_seq = ?3, left_rev = ?4, rev = ?4,
                    left_message_id = CASE WHEN ?3 > join_seq THEN ?5 ELSE left_message_id END
             WHERE group_id = ?1 AND user_id = ?2",
            [group.sql(), user.sql(), head.last_seq.sql(), rev.sql(), head.last_message.sql()],
        )?;
    }
    let rev = head.last_rev;
    let sql = "UPDATE groups SET member_count = member_count - ?2 WHERE id = ?1";
    row::execute(batch.db, sql, [group.sql(), (users.len() as u64).sql()])?;
    Ok(rev)
}

/// Keeps what the group chat is, for those who are about to leave it, the first of them at `rev`.
fn note_departure(db: &Connection, group: GroupId, rev: Rev) -> Result<()> {
    let sql = "INSERT INTO departures (group_id, rev, name, avatar, creator_id, info_rev, member_count, first_id, second_id)
               SELECT id, ?2, name, avatar, creator_id, info_rev, member_count,
                      (SELECT user_id FROM members WHERE group_id = ?1 AND left_rev IS NULL
                       ORDER BY join_rev LIMIT 1),
                      (SELECT user_id FROM members WHERE group_id = ?1 AND left_rev IS NULL
                       ORDER BY join_rev LIMIT 1 OFFSET 1)
               FROM groups WHERE id = ?1 AND NOT single";
    row::execute(db, sql, [group.sql(), rev.sql()])?;
    Ok(())
}

/// The heir of [`group::needs_heir`].
fn longest_standing(db: &Connection, group: GroupId) -> Result<Option<UserId>> {
    let members = current_members(db, group)?;
    let admin = members.iter().find(|member| member.role == Role::Admin);
    Ok(admin.or(members.first()).map(|member| member.user))
}

fn make_creator(
    batch: &mut Batch<'_>,
    actor: UserId,
    group: GroupId,
    user: UserId,
    now: Timestamp,
) -> Result<()> {
    let rev = next_rev(batch, group)?;
    write_role(batch.db, group, user, Role::Admin, rev)?;
    let sql = "UPDATE groups SET creator_id = ?2, info_rev = ?3 WHERE id = ?1";
    row::execute(batch.db, sql, [group.sql(), user.sql(), rev.sql()])?;
    publish(batch, group, rev, actor, GroupChange::Creator { user }, now)
}

fn write_role(db: &Connection, group: GroupId, user: UserId, role: Role, rev: Rev) -> Result<()> {
    let sql = "UPDATE members SET role = ?3, rev = ?4 WHERE group_id = ?1 AND user_id = ?2";
    row::execute(db, sql, params![group.sql(), user.sql(), row::role_code(role), rev.sql()])?;
    Ok(())
}

/// The two people of a single chat, in the order in which they are stored.
#[derive(Clone, Copy)]
struct Pair {
    low: UserId,
    high: UserId,
}

impl Pair {
    fn of(one: UserId, other: UserId) -> Self {
        Self { low: one.min(other), high: one.max(other) }
    }

    fn chat(self, db: &Connection) -> Result<Option<GroupId>> {
        let sql = "SELECT group_id FROM single_chats WHERE low_user_id = ?1 AND high_user_id = ?2";
        row::first(db, sql, [self.low.sql(), self.high.sql()], |row| {
            Ok(GroupId(Fields { table: "single_chats", row }.get(0)?))
        })
    }

    fn remember(self, db: &Connection, group: GroupId) -> Result<()> {
        let sql = "INSERT INTO single_chats (low_user_id, high_user_id, group_id) VALUES (?1, ?2, ?3)";
        row::execute(db, sql, [self.low.sql(), self.high.sql(), group.sql()])?;
        Ok(())
    }
}
