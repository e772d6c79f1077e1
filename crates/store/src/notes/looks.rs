//! What is to be known of one message: what it said, who has reacted to it, and who has read it.

use rim_core::message::{MessageKind, Page};
use rim_core::note::{Edition, MAX_NAMED_READERS, NoteKind, Reactor, Readers, kind_of_edit};
use rim_core::size::{ANSWER_BYTES, Size, fitting};
use rim_core::{GroupId, MessageId, Refusal, Timestamp, UserId};

use super::seen::{MAX_ROWS, seen};
use crate::database::{Fields, Read};
use crate::failure::Result as Step;
use crate::groups::{self, Room};
use crate::{params, people};

pub(super) fn edits(db: &dyn Read, user: UserId, group: GroupId, message: MessageId) -> Step<Vec<Edition>> {
    let message = seen(db, user, group, message)?;
    if message.is_recalled() {
        return Ok(Vec::new());
    }
    let now = Edition { kind: message.kind, content: message.content.clone(), at: message.updated_at() };
    if !message.says_what_its_state_has() {
        return Ok(vec![now]);
    }
    // The row has what it said first. Damaged rows have an edited message, too: then that is all.
    let sql = "SELECT id, kind, content, created_at FROM messages WHERE id = $1 AND group_id = $2";
    let first = db.first(sql, &params![message.id, group], |row| {
        let kind = row.parse("kind", MessageKind::from_code)?;
        Ok(Edition { kind, content: row.get("content")?, at: row.get("created_at")? })
    })?;
    let sql = "SELECT n.seq, n.at, n.body, w.content FROM words AS w
                    JOIN notes AS n ON n.group_id = w.group_id AND n.kind = $2 AND n.seq = w.seq AND n.rev = w.rev
               WHERE w.group_id = $1 AND w.seq = $3 AND w.content <> '' ORDER BY w.rev DESC";
    let mut editions = db.all(sql, &params![group, NoteKind::Edit, message.seq], edition)?;
    editions.extend(first);
    editions.truncate(fitting(&editions, ANSWER_BYTES, Size::size_bytes));
    editions.reverse();
    Ok(editions)
}

fn edition(row: Fields<'_>) -> Step<Edition> {
    let kind = row.parse("body", |body: String| kind_of_edit(&body))?;
    Ok(Edition { kind, content: row.get("content")?, at: row.get("at")? })
}

pub(super) fn reactors(
    db: &dyn Read,
    user: UserId,
    group: GroupId,
    message: MessageId,
    emoji: Option<&str>,
    page: Page,
) -> Step<(Vec<Reactor>, bool)> {
    let message = seen(db, user, group, message)?;
    let size = page.size.min(MAX_ROWS);
    let sql = "SELECT seq, key, by_id, at FROM notes
               WHERE group_id = $1 AND kind = $2 AND seq = $3 AND (CAST($4 AS text) IS NULL OR key = $4)
               ORDER BY rev DESC LIMIT $5 OFFSET $6";
    let offset = Page { size, ..page }.offset();
    let params = params![group, NoteKind::React, message.seq, emoji, u64::from(size) + 1, offset];
    let mut found: Vec<(String, UserId, Timestamp)> =
        db.all(sql, &params, |row| Ok((row.get("key")?, row.get("by_id")?, row.get("at")?)))?;
    let mut more = found.len() > size as usize;
    found.truncate(size as usize);
    // Nobody is ever deleted, so they are as many.
    let users = people::find_all(db, found.iter().map(|(_, user, _)| *user))?;
    let joined = found.into_iter().zip(users);
    let mut reactors: Vec<_> = joined.map(|((emoji, _, at), user)| Reactor { emoji, user, at }).collect();
    let fit = fitting(&reactors, ANSWER_BYTES, Size::size_bytes);
    more |= fit < reactors.len();
    reactors.truncate(fit);
    Ok((reactors, more))
}

pub(super) fn readers(db: &dyn Read, user: UserId, group: GroupId, message: MessageId) -> Step<Readers> {
    let message = seen(db, user, group, message)?;
    groups::current(db, group, user)?.ok_or(Refusal::NotMember)?;
    let sql = "SELECT count(*) AS members, count(*) FILTER (WHERE greatest(m.read_seq, m.sent_seq) >= $4) AS readers
               FROM members AS m
               WHERE m.group_id = $1 AND m.left_rev IS NULL AND m.user_id <> $2
                 AND (m.join_rev < $3 OR EXISTS (SELECT 1 FROM earlier_stays AS e
                                                 WHERE e.group_id = m.group_id AND e.user_id = m.user_id
                                                   AND e.join_rev < $3 AND e.left_rev > $3))";
    let params = params![group, message.sender, message.rev, message.seq];
    let counted = db.first(sql, &params, |row| Ok((row.get("readers")?, row.get("members")?)))?;
    let (read, of) = counted.unwrap_or_default();
    let named = Room::look(db, group)?.member_count <= MAX_NAMED_READERS;
    let sql = "SELECT m.user_id FROM members AS m
               WHERE m.group_id = $1 AND m.left_rev IS NULL AND m.user_id <> $2
                 AND greatest(m.read_seq, m.sent_seq) >= $4
                 AND (m.join_rev < $3 OR EXISTS (SELECT 1 FROM earlier_stays AS e
                                                 WHERE e.group_id = m.group_id AND e.user_id = m.user_id
                                                   AND e.join_rev < $3 AND e.left_rev > $3))
               ORDER BY m.join_rev";
    let users = if named { Some(db.all(sql, &params, |row| row.get("user_id"))?) } else { None };
    Ok(Readers { read, of, users })
}
