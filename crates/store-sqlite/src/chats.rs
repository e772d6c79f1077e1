//! The chat list.
//!
//! Which chats are on a page is decided by the directory and an index alone; only what the page shows is read.

use std::cmp::Reverse;
use std::collections::HashMap;

use rim_core::message::{Chat, Page};
use rim_core::{GroupId, MessageId, Seq, UserId};
use rusqlite::Connection;

use crate::directory::Directory;
use crate::failure::Result;
use crate::readers::Snapshot;
use crate::row::{self, Fields, Sql};
use crate::{groups, history, users};

pub(crate) fn page(db: &Snapshot<'_>, directory: &Directory, user: UserId, page: Page) -> Result<Vec<Chat>> {
    let mut entries = entries(db, directory, user)?;
    entries.sort_unstable_by_key(|entry| Reverse(entry.last));
    let skip = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let mut chats = Vec::new();
    for entry in entries.into_iter().skip(skip) {
        if chats.len() == page.size as usize {
            break;
        }
        // `None` if the directory tells of a first message that came just now: the next one takes its place.
        chats.extend(chat(db, user, entry.group)?);
    }
    chats.sort_unstable_by_key(|chat: &Chat| chat.last.id);
    Ok(chats)
}

/// What decides on which page a chat is.
struct Entry {
    last: MessageId,
    group: GroupId,
}

/// His current groups with a message that he may see: the group's newest, if it came since he joined; else
/// that at the end of his latest earlier membership.
fn entries(db: &Snapshot<'_>, directory: &Directory, user: UserId) -> Result<Vec<Entry>> {
    // An index has all of these columns.
    let sql = "SELECT group_id, join_seq FROM members WHERE user_id = ?1 AND left_rev IS NULL";
    let joined = row::all(db, sql, [user.sql()], |row| {
        let row = Fields { table: "members", row };
        Ok((GroupId(row.get(0)?), Seq(row.get(1)?)))
    })?;

    let (mut entries, mut silent) = (Vec::with_capacity(joined.len()), Vec::new());
    let heads = directory.look();
    for (group, join_seq) in joined {
        let head = heads.head(group);
        if head.last_seq > join_seq {
            entries.push(Entry { last: head.last_message, group });
        } else {
            silent.push(group);
        }
    }
    drop(heads);

    if !silent.is_empty() {
        let earlier = ends_of_earlier_spans(db, user)?;
        for group in silent {
            let Some(to) = earlier.get(&group) else { continue };
            entries.extend(db.message_at(group, *to)?.map(|last| Entry { last, group }));
        }
    }
    Ok(entries)
}

/// Of every group that he came back to: how far he saw it before.
fn ends_of_earlier_spans(db: &Connection, user: UserId) -> Result<HashMap<GroupId, Seq>> {
    let sql = "SELECT group_id, max(to_seq) FROM earlier_spans WHERE user_id = ?1 GROUP BY group_id";
    let ends = row::all(db, sql, [user.sql()], |row| {
        let row = Fields { table: "earlier_spans", row };
        Ok((GroupId(row.get(0)?), Seq(row.get(1)?)))
    })?;
    Ok(ends.into_iter().collect())
}

/// `None` if there is no message that he may see.
fn chat(db: &Snapshot<'_>, user: UserId, group: GroupId) -> Result<Option<Chat>> {
    // The peer is whom old clients show as the title of the chat.
    let sql = "SELECT m.group_id,
                      CASE WHEN g.last_seq > m.join_seq THEN g.last_message_id END,
                      CASE WHEN g.last_seq <= m.join_seq
                      THEN (SELECT max(e.to_seq) FROM earlier_spans AS e
                            WHERE e.group_id = m.group_id AND e.user_id = m.user_id) END,
                      max(0, g.last_seq - max(m.join_seq, m.read_seq, m.sent_seq)),
                      coalesce((SELECT o.user_id FROM members AS o
                                WHERE o.group_id = m.group_id AND o.user_id <> m.user_id AND o.left_rev IS NULL
                                ORDER BY o.join_rev LIMIT 1),
                               (SELECT o.user_id FROM members AS o
                                WHERE o.group_id = m.group_id AND o.user_id <> m.user_id
                                ORDER BY o.join_rev LIMIT 1),
                               m.user_id)
               FROM members AS m JOIN groups AS g ON g.id = m.group_id
               WHERE m.group_id = ?1 AND m.user_id = ?2 AND m.left_rev IS NULL";
    let found = row::first(db, sql, [group.sql(), user.sql()], |row| {
        let row = Fields { table: "members", row };
        Ok((row.get::<Option<u64>>(1)?, row.get::<Option<u64>>(2)?, row.get(3)?, row.get(4)?))
    })?;
    let Some((newest, earlier, unread, peer)) = found else { return Ok(None) };
    let last = match (newest, earlier) {
        (Some(newest), _) => Some(MessageId(newest)),
        (None, Some(earlier)) => db.message_at(group, Seq(earlier))?,
        (None, None) => None,
    };
    let Some(last) = last else { return Ok(None) };
    let found = (groups::find(db, group)?, history::find(db, last)?, users::find(db, UserId(peer))?);
    let (Some(group), Some(last), Some(peer)) = found else { return Ok(None) };
    Ok(Some(Chat { group, last, peer, unread }))
}
