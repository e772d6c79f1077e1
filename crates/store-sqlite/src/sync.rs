//! What a client missed.
//!
//! Rows are messages and members (of a large group only those with a new name), and what
//! happened. Those of one group are merged by `rev` and cut where the limit is used
//! up, so what is answered of a group is always everything up to some `rev`, and asking again goes on there.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use rim_core::friend::Friendship;
use rim_core::group::Group;
use rim_core::group_event::GroupEvent;
use rim_core::message::{Message, Page, Span, above, page_spans};
use rim_core::size::Size;
use rim_core::sync::{
    ChatState, Cut, DELTA_BYTES, GroupDelta, MAX_SYNCED_MEMBERS, MemberState, Room, SyncPage, SyncQuery,
    known_to,
};
use rim_core::user::User;
use rim_core::{GroupId, Rev, Seq, UserId};
use rusqlite::Connection;

use crate::directory::Directory;
use crate::failure::{Failure, Result};
use crate::membership::Membership;
use crate::readers::Snapshot;
use crate::row::{self, Fields, Sql};
use crate::{chats, events, friends, groups, history, membership, users};

pub(crate) fn page(
    db: &Snapshot<'_>,
    directory: &Directory,
    user: UserId,
    query: &SyncQuery,
) -> Result<SyncPage> {
    let (own_rev, profile_rev) = own_revs(db, user)?;
    let me = if profile_rev > query.rev { users::find(db, user)? } else { None };
    let (mut room, mut people) = (query.room(), People::default());
    room.take(me.as_ref().map_or(0, Size::size_bytes));
    let Own { rev, friends, chats } = Own::read(db, user, query.rev, own_rev, &mut room, &mut people)?;

    let (mut deltas, mut unanswered, mut last) = (Vec::new(), None, query.after);
    for (group, since) in candidates(db, directory, user, query)? {
        last = Some(group);
        let Some(view) = View::changed(db, user, group, since)? else { continue };
        if room.is_used_up() {
            unanswered = Some(group);
            break;
        }
        let delta = view.delta(db, &mut room, &mut people, query.window)?;
        let more = delta.more;
        deltas.push(delta);
        if more {
            unanswered = Some(group);
            break;
        }
    }
    let more = unanswered.is_some() || rev < own_rev;
    let answered = unanswered.map(|group| GroupId(group.0 - 1)).or(last).unwrap_or_default();

    let named: BTreeSet<UserId> = friends
        .iter()
        .map(|(friend, _)| *friend)
        .chain(deltas.iter().flat_map(|delta| delta.messages.iter().map(|message| message.sender)))
        .chain(deltas.iter().flat_map(|delta| delta.members.iter().map(|member| member.user)))
        .chain(deltas.iter().flat_map(|delta| delta.renamed.iter().copied()))
        .chain(deltas.iter().flat_map(|delta| delta.events.iter().flat_map(GroupEvent::named)))
        .collect();
    let users = people.take(named);
    Ok(SyncPage { rev, me, friends, groups: deltas, chats, users, more, next: more.then_some(answered) })
}

/// Everybody whom an answer names, read when they are named first.
#[derive(Default)]
struct People(HashMap<UserId, Option<User>>);

impl People {
    /// What it takes to name a user: nothing the second time.
    fn name(&mut self, db: &Connection, user: UserId) -> Result<usize> {
        let Entry::Vacant(unknown) = self.0.entry(user) else { return Ok(0) };
        let found = unknown.insert(users::find(db, user)?);
        Ok(found.as_ref().map_or(0, Size::size_bytes))
    }

    fn take(&mut self, users: BTreeSet<UserId>) -> Vec<User> {
        users.into_iter().filter_map(|user| self.0.remove(&user).flatten()).collect()
    }
}

/// Changes of the user's own.
struct Own {
    /// Up to which they are told.
    rev: Rev,
    friends: Vec<(UserId, Friendship)>,
    chats: Vec<ChatState>,
}

impl Own {
    fn read(
        db: &Snapshot<'_>,
        user: UserId,
        since: Rev,
        until: Rev,
        room: &mut Room,
        people: &mut People,
    ) -> Result<Self> {
        // One more than there is room for tells whether there is more, and from which rev on.
        let friends = friends::changed(db, user, since, room.rows + 1)?;
        let chats = chats::changed(db, user, since, room.rows + 1)?;
        let of_friends = friends.iter().map(|(rev, friend, state)| (*rev, Some((*friend, *state)), None));
        let of_chats = chats.iter().map(|(rev, chat)| (*rev, None, Some(*chat)));
        let mut told: Vec<_> = of_friends.chain(of_chats).collect();
        told.sort_by_key(|(rev, ..)| *rev);

        // They have rows of their own, so that a small limit does not keep the groups waiting.
        let rows = room.rows;
        let mut own = Self { rev: until, friends: Vec::new(), chats: Vec::new() };
        let mut cut = Cut::new(room);
        for (rev, friend, chat) in &told {
            let named = friend.map_or(Ok(0), |(friend, _)| people.name(db, friend))?;
            let bytes = named
                + friend.map_or(0, |friend| friend.size_bytes())
                + chat.map_or(0, |chat| chat.size_bytes());
            if let Some(end) = cut.take(*rev, 1, bytes) {
                own.rev = end;
                break;
            }
        }
        if own.rev == until {
            room.rows = rows;
        }
        let is_told = |rev: &Rev| *rev <= own.rev;
        for (_, friend, chat) in told.iter().filter(|(rev, ..)| is_told(rev)) {
            own.friends.extend(*friend);
            own.chats.extend(*chat);
        }
        Ok(own)
    }
}

/// The groups in which he can have missed something, by id, and how far the client is in each: the only
/// ones that are looked up.
fn candidates(
    db: &Connection,
    directory: &Directory,
    user: UserId,
    query: &SyncQuery,
) -> Result<Vec<(GroupId, Rev)>> {
    // All he was ever in: an index has both columns.
    let sql = "SELECT group_id, left_rev FROM members
               WHERE user_id = ?1 AND group_id > ?2 AND group_id <= ?3 ORDER BY group_id";
    let (after, to) = (query.after.unwrap_or_default(), query.to.unwrap_or(GroupId(u64::MAX)));
    let ever = row::all(db, sql, [user.sql(), after.sql(), to.sql()], |row| {
        let row = Fields { table: "members", row };
        Ok((GroupId(row.get(0)?), row.get::<Option<u64>>(1)?.map(Rev)))
    })?;
    // Keeps the order of those that are the same: of a group named twice the first counts.
    let is_asked_for = |(group, _): &&(GroupId, Rev)| *group > after && *group <= to;
    let mut known: Vec<_> = query.groups.iter().filter(is_asked_for).copied().collect();
    known.sort_by_key(|(group, _)| *group);
    let mut known = known.as_slice();

    let forgotten = forgotten(db, user, known, &ever)?;
    let heads = directory.look();
    let candidates = ever.into_iter().filter_map(|(group, left_rev)| {
        while let [(before, _), rest @ ..] = known
            && *before < group
        {
            known = rest;
        }
        let since = known.first().filter(|(named, _)| *named == group).map_or(Rev(0), |(_, rev)| *rev);
        let until = left_rev.unwrap_or_else(|| heads.head(group).last_rev);
        (until > since).then_some((group, since))
    });
    if forgotten.is_empty() {
        return Ok(candidates.collect());
    }
    let mut candidates: Vec<_> = candidates.chain(forgotten).collect();
    candidates.sort_unstable();
    Ok(candidates)
}

/// Of the groups that the client knows, those that the user has left and forgotten on another device before this one
/// heard of the leaving. `known` and `ever` are by group.
fn forgotten(
    db: &Connection,
    user: UserId,
    known: &[(GroupId, Rev)],
    ever: &[(GroupId, Option<Rev>)],
) -> Result<Vec<(GroupId, Rev)>> {
    let mut forgotten: Vec<(GroupId, Rev)> = Vec::new();
    for &(group, since) in known {
        let is_known = forgotten.last().is_some_and(|(last, _)| *last == group);
        if is_known || ever.binary_search_by_key(&group, |(group, _)| *group).is_ok() {
            continue;
        }
        let membership = Membership::find_any(db, group, user)?;
        let left = membership.and_then(|membership| membership.left);
        if left.is_some_and(|(_, left_rev)| left_rev > since) {
            forgotten.push((group, since));
        }
    }
    Ok(forgotten)
}

/// The user's own `rev`, and that of his profile.
fn own_revs(db: &Connection, user: UserId) -> Result<(Rev, Rev)> {
    let revs = row::first(db, "SELECT id, rev, profile_rev FROM users WHERE id = ?1", [user.sql()], |row| {
        let row = Fields { table: "users", row };
        Ok((Rev(row.get(1)?), Rev(row.get(2)?)))
    })?;
    Ok(revs.unwrap_or_default())
}

/// The members of a group who changed. Who had left before the user came, who never were there together, is not told to
/// have been there.
macro_rules! members_sql {
    ($mine:literal, $theirs:literal) => {
        concat!(
            "SELECT o.user_id, o.rev, o.role, o.left_rev IS NOT NULL, o.read_seq, o.delivered_seq
             FROM ",
            $mine,
            " AS m JOIN groups AS g ON g.id = m.group_id JOIN ",
            $theirs,
            " AS o ON o.group_id = m.group_id
             WHERE m.group_id = ?1 AND m.user_id = ?5 AND o.rev > ?2 AND o.rev <= ?3
               AND (o.left_rev IS NULL OR g.single OR ",
            membership::shared!(),
            ") ORDER BY o.rev LIMIT ?4"
        )
    };
}

/// A group in which the user missed something.
struct View {
    group: GroupId,
    user: UserId,
    membership: Membership,
    head: Head,
    /// How far the client is.
    since: Rev,
    /// How far the user may see: to where he left, or to the end. What changed later he learns if he comes
    /// back, as it is above the `rev` that he was told.
    until: Rev,
}

/// Where the group is.
struct Head {
    last_seq: Seq,
    last_rev: Rev,
    info_rev: Rev,
    member_count: u64,
}

impl View {
    /// `None` where he missed nothing: also where he never was a member.
    fn changed(db: &Connection, user: UserId, group: GroupId, since: Rev) -> Result<Option<Self>> {
        let Some(membership) = Membership::find_any(db, group, user)? else { return Ok(None) };
        let Some(mut head) = Head::find(db, group)? else { return Ok(None) };
        let left_rev = membership.left.map(|(_, left_rev)| left_rev);
        if let Some(departure) = groups::departure(db, group, left_rev)? {
            (head.info_rev, head.member_count) = (departure.info_rev, departure.member_count);
        }
        let until = left_rev.unwrap_or(head.last_rev);
        Ok((until > since).then_some(Self { group, user, membership, head, since, until }))
    }

    /// The first rows that they missed, as far as there is room.
    fn delta(
        &self,
        db: &Snapshot<'_>,
        room: &mut Room,
        people: &mut People,
        window: Option<u32>,
    ) -> Result<GroupDelta> {
        let member = self.membership.left.is_none();
        let group = self.info(db)?;
        room.take(DELTA_BYTES + group.as_ref().map_or(0, Size::size_bytes));
        let (missed, skipped_to) = self.missed(db, window)?;
        // One more than there is room for tells whether there is more, and from which rev on.
        let one_more = room.rows + 1;
        let mut messages = self.messages(db, &missed, one_more, room.bytes)?;
        let members_omitted = self.head.member_count > MAX_SYNCED_MEMBERS;
        let mut members = if members_omitted { Vec::new() } else { self.members(db, one_more)? };
        let mut renamed = if members_omitted { self.renamed(db, one_more)? } else { Vec::new() };
        let mut events = self.events(db, one_more, window)?;

        let of_messages =
            messages.iter().map(|message| (message.rev, 1, message.size_bytes(), Names::One(message.sender)));
        let of_members =
            members.iter().map(|(rev, member)| (*rev, 1, member.size_bytes(), Names::One(member.user)));
        let of_renamed = renamed.iter().map(|(rev, user)| (*rev, 1, 0, Names::One(*user)));
        let of_events =
            events.iter().map(|event| (event.place(), event.size(), event.size_bytes(), Names::Event(event)));
        let mut told: Vec<_> = of_messages.chain(of_members).chain(of_renamed).chain(of_events).collect();
        told.sort_unstable_by_key(|(rev, rows, ..)| (*rev, *rows));
        // Not all of them may have been read.
        let (mut rev, mut cut) = (known_to(&messages, &missed, self.until), Cut::new(room));
        for (at, rows, bytes, names) in told {
            let bytes = bytes + names.size_bytes(db, people)?;
            if let Some(end) = cut.take(at, rows, bytes) {
                rev = rev.min(end);
                break;
            }
        }
        if rev < self.until {
            room.use_up();
        }
        events.retain(|event| event.place() <= rev);
        messages.retain(|message| message.rev <= rev);
        members.retain(|(of_member, _)| *of_member <= rev);
        renamed.retain(|(of_member, _)| *of_member <= rev);

        Ok(GroupDelta {
            group_id: self.group,
            rev,
            member,
            group,
            last_seq: self.last_visible_place(),
            unread: self.membership.unread(self.last_visible_place()),
            messages,
            skipped_to,
            members: members.into_iter().map(|(_, member)| member).collect(),
            members_omitted,
            joined_at: self.membership.joined_at,
            events,
            renamed: renamed.into_iter().map(|(_, user)| user).collect(),
            more: rev < self.until,
            deleted: chats::deleted_up_to(db, self.user, self.group)?,
        })
    }

    /// Name, avatar and creator, if they changed or the client does not know the group.
    fn info(&self, db: &Connection) -> Result<Option<Group>> {
        let changed = self.since < self.head.info_rev && self.head.info_rev <= self.until;
        if !changed && self.since != Rev(0) {
            return Ok(None);
        }
        groups::seen(db, self.group, self.membership.left.map(|(_, left_rev)| left_rev))
    }

    fn last_visible_place(&self) -> Seq {
        self.membership.left.map_or(self.head.last_seq, |(left_seq, _)| left_seq)
    }

    /// The places he missed, ascending, and the smallest that was not skipped if the window left out some.
    fn missed(&self, db: &Snapshot<'_>, window: Option<u32>) -> Result<(Vec<Span>, Option<Seq>)> {
        let visible = self.membership.spans(db, self.group, self.user, self.head.last_seq)?;
        let has = self.place_at(db, self.since)?;
        let Some(size) = window else { return Ok((above(&visible, has), None)) };

        let mut newest = page_spans(&visible, None, Page { number: 1, size });
        newest.reverse();
        let skipped_to = Seq(newest.first().map_or(self.last_visible_place(), |span| span.after).0 + 1);
        let skipped = above(&visible, has).iter().any(|span| span.after.0 + 1 < skipped_to.0);
        Ok((above(&newest, has), skipped.then_some(skipped_to)))
    }

    /// The place of the last message up to `rev`.
    ///
    /// `rev - seq` counts the changes before a message that are no messages, so it never falls as `seq`
    /// rises: the place is found by halving, without an index of `rev`.
    fn place_at(&self, db: &Snapshot<'_>, rev: Rev) -> Result<Seq> {
        let no_messages = self.head.last_rev.0.saturating_sub(self.head.last_seq.0);
        let mut at_least = rev.0.saturating_sub(no_messages).min(self.head.last_seq.0);
        let mut at_most = rev.0.min(self.head.last_seq.0);
        while at_least < at_most {
            let middle = at_least + (at_most - at_least).div_ceil(2);
            if rev_of(db, self.group, Seq(middle))? <= rev {
                at_least = middle;
            } else {
                at_most = middle - 1;
            }
        }
        Ok(Seq(at_least))
    }

    /// The first of them: at most so many, and none behind the one for which there is no room.
    fn messages(
        &self,
        db: &Snapshot<'_>,
        spans: &[Span],
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<Message>> {
        let (mut messages, mut taken) = (Vec::new(), 0);
        for span in spans {
            let wanted = (limit - messages.len()) as u64;
            if wanted == 0 || taken > bytes {
                break;
            }
            messages.extend(history::run(db, self.group, *span, wanted, &mut |message| {
                taken += message.size_bytes();
                Ok(taken > bytes)
            })?);
        }
        Ok(messages)
    }

    fn members(&self, db: &Connection, limit: usize) -> Result<Vec<(Rev, MemberState)>> {
        let [present, forgotten] = if self.membership.forgotten {
            [
                members_sql!("forgotten_members", "members"),
                members_sql!("forgotten_members", "forgotten_members"),
            ]
        } else {
            [members_sql!("members", "members"), members_sql!("members", "forgotten_members")]
        };
        let mut members = self.members_in(db, present, limit)?;
        let forgotten = self.members_in(db, forgotten, limit)?;
        if !forgotten.is_empty() {
            members.extend(forgotten);
            members.sort_unstable_by_key(|(rev, _)| *rev);
            members.truncate(limit);
        }
        Ok(members)
    }

    fn members_in(&self, db: &Connection, sql: &str, limit: usize) -> Result<Vec<(Rev, MemberState)>> {
        let params =
            [self.group.sql(), self.since.sql(), self.until.sql(), (limit as u64).sql(), self.user.sql()];
        row::all(db, sql, params, |row| {
            let row = Fields { table: "members", row };
            let state = MemberState {
                user: UserId(row.get(0)?),
                role: row.code(2)?,
                left: row.get(3)?,
                read_seq: Seq(row.get(4)?),
                delivered_seq: Seq(row.get(5)?),
            };
            Ok((Rev(row.get(1)?), state))
        })
    }

    fn events(&self, db: &Connection, limit: usize, window: Option<u32>) -> Result<Vec<GroupEvent>> {
        let stays = self.membership.stays(db, self.group, self.user, self.since, self.until)?;
        let Some(size) = window else { return events::first(db, self.group, &stays, limit) };
        let mut newest = events::newest(db, self.group, &stays, (Seq(0), Seq(u64::MAX)), size as usize)?;
        newest.truncate(limit);
        Ok(newest)
    }

    /// Members whose name or picture changed. A client that does not know the group has nobody's.
    fn renamed(&self, db: &Connection, limit: usize) -> Result<Vec<(Rev, UserId)>> {
        if self.since == Rev(0) {
            return Ok(Vec::new());
        }
        let sql = "SELECT user_id, profile_rev FROM members
                   WHERE group_id = ?1 AND profile_rev > 0 AND profile_rev > ?2 AND profile_rev <= ?3
                   ORDER BY profile_rev LIMIT ?4";
        let params = [self.group.sql(), self.since.sql(), self.until.sql(), (limit as u64).sql()];
        row::all(db, sql, params, |row| {
            let row = Fields { table: "members", row };
            Ok((Rev(row.get(1)?), UserId(row.get(0)?)))
        })
    }
}

impl Head {
    fn find(db: &Connection, group: GroupId) -> Result<Option<Self>> {
        let sql = "SELECT id, last_seq, last_rev, info_rev, member_count FROM groups WHERE id = ?1";
        row::first(db, sql, [group.sql()], |row| {
            let row = Fields { table: "groups", row };
            Ok(Self {
                last_seq: Seq(row.get(1)?),
                last_rev: Rev(row.get(2)?),
                info_rev: Rev(row.get(3)?),
                member_count: row.get(4)?,
            })
        })
    }
}

/// Whom a row names.
enum Names<'e> {
    One(UserId),
    Event(&'e GroupEvent),
}

impl Names<'_> {
    /// What it takes to tell who they are.
    fn size_bytes(&self, db: &Connection, people: &mut People) -> Result<usize> {
        match self {
            Self::One(user) => people.name(db, *user),
            Self::Event(event) => event.named().try_fold(0, |bytes, user| Ok(bytes + people.name(db, user)?)),
        }
    }
}

fn rev_of(db: &Snapshot<'_>, group: GroupId, seq: Seq) -> Result<Rev> {
    let sql = "SELECT id, rev FROM messages WHERE id = ?1";
    let rev = match db.message_at(group, seq)? {
        Some(message) => {
            row::first(db, sql, [message.sql()], |row| Ok(Rev(Fields { table: "messages", row }.get(1)?)))?
        }
        None => None,
    };
    rev.ok_or_else(|| Failure::Corrupt {
        table: "messages".into(),
        column: "seq".into(),
        row: format!("{seq} of group {group}"),
        value: "there is no such row".into(),
    })
}
