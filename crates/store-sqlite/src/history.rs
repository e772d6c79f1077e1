//! Reading messages: pages of a group, and runs of places.

use std::collections::HashSet;

use rim_core::message::{History, Message, Page, Span, page_spans};
use rim_core::{GroupId, MessageId, Seq, UserId};
use rusqlite::Connection;

use crate::failure::Result;
use crate::membership::Membership;
use crate::readers::Snapshot;
use crate::row::{self, Fields, Sql};
use crate::{groups, users};

pub(crate) fn page(
    db: &Snapshot<'_>,
    user: UserId,
    group: GroupId,
    page: Page,
    below: Option<Seq>,
) -> Result<Option<History>> {
    let Some(membership) = Membership::find_any(db, group, user)? else { return Ok(None) };
    let left_rev = membership.left.map(|(_, left_rev)| left_rev);
    let (Some(group), Some(last_seq)) = (groups::seen(db, group, left_rev)?, last_seq(db, group)?) else {
        return Ok(None);
    };
    let spans = membership.spans(db, group.id, user, last_seq)?;
    let mut messages = Vec::new();
    for span in page_spans(&spans, below, page).into_iter().rev() {
        messages.extend(run(db, group.id, span, u64::MAX)?);
    }
    let mut named = HashSet::new();
    let senders = messages.iter().map(|message| message.sender).filter(|sender| named.insert(*sender));
    let senders = users::find_all(db, senders)?;
    Ok(Some(History { group, messages, senders }))
}

/// The first `limit` messages of the span, ascending.
pub(crate) fn run(db: &Snapshot<'_>, group: GroupId, span: Span, limit: u64) -> Result<Vec<Message>> {
    let (in_table, newest) = db.places(group, span, limit);
    let mut messages = Vec::new();
    if in_table.after < in_table.to {
        let sql = "SELECT m.id, m.group_id, m.seq, m.rev, m.sender_id, m.client_msg_id, m.kind, m.content,
                          m.created_at
                   FROM places AS p JOIN messages AS m ON m.id = p.message_id
                   WHERE p.group_id = ?1 AND p.seq > ?2 AND p.seq <= ?3 ORDER BY p.seq";
        messages = row::all(db, sql, [group.sql(), in_table.after.sql(), in_table.to.sql()], row::message)?;
    }
    if !newest.is_empty() {
        messages.extend(row::each(db, FIND, newest, row::message)?);
    }
    Ok(messages)
}

pub(crate) fn find(db: &Connection, message: MessageId) -> Result<Option<Message>> {
    row::first(db, FIND, [message.sql()], row::message)
}

const FIND: &str = "SELECT id, group_id, seq, rev, sender_id, client_msg_id, kind, content, created_at
                    FROM messages WHERE id = ?1";

fn last_seq(db: &Connection, group: GroupId) -> Result<Option<Seq>> {
    row::first(db, "SELECT id, last_seq FROM groups WHERE id = ?1", [group.sql()], |row| {
        Ok(Seq(Fields { table: "groups", row }.get(1)?))
    })
}
