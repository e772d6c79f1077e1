//! Groups and their members.

use std::collections::{HashMap, HashSet, VecDeque};

use rim_core::contact::Bounds;
use rim_core::event::{Change, GroupChange};
use rim_core::group::{self, Departure, Group, Member, NewGroup, PIECE, Role};
use rim_core::member_list::{self, MembersPage, MembersQuery};
use rim_core::size::Size;
use rim_core::{GroupId, Refusal, Rev, Timestamp, UserId};
use rim_store::Part;
use rusqlite::{Connection, params};

use crate::batch::{Batch, Piece};
use crate::failure::{Failure, Result};
use crate::row::{self, Fields, Sql};
use crate::{contacts, events, membership, uploads, users};

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

/// See [`rim_store::Store::groups_part`].
pub(crate) fn part(
    db: &Connection,
    user: UserId,
    after: GroupId,
    bytes: usize,
) -> Result<Part<Group, GroupId>> {
    let sql = "SELECT g.id, g.name, g.avatar, g.mode, g.creator_id, g.single
               FROM members AS m CROSS JOIN groups AS g ON g.id = m.group_id
               WHERE m.user_id = ?1 AND m.group_id > ?2 AND m.left_rev IS NULL ORDER BY m.group_id";
    let (rows, more) = row::fitting(db, sql, [user.sql(), after.sql()], bytes, row::group)?;
    let rest = rows.last().filter(|_| more).map(|last| last.id);
    Ok(Part { rows, rest })
}

/// See [`rim_store::Store::members_page`].
pub(crate) fn members_page(
    db: &Connection,
    caller: UserId,
    group: GroupId,
    query: &MembersQuery,
) -> Result<MembersPage> {
    let Some(member) = current_member(db, group, caller)? else { return Ok(MembersPage::default()) };
    let mut page =
        MembersPage { count: member_count(db, group)?, role: Some(member.role), ..MembersPage::default() };
    let (mut at, mut looked_at, mut taken) = (query.after, 0, 0);
    let mut statement = db.prepare_cached(MEMBERS)?;
    let mut rows = statement.query([group.sql(), query.after.sql()])?;
    while let Some(row) = rows.next()? {
        let fields = Fields { table: "members", row };
        if page.members.len() == query.size as usize || looked_at == member_list::MAX_LOOKED_AT {
            page.next = Some(at);
            break;
        }
        if let Some(named) = &query.named {
            looked_at += 1;
            if !named.is_in(&fields.get::<String>(1)?, &fields.get::<String>(2)?) {
                at = Rev(fields.get(7)?);
                continue;
            }
        }
        let joined_at = Timestamp(fields.get(6)?);
        let member = member_list::Member { user: row::user(row)?, role: fields.role(5)?, joined_at };
        taken += member.size_bytes();
        if taken > query.bytes && !page.members.is_empty() {
            page.next = Some(at);
            break;
        }
        page.members.push(member);
        at = Rev(fields.get(7)?);
    }
    Ok(page)
}

/// Read for as long as there is room.
const MEMBERS: &str = "SELECT u.id, u.account, u.name, u.avatar, u.email, m.role, m.joined_at, m.join_rev
                       FROM members AS m CROSS JOIN users AS u ON u.id = m.user_id
                       WHERE m.group_id = ?1 AND m.left_rev IS NULL AND m.join_rev > ?2 ORDER BY m.join_rev";

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

/// A group that is being created, in pieces where it has many members.
pub(crate) struct Creating {
    new: NewGroup,
    bounds: Bounds,
    now: Timestamp,
    /// Those who are not in it yet.
    rest: VecDeque<(UserId, Role)>,
    /// How many of them were looked at.
    looked_at: usize,
    /// Those of them to whom the creator is a stranger.
    unasked: HashSet<UserId>,
    /// Once it is there.
    group: Option<GroupId>,
}

impl Creating {
    pub(crate) fn new(new: NewGroup, bounds: Bounds, now: Timestamp) -> Self {
        let rest = new.founders().into();
        Self { new, bounds, now, rest, looked_at: 0, unasked: HashSet::new(), group: None }
    }

    /// Of its first piece.
    pub(crate) fn cost(&self) -> usize {
        cost_of_first(self.rest.len())
    }

    pub(crate) fn next(&mut self, batch: &mut Batch<'_>) -> Result<Piece<GroupId>> {
        let group = match self.group {
            None => {
                self.look(batch)?;
                if self.looked_at < self.rest.len() {
                    return Ok(Piece::Looked { cost: PIECE });
                }
                self.begin(batch)?
            }
            Some(group) => {
                self.go_on(batch, group)?;
                group
            }
        };
        self.group = Some(group);
        Ok(piece_before(self.rest.len(), group))
    }

    /// Asks whether the next of them may be members.
    fn look(&mut self, batch: &Batch<'_>) -> Result<()> {
        let next: Vec<_> = self.rest.range(self.looked_at..).take(PIECE).map(|(user, _)| *user).collect();
        users::must_exist(batch.db, next.iter().copied())?;
        self.looked_at += next.len();
        if self.pair().is_none() {
            contacts::may_name(batch.db, self.new.creator, &next, self.bounds.directory)?;
            self.unasked.extend(contacts::may_join(batch.db, self.new.creator, &next, &self.bounds)?);
        }
        Ok(())
    }

    fn begin(&mut self, batch: &mut Batch<'_>) -> Result<GroupId> {
        let now = self.now;
        if self.rest.len() as u64 > self.bounds.members {
            return Err(Refusal::TooManyMembers(self.bounds.members).into());
        }
        let pair = self.pair();
        let first = take_piece(&mut self.rest);
        let members: Vec<_> = first.iter().map(|(user, _)| *user).collect();
        let new = &self.new;
        if let Some(pair) = pair {
            if let Some(group) = pair.chat(batch.db)? {
                let away = newcomers(batch.db, group, &members)?;
                bring_in(batch, new.creator, group, &away, now)?;
                return Ok(group);
            }
            contacts::may_name(batch.db, new.creator, &members, self.bounds.directory)?;
        }

        row::execute(
            batch.db,
            "INSERT INTO groups (name, avatar, mode, single, creator_id, created_at, last_seq, last_rev,
                                 last_message_id, info_rev, member_count)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0, 1, 0)",
            params![new.name, new.avatar, new.mode, pair.is_some(), new.creator.sql(), now.0],
        )?;
        let group = GroupId(batch.db.last_insert_rowid().unsigned_abs());
        uploads::show(batch.db, &[&new.avatar], now)?;
        if let Some(pair) = pair {
            pair.remember(batch.db, group)?;
        }
        let joining: Vec<_> = first.into_iter().map(|(user, role)| Joining::first(user, role)).collect();
        let rev = join(batch, group, &joining, now)?;
        note_unasked(batch.db, group, &joining, &self.unasked)?;
        publish(batch, group, rev, new.creator, GroupChange::Created { members }, now)?;
        Ok(group)
    }

    /// The next of its members, as far as somebody else has not brought them in meanwhile.
    fn go_on(&mut self, batch: &mut Batch<'_>, group: GroupId) -> Result<()> {
        // Whoever has gone brings in nobody, as where it was dissolved meanwhile.
        if current_member(batch.db, group, self.new.creator)?.is_none() {
            self.rest.clear();
        }
        let piece = take_piece(&mut self.rest);
        let users: Vec<_> = piece.iter().map(|(user, _)| *user).collect();
        let roles: HashMap<_, _> = piece.into_iter().collect();
        let mut joining = newcomers(batch.db, group, &users)?;
        for joining in &mut joining {
            joining.role = roles[&joining.user];
        }
        must_hold(batch.db, group, joining.len(), self.bounds.members)?;
        note_unasked(batch.db, group, &joining, &self.unasked)?;
        bring_in(batch, self.new.creator, group, &joining, self.now)
    }

    /// The two, where it is their single chat.
    fn pair(&self) -> Option<Pair> {
        let both: Vec<_> = self.rest.iter().take(3).copied().collect();
        self.new.is_single(&both).then(|| Pair::of(both[0].0, both[1].0))
    }
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
    uploads::show(batch.db, &[&loaded.avatar, avatar], now)?;
    publish(
        batch,
        group,
        rev,
        caller,
        GroupChange::Updated { name: (loaded.name != name).then(|| name.to_owned()) },
        now,
    )
}

/// Members who are being added, in pieces where they are many. The rules are asked before the first about all, and before
/// each other again: the caller may have been removed meanwhile.
pub(crate) struct Adding {
    caller: UserId,
    group: GroupId,
    /// Each once.
    users: Vec<UserId>,
    bounds: Bounds,
    now: Timestamp,
    /// How many of them were looked at.
    looked_at: usize,
    /// Those of them who are no members yet.
    rest: VecDeque<UserId>,
    /// Those of them to whom the caller is a stranger.
    unasked: HashSet<UserId>,
    has_begun: bool,
}

impl Adding {
    pub(crate) fn new(
        caller: UserId,
        group: GroupId,
        users: &[UserId],
        bounds: Bounds,
        now: Timestamp,
    ) -> Self {
        let (users, rest, unasked) = (unique(users).collect(), VecDeque::new(), HashSet::new());
        Self { caller, group, users, bounds, now, looked_at: 0, rest, unasked, has_begun: false }
    }

    /// Of its first piece.
    pub(crate) fn cost(&self) -> usize {
        cost_of_first(self.users.len())
    }

    pub(crate) fn next(&mut self, batch: &mut Batch<'_>) -> Result<Piece<()>> {
        if !self.has_begun {
            self.look(batch)?;
            if self.looked_at < self.users.len() {
                return Ok(Piece::Looked { cost: PIECE });
            }
        } else {
            self.ask(batch)?;
        }
        self.has_begun = true;
        // Looked at again: somebody else may have brought them in since.
        let joining = newcomers(batch.db, self.group, &take_piece(&mut self.rest))?;
        must_hold(batch.db, self.group, joining.len() + self.rest.len(), self.bounds.members)?;
        note_unasked(batch.db, self.group, &joining, &self.unasked)?;
        bring_in(batch, self.caller, self.group, &joining, self.now)?;
        Ok(piece_before(self.rest.len(), ()))
    }

    /// Asks the rules; gives back the group.
    fn ask(&self, batch: &Batch<'_>) -> Result<Group> {
        let (loaded, member) = load(batch, self.group, self.caller)?;
        let mut former = HashSet::new();
        if loaded.single {
            for user in &self.users {
                if has_been_member(batch.db, self.group, *user)? {
                    former.insert(*user);
                }
            }
        }
        group::may_add(&loaded, member, &self.users, |user| former.contains(&user))?;
        Ok(loaded)
    }

    /// Asks the rules, and who of the next are no members.
    fn look(&mut self, batch: &Batch<'_>) -> Result<()> {
        let loaded = self.ask(batch)?;
        let Self { caller, group, users, bounds, looked_at, rest, unasked, .. } = self;
        let next = &users[*looked_at..users.len().min(*looked_at + PIECE)];
        *looked_at += next.len();
        users::must_exist(batch.db, next.iter().copied())?;
        let newcomers: Vec<_> =
            newcomers(batch.db, *group, next)?.into_iter().map(|joining| joining.user).collect();
        must_hold(batch.db, *group, rest.len() + newcomers.len(), bounds.members)?;
        if !loaded.single {
            contacts::may_name(batch.db, *caller, &newcomers, bounds.directory)?;
            unasked.extend(contacts::may_join(batch.db, *caller, &newcomers, bounds)?);
        }
        rest.extend(newcomers);
        Ok(())
    }
}

/// Members who are being removed, in pieces where they are many. The rules are asked as in [`Adding`].
pub(crate) struct Removing {
    caller: UserId,
    group: GroupId,
    /// Each once.
    users: Vec<UserId>,
    now: Timestamp,
    /// How many of them were looked at.
    looked_at: usize,
    /// Those of them who are members still.
    rest: VecDeque<UserId>,
    has_begun: bool,
}

impl Removing {
    pub(crate) fn new(caller: UserId, group: GroupId, users: &[UserId], now: Timestamp) -> Self {
        let users = unique(users).collect();
        Self { caller, group, users, now, looked_at: 0, rest: VecDeque::new(), has_begun: false }
    }

    /// Of its first piece.
    pub(crate) fn cost(&self) -> usize {
        cost_of_first(self.users.len())
    }

    pub(crate) fn next(&mut self, batch: &mut Batch<'_>) -> Result<Piece<()>> {
        if !self.has_begun {
            self.look(batch)?;
            if self.looked_at < self.users.len() {
                return Ok(Piece::Looked { cost: PIECE });
            }
        }
        let piece = take_piece(&mut self.rest);
        if std::mem::replace(&mut self.has_begun, true) {
            let (loaded, member) = load(batch, self.group, self.caller)?;
            group::may_remove(&loaded, member, &piece)?;
        }
        self.leave(batch, members_among(batch.db, self.group, &piece)?)?;
        Ok(piece_before(self.rest.len(), ()))
    }

    /// Asks the rules, and who of the next are members.
    fn look(&mut self, batch: &Batch<'_>) -> Result<()> {
        let Self { caller, group, users, looked_at, rest, .. } = self;
        let (loaded, member) = load(batch, *group, *caller)?;
        group::may_remove(&loaded, member, users)?;
        let next = &users[*looked_at..users.len().min(*looked_at + PIECE)];
        rest.extend(members_among(batch.db, *group, next)?);
        *looked_at += next.len();
        if rest.len() > PIECE {
            // Who has left may remove nobody. So also a creator, whom nobody else removes, leaves with the last, and who takes
            // the group over is not about to leave.
            rest.make_contiguous().sort_by_key(|user| user == caller);
        }
        Ok(())
    }

    fn leave(&self, batch: &mut Batch<'_>, leavers: Vec<UserId>) -> Result<()> {
        let Self { caller, group, now, .. } = *self;
        if leavers.is_empty() {
            return Ok(());
        }
        if leavers.contains(&caller) {
            contacts::forget_unasked(batch.db, group, caller)?;
        }
        let loaded = find(batch.db, group)?.ok_or(Refusal::NoSuchGroup)?;
        let needs_heir = group::needs_heir(&loaded, &leavers);
        let rev = leave(batch, group, &leavers)?;
        publish(batch, group, rev, caller, GroupChange::Removed { users: leavers }, now)?;
        if needs_heir && let Some(heir) = longest_standing(batch.db, group)? {
            make_creator(batch, caller, group, heir, now)?;
        }
        Ok(())
    }
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
    let back: Vec<_> =
        back.map(|user| Joining { again: true, ..Joining::first(user, Role::Common) }).into_iter().collect();
    bring_in(batch, sender, group, &back, now)
}

// ---- pieces

/// Of the first piece of a change of so many members.
fn cost_of_first(members: usize) -> usize {
    members.min(PIECE)
}

/// What a piece ends with before which so many are left.
fn piece_before<T>(left: usize, result: T) -> Piece<T> {
    if left == 0 { Piece::Last(result) } else { Piece::More { cost: left.min(PIECE) } }
}

fn take_piece<T>(rest: &mut VecDeque<T>) -> Vec<T> {
    rest.drain(..rest.len().min(PIECE)).collect()
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

/// Somebody who is about to become a member.
#[derive(Debug, Clone, Copy)]
struct Joining {
    user: UserId,
    role: Role,
    /// Whether they were one before.
    again: bool,
}

impl Joining {
    const fn first(user: UserId, role: Role) -> Self {
        Self { user, role, again: false }
    }
}

/// Those of `users` who are no members now, each once, as common members.
fn newcomers(db: &Connection, group: GroupId, users: &[UserId]) -> Result<Vec<Joining>> {
    let sql = "SELECT user_id, left_rev IS NULL FROM members WHERE group_id = ?1 AND user_id = ?2";
    let mut newcomers = Vec::new();
    for user in unique(users) {
        let is_member = row::first(db, sql, [group.sql(), user.sql()], |row| {
            Fields { table: "members", row }.get::<bool>(1)
        })?;
        if is_member != Some(true) {
            let again = is_member.is_some() || membership::is_forgotten(db, group, user)?;
            newcomers.push(Joining { again, ..Joining::first(user, Role::Common) });
        }
    }
    Ok(newcomers)
}

/// Those of `users` who are members now, each once.
fn members_among(db: &Connection, group: GroupId, users: &[UserId]) -> Result<Vec<UserId>> {
    let mut members = Vec::new();
    for user in unique(users) {
        members.extend(current_member(db, group, user)?.map(|member| member.user));
    }
    Ok(members)
}

fn unique(users: &[UserId]) -> impl Iterator<Item = UserId> {
    let mut seen = HashSet::new();
    users.iter().copied().filter(move |user| seen.insert(*user))
}

/// Notes which of those who join a stranger has brought.
fn note_unasked(
    db: &Connection,
    group: GroupId,
    joining: &[Joining],
    unasked: &HashSet<UserId>,
) -> Result<()> {
    let users: Vec<_> =
        joining.iter().map(|joining| joining.user).filter(|user| unasked.contains(user)).collect();
    contacts::note_unasked(db, group, &users)
}

/// # Errors
/// `TooManyMembers` if so many more are too many.
fn must_hold(db: &Connection, group: GroupId, more: usize, max_members: u64) -> Result<()> {
    let is_full = more > 0 && member_count(db, group)? + more as u64 > max_members;
    if is_full { Err(Refusal::TooManyMembers(max_members).into()) } else { Ok(()) }
}

/// Makes them members and tells of it. They are no members now.
fn bring_in(
    batch: &mut Batch<'_>,
    actor: UserId,
    group: GroupId,
    newcomers: &[Joining],
    now: Timestamp,
) -> Result<()> {
    if newcomers.is_empty() {
        return Ok(());
    }
    let rev = join(batch, group, newcomers, now)?;
    let users = newcomers.iter().map(|joining| joining.user).collect();
    publish(batch, group, rev, actor, GroupChange::Added { users }, now)
}

/// Each joining takes a `rev`; gives back the last. They are no members now, but may have been.
fn join(batch: &mut Batch<'_>, group: GroupId, users: &[Joining], now: Timestamp) -> Result<Rev> {
    let head = batch.heads.group(batch.db, group)?;
    for Joining { user, role, again } in users {
        let rev = head.next_rev();
        if *again {
            forget_leaving(batch.db, group, *user)?;
        }
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
    }
    let rev = head.last_rev;
    let sql = "UPDATE groups SET member_count = member_count + ?2 WHERE id = ?1";
    row::execute(batch.db, sql, [group.sql(), (users.len() as u64).sql()])?;
    Ok(rev)
}

/// Somebody who was a member and has left is about to be one again: what they saw by then is kept.
fn forget_leaving(db: &Connection, group: GroupId, user: UserId) -> Result<()> {
    membership::remember(db, group, user)?;
    let sql = "INSERT INTO earlier_spans (group_id, user_id, after_seq, to_seq)
               SELECT group_id, user_id, join_seq, left_seq FROM members
               WHERE group_id = ?1 AND user_id = ?2 AND left_seq > join_seq";
    row::execute(db, sql, [group.sql(), user.sql()])?;
    let sql = "INSERT INTO earlier_stays (group_id, user_id, join_rev, left_rev)
               SELECT group_id, user_id, join_rev, left_rev FROM members
               WHERE group_id = ?1 AND user_id = ?2 AND left_rev IS NOT NULL";
    row::execute(db, sql, [group.sql(), user.sql()])?;
    // Whoever joins anew sees the chat again.
    let sql = "DELETE FROM chats WHERE user_id = ?1 AND group_id = ?2";
    row::execute(db, sql, [user.sql(), group.sql()])?;
    Ok(())
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
