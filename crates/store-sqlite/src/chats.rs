//! The chat list.
//!
//! Which chats are on a page is decided by the published heads and an index alone; only what the page shows is read.

use std::collections::{BinaryHeap, HashMap, HashSet};

use rim_core::message::{self, Chat, Page, ShownChat, WantedChats};
use rim_core::sight::Sight;
use rim_core::size::Size;
use rim_core::sync::ChatState;
use rim_core::{GroupId, MessageId, Rev, Seq, UserId};
use rim_store::Part;
use rusqlite::Connection;

use crate::failure::Result;
use crate::membership::Membership;
use crate::published_heads::PublishedHeads;
use crate::readers::Snapshot;
use crate::row::{self, Sql};
use crate::sights::Has;
use crate::{groups, history, sights, users};

/// See [`rim_store::Store::chats_part`].
pub(crate) fn part(
    db: &Snapshot<'_>,
    published: &PublishedHeads,
    user: UserId,
    wanted: WantedChats,
    bytes: usize,
) -> Result<Part<Chat, Vec<ShownChat>>> {
    let shown = match wanted {
        WantedChats::Page(page) => page_of(db, published, user, page)?,
        WantedChats::Rest(shown) => shown,
    };
    let (mut chats, mut taken) = (Vec::new(), 0);
    for (at, one) in shown.iter().enumerate() {
        let Some(chat) = chat(db, user, *one)? else { continue };
        taken += chat.size_bytes();
        if taken > bytes && !chats.is_empty() {
            return Ok(Part { rows: chats, rest: Some(shown[at..].to_vec()) });
        }
        chats.push(chat);
    }
    Ok(Part { rows: chats, rest: None })
}

/// What a page shows, by message id.
fn page_of(
    db: &Snapshot<'_>,
    published: &PublishedHeads,
    user: UserId,
    page: Page,
) -> Result<Vec<ShownChat>> {
    let cut = Cut::find(db, user)?;
    // Where the last messages are of which something may be out of sight, is found when their turn comes: what is in
    // sight never comes behind them.
    let entries = entries(db, published, user)?.into_iter().map(|entry| (entry.last, entry.group, true));
    let mut newest_first = BinaryHeap::from_iter(entries);
    let mut skip = page.offset();
    let mut shown = Vec::new();
    while shown.len() < page.size as usize
        && let Some((last, group, is_group_s_last)) = newest_first.pop()
    {
        let is_cut = is_group_s_last && cut.has(db, group)?;
        if is_cut {
            match last_in_sight(db, user, group)? {
                Some((_, in_sight)) if in_sight >= last && skip > 0 => skip -= 1,
                Some((_, in_sight)) if in_sight >= last => shown.push(ShownChat { group, last: in_sight }),
                // What came since they have deleted it is out of sight, too.
                Some((seq, _)) if message::is_deleted(deleted_up_to(db, user, group)?, seq) => {}
                Some((_, in_sight)) => newest_first.push((in_sight, group, false)),
                None => {}
            }
        } else if skip > 0 {
            skip -= 1;
        } else if is_group_s_last {
            // `None` if the published heads tell of a first message that came just now: the next one takes its place.
            shown.extend(last_seen(db, user, group)?.map(|last| ShownChat { group, last }));
        } else {
            shown.push(ShownChat { group, last });
        }
    }
    shown.sort_unstable_by_key(|shown| shown.last);
    Ok(shown)
}

/// The groups in which something may be out of a user's sight.
struct Cut {
    theirs: HashSet<GroupId>,
    /// Whether messages of any group have ever expired.
    any_expired: bool,
}

impl Cut {
    fn find(db: &Connection, user: UserId) -> Result<Self> {
        // From group to group, whatever is hidden in each.
        let sql = "SELECT group_id FROM cleared WHERE user_id = ?1
                   UNION ALL
                   SELECT group_id FROM (
                       WITH RECURSIVE hides (group_id) AS (
                           SELECT min(group_id) FROM hidden WHERE user_id = ?1
                           UNION ALL
                           SELECT (SELECT min(h.group_id) FROM hidden AS h
                                   WHERE h.user_id = ?1 AND h.group_id > hides.group_id)
                           FROM hides WHERE hides.group_id IS NOT NULL
                       ) SELECT group_id FROM hides WHERE group_id IS NOT NULL)";
        let theirs = row::all(db, sql, [user.sql()], row::of("hidden"))?.into_iter().collect();
        let any_expired: Option<GroupId> =
            row::first(db, "SELECT group_id FROM expired LIMIT 1", [], row::of("expired"))?;
        Ok(Self { theirs, any_expired: any_expired.is_some() })
    }

    fn has(&self, db: &Connection, group: GroupId) -> Result<bool> {
        if self.theirs.contains(&group) {
            return Ok(true);
        }
        let sql = "SELECT group_id FROM expired WHERE group_id = ?1 LIMIT 1";
        let expired =
            |sql| row::first::<GroupId>(db, sql, [group.sql()], row::of("expired")).map(|row| row.is_some());
        if self.any_expired { expired(sql) } else { Ok(false) }
    }
}

/// The last message of the group in their sight.
fn last_in_sight(db: &Snapshot<'_>, user: UserId, group: GroupId) -> Result<Option<(Seq, MessageId)>> {
    let sight = rim_store::sights::of(db, user, group)?;
    let Some(last) = sight.and_then(|sight| sight.last()) else { return Ok(None) };
    Ok(db.message_at(group, last)?.map(|message| (last, message)))
}

/// The groups they are or were in with a message that they may see, and have not deleted: a member's is the group's
/// newest, if it came since they joined; else it is that at the end of their latest earlier membership.
fn entries(db: &Snapshot<'_>, published: &PublishedHeads, user: UserId) -> Result<Vec<ShownChat>> {
    let deleted = deleted(db, user)?;
    // An index has all of these columns.
    let sql = "SELECT group_id, join_seq, left_seq, left_message_id FROM members WHERE user_id = ?1";
    let memberships: Vec<(GroupId, Seq, Option<Seq>, MessageId)> =
        row::all(db, sql, [user.sql()], row::of("members"))?;
    let heads = published.look();
    let entries = memberships.into_iter().filter_map(|(group, join_seq, left, left_message)| {
        let head = heads.head(group);
        let is_current = left.is_none() && head.last_seq > join_seq;
        let last = if is_current { head.last_message } else { left_message };
        let deleted = deleted.get(&group).copied();
        let is_shown = last != MessageId(0) && !message::is_deleted(deleted, left.unwrap_or(head.last_seq));
        is_shown.then_some(ShownChat { group, last })
    });
    Ok(entries.collect())
}

/// Up to where they have deleted which chats.
fn deleted(db: &Connection, user: UserId) -> Result<HashMap<GroupId, Seq>> {
    let sql = "SELECT group_id, deleted_seq FROM chats WHERE user_id = ?1 AND deleted_seq IS NOT NULL";
    Ok(row::all(db, sql, [user.sql()], row::of("chats"))?.into_iter().collect())
}

/// The last message of the group that they may see.
fn last_seen(db: &Connection, user: UserId, group: GroupId) -> Result<Option<MessageId>> {
    let sql = "SELECT m.group_id,
                      CASE WHEN m.left_seq IS NULL AND g.last_seq > m.join_seq
                      THEN g.last_message_id ELSE m.left_message_id END
               FROM members AS m JOIN groups AS g ON g.id = m.group_id
               WHERE m.group_id = ?1 AND m.user_id = ?2";
    let last = row::first(db, sql, [group.sql(), user.sql()], row::behind_key("members"))?;
    Ok(last.filter(|last| *last != MessageId(0)))
}

fn chat(db: &Snapshot<'_>, user: UserId, shown: ShownChat) -> Result<Option<Chat>> {
    let Some(membership) = Membership::find(db, shown.group, user)? else { return Ok(None) };
    let (of, group) = (membership.is, shown.group);
    let has = Has::look(db, user, group, of.read_to(), Rev(u64::MAX))?;
    let Some(last_seq) = history::last_seq(db, group)? else { return Ok(None) };
    // Of those who have nothing out of sight this stay alone says what is unread.
    let sight = if has.holes {
        sights::of(db, user, group, membership.spans(db, group, user, last_seq)?)?
    } else {
        Sight::new(of.spans(Vec::new(), last_seq), Vec::new())
    };
    let left_rev = of.left_rev();
    let sight = sight.as_of(left_rev);
    let unread_mentions = if has.mentions || left_rev.is_some() {
        sights::unread_mentions(db, user, group, of.read_to(), &sight)?
    } else {
        0
    };
    let other = other(db, user, shown.group, left_rev)?;
    let found = (
        groups::seen(db, shown.group, left_rev)?,
        history::find(db, db.health, shown.group, shown.last, left_rev)?,
        users::find(db, other)?,
    );
    let (Some(group), Some(mut last), Some(other)) = found else { return Ok(None) };
    if has.holes && !sight.sees(last.seq) {
        // It was hidden since the page was laid out.
        return Ok(None);
    }
    rim_store::sights::mine(db, user, std::slice::from_mut(&mut last))?;
    let unread = of.unread(&sight);
    Ok(Some(Chat { group, last, other, unread, unread_mentions, left: left_rev.is_some() }))
}

/// The first of those others who are or are not members, and with whom the user was one.
macro_rules! peer_sql {
    ($table:literal, $left:literal) => {
        concat!(
            "SELECT o.join_rev, o.user_id FROM members AS m JOIN groups AS g ON g.id = m.group_id
                    JOIN ",
            $table,
            " AS o ON o.group_id = m.group_id AND o.user_id <> m.user_id AND o.left_rev IS ",
            $left,
            " WHERE m.group_id = ?1 AND m.user_id = ?2 AND (g.single OR ",
            rim_store::were_together!(),
            ") ORDER BY o.join_rev LIMIT 1"
        )
    };
}

/// Whom old clients show as the title of the chat.
fn other(db: &Connection, user: UserId, group: GroupId, left_rev: Option<Rev>) -> Result<UserId> {
    let departure = groups::departure(db, group, left_rev)?;
    if let Some(other) = departure.and_then(|departure| departure.other(user)) {
        return Ok(other);
    }
    let find =
        |sql: &str| row::first::<(Rev, UserId)>(db, sql, [group.sql(), user.sql()], row::of("members"));
    if let Some((_, current)) = find(peer_sql!("members", "NULL"))? {
        return Ok(current);
    }
    let former = [find(peer_sql!("members", "NOT NULL"))?, find(peer_sql!("forgotten_members", "NOT NULL"))?];
    Ok(former.into_iter().flatten().min().map_or(user, |(_, former)| former))
}

/// The first `limit` with which the user did something after `rev`, by its order.
pub(crate) fn changed(
    db: &Connection,
    user: UserId,
    rev: Rev,
    limit: usize,
) -> Result<Vec<(Rev, ChatState)>> {
    // What was forgotten concerns those alone who may know the group.
    let sql = "SELECT c.group_id, c.deleted_seq, m.read_seq, c.rev
               FROM chats AS c JOIN members AS m ON m.group_id = c.group_id AND m.user_id = c.user_id
               WHERE c.user_id = ?1 AND c.rev > ?2
               UNION ALL
               SELECT group_id, deleted_seq, read_seq, own_rev FROM forgotten_members
               WHERE user_id = ?1 AND own_rev > ?2 AND ?2 > 0
               ORDER BY 4 LIMIT ?3";
    let found = row::all(db, sql, [user.sql(), rev.sql(), (limit as u64).sql()], row::of("chats"))?;
    let changed =
        found.into_iter().map(|(group, deleted, read, rev)| (rev, ChatState { group, deleted, read }));
    Ok(changed.collect())
}

/// Up to where they have deleted the chat, if they have.
pub(crate) fn deleted_up_to(db: &Connection, user: UserId, group: GroupId) -> Result<Option<Seq>> {
    let sql = "SELECT group_id, deleted_seq FROM chats WHERE user_id = ?1 AND group_id = ?2
               UNION ALL
               SELECT group_id, deleted_seq FROM forgotten_members WHERE user_id = ?1 AND group_id = ?2";
    Ok(row::first(db, sql, [user.sql(), group.sql()], row::behind_key("chats"))?.flatten())
}
