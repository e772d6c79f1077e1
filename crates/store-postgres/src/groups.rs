//! Groups and their members.
//!
//! Whoever changes something of a group locks its row first ([`Room::lock`]), reads what the rules ask for, and writes
//! the row once, at the end.

use std::collections::HashSet;

use deadpool_postgres::GenericClient;
use rim_core::contact::Bounds;
use rim_core::event::{Change, GroupChange};
use rim_core::group::{self, Group, Member, NewGroup, PIECE, Role};
use rim_core::member_list::{self, MAX_LOOKED_AT, MAX_PAGE, MembersPage, MembersQuery};
use rim_core::size::{Size, fitting};
use rim_core::user::User;
use rim_core::{GroupId, Refusal, Rev, Seq, Timestamp, UserId};
use rim_store::{Part, SeenUpTo};

use crate::database::{Piece, Tx};
use crate::failure::{Failure, Result};
use crate::row::{self, Fields, Sql, array};
use crate::text::Text;
use crate::{contacts, membership, uploads, users};

/// When something happened in a group `g` last.
macro_rules! last_at {
    () => {
        "CASE WHEN g.last_at > 0 OR g.last_seq = 0 THEN g.last_at
              ELSE (SELECT m.created_at FROM messages AS m WHERE m.group_id = g.id AND m.seq = g.last_seq) END"
    };
}
pub(crate) use last_at;

// ---- reading

/// Those of the groups that the user is or was in, as they are told of each.
pub(crate) async fn seen(
    db: &impl GenericClient,
    user: UserId,
    groups: impl IntoIterator<Item = GroupId>,
) -> Result<Vec<Group>> {
    let groups = array(groups);
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let sql = concat!(
        "SELECT ",
        membership::seen!(),
        " FROM ",
        membership::ever!("$1", "$2"),
        " AS m JOIN groups AS g ON g.id = m.group_id ",
        membership::departure!(),
    );
    row::all(db, sql, &[&user.sql(), &groups], row::group).await
}

pub(crate) async fn ids_of(db: &impl GenericClient, user: UserId) -> Result<Vec<GroupId>> {
    let sql = "SELECT group_id FROM members WHERE user_id = $1 AND left_rev IS NULL ORDER BY group_id";
    row::all(db, sql, &[&user.sql()], |row| row.number(0)).await
}

/// The user's row in each of the groups with the newest messages takes the group's next `rev`, by id: the name or
/// picture changed.
///
/// One who joins a group meanwhile is not told in it: whoever hears of the joining reads the profile then.
pub(crate) async fn touch_member(
    db: &impl GenericClient,
    user: UserId,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<(GroupId, Rev, Timestamp)>> {
    let sql = "SELECT m.group_id FROM members AS m JOIN groups AS g ON g.id = m.group_id
               WHERE m.user_id = $1 AND m.left_rev IS NULL
               ORDER BY g.last_message_id DESC, m.group_id DESC LIMIT $2";
    let params: row::Params<'_> = &[&user.sql(), &(limit as u64).sql()];
    let groups: Vec<GroupId> = row::all(db, sql, params, |row| row.number(0)).await?;
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let groups = array(groups);
    // In this order everybody locks several.
    let sql = "SELECT id FROM groups WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";
    row::execute(db, sql, &[&groups]).await?;
    // Looked at again: some may have been left by the time they were locked.
    let sql = concat!(
        "WITH moved AS (UPDATE groups AS g SET last_rev = g.last_rev + 1, last_at = greatest($3, ",
        last_at!(),
        ") FROM members AS m
                              WHERE g.id = ANY($2) AND m.group_id = g.id AND m.user_id = $1 AND m.left_rev IS NULL
                              RETURNING g.id, g.last_rev, g.last_at),
                    named AS (UPDATE members AS m SET rev = moved.last_rev, profile_rev = moved.last_rev FROM moved
                              WHERE m.group_id = moved.id AND m.user_id = $1)
               SELECT id, last_rev, last_at FROM moved ORDER BY id"
    );
    let params: row::Params<'_> = &[&user.sql(), &groups, &now.0];
    row::all(db, sql, params, |row| Ok((row.number(0)?, row.number(1)?, row.time(2)?))).await
}

/// See [`rim_store::SharedStore::joined`]. On a snapshot.
pub(crate) async fn joined(
    db: &impl GenericClient,
    since: Option<SeenUpTo>,
) -> Result<(SeenUpTo, Vec<(UserId, GroupId, Rev)>)> {
    // Whatever has a smaller number has ended, and is seen if it was committed.
    let sql = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint";
    let seen = row::first(db, sql, &[], |row| row.number(0)).await?;
    let seen = SeenUpTo(one(seen)?);
    let Some(SeenUpTo(since)) = since else { return Ok((seen, Vec::new())) };
    let sql = "SELECT j.user_id, j.group_id, j.rev
               FROM joinings AS j JOIN members AS m ON m.group_id = j.group_id AND m.user_id = j.user_id
               WHERE j.xact >= $1::text::xid8 AND m.join_rev = j.rev AND m.left_rev IS NULL";
    let read = |row: Fields<'_>| Ok((row.number(0)?, row.number(1)?, row.number(2)?));
    Ok((seen, row::all(db, sql, &[&since.to_string()], read).await?))
}

/// See [`rim_store::Store::groups_part`].
pub(crate) async fn part(
    db: &impl GenericClient,
    user: UserId,
    after: GroupId,
    bytes: usize,
) -> Result<Part<Group, GroupId>> {
    let sql = "SELECT g.id, g.name, g.avatar, g.mode, g.creator_id, g.single
               FROM members AS m JOIN groups AS g ON g.id = m.group_id
               WHERE m.user_id = $1 AND m.group_id > $2 AND m.left_rev IS NULL ORDER BY m.group_id LIMIT $3";
    let params: row::Params<'_> = &[&user.sql(), &after.sql(), &row::AT_ONCE];
    let rows = row::all(db, sql, params, row::group).await?;
    Ok(row::part(rows, bytes, |group: &Group| group.id))
}

/// See [`rim_store::Store::members_page`].
pub(crate) async fn members_page(
    db: &impl GenericClient,
    caller: UserId,
    group: GroupId,
    query: MembersQuery,
) -> Result<MembersPage> {
    let sql = "SELECT g.id, g.member_count, c.role FROM groups AS g
               JOIN members AS c ON c.group_id = g.id AND c.user_id = $2 AND c.left_rev IS NULL WHERE g.id = $1";
    let params: row::Params<'_> = &[&group.sql(), &caller.sql()];
    let known = row::first(db, sql, params, |row| Ok((row.number(1)?, row.role(2)?))).await?;
    let Some((count, role)) = known else { return Ok(MembersPage::default()) };

    // Without what may be large. One more than is looked at tells whether there are more.
    let size = query.size.min(MAX_PAGE) as usize;
    let limit = if query.named.is_some() { MAX_LOOKED_AT as usize } else { size };
    let sql = "SELECT m.join_rev, m.user_id, m.role, m.joined_at, u.account, u.name
               FROM members AS m JOIN users AS u ON u.id = m.user_id
               WHERE m.group_id = $1 AND m.left_rev IS NULL AND m.join_rev > $2 ORDER BY m.join_rev LIMIT $3";
    let params: row::Params<'_> = &[&group.sql(), &query.after.sql(), &(limit as u64 + 1).sql()];
    let looked_at = row::all(db, sql, params, |row| {
        let found = match &query.named {
            Some(named) => named.is_in(&row.text(4)?, &row.text(5)?),
            None => true,
        };
        Ok((row.number::<Rev>(0)?, row.number(1)?, row.role(2)?, row.time(3)?, found))
    })
    .await?;
    // Those before the first that is one too many.
    let at = |index: usize| looked_at.get(index.wrapping_sub(1)).map_or(query.after, |(rev, ..)| *rev);
    let mut next = (looked_at.len() > limit).then(|| at(limit));
    let found: Vec<_> = looked_at.iter().take(limit).filter(|(.., found)| *found).collect();
    if found.len() > size {
        next = found.get(size.wrapping_sub(1)).map(|(rev, ..)| *rev);
    }
    let found = &found[..found.len().min(size)];
    let users = users::find_all(db, found.iter().map(|(_, user, ..)| *user).collect()).await?;
    let joined = |(user, (_, _, role, joined_at, _)): (User, &&(Rev, UserId, Role, Timestamp, bool))| {
        member_list::Member { user, role: *role, joined_at: *joined_at }
    };
    // Nobody is ever deleted, so they are as many.
    let mut members: Vec<_> = users.into_iter().zip(found).map(joined).collect();
    let fit = fitting(&members, query.bytes, Size::size_bytes);
    if fit < members.len() {
        next = found.get(fit.wrapping_sub(1)).map(|(rev, ..)| *rev);
    }
    members.truncate(fit);
    Ok(MembersPage { members, count, next, role: Some(role) })
}

/// By order of joining.
async fn current_members(db: &impl GenericClient, group: GroupId) -> Result<Vec<Member>> {
    let sql = "SELECT user_id, role FROM members WHERE group_id = $1 AND left_rev IS NULL ORDER BY join_rev";
    row::all(db, sql, &[&group.sql()], read_member).await
}

async fn current_member(db: &impl GenericClient, group: GroupId, user: UserId) -> Result<Option<Member>> {
    let sql = "SELECT user_id, role FROM members WHERE group_id = $1 AND user_id = $2 AND left_rev IS NULL";
    row::first(db, sql, &[&group.sql(), &user.sql()], read_member).await
}

fn read_member(row: Fields<'_>) -> Result<Member> {
    Ok(Member { user: row.number(0)?, role: row.role(1)? })
}

/// Those of `users` who are or were members, and whether each is one now.
async fn known_among(
    db: &impl GenericClient,
    group: GroupId,
    users: &[UserId],
) -> Result<(HashSet<UserId>, HashSet<UserId>)> {
    let sql = "SELECT user_id, left_rev IS NULL FROM members WHERE group_id = $1 AND user_id = ANY($2)";
    let params: row::Params<'_> = &[&group.sql(), &array(users.iter().copied())];
    let known: Vec<(UserId, bool)> =
        row::all(db, sql, params, |row| Ok((row.number(0)?, row.get(1)?))).await?;
    let current = known.iter().filter(|(_, current)| *current).map(|(user, _)| *user).collect();
    Ok((known.iter().map(|(user, _)| *user).collect(), current))
}

// ---- writing

/// A group that is being created, in pieces where it has many members.
#[derive(Clone)]
pub(crate) struct Creating {
    new: NewGroup,
    bounds: Bounds,
    now: Timestamp,
    /// Those who are not in it yet.
    rest: Vec<(UserId, Role)>,
    /// Those of them to whom the creator is a stranger.
    unasked: HashSet<UserId>,
    /// Once it is there.
    group: Option<GroupId>,
}

impl Creating {
    pub(crate) fn new(new: NewGroup, bounds: Bounds, now: Timestamp) -> Self {
        let rest = new.founders();
        Self { new, bounds, now, rest, unasked: HashSet::new(), group: None }
    }
}

/// The next piece.
pub(crate) async fn create(tx: &mut Tx<'_>, mut creating: Creating) -> Result<(Creating, Piece<GroupId>)> {
    let group = match creating.group {
        None => begin_to_create(tx, &mut creating).await?,
        Some(group) => {
            go_on_creating(tx, &mut creating, group).await?;
            group
        }
    };
    creating.group = Some(group);
    let piece = piece_before(creating.rest.len(), group);
    Ok((creating, piece))
}

async fn begin_to_create(tx: &mut Tx<'_>, creating: &mut Creating) -> Result<GroupId> {
    let Creating { bounds, now, .. } = *creating;
    let all: Vec<_> = creating.rest.iter().map(|(user, _)| *user).collect();
    users::must_exist(&tx.db, &all).await?;
    if all.len() as u64 > bounds.members {
        return Err(Refusal::TooManyMembers(bounds.members).into());
    }
    let founders = take_piece(&mut creating.rest);
    let users = all[..founders.len()].to_vec();
    let new = &creating.new;
    let single = new.is_single(&founders);
    if !single || find_single(&tx.db, users[0], users[1]).await?.is_none() {
        contacts::may_name(&tx.db, new.creator, &all, bounds.directory).await?;
    }
    let id = if single {
        open_single(&tx.db, users[0], users[1]).await?
    } else {
        Opened::New(new_id(&tx.db).await?)
    };
    let id = match id {
        Opened::New(id) => id,
        Opened::Found(group) => {
            let mut room = Room::lock(&tx.db, group).await?;
            let away = newcomers(&tx.db, group, &users).await?;
            room.bring_in(tx, new.creator, &common(away), now).await?;
            room.save(&tx.db).await?;
            return Ok(group);
        }
    };
    if !single {
        let unasked = contacts::may_join(&tx.db, new.creator, &all, &bounds).await?;
        creating.unasked.extend(unasked);
        contacts::note_unasked(&tx.db, id, among(&users, &creating.unasked)).await?;
    }
    let NewGroup { creator, name, avatar, mode, .. } = new.clone();
    let mut room = Room {
        group: Group { id, name, avatar, mode, creator, single },
        last_seq: Seq(0),
        last_rev: Rev(0),
        info_rev: Rev(1),
        member_count: 0,
        last_at: now,
    };
    room.insert(&tx.db, now).await?;
    uploads::show(&tx.db, &[&room.group.avatar], now).await?;
    room.join(&tx.db, &founders, now).await?;
    room.publish(tx, creator, GroupChange::Created { members: users }, now);
    room.save(&tx.db).await?;
    Ok(id)
}

/// The next of its members, as far as somebody else has not brought them in meanwhile.
async fn go_on_creating(tx: &mut Tx<'_>, creating: &mut Creating, group: GroupId) -> Result<()> {
    let mut room = Room::lock(&tx.db, group).await?;
    // Whoever has gone brings in nobody, as where it was dissolved meanwhile.
    if current_member(&tx.db, group, creating.new.creator).await?.is_none() {
        creating.rest.clear();
    }
    let piece = take_piece(&mut creating.rest);
    let users: Vec<_> = piece.iter().map(|(user, _)| *user).collect();
    let newcomers: HashSet<_> = newcomers(&tx.db, group, &users).await?.into_iter().collect();
    let joining: Vec<_> = piece.into_iter().filter(|(user, _)| newcomers.contains(user)).collect();
    room.must_hold(joining.len(), creating.bounds.members)?;
    contacts::note_unasked(&tx.db, group, among(&users, &creating.unasked)).await?;
    room.bring_in(tx, creating.new.creator, &joining, creating.now).await?;
    room.save(&tx.db).await
}

pub(crate) async fn update(
    tx: &mut Tx<'_>,
    caller: UserId,
    group: GroupId,
    name: String,
    avatar: String,
    now: Timestamp,
) -> Result<()> {
    let (mut room, member) = load(&tx.db, group, caller).await?;
    group::may_update(member)?;
    if room.group.name == name && room.group.avatar == avatar {
        return Ok(());
    }
    let renamed = (room.group.name != name).then(|| name.clone());
    room.info_rev = room.next_rev();
    uploads::show(&tx.db, &[&room.group.avatar, &avatar], now).await?;
    (room.group.name, room.group.avatar) = (name, avatar);
    room.publish(tx, caller, GroupChange::Updated { name: renamed }, now);
    room.save(&tx.db).await
}

/// Members who come or go, in pieces where they are many. The rules are asked before the first about all, and before each
/// other again: the caller may have been removed meanwhile.
#[derive(Clone)]
pub(crate) struct Moving {
    caller: UserId,
    group: GroupId,
    users: Vec<UserId>,
    now: Timestamp,
    /// Those who have not come or gone yet, once it is known who they are.
    rest: Option<Vec<UserId>>,
    /// Those who are to come and to whom the caller is a stranger.
    unasked: HashSet<UserId>,
}

impl Moving {
    pub(crate) fn new(caller: UserId, group: GroupId, users: Vec<UserId>, now: Timestamp) -> Self {
        Self { caller, group, users, now, rest: None, unasked: HashSet::new() }
    }
}

/// The next piece. Many are first looked at, which takes long, without a lock for which messages would wait.
pub(crate) async fn add(tx: &mut Tx<'_>, mut adding: Moving, bounds: Bounds) -> Result<(Moving, Piece<()>)> {
    let Moving { caller, group, now, .. } = adding;
    let looks = adding.rest.is_none() && adding.users.len() > PIECE;
    let mut room = if looks { Room::look(&tx.db, group).await? } else { Room::lock(&tx.db, group).await? };
    let member = current_member(&tx.db, group, caller).await?;
    let users = if room.group.single { &adding.users[..] } else { &[] };
    let (known, _) = known_among(&tx.db, group, users).await?;
    group::may_add(&room.group, member, users, |user| known.contains(&user))?;
    if adding.rest.is_none() {
        users::must_exist(&tx.db, &adding.users).await?;
        let newcomers = newcomers(&tx.db, group, &adding.users).await?;
        room.must_hold(newcomers.len(), bounds.members)?;
        if !room.group.single && !newcomers.is_empty() {
            contacts::may_name(&tx.db, caller, &newcomers, bounds.directory).await?;
            adding.unasked.extend(contacts::may_join(&tx.db, caller, &newcomers, &bounds).await?);
        }
        adding.rest = Some(newcomers);
    }
    if looks {
        return Ok((adding, Piece::Looked));
    }
    let mut rest = adding.rest.take().unwrap_or_default();
    // Looked at again: somebody else may have brought them in since.
    let joining = newcomers(&tx.db, group, &take_piece(&mut rest)).await?;
    room.must_hold(joining.len() + rest.len(), bounds.members)?;
    if !joining.is_empty() {
        contacts::note_unasked(&tx.db, group, among(&joining, &adding.unasked)).await?;
        room.bring_in(tx, caller, &common(joining), now).await?;
        room.save(&tx.db).await?;
    }
    let piece = piece_before(rest.len(), ());
    adding.rest = Some(rest);
    Ok((adding, piece))
}

/// The next piece.
pub(crate) async fn remove(tx: &mut Tx<'_>, mut removing: Moving) -> Result<(Moving, Piece<()>)> {
    let Moving { caller, group, now, .. } = removing;
    let (mut room, member) = load(&tx.db, group, caller).await?;
    let has_begun = removing.rest.is_some();
    let mut rest = match removing.rest.take() {
        Some(rest) => rest,
        None => {
            group::may_remove(&room.group, member, &removing.users)?;
            let (_, current) = known_among(&tx.db, group, &removing.users).await?;
            let mut leavers: Vec<_> = unique(&removing.users).filter(|user| current.contains(user)).collect();
            if leavers.len() > PIECE {
                // Who has left may remove nobody. So also a creator, whom nobody else removes, leaves with the last, and who
                // takes the group over is not about to leave.
                leavers.sort_by_key(|user| *user == caller);
            }
            leavers
        }
    };
    let piece = take_piece(&mut rest);
    if has_begun {
        group::may_remove(&room.group, member, &piece)?;
    }
    let (_, current) = known_among(&tx.db, group, &piece).await?;
    let leavers: Vec<_> = piece.into_iter().filter(|user| current.contains(user)).collect();
    if leavers.contains(&caller) {
        contacts::forget_unasked(&tx.db, group, caller).await?;
    }
    if !leavers.is_empty() {
        room.leave(&tx.db, &leavers).await?;
        room.publish(tx, caller, GroupChange::Removed { users: leavers.clone() }, now);
        if group::needs_heir(&room.group, &leavers)
            && let Some(heir) = longest_standing(&tx.db, group).await?
        {
            room.make_creator(tx, caller, heir, now).await?;
        }
        room.save(&tx.db).await?;
    }
    let piece = piece_before(rest.len(), ());
    removing.rest = Some(rest);
    Ok((removing, piece))
}

pub(crate) async fn set_role(
    tx: &mut Tx<'_>,
    caller: UserId,
    group: GroupId,
    user: UserId,
    role: Role,
    now: Timestamp,
) -> Result<()> {
    let (mut room, member) = load(&tx.db, group, caller).await?;
    let target = current_member(&tx.db, group, user).await?;
    group::may_change_role(&room.group, member, target)?;
    if target.is_some_and(|target| target.role == role) {
        return Ok(());
    }
    let rev = room.next_rev();
    write_role(&tx.db, group, user, role, rev).await?;
    room.publish(tx, caller, GroupChange::Role { user, role }, now);
    room.save(&tx.db).await
}

pub(crate) async fn hand_over(
    tx: &mut Tx<'_>,
    caller: UserId,
    group: GroupId,
    user: UserId,
    now: Timestamp,
) -> Result<()> {
    let (mut room, member) = load(&tx.db, group, caller).await?;
    group::may_hand_over(&room.group, member, current_member(&tx.db, group, user).await?)?;
    if user == room.group.creator {
        return Ok(());
    }
    room.make_creator(tx, caller, user, now).await?;
    room.save(&tx.db).await
}

pub(crate) async fn dissolve(tx: &mut Tx<'_>, caller: UserId, group: GroupId, now: Timestamp) -> Result<()> {
    let (mut room, member) = load(&tx.db, group, caller).await?;
    group::may_dissolve(&room.group, member)?;
    let members: Vec<_> =
        current_members(&tx.db, group).await?.into_iter().map(|member| member.user).collect();
    room.leave(&tx.db, &members).await?;
    room.publish(tx, caller, GroupChange::Dissolved { members }, now);
    room.save(&tx.db).await
}

// ---- steps of the above

/// What a piece ends with before which so many are left.
fn piece_before<T>(left: usize, result: T) -> Piece<T> {
    if left == 0 { Piece::Last(result) } else { Piece::More }
}

fn take_piece<T>(rest: &mut Vec<T>) -> Vec<T> {
    let next = rest.split_off(rest.len().min(PIECE));
    std::mem::replace(rest, next)
}

/// Those of `users` who are in `set`.
fn among(users: &[UserId], set: &HashSet<UserId>) -> Vec<UserId> {
    users.iter().copied().filter(|user| set.contains(user)).collect()
}

/// As common members.
fn common(users: Vec<UserId>) -> Vec<(UserId, Role)> {
    users.into_iter().map(|user| (user, Role::Common)).collect()
}

/// What every rule asks for: the group, locked, and the caller if he is a member.
async fn load(db: &impl GenericClient, group: GroupId, caller: UserId) -> Result<(Room, Option<Member>)> {
    let room = Room::lock(db, group).await?;
    Ok((room, current_member(db, group, caller).await?))
}

/// Those of `users` who are no members now, each once.
async fn newcomers(db: &impl GenericClient, group: GroupId, users: &[UserId]) -> Result<Vec<UserId>> {
    let (_, current) = known_among(db, group, users).await?;
    Ok(unique(users).filter(|user| !current.contains(user)).collect())
}

fn unique(users: &[UserId]) -> impl Iterator<Item = UserId> {
    let mut seen = HashSet::new();
    users.iter().copied().filter(move |user| seen.insert(*user))
}

/// The heir of [`group::needs_heir`].
async fn longest_standing(db: &impl GenericClient, group: GroupId) -> Result<Option<UserId>> {
    let members = current_members(db, group).await?;
    let admin = members.iter().find(|member| member.role == Role::Admin);
    Ok(admin.or(members.first()).map(|member| member.user))
}

async fn write_role(
    db: &impl GenericClient,
    group: GroupId,
    user: UserId,
    role: Role,
    rev: Rev,
) -> Result<()> {
    let sql = "UPDATE members SET role = $3, rev = $4 WHERE group_id = $1 AND user_id = $2";
    row::execute(db, sql, &[&group.sql(), &user.sql(), &row::role_code(role), &rev.sql()]).await?;
    Ok(())
}

/// Makes users members from `join_seq` on, each by their `rev`. They are no members now, but may have been.
async fn write_joining(
    db: &impl GenericClient,
    group: GroupId,
    users: &[(UserId, Role)],
    revs: Vec<i64>,
    join_seq: Seq,
    now: Timestamp,
) -> Result<()> {
    let (group, join_seq) = (group.sql(), join_seq.sql());
    let ids = array(users.iter().map(|(user, _)| *user));
    let roles: Vec<_> = users.iter().map(|(_, role)| row::role_code(*role)).collect();
    membership::remember(db, group, &ids).await?;
    let sql = "INSERT INTO earlier_spans (group_id, user_id, after_seq, to_seq)
               SELECT group_id, user_id, join_seq, left_seq FROM members
               WHERE group_id = $1 AND user_id = ANY($2) AND left_seq > join_seq";
    row::execute(db, sql, &[&group, &ids]).await?;
    let sql = "INSERT INTO earlier_stays (group_id, user_id, join_rev, left_rev)
               SELECT group_id, user_id, join_rev, left_rev FROM members
               WHERE group_id = $1 AND user_id = ANY($2) AND left_rev IS NOT NULL";
    row::execute(db, sql, &[&group, &ids]).await?;
    let sql = "INSERT INTO members (group_id, user_id, role, join_rev, joined_at, join_seq, read_seq, delivered_seq,
                                    sent_seq, rev, left_message_id)
               SELECT $1, new.user_id, new.role, new.rev, $5, $6, 0, 0, 0, new.rev, 0
               FROM unnest($2::bigint[], $3::smallint[], $4::bigint[]) AS new (user_id, role, rev)
               ON CONFLICT (group_id, user_id) DO UPDATE SET
                   role = excluded.role, join_rev = excluded.join_rev, joined_at = excluded.joined_at,
                   join_seq = excluded.join_seq, left_seq = NULL, left_rev = NULL, rev = excluded.rev";
    row::execute(db, sql, &[&group, &ids, &roles, &revs, &now.0, &join_seq]).await?;
    let sql = "INSERT INTO joinings (group_id, user_id, rev)
               SELECT $1, new.user_id, new.rev FROM unnest($2::bigint[], $3::bigint[]) AS new (user_id, rev)";
    row::execute(db, sql, &[&group, &ids, &revs]).await?;
    // Whoever joins anew sees the chat again.
    row::execute(db, "DELETE FROM chats WHERE user_id = ANY($2) AND group_id = $1", &[&group, &ids]).await?;
    Ok(())
}

/// Brings a user back into a single chat whose row is locked, as the other writes in it.
pub(crate) async fn come_back(
    db: &impl GenericClient,
    group: GroupId,
    user: UserId,
    rev: Rev,
    join_seq: Seq,
    now: Timestamp,
) -> Result<()> {
    write_joining(db, group, &[(user, Role::Common)], vec![rev.sql()], join_seq, now).await?;
    let sql = "UPDATE groups SET member_count = member_count + 1 WHERE id = $1";
    row::execute(db, sql, &[&group.sql()]).await?;
    Ok(())
}

async fn new_id(db: &impl GenericClient) -> Result<GroupId> {
    one(row::first(db, "SELECT nextval('group_ids')", &[], |row| row.number(0)).await?)
}

/// The single chat of two people.
enum Opened {
    /// It has this id, and is to be created.
    New(GroupId),
    Found(GroupId),
}

/// Finds the single chat of the two, or claims its place. Whoever does so at the same time waits, and finds it.
async fn open_single(db: &impl GenericClient, one_user: UserId, other: UserId) -> Result<Opened> {
    // Looked for first: most are found, and an id is not used up for nothing.
    if let Some(found) = find_single(db, one_user, other).await? {
        return Ok(Opened::Found(found));
    }
    let sql =
        "INSERT INTO single_chats (low_user_id, high_user_id, group_id) VALUES ($1, $2, nextval('group_ids'))
               ON CONFLICT DO NOTHING RETURNING group_id";
    let (low, high) = (one_user.min(other).sql(), one_user.max(other).sql());
    match row::first(db, sql, &[&low, &high], |row| row.number(0)).await? {
        Some(new) => Ok(Opened::New(new)),
        None => Ok(Opened::Found(one(find_single(db, one_user, other).await?)?)),
    }
}

async fn find_single(db: &impl GenericClient, one_user: UserId, other: UserId) -> Result<Option<GroupId>> {
    let (low, high) = (one_user.min(other).sql(), one_user.max(other).sql());
    let sql = "SELECT group_id FROM single_chats WHERE low_user_id = $1 AND high_user_id = $2";
    row::first(db, sql, &[&low, &high], |row| row.number(0)).await
}

/// Of a statement that always answers with a row.
fn one<T>(row: Option<T>) -> Result<T> {
    row.ok_or_else(|| Failure::Away("a row has gone that was there a moment ago".into()))
}

macro_rules! room {
    () => {
        concat!(
            "SELECT id, name, avatar, mode, creator_id, single, last_seq, last_rev, info_rev, member_count, ",
            last_at!(),
            " FROM groups AS g WHERE id = $1"
        )
    };
}

/// A group whose row is locked, or is not there for anybody else yet.
struct Room {
    group: Group,
    last_seq: Seq,
    last_rev: Rev,
    info_rev: Rev,
    member_count: u64,
    /// When something happened in it last.
    last_at: Timestamp,
}

impl Room {
    /// # Errors
    /// `NoSuchGroup`.
    async fn lock(db: &impl GenericClient, group: GroupId) -> Result<Self> {
        Self::read(db, group, concat!(room!(), " FOR NO KEY UPDATE OF g")).await
    }

    /// As it was a moment ago, for those who change nothing.
    ///
    /// # Errors
    /// `NoSuchGroup`.
    async fn look(db: &impl GenericClient, group: GroupId) -> Result<Self> {
        Self::read(db, group, room!()).await
    }

    async fn read(db: &impl GenericClient, group: GroupId, sql: &str) -> Result<Self> {
        let room = row::first(db, sql, &[&group.sql()], |row| {
            Ok(Self {
                group: row::group(row)?,
                last_seq: row.number(6)?,
                last_rev: row.number(7)?,
                info_rev: row.number(8)?,
                member_count: row.number(9)?,
                last_at: row.time(10)?,
            })
        })
        .await?;
        Ok(room.ok_or(Refusal::NoSuchGroup)?)
    }

    async fn insert(&self, db: &impl GenericClient, now: Timestamp) -> Result<()> {
        let sql =
            "INSERT INTO groups (id, name, avatar, mode, single, creator_id, created_at, last_seq, last_rev,
                                       last_message_id, info_rev, member_count, last_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, $8, 0, $7)";
        let Group { id, name, avatar, mode, creator, single } = &self.group;
        let (name, avatar, mode) = (Text(name), Text(avatar), i16::from(*mode));
        let (creator, info_rev) = (creator.sql(), self.info_rev.sql());
        row::execute(db, sql, &[&id.sql(), &name, &avatar, &mode, single, &creator, &now.0, &info_rev])
            .await?;
        Ok(())
    }

    /// Writes what has changed of it. Messages are not sent meanwhile.
    async fn save(&self, db: &impl GenericClient) -> Result<()> {
        let sql = "UPDATE groups SET name = $2, avatar = $3, creator_id = $4, last_rev = $5, info_rev = $6,
                                     member_count = $7, last_at = $8
                   WHERE id = $1";
        let (name, avatar) = (Text(&self.group.name), Text(&self.group.avatar));
        let params: row::Params<'_> = &[
            &self.group.id.sql(),
            &name,
            &avatar,
            &self.group.creator.sql(),
            &self.last_rev.sql(),
            &self.info_rev.sql(),
            &self.member_count.sql(),
            &self.last_at.0,
        ];
        row::execute(db, sql, params).await?;
        Ok(())
    }

    /// The time of what happens in it `now`: not before what happened in it, whatever the clocks of the nodes do.
    fn time(&mut self, now: Timestamp) -> Timestamp {
        self.last_at = self.last_at.max(now);
        self.last_at
    }

    fn next_rev(&mut self) -> Rev {
        self.last_rev.0 += 1;
        self.last_rev
    }

    /// Tells of a change that took the group's last `rev`.
    fn publish(&mut self, tx: &mut Tx<'_>, actor: UserId, what: GroupChange, now: Timestamp) {
        let at = self.time(now);
        let seq = if self.group.single { None } else { Some(self.last_seq) };
        tx.publish(Change::Group { group: self.group.id, rev: self.last_rev, seq, actor, what, at });
    }

    /// # Errors
    /// `TooManyMembers` if so many more are too many.
    fn must_hold(&self, more: usize, max_members: u64) -> Result<()> {
        let is_full = more > 0 && self.member_count + more as u64 > max_members;
        if is_full { Err(Refusal::TooManyMembers(max_members).into()) } else { Ok(()) }
    }

    /// Makes them members and tells of it. They are no members now.
    async fn bring_in(
        &mut self,
        tx: &mut Tx<'_>,
        actor: UserId,
        newcomers: &[(UserId, Role)],
        now: Timestamp,
    ) -> Result<()> {
        if newcomers.is_empty() {
            return Ok(());
        }
        self.join(&tx.db, newcomers, now).await?;
        let users = newcomers.iter().map(|(user, _)| *user).collect();
        self.publish(tx, actor, GroupChange::Added { users }, now);
        Ok(())
    }

    /// Each joining takes a `rev`. They are no members now, but may have been.
    async fn join(
        &mut self,
        db: &impl GenericClient,
        users: &[(UserId, Role)],
        now: Timestamp,
    ) -> Result<()> {
        let revs = array(users.iter().map(|_| self.next_rev()));
        self.member_count += users.len() as u64;
        let at = self.time(now);
        write_joining(db, self.group.id, users, revs, self.last_seq, at).await
    }

    /// Each leaving takes a `rev`. They are members now.
    async fn leave(&mut self, db: &impl GenericClient, users: &[UserId]) -> Result<()> {
        self.note_departure(db).await?;
        let ids = array(users.iter().copied());
        let revs = array(users.iter().map(|_| self.next_rev()));
        self.member_count -= users.len() as u64;
        let sql = "UPDATE members AS m
                   SET left_seq = $4, left_rev = gone.rev, rev = gone.rev,
                       left_message_id = CASE WHEN $4 > m.join_seq
                                         THEN (SELECT last_message_id FROM groups WHERE id = $1)
                                         ELSE m.left_message_id END
                   FROM unnest($2::bigint[], $3::bigint[]) AS gone (user_id, rev)
                   WHERE m.group_id = $1 AND m.user_id = gone.user_id";
        row::execute(db, sql, &[&self.group.id.sql(), &ids, &revs, &self.last_seq.sql()]).await?;
        Ok(())
    }

    /// Keeps what the group chat is, for those who are about to leave it.
    async fn note_departure(&self, db: &impl GenericClient) -> Result<()> {
        if self.group.single {
            return Ok(());
        }
        let sql =
            "INSERT INTO departures (group_id, rev, name, avatar, creator_id, info_rev, member_count, first_id,
                                           second_id)
                   VALUES ($1, $2, $3, $4, $5, $6, $7,
                           (SELECT user_id FROM members WHERE group_id = $1 AND left_rev IS NULL
                            ORDER BY join_rev LIMIT 1),
                           (SELECT user_id FROM members WHERE group_id = $1 AND left_rev IS NULL
                            ORDER BY join_rev LIMIT 1 OFFSET 1))";
        let (name, avatar) = (Text(&self.group.name), Text(&self.group.avatar));
        let params: row::Params<'_> = &[
            &self.group.id.sql(),
            &Rev(self.last_rev.0 + 1).sql(),
            &name,
            &avatar,
            &self.group.creator.sql(),
            &self.info_rev.sql(),
            &self.member_count.sql(),
        ];
        row::execute(db, sql, params).await?;
        Ok(())
    }

    async fn make_creator(
        &mut self,
        tx: &mut Tx<'_>,
        actor: UserId,
        user: UserId,
        now: Timestamp,
    ) -> Result<()> {
        self.info_rev = self.next_rev();
        self.group.creator = user;
        write_role(&tx.db, self.group.id, user, Role::Admin, self.info_rev).await?;
        self.publish(tx, actor, GroupChange::Creator { user }, now);
        Ok(())
    }
}
