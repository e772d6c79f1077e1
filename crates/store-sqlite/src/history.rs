//! Reading messages: pages of a group, and runs of places.

use std::collections::HashSet;

use rim_core::message::{History, Message, Page, Span, page_spans};
use rim_core::{GroupId, Seq, UserId};
use rusqlite::Connection;

use crate::failure::Result;
use crate::membership::Membership;
use crate::row::{self, Fields, Sql};
use crate::{groups, users};

pub(crate) fn page(
    db: &Connection,
    user: UserId,
    group: GroupId,
    page: Page,
    below: Option<Seq>,
) -> Result<Option<History>> {
    let Some(membership) = Membership::find(db, group, user)? else { return Ok(None) };
    let (Some(group), Some(last_seq)) = (groups::find(db, group)?, last_seq(db, group)?) else {
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
pub(crate) fn run(db: &Connection, group: GroupId, span: Span, limit: u64) -> Result<Vec<Message>> {
    let sql =
        "SELECT id, group_id, seq, rev, sender_id, client_msg_id, kind, content, created_at FROM messages
               WHERE group_id = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT ?4";
    row::all(db, sql, [group.sql(), span.after.sql(), span.to.sql(), limit.sql()], row::message)
}

fn last_seq(db: &Connection, group: GroupId) -> Result<Option<Seq>> {
    row::first(db, "SELECT id, last_seq FROM groups WHERE id = ?1", [group.sql()], |row| {
        Ok(Seq(Fields { table: "groups", row }.get(1)?))
    })
}
