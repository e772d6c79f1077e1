//! What a client missed.
//!
//! Rows are messages and members (of a large group only those with a new name), and what
//! happened. Those of one group are merged by `rev` and cut where the limit is used
//! up, so what is answered of a group is always everything up to some `rev`, and asking again goes on there.
//!
//! All groups that may be in the answer are asked for together, so the number of questions to the database does not
//! grow with theirs.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

use deadpool_postgres::{GenericClient, Transaction};
use futures_util::try_join;
use rim_core::delta::{self, Missed, Own, OwnRows, View};
use rim_core::group::Group;
use rim_core::group_event::GroupEvent;
use rim_core::message::{Message, Span};
use rim_core::sight::{Sight, at};
use rim_core::size::Size;
use rim_core::sync::{GroupDelta, MemberState, Room, SyncPage, SyncQuery};
use rim_core::user::User;
use rim_core::{GroupId, Rev, Seq, UserId};

use crate::failure::Result;
use crate::history::Stated;
use crate::membership::{self, Membership};
use crate::row::{self, Sql, array};
use crate::{chats, events, friends, groups, history, mentions, place, sights, users};

/// Groups that are looked at together. More are asked for when the limit is not used up by then.
const AT_ONCE: usize = 64;

pub(crate) async fn page(db: &Transaction<'_>, user: UserId, query: SyncQuery) -> Result<SyncPage> {
    let mut room = query.room();
    // One more than there is room for tells whether there is more, and from which rev on.
    let one_more = room.rows + 1;
    let (own, friends, chats, candidates) = try_join!(
        own(db, user, query.rev),
        friends::changed(db, user, query.rev, one_more),
        chats::changed(db, user, query.rev, one_more),
        candidates(db, user, &query)
    )?;
    let (own_rev, me, has_kept) = own.map_or((Rev(0), None, false), |own| {
        (own.rev, (own.profile_rev > query.rev).then_some(own.profile), own.has_kept)
    });
    let kept = if has_kept { sights::kept(db, user, query.rev, one_more).await? } else { Vec::new() };
    let mut people = People::default();
    people.learn(db, friends.iter().map(|(_, friend)| friend.user)).await?;
    room.take(me.as_ref().map_or(0, Size::size_bytes));
    let rows = OwnRows { friends, chats, kept };
    let Ok(Own { rev, friends, chats, kept }) = Own::cut(rows, own_rev, &mut room, |user| people.name(user));

    let (mut deltas, mut unanswered) = (Vec::new(), None);
    for some in candidates.chunks(AT_ONCE) {
        if room.is_used_up() {
            unanswered = unanswered.or(some.first().map(|(group, _)| *group));
            break;
        }
        let views = views(db, user, some, query.window).await?;
        for delta in of_views(db, user, query.window, views, &mut room, &mut people).await? {
            match delta {
                Told::Delta(delta) => {
                    unanswered = delta.more.then_some(delta.group_id);
                    deltas.push(*delta);
                }
                Told::Unanswered(group) => unanswered = unanswered.or(Some(group)),
            }
        }
    }
    let more = unanswered.is_some() || rev < own_rev;
    let last = candidates.last().map(|(group, _)| *group).or(query.after);
    let answered = unanswered.map(|group| GroupId(group.0 - 1)).or(last).unwrap_or_default();

    let named = delta::named(&friends, &deltas);
    let mut messages = Vec::new();
    for delta in &mut deltas {
        messages.extend(delta.messages.iter_mut().chain(&mut delta.changed));
    }
    let (users, ()) =
        try_join!(users::find_all(db, named.into_iter().collect()), sights::mine(db, user, messages))?;
    let next = more.then_some(answered);
    Ok(SyncPage { rev, me, friends, groups: deltas, chats, kept, users, more, next })
}

/// How much those take up whom an answer names. They are read when it is known who they are.
#[derive(Default)]
struct People {
    sizes: HashMap<UserId, usize>,
    named: HashSet<UserId>,
}

impl People {
    async fn learn(
        &mut self,
        db: &impl GenericClient,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<()> {
        let unknown: HashSet<_> = users.into_iter().filter(|user| !self.sizes.contains_key(user)).collect();
        self.sizes.extend(users::sizes(db, unknown.into_iter().collect()).await?);
        Ok(())
    }

    /// What it takes to name a user: nothing the second time.
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere they are read when they are named")]
    fn name(&mut self, user: UserId) -> std::result::Result<usize, Infallible> {
        Ok(if self.named.insert(user) { self.sizes.get(&user).copied().unwrap_or_default() } else { 0 })
    }
}

/// Of the user themselves.
struct OwnState {
    profile: User,
    rev: Rev,
    profile_rev: Rev,
    /// Whether they did something for themselves alone after the `rev` of the client.
    has_kept: bool,
}

async fn own(db: &impl GenericClient, user: UserId, since: Rev) -> Result<Option<OwnState>> {
    let sql = concat!(
        "SELECT id, account, name, avatar, email, rev, profile_rev, ",
        sights::any!("cleared AS x WHERE x.user_id = $1 AND x.rev > $2"),
        " OR ",
        sights::any!("hidden AS x WHERE x.user_id = $1 AND x.rev > $2"),
        " OR ",
        sights::any!("starred AS x WHERE x.user_id = $1 AND x.rev > $2"),
        " FROM users WHERE id = $1"
    );
    let found = row::first(db, sql, &[&user.sql(), &since.sql()], row::read).await?;
    Ok(found.map(|(profile, rev, profile_rev, has_kept)| OwnState { profile, rev, profile_rev, has_kept }))
}

/// The groups in which they missed something, by id, and how far the client is in each: the only ones that are looked
/// at further.
async fn candidates(
    db: &impl GenericClient,
    user: UserId,
    query: &SyncQuery,
) -> Result<Vec<(GroupId, (Rev, Rev))>> {
    // Of a group named twice the first counts.
    let known: HashMap<_, _> = query.groups.iter().rev().copied().collect();
    // All they were ever in, and how far they may see each: to where they left, or to the end.
    // Of those that they have forgotten the ones that the client knows: it may not have heard of the leaving.
    let sql = "SELECT m.group_id, coalesce(m.left_rev, g.last_rev), m.left_rev < g.last_rev
               FROM members AS m JOIN groups AS g ON g.id = m.group_id
               WHERE m.user_id = $1 AND m.group_id > $3 AND m.group_id <= $4
               UNION ALL
               SELECT group_id, left_rev, NULL FROM forgotten_members
               WHERE user_id = $1 AND group_id = ANY($2) AND group_id > $3 AND group_id <= $4
               ORDER BY 1";
    let (after, to) = (query.after.unwrap_or_default(), query.to.unwrap_or(GroupId(u64::MAX)));
    let named = array(known.keys().copied());
    let params: row::Params<'_> = &[&user.sql(), &named, &after.sql(), &to.sql()];
    let ever: Vec<(GroupId, Rev, Option<bool>)> = row::all(db, sql, params, row::read).await?;
    let (mut changed, mut left_before) = (Vec::new(), Vec::new());
    for (group, until, went_on_without) in ever {
        let since = known.get(&group).copied().unwrap_or_default();
        let recalls = query.recalls.get(&group).copied();
        let of = (group, (since, recalls.unwrap_or_default()));
        if until > since {
            changed.push(of);
        } else if went_on_without == Some(true) && recalls.is_some() {
            left_before.push(of);
        }
    }
    if left_before.is_empty() {
        return Ok(changed);
    }
    // Of what they have left, and the client knows it, they hear what was recalled since.
    let sql = concat!(
        "SELECT m.group_id FROM unnest($2::bigint[], $3::bigint[]) AS known (group_id, recalls)
              JOIN members AS m ON m.user_id = $1 AND m.group_id = known.group_id
         WHERE ",
        sights::any!(
            "notes AS x WHERE x.group_id = m.group_id AND x.kind = 2
                                      AND x.rev > greatest(m.left_rev, known.recalls) AND x.seq <= m.left_seq"
        )
    );
    let ids = array(left_before.iter().map(|(group, _)| *group));
    let recalls = array(left_before.iter().map(|(_, (_, recalls))| *recalls));
    let found = row::all(db, sql, &[&user.sql(), &ids, &recalls], |row| row.number::<GroupId>(0)).await?;
    let found: HashSet<_> = found.into_iter().collect();
    changed.extend(left_before.into_iter().filter(|(group, _)| found.contains(group)));
    changed.sort_unstable();
    Ok(changed)
}

/// A group in which the user missed something.
struct Changed {
    view: View,
    /// What was theirs as a member,
    member: Vec<Span>,
    /// and what of that they may see.
    sight: Sight,
    /// The last place that the client has.
    client_has: Seq,
    missed: Missed,
    has: Has,
    /// Up to where they have deleted it from their list, if they have.
    deleted: Option<Seq>,
}

/// What there is in a group that most have nothing of.
#[derive(Debug, Clone, Copy)]
struct Has {
    holes: bool,
    states: bool,
    /// States that changed after the client's `rev`,
    changed: bool,
    /// and messages that expired.
    expired: bool,
    mentions: bool,
}

/// The groups as they may see them, in the order given.
async fn views(
    db: &impl GenericClient,
    user: UserId,
    groups: &[(GroupId, (Rev, Rev))],
    window: Option<u32>,
) -> Result<Vec<Changed>> {
    let sql = concat!(
        "SELECT since.group_id, since.rev, g.last_seq, g.last_rev, coalesce(d.info_rev, g.info_rev),
                coalesce(d.member_count, g.member_count), place.low,
                coalesce((SELECT c.deleted_seq FROM chats AS c WHERE c.user_id = $1 AND c.group_id = g.id),
                         (SELECT f.deleted_seq FROM forgotten_members AS f
                          WHERE f.user_id = $1 AND f.group_id = g.id)), ",
        membership::columns!(),
        ", ",
        sights::has_holes!(),
        ", ",
        sights::any!("states AS x WHERE x.group_id = g.id"),
        ", ",
        sights::any!("states AS x WHERE x.group_id = g.id AND x.rev > since.rev"),
        ", ",
        sights::any!("expired AS x WHERE x.group_id = g.id AND x.rev > since.rev"),
        ", ",
        sights::has_mentions!(),
        " FROM unnest($2::bigint[], $3::bigint[]) AS since (group_id, rev)
               JOIN ",
        membership::ever!("$1", "$2"),
        " AS m ON m.group_id = since.group_id
               JOIN groups AS g ON g.id = since.group_id ",
        membership::departure!(),
        ", LATERAL (",
        place::halving!(),
        ") AS place ORDER BY since.group_id"
    );
    let ids = array(groups.iter().map(|(group, _)| *group));
    let since = array(groups.iter().map(|(_, (since, _))| *since));
    let recalls: HashMap<_, _> = groups.iter().map(|(group, (_, recalls))| (*group, *recalls)).collect();
    let params: row::Params<'_> = &[&user.sql(), &ids, &since];
    let found = row::all(db, sql, params, |row| {
        let (about, (holes, states, changed, expired, mentions)) = row::read(row)?;
        Ok((about, Has { holes, states, changed, expired, mentions }))
    });
    let found: Vec<((_, _, _, _, _, _, _, _, Membership), Has)> = found.await?;
    let cut = found.iter().filter(|(_, has)| has.holes).map(|((group, ..), _)| *group);
    let mut holes = sights::holes(db, user, cut).await?;
    let changed = found.into_iter().map(|(about, has)| {
        let (group, since, last_seq, last_rev, info_rev, member_count, client_has, deleted, membership) =
            about;
        let member = membership.spans(last_seq);
        let sight = Sight::new(member.clone(), holes.remove(&group).unwrap_or_default())
            .as_of(membership.is.left_rev());
        let recalls = recalls.get(&group).copied().unwrap_or_default();
        let membership = membership.is;
        let view = View { group, membership, last_seq, last_rev, info_rev, member_count, since, recalls };
        let missed = view.missed(&sight, client_has, window);
        Changed { view, member, sight, client_has, missed, has, deleted }
    });
    Ok(changed.collect())
}

/// What an answer has of a group that changed.
enum Told {
    /// In a box, as the other is small.
    Delta(Box<GroupDelta>),
    /// Nothing, nor of those that come after it.
    Unanswered(GroupId),
}

/// What changed in these groups, in their order, as far as there is room.
async fn of_views(
    db: &Transaction<'_>,
    user: UserId,
    window: Option<u32>,
    changed: Vec<Changed>,
    room: &mut Room,
    people: &mut People,
) -> Result<Vec<Told>> {
    let mut rows = Rows::read(db, user, window, &changed, *room).await?;
    people.learn(db, rows.named()).await?;
    let mut told = Vec::new();
    for Changed { view, sight, missed, deleted, .. } in changed {
        if room.is_used_up() {
            told.push(Told::Unanswered(view.group));
            break;
        }
        let rows = rows.take(view.group, missed, deleted);
        let Ok(delta) = view.delta(&sight, rows, room, |user| people.name(user));
        if delta.rev <= view.since && delta.recalled_to.is_none() {
            continue;
        }
        told.push(Told::Delta(Box::new(delta)));
    }
    Ok(told)
}

/// What is told of several groups.
struct Rows {
    groups: HashMap<GroupId, Group>,
    /// By place. One more than may be told tells whether there is more, and from which rev on.
    messages: HashMap<GroupId, Vec<Message>>,
    changed: HashMap<GroupId, delta::Changed>,
    /// By rev.
    expired: HashMap<GroupId, delta::Expired>,
    unread_mentions: HashMap<GroupId, u64>,
    /// By rev. One more than may be told, as well.
    members: HashMap<GroupId, Vec<(Rev, MemberState)>>,
    /// The same of groups whose members are not told.
    renamed: HashMap<GroupId, Vec<(Rev, UserId)>>,
    /// By place.
    events: HashMap<GroupId, Vec<GroupEvent>>,
}

impl Rows {
    async fn read(
        db: &Transaction<'_>,
        user: UserId,
        window: Option<u32>,
        changed: &[Changed],
        room: Room,
    ) -> Result<Self> {
        let limit = room.rows;
        // Places have no gaps: how many messages each has is known before they are read.
        let (mut spans, mut stated, mut wanted, mut reached) = (Vec::new(), Vec::new(), limit as u64 + 1, 0);
        for Changed { view, sight, missed, has, .. } in changed {
            if wanted == 0 {
                break;
            }
            reached += 1;
            for span in &missed.spans {
                let take = wanted.min(span.to.0 - span.after.0);
                if take > 0 {
                    let span = (view.group, Span { after: span.after, to: Seq(span.after.0 + take) });
                    spans.push(span);
                    let (group, span_of) = span;
                    let of = Stated { group, span: span_of, as_of: sight.as_of };
                    stated.extend(has.states.then_some(of));
                }
                wanted -= take;
            }
        }
        let reached = &changed[..reached];
        let views: Vec<_> = reached.iter().map(|changed| changed.view).collect();
        let described: Vec<_> =
            views.iter().filter(|view| view.is_described()).map(|view| view.group).collect();
        let ranges: Vec<_> = views.iter().map(|view| (view.group, view.since, view.until())).collect();
        let most = window.map_or(limit + 1, |size| size as usize);
        let (found, messages, changed, expired, unread_mentions, members, renamed, events) = try_join!(
            groups::seen(db, user, described),
            history::runs(db, &spans, &stated, room.bytes),
            messages_changed(db, reached, limit + 1, room.bytes),
            expired(db, reached, limit + 1),
            unread_mentions(db, user, reached),
            members(db, user, &views, limit + 1),
            renamed(db, &views, limit + 1),
            events::of_groups(db, user, &ranges, (most, limit + 1), window.is_some())
        )?;
        let mut rows = Self {
            groups: found.into_iter().map(|group| (group.id, group)).collect(),
            messages: HashMap::new(),
            changed,
            expired,
            unread_mentions,
            members: HashMap::new(),
            renamed: HashMap::new(),
            events: HashMap::new(),
        };
        for message in messages {
            rows.messages.entry(message.group).or_default().push(message);
        }
        for (group, rev, member) in members {
            rows.members.entry(group).or_default().push((rev, member));
        }
        for (group, event) in events {
            rows.events.entry(group).or_default().push(event);
        }
        for (group, rev, user) in renamed {
            rows.renamed.entry(group).or_default().push((rev, user));
        }
        Ok(rows)
    }

    /// Those of one group.
    fn take(&mut self, group: GroupId, missed: Missed, deleted: Option<Seq>) -> delta::Rows {
        delta::Rows {
            group: self.groups.remove(&group),
            messages: self.messages.remove(&group).unwrap_or_default(),
            changed: self.changed.remove(&group).unwrap_or_default(),
            expired: self.expired.remove(&group).unwrap_or_default(),
            unread_mentions: self.unread_mentions.remove(&group).unwrap_or_default(),
            members: self.members.remove(&group).unwrap_or_default(),
            renamed: self.renamed.remove(&group).unwrap_or_default(),
            events: self.events.remove(&group).unwrap_or_default(),
            missed,
            deleted,
        }
    }

    /// Everybody whom they name.
    fn named(&self) -> impl Iterator<Item = UserId> + '_ {
        let changed = self.changed.values().flat_map(|changed| &changed.messages);
        let of_messages = self.messages.values().flatten().chain(changed).flat_map(delta::names);
        let members = self.members.values().flatten().map(|(_, member)| member.user);
        let renamed = self.renamed.values().flatten().map(|(_, user)| *user);
        of_messages
            .chain(members)
            .chain(renamed)
            .chain(self.events.values().flatten().flat_map(GroupEvent::named))
    }
}

/// The first messages that have changed of those that the client has, of each group: at least one where there are some, and
/// of all groups together what fits into so many bytes.
async fn messages_changed(
    db: &impl GenericClient,
    changed: &[Changed],
    limit: usize,
    bytes: usize,
) -> Result<HashMap<GroupId, delta::Changed>> {
    let some: Vec<_> =
        changed.iter().filter(|changed| changed.has.changed && changed.client_has > Seq(0)).collect();
    if some.is_empty() {
        return Ok(HashMap::new());
    }
    // How long texts are is known without them.
    let sql = "SELECT v.group_id, s.seq, s.rev, octet_length(s.body) + octet_length(m.content)
                      + coalesce((SELECT octet_length(content) FROM words WHERE group_id = s.group_id AND seq = s.seq
                                  ORDER BY rev DESC LIMIT 1), 0)
               FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS v (group_id, since, has),
                    LATERAL (SELECT * FROM states AS s
                             WHERE s.group_id = v.group_id AND s.rev > v.since AND s.seq <= v.has
                             ORDER BY s.rev LIMIT $4) AS s
                    JOIN messages AS m ON m.group_id = s.group_id AND m.seq = s.seq
               ORDER BY v.group_id, s.rev";
    let (left, present): (Vec<_>, Vec<_>) =
        some.iter().copied().partition(|changed| changed.sight.as_of.is_some());
    let groups = array(present.iter().map(|changed| changed.view.group));
    let since = array(present.iter().map(|changed| changed.view.since));
    let has = array(present.iter().map(|changed| changed.client_has));
    let params: row::Params<'_> = &[&groups, &since, &has, &(limit as u64).sql()];
    let mut found: HashMap<GroupId, Vec<(Seq, Rev)>> = HashMap::new();
    let mut sizes: HashMap<(GroupId, Seq), i32> = HashMap::new();
    let read = |row: row::Fields<'_>| Ok((row::read(row)?, row.get::<i32>(3)?));
    let mut rows = if present.is_empty() { Vec::new() } else { row::all(db, sql, params, read).await? };
    if !left.is_empty() {
        rows.extend(changed_by_then(db, &left, limit).await?);
    }
    for row in rows {
        let ((group, seq, rev), size): ((GroupId, Seq, Rev), i32) = row;
        found.entry(group).or_default().push((seq, rev));
        sizes.insert((group, seq), size);
    }
    let (mut told, mut wanted, mut stated, mut taken) = (HashMap::new(), Vec::new(), Vec::new(), 0);
    for Changed { view, sight, .. } in some {
        let rows = found.remove(&view.group).unwrap_or_default();
        let (places, mut known_to) = view.changed(sight, rows, limit);
        let mut last = None;
        for (seq, rev) in places {
            taken += sizes.get(&(view.group, seq)).map_or(0, |size| size.unsigned_abs() as usize);
            if taken > bytes
                && let Some(last) = last
            {
                known_to = Some(last);
                break;
            }
            wanted.push((view.group, at(seq)));
            stated.push(Stated { group: view.group, span: at(seq), as_of: sight.as_of });
            last = Some(rev);
        }
        told.insert(view.group, delta::Changed { messages: Vec::new(), known_to });
    }
    for message in history::runs(db, &wanted, &stated, usize::MAX).await? {
        told.entry(message.group).or_default().messages.push(message);
    }
    for changed in told.values_mut() {
        changed.messages.sort_unstable_by_key(Message::latest_rev);
    }
    Ok(told)
}

/// Of groups that the user has left the places of the messages that changed until then and of those that were recalled since,
/// by group and rev, with about how long they are: of each group the first.
async fn changed_by_then(
    db: &impl GenericClient,
    left: &[&Changed],
    limit: usize,
) -> Result<Vec<((GroupId, Seq, Rev), i32)>> {
    let sql = "SELECT v.group_id, s.seq, s.rev, octet_length(m.content)
                      + coalesce((SELECT max(octet_length(content)) FROM words
                                  WHERE group_id = v.group_id AND seq = s.seq), 0)
               FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $5::bigint[], $6::bigint[])
                        AS v (group_id, since, has, until, recalled_after)
                    CROSS JOIN LATERAL (SELECT seq, rev FROM states
                             WHERE group_id = v.group_id AND rev > v.since AND rev <= v.until AND seq <= v.has
                             UNION ALL
                             SELECT f.seq, f.rev FROM former_states AS f
                             WHERE f.group_id = v.group_id AND f.rev > v.since AND f.rev <= v.until AND f.seq <= v.has
                               AND v.until < (SELECT s.rev FROM states AS s
                                              WHERE s.group_id = v.group_id AND s.seq = f.seq)
                               AND NOT EXISTS (SELECT FROM former_states AS l
                                               WHERE l.group_id = v.group_id AND l.seq = f.seq AND l.rev > f.rev
                                                 AND l.rev <= v.until)
                             UNION ALL
                             SELECT seq, rev FROM notes
                             WHERE group_id = v.group_id AND kind = 2 AND rev > v.recalled_after AND seq <= v.has
                             ORDER BY rev LIMIT $4) AS s
                    JOIN messages AS m ON m.group_id = v.group_id AND m.seq = s.seq
               ORDER BY v.group_id, s.rev";
    let groups = array(left.iter().map(|changed| changed.view.group));
    let since = array(left.iter().map(|changed| changed.view.since));
    let has = array(left.iter().map(|changed| changed.client_has));
    let until = array(left.iter().map(|changed| changed.view.until()));
    let recalled_after = array(left.iter().filter_map(|changed| changed.view.recalled_after()));
    let params: row::Params<'_> = &[&groups, &since, &has, &(limit as u64).sql(), &until, &recalled_after];
    row::all(db, sql, params, |row| Ok((row::read(row)?, row.get::<i32>(3)?))).await
}

/// The first of the places that have expired of each group, and all of the same rev.
async fn expired(
    db: &impl GenericClient,
    changed: &[Changed],
    limit: usize,
) -> Result<HashMap<GroupId, delta::Expired>> {
    // Who has heard of their leaving hears of recalls alone.
    let goes_on = |changed: &&Changed| changed.view.until() > changed.view.since;
    let some: Vec<_> = changed.iter().filter(|changed| changed.has.expired).filter(goes_on).collect();
    if some.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT e.group_id, e.rev, e.after_seq, e.to_seq
               FROM unnest($1::bigint[], $2::bigint[]) AS v (group_id, since),
                    LATERAL (SELECT * FROM expired AS e
                             WHERE e.group_id = v.group_id AND e.rev > v.since
                               AND e.rev <= (SELECT max(rev) FROM (SELECT rev FROM expired AS f
                                                                   WHERE f.group_id = v.group_id AND f.rev > v.since
                                                                   ORDER BY rev LIMIT $3) AS f)) AS e
               ORDER BY e.group_id, e.rev, e.after_seq";
    let groups = array(some.iter().map(|changed| changed.view.group));
    let since = array(some.iter().map(|changed| changed.view.since));
    let mut found: HashMap<GroupId, Vec<(Rev, Seq, Seq)>> = HashMap::new();
    for row in row::all(db, sql, &[&groups, &since, &(limit as u64).sql()], row::read).await? {
        let (group, rev, after, to) = row;
        found.entry(group).or_default().push((rev, after, to));
    }
    let theirs = some.iter().map(|changed| {
        let rows = found.remove(&changed.view.group).unwrap_or_default();
        (changed.view.group, delta::Expired::of(&changed.member, rows, limit))
    });
    Ok(theirs.collect())
}

async fn unread_mentions(
    db: &impl GenericClient,
    user: UserId,
    changed: &[Changed],
) -> Result<HashMap<GroupId, u64>> {
    let some = changed.iter().filter(|changed| changed.has.mentions);
    let some: Vec<_> =
        some.map(|some| (some.view.group, some.view.membership.read_to(), &some.sight)).collect();
    mentions::unread(db, user, &some).await
}

/// Of these groups together the first `limit` members who changed, by group and rev: of a group that has room for fewer
/// they are enough to tell that there are more.
async fn members(
    db: &impl GenericClient,
    user: UserId,
    views: &[View],
    limit: usize,
) -> Result<Vec<(GroupId, Rev, MemberState)>> {
    let told: Vec<_> = views.iter().filter(|view| !view.omits_members()).collect();
    if told.is_empty() {
        return Ok(Vec::new());
    }
    // Who had left before they came, who never were there together, is not told to have been there.
    let sql = concat!(
        "SELECT o.group_id, o.user_id, o.rev, o.role, o.left_rev IS NOT NULL, o.read_seq, o.delivered_seq
               FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS view (group_id, since, until)
                    JOIN ",
        membership::ever!("$5", "$1"),
        " AS m ON m.group_id = view.group_id
                    JOIN groups AS g ON g.id = view.group_id,
                    LATERAL (SELECT * FROM (SELECT ",
        rim_store::membership_columns!(""),
        " FROM members UNION ALL SELECT ",
        rim_store::membership_columns!(""),
        " FROM forgotten_members) AS o
                             WHERE o.group_id = view.group_id AND o.rev > view.since AND o.rev <= view.until
                               AND (o.left_rev IS NULL OR g.single OR ",
        rim_store::were_together!(),
        ") ORDER BY o.rev LIMIT $4) AS o
               ORDER BY o.group_id, o.rev LIMIT $4"
    );
    let groups = array(told.iter().map(|view| view.group));
    let since = array(told.iter().map(|view| view.since));
    let until = array(told.iter().map(|view| view.until()));
    row::all(db, sql, &[&groups, &since, &until, &(limit as u64).sql(), &user.sql()], |row| {
        let (group, user, rev, role, left, read_seq, delivered_seq) = row::read(row)?;
        Ok((group, rev, MemberState { user, role, left, read_seq, delivered_seq }))
    })
    .await
}

/// Of the groups whose members are not told the first `limit` whose name or picture changed, by group and rev. A client
/// that does not know the group has nobody's.
async fn renamed(
    db: &impl GenericClient,
    views: &[View],
    limit: usize,
) -> Result<Vec<(GroupId, Rev, UserId)>> {
    let large: Vec<_> = views.iter().filter(|view| view.omits_members() && view.since > Rev(0)).collect();
    if large.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT m.group_id, m.profile_rev, m.user_id
               FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS view (group_id, since, until),
                    LATERAL (SELECT * FROM members AS m
                             WHERE m.group_id = view.group_id AND m.profile_rev > 0
                               AND m.profile_rev > view.since AND m.profile_rev <= view.until
                             ORDER BY m.profile_rev LIMIT $4) AS m
               ORDER BY m.group_id, m.profile_rev LIMIT $4";
    let groups = array(large.iter().map(|view| view.group));
    let since = array(large.iter().map(|view| view.since));
    let until = array(large.iter().map(|view| view.until()));
    row::all(db, sql, &[&groups, &since, &until, &(limit as u64).sql()], row::read).await
}
