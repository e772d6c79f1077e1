//! What a client missed.
//!
//! Rows are messages and members (of a large group only those with a new name), and what
//! happened. Those of one group are merged by `rev` and cut where the limit is used
//! up, so what is answered of a group is always everything up to some `rev`, and asking again goes on there.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use rim_core::delta::{self, Own, OwnRows, Rows, View};
use rim_core::group_event::GroupEvent;
use rim_core::message::{Message, Span};
use rim_core::sight::Sight;
use rim_core::size::Size;
use rim_core::sync::{GroupDelta, KeptRow, MemberState, Room, SyncPage, SyncQuery};
use rim_core::user::User;
use rim_core::{GroupId, Rev, Seq, UserId};
use rim_store::columns::Row as _;
use rim_store::sights::{KEPT, kept_limit, kept_row};
use rusqlite::Connection;

use crate::failure::{Failure, Result};
use crate::membership::Membership;
use crate::published_heads::PublishedHeads;
use crate::readers::Snapshot;
use crate::row::{self, Fields, Sql};
use crate::sights::Has;
use crate::{chats, events, friends, groups, history, sights, users};

pub(crate) fn page(
    db: &Snapshot<'_>,
    published: &PublishedHeads,
    user: UserId,
    query: &SyncQuery,
) -> Result<SyncPage> {
    let (own_rev, profile_rev) = own_revs(db, user)?;
    let me = if profile_rev > query.rev { users::find(db, user)? } else { None };
    let (mut room, mut people) = (query.room(), People::default());
    room.take(me.as_ref().map_or(0, Size::size_bytes));
    // One more than there is room for tells whether there is more, and from which rev on.
    let rows = if own_rev > query.rev {
        OwnRows {
            friends: friends::changed(db, user, query.rev, room.rows + 1)?,
            chats: chats::changed(db, user, query.rev, room.rows + 1)?,
            kept: kept(db, user, query.rev, room.rows + 1)?,
        }
    } else {
        OwnRows::default()
    };
    let Own { rev, friends, chats, kept } = Own::cut(rows, own_rev, &mut room, |user| people.name(db, user))?;

    let (mut deltas, mut unanswered, mut last) = (Vec::new(), None, query.after);
    for (group, since) in candidates(db, published, user, query)? {
        last = Some(group);
        let known = (since, query.recalls.get(&group).copied().unwrap_or_default());
        let Some(changed) = Changed::find(db, user, group, known)? else { continue };
        if room.is_used_up() {
            unanswered = Some(group);
            break;
        }
        let delta = changed.delta(db, &mut room, &mut people, query.window)?;
        if delta.rev <= since && delta.recalled_to.is_none() {
            continue;
        }
        let more = delta.more;
        deltas.push(delta);
        if more {
            unanswered = Some(group);
            break;
        }
    }
    let more = unanswered.is_some() || rev < own_rev;
    let answered = unanswered.map(|group| GroupId(group.0 - 1)).or(last).unwrap_or_default();

    let users = people.take(delta::named(&friends, &deltas));
    let next = more.then_some(answered);
    Ok(SyncPage { rev, me, friends, groups: deltas, chats, kept, users, more, next })
}

/// What the user did for themselves alone after `rev`, by its order: the first `limit`, and of each rev all.
fn kept(db: &Connection, user: UserId, rev: Rev, limit: usize) -> Result<Vec<(Rev, GroupId, KeptRow)>> {
    let params = [user.sql(), rev.sql(), kept_limit(limit).sql()];
    row::all(db, KEPT, params, |row| {
        let fields = Fields { table: "starred", row };
        let (rev, group, what, value) = fields.read(0)?;
        Ok((rev, group, kept_row(what, value).ok_or_else(|| fields.corrupt(2))?))
    })
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

/// The groups in which they can have missed something, by id, and how far the client is in each: the only
/// ones that are looked up.
fn candidates(
    db: &Connection,
    published: &PublishedHeads,
    user: UserId,
    query: &SyncQuery,
) -> Result<Vec<(GroupId, Rev)>> {
    // All they were ever in: an index has these columns.
    let sql = "SELECT group_id, left_rev, left_seq FROM members
               WHERE user_id = ?1 AND group_id > ?2 AND group_id <= ?3 ORDER BY group_id";
    let (after, to) = (query.after.unwrap_or_default(), query.to.unwrap_or(GroupId(u64::MAX)));
    let ever: Vec<(GroupId, Option<Rev>, Option<Seq>)> =
        row::all(db, sql, [user.sql(), after.sql(), to.sql()], row::of("members"))?;
    // Keeps the order of those that are the same: of a group named twice the first counts.
    let is_asked_for = |(group, _): &&(GroupId, Rev)| *group > after && *group <= to;
    let mut known: Vec<_> = query.groups.iter().filter(is_asked_for).copied().collect();
    known.sort_by_key(|(group, _)| *group);
    let mut known = known.as_slice();

    let forgotten = forgotten(db, user, known, &ever)?;
    let heads = published.look();
    let (mut candidates, mut left_before) = (Vec::new(), Vec::new());
    for (group, left_rev, left_seq) in ever {
        while let [(before, _), rest @ ..] = known
            && *before < group
        {
            known = rest;
        }
        let since = known.first().filter(|(named, _)| *named == group).map_or(Rev(0), |(_, rev)| *rev);
        let last_rev = heads.head(group).last_rev;
        if left_rev.unwrap_or(last_rev) > since {
            candidates.push((group, since));
        } else if let Some(left) = Option::zip(left_rev, left_seq)
            && last_rev > left.0
            && let Some(recalls) = query.recalls.get(&group)
        {
            left_before.push((group, since, *recalls, left));
        }
    }
    drop(heads);
    if forgotten.is_empty() && left_before.is_empty() {
        return Ok(candidates);
    }
    // Of what they have left, and the client knows it, they hear what was recalled since.
    for (group, since, recalls, (left_rev, left_seq)) in left_before {
        let sql = "SELECT group_id, rev FROM notes INDEXED BY recalls
                   WHERE group_id = ?1 AND kind = 2 AND rev > ?2 AND seq <= ?3 LIMIT 1";
        let params = [group.sql(), left_rev.max(recalls).sql(), left_seq.sql()];
        let recalled: Option<Rev> = row::first(db, sql, params, row::behind_key("notes"))?;
        candidates.extend(recalled.map(|_| (group, since)));
    }
    candidates.extend(forgotten);
    candidates.sort_unstable();
    Ok(candidates)
}

/// Of the groups that the client knows, those that the user has left and forgotten on another device before this one
/// heard of the leaving. `known` and `ever` are by group.
fn forgotten(
    db: &Connection,
    user: UserId,
    known: &[(GroupId, Rev)],
    ever: &[(GroupId, Option<Rev>, Option<Seq>)],
) -> Result<Vec<(GroupId, Rev)>> {
    let mut forgotten: Vec<(GroupId, Rev)> = Vec::new();
    for &(group, since) in known {
        let is_known = forgotten.last().is_some_and(|(last, _)| *last == group);
        if is_known || ever.binary_search_by_key(&group, |(group, ..)| *group).is_ok() {
            continue;
        }
        let membership = Membership::find_any(db, group, user)?;
        if membership.and_then(|membership| membership.is.left_rev()).is_some_and(|left_rev| left_rev > since)
        {
            forgotten.push((group, since));
        }
    }
    Ok(forgotten)
}

/// The user's own `rev`, and that of their profile.
fn own_revs(db: &Connection, user: UserId) -> Result<(Rev, Rev)> {
    let sql = "SELECT id, rev, profile_rev FROM users WHERE id = ?1";
    Ok(row::first(db, sql, [user.sql()], row::behind_key("users"))?.unwrap_or_default())
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
            rim_store::were_together!(),
            ") ORDER BY o.rev LIMIT ?4"
        )
    };
}

/// A group in which the user missed something.
struct Changed {
    user: UserId,
    membership: Membership,
    view: View,
    /// What was theirs as a member,
    member: Vec<Span>,
    /// and what of that they may see.
    sight: Sight,
    has: Has,
}

impl Changed {
    /// `None` where they never were a member.
    fn find(
        db: &Connection,
        user: UserId,
        group: GroupId,
        (since, recalls): (Rev, Rev),
    ) -> Result<Option<Self>> {
        let Some(membership) = Membership::find_any(db, group, user)? else { return Ok(None) };
        let sql = "SELECT id, last_seq, last_rev, info_rev, member_count FROM groups WHERE id = ?1";
        let Some(found) = row::first(db, sql, [group.sql()], row::behind_key("groups"))? else {
            return Ok(None);
        };
        let (last_seq, last_rev, info_rev, member_count) = found;
        let of = membership.is;
        let mut view =
            View { group, membership: of, last_seq, last_rev, info_rev, member_count, since, recalls };
        if let Some(departure) = groups::departure(db, group, of.left_rev())? {
            (view.info_rev, view.member_count) = (departure.info_rev, departure.member_count);
        }
        if view.until() <= since && of.left.is_none() {
            return Ok(None);
        }
        let has = Has::look(db, user, group, of.read_to(), since)?;
        let member = membership.spans(db, group, user, last_seq)?;
        let sight = if has.holes {
            sights::of(db, user, group, member.clone())?
        } else {
            Sight::new(member.clone(), Vec::new())
        };
        let sight = sight.as_of(of.left_rev());
        Ok(Some(Self { user, membership, view, member, sight, has }))
    }

    /// The first rows that they missed, as far as there is room.
    fn delta(
        &self,
        db: &Snapshot<'_>,
        room: &mut Room,
        people: &mut People,
        window: Option<u32>,
    ) -> Result<GroupDelta> {
        let view = &self.view;
        let group = if view.is_described() {
            groups::seen(db, view.group, view.membership.left_rev())?
        } else {
            None
        };
        let bytes = room.bytes.saturating_sub(delta::bytes_beside_rows(group.as_ref()));
        let client_has = self.place_at(db, view.since)?;
        let missed = view.missed(&self.sight, client_has, window);
        // One more than there is room for tells whether there is more, and from which rev on.
        let one_more = room.rows + 1;
        let omits_members = view.omits_members();
        let rows = Rows {
            group,
            messages: self.messages(db, &missed.spans, one_more, bytes)?,
            changed: self.changed(db, client_has, one_more, bytes)?,
            expired: self.expired(db, one_more)?,
            unread_mentions: self.unread_mentions(db)?,
            members: if omits_members { Vec::new() } else { self.members(db, one_more)? },
            renamed: if omits_members { self.renamed(db, one_more)? } else { Vec::new() },
            events: self.events(db, one_more, window)?,
            missed,
            deleted: chats::deleted_up_to(db, self.user, view.group)?,
        };
        let mut delta = view.delta(&self.sight, rows, room, |user| people.name(db, user))?;
        rim_store::sights::mine(db, self.user, &mut delta.messages)?;
        rim_store::sights::mine(db, self.user, &mut delta.changed)?;
        Ok(delta)
    }

    /// The place of the last message up to `rev`.
    ///
    /// `rev - seq` counts the changes before a message that are no messages, so it never falls as `seq`
    /// rises: the place is found by halving, without an index of `rev`.
    fn place_at(&self, db: &Snapshot<'_>, rev: Rev) -> Result<Seq> {
        let no_messages = self.view.last_rev.0.saturating_sub(self.view.last_seq.0);
        let mut at_least = rev.0.saturating_sub(no_messages).min(self.view.last_seq.0);
        let mut at_most = rev.0.min(self.view.last_seq.0);
        while at_least < at_most {
            let middle = at_least + (at_most - at_least).div_ceil(2);
            if rev_of(db, self.view.group, Seq(middle))? <= rev {
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
            messages.extend(history::run(
                db,
                self.view.group,
                *span,
                self.sight.as_of,
                wanted,
                &mut |message| {
                    taken += message.size_bytes();
                    Ok(taken > bytes)
                },
            )?);
        }
        Ok(messages)
    }

    /// Those that have changed of what the client has: as [`Self::messages`].
    fn changed(
        &self,
        db: &Snapshot<'_>,
        client_has: Seq,
        limit: usize,
        bytes: usize,
    ) -> Result<delta::Changed> {
        if !self.has.changed || client_has == Seq(0) {
            return Ok(delta::Changed::default());
        }
        let group = self.view.group;
        let found = self.places_changed(db, client_has, limit)?;
        let (places, mut known_to) = self.view.changed(&self.sight, found, limit);
        let (mut messages, mut taken) = (Vec::new(), 0);
        for (seq, rev) in places {
            let Some(message) = db.message_at(group, seq)? else { continue };
            let Some(message) = history::find(db, db.health, group, message, self.sight.as_of)? else {
                continue;
            };
            taken += message.size_bytes();
            messages.push(message);
            if taken > bytes {
                known_to = Some(rev);
                break;
            }
        }
        Ok(delta::Changed { messages, known_to })
    }

    /// Where the first of them are, and when they changed, by that.
    fn places_changed(&self, db: &Connection, client_has: Seq, limit: usize) -> Result<Vec<(Seq, Rev)>> {
        let of = [self.view.group.sql(), self.view.since.sql(), client_has.sql(), (limit as u64).sql()];
        let Some(recalled_after) = self.view.recalled_after() else {
            let sql = "SELECT seq, rev FROM states WHERE group_id = ?1 AND rev > ?2 AND seq <= ?3 ORDER BY rev LIMIT ?4";
            return row::all(db, sql, of, row::of("states"));
        };
        // What they became by the rev ?5, when the user left: those that are so still, and those that are not; and what was
        // recalled after that.
        let sql = "SELECT seq, rev FROM states
                   WHERE group_id = ?1 AND rev > ?2 AND rev <= ?5 AND seq <= ?3
                   UNION ALL
                   SELECT f.seq, f.rev FROM former_states AS f
                   WHERE f.group_id = ?1 AND f.rev > ?2 AND f.rev <= ?5 AND f.seq <= ?3
                     AND ?5 < (SELECT s.rev FROM states AS s WHERE s.group_id = ?1 AND s.seq = f.seq)
                     AND NOT EXISTS (SELECT 1 FROM former_states AS l
                                     WHERE l.group_id = ?1 AND l.seq = f.seq AND l.rev > f.rev AND l.rev <= ?5)
                   UNION ALL
                   SELECT seq, rev FROM notes INDEXED BY recalls WHERE group_id = ?1 AND kind = 2 AND rev > ?6 AND seq <= ?3
                   ORDER BY 2 LIMIT ?4";
        let [group, since, has, limit] = of;
        let params = [group, since, has, limit, self.view.until().sql(), recalled_after.sql()];
        row::all(db, sql, params, row::of("states"))
    }

    /// The first of the places that have expired, and all of the same rev.
    fn expired(&self, db: &Connection, limit: usize) -> Result<delta::Expired> {
        // Who has heard of their leaving hears of recalls alone.
        if !self.has.expired || self.view.until() <= self.view.since {
            return Ok(delta::Expired::default());
        }
        let sql = "SELECT rev, after_seq, to_seq FROM expired
                   WHERE group_id = ?1 AND rev > ?2
                     AND rev <= (SELECT max(rev) FROM (SELECT rev FROM expired WHERE group_id = ?1 AND rev > ?2
                                                       ORDER BY rev LIMIT ?3))
                   ORDER BY rev, after_seq";
        let params = [self.view.group.sql(), self.view.since.sql(), (limit as u64).sql()];
        let found: Vec<(Rev, Seq, Seq)> = row::all(db, sql, params, row::of("expired"))?;
        Ok(delta::Expired::of(&self.member, found, limit))
    }

    fn unread_mentions(&self, db: &Snapshot<'_>) -> Result<u64> {
        if !self.has.mentions && self.sight.as_of.is_none() {
            return Ok(0);
        }
        sights::unread_mentions(db, self.user, self.view.group, self.view.membership.read_to(), &self.sight)
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
        let params = [
            self.view.group.sql(),
            self.view.since.sql(),
            self.view.until().sql(),
            (limit as u64).sql(),
            self.user.sql(),
        ];
        let found = row::all(db, sql, params, row::of("members"))?;
        let members = found.into_iter().map(|(user, rev, role, left, read_seq, delivered_seq)| {
            (rev, MemberState { user, role, left, read_seq, delivered_seq })
        });
        Ok(members.collect())
    }

    fn events(&self, db: &Connection, limit: usize, window: Option<u32>) -> Result<Vec<GroupEvent>> {
        let stays =
            self.membership.stays(db, self.view.group, self.user, self.view.since, self.view.until())?;
        let Some(size) = window else { return events::first(db, self.view.group, &stays, limit) };
        let mut newest = events::newest(db, self.view.group, &stays, (Seq(0), Seq(u64::MAX)), size as usize)?;
        newest.truncate(limit);
        Ok(newest)
    }

    /// Members whose name or picture changed. A client that does not know the group has nobody's.
    fn renamed(&self, db: &Connection, limit: usize) -> Result<Vec<(Rev, UserId)>> {
        if self.view.since == Rev(0) {
            return Ok(Vec::new());
        }
        let sql = "SELECT profile_rev, user_id FROM members
                   WHERE group_id = ?1 AND profile_rev > 0 AND profile_rev > ?2 AND profile_rev <= ?3
                   ORDER BY profile_rev LIMIT ?4";
        let params =
            [self.view.group.sql(), self.view.since.sql(), self.view.until().sql(), (limit as u64).sql()];
        row::all(db, sql, params, row::of("members"))
    }
}

fn rev_of(db: &Snapshot<'_>, group: GroupId, seq: Seq) -> Result<Rev> {
    let sql = "SELECT id, rev FROM messages WHERE id = ?1";
    let rev = match db.message_at(group, seq)? {
        Some(message) => row::first(db, sql, [message.sql()], row::behind_key("messages"))?,
        None => None,
    };
    rev.ok_or_else(|| Failure::Corrupt {
        table: "messages".into(),
        column: "seq".into(),
        row: format!("{seq} of group {group}"),
        value: "there is no such row".into(),
    })
}
