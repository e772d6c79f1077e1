//! The chat list.

use rim_core::message::{Chat, Message, Page};
use rim_core::{GroupId, MessageId, UserId};
use rusqlite::{Connection, params};

use crate::failure::Result;
use crate::row::{self, Fields, Sql};
use crate::{groups, users};

pub(crate) fn page(db: &Connection, user: UserId, page: Page) -> Result<Vec<Chat>> {
    let mut entries = entries(db, user)?;
    entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.last));
    let skip = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let mut chats = Vec::new();
    for entry in entries.into_iter().skip(skip).take(page.size as usize) {
        chats.extend(chat(db, user, entry)?);
    }
    chats.reverse();
    Ok(chats)
}

/// What decides on which page a chat is: little, as it is read for every group of the user.
struct Entry {
    group: GroupId,
    last: MessageId,
    unread: u64,
}

fn entries(db: &Connection, user: UserId) -> Result<Vec<Entry>> {
    // The newest message he may see: the group's, if one came since he joined; else that at the end of
    // his latest earlier membership; else there is none and no chat.
    let sql = "SELECT m.group_id,
                      CASE WHEN g.last_seq > m.join_seq THEN g.last_message_id
                      ELSE (SELECT s.id FROM messages AS s
                            WHERE s.group_id = m.group_id
                              AND s.seq = (SELECT max(e.to_seq) FROM earlier_spans AS e
                                           WHERE e.group_id = m.group_id AND e.user_id = m.user_id)) END,
                      max(0, g.last_seq - max(m.join_seq, m.read_seq, m.sent_seq))
               FROM members AS m JOIN groups AS g ON g.id = m.group_id
               WHERE m.user_id = ?1 AND m.left_rev IS NULL";
    let rows = row::all(db, sql, [user.sql()], |row| {
        let row = Fields { table: "members", row };
        let Some(last) = row.get(1)? else { return Ok(None) };
        Ok(Some(Entry { group: GroupId(row.get(0)?), last: MessageId(last), unread: row.get(2)? }))
    })?;
    Ok(rows.into_iter().flatten().collect())
}

/// `None` only if what the entry names is gone, which nothing does.
fn chat(db: &Connection, user: UserId, entry: Entry) -> Result<Option<Chat>> {
    let peer = peer(db, entry.group, user)?;
    let found = (groups::find(db, entry.group)?, message(db, entry.last)?, users::find(db, peer)?);
    let (Some(group), Some(last), Some(peer)) = found else { return Ok(None) };
    Ok(Some(Chat { group, last, peer, unread: entry.unread }))
}

/// Whom old clients show as the title of the chat.
fn peer(db: &Connection, group: GroupId, user: UserId) -> Result<UserId> {
    let current = "SELECT user_id FROM members
                   WHERE group_id = ?1 AND user_id <> ?2 AND left_rev IS NULL ORDER BY join_rev LIMIT 1";
    let former =
        "SELECT user_id FROM members WHERE group_id = ?1 AND user_id <> ?2 ORDER BY join_rev LIMIT 1";
    for sql in [current, former] {
        let found = row::first(db, sql, params![group.sql(), user.sql()], |row| {
            Ok(UserId(Fields { table: "members", row }.get(0)?))
        })?;
        if let Some(peer) = found {
            return Ok(peer);
        }
    }
    Ok(user)
}

fn message(db: &Connection, message: MessageId) -> Result<Option<Message>> {
    let sql =
        "SELECT id, group_id, seq, rev, sender_id, client_msg_id, kind, content, created_at FROM messages
               WHERE id = ?1";
    row::first(db, sql, [message.sql()], row::message)
}
