//! What is to be known of one message: what it said, who has reacted to it, and who has read it.

use rim_core::message::{MessageKind, Page};
use rim_core::note::{Edition, MAX_NAMED_READERS, NoteKind, Reactor, Readers, kind_of_edit};
use rim_core::size::{ANSWER_BYTES, Size, fitting};
use rim_core::{GroupId, MessageId, Refusal, Rev, Timestamp, UserId};

use super::act::KEPT_EDITS;
use super::seen::{MAX_ROWS, seen};
use crate::database::{Fields, Read};
use crate::failure::Result as Step;
use crate::groups::{self, Room};
use crate::{params, people};

/// So many of those who were there when a message was sent are counted, the longest-standing: that takes a part of a second.
const MAX_COUNTED: u64 = 5_000;

/// Who reacted before so many others is on no page.
const MAX_SKIPPED: u64 = 10_000;

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
                                AND n.body <> ''
               WHERE w.group_id = $1 AND w.seq = $3 ORDER BY w.rev DESC LIMIT $4";
    let params = params![group, NoteKind::Edit, message.seq, KEPT_EDITS];
    let mut editions = db.all(sql, &params, edition)?;
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
    let page = Page { size: page.size.clamp(1, MAX_ROWS), ..page };
    let (offset, size) = (page.offset().min(MAX_SKIPPED), page.size as usize);
    let emojis: Vec<_> = match emoji {
        Some(emoji) => vec![emoji],
        None => {
            let state = message.state.as_deref().map_or(&[][..], |state| &state.reactions);
            state.iter().map(|reaction| reaction.emoji.as_str()).collect()
        }
    };
    // Of each emoji as many as may be on the page, by an index.
    let sql = "SELECT seq, key, by_id, at, rev FROM notes WHERE group_id = $1 AND kind = $2 AND seq = $3 AND key = $4
               ORDER BY rev DESC LIMIT $5";
    let most = offset + size as u64 + 1;
    let keys: Vec<_> = emojis
        .iter()
        .map(|emoji| params![group, NoteKind::React, message.seq, *emoji, most].to_vec())
        .collect();
    let mut found: Vec<(Rev, String, UserId, Timestamp)> = Vec::new();
    db.rows_of_each(sql, &keys, &mut |_, row| {
        found.push((row.get("rev")?, row.get("key")?, row.get("by_id")?, row.get("at")?));
        Ok(())
    })?;
    found.sort_unstable_by_key(|(rev, ..)| std::cmp::Reverse(*rev));
    found.drain(..found.len().min(offset as usize));
    let mut more = found.len() > size;
    found.truncate(size);
    // Nobody is ever deleted, so they are as many.
    let users = people::find_all(db, found.iter().map(|(_, _, user, _)| *user))?;
    let joined = found.into_iter().zip(users);
    let mut reactors: Vec<_> = joined.map(|((_, emoji, _, at), user)| Reactor { emoji, user, at }).collect();
    let fit = fitting(&reactors, ANSWER_BYTES, Size::size_bytes);
    more |= fit < reactors.len();
    reactors.truncate(fit);
    Ok((reactors, more))
}

pub(super) fn readers(db: &dyn Read, user: UserId, group: GroupId, message: MessageId) -> Step<Readers> {
    let message = seen(db, user, group, message)?;
    groups::current(db, group, user)?.ok_or(Refusal::NotMember)?;
    let sql = "SELECT m.user_id, greatest(m.read_seq, m.sent_seq) >= $4 AS has_read FROM members AS m
               WHERE m.group_id = $1 AND m.left_rev IS NULL AND m.user_id <> $2
                 AND (m.join_rev < $3 OR EXISTS (SELECT 1 FROM earlier_stays AS e
                                                 WHERE e.group_id = m.group_id AND e.user_id = m.user_id
                                                   AND e.join_rev < $3 AND e.left_rev > $3))
               ORDER BY m.join_rev LIMIT $5";
    let params = params![group, message.sender, message.rev, message.seq, MAX_COUNTED];
    let there: Vec<(UserId, bool)> =
        db.all(sql, &params, |row| Ok((row.get("user_id")?, row.get("has_read")?)))?;
    let have_read: Vec<_> = there.iter().filter(|(_, has_read)| *has_read).map(|(user, _)| *user).collect();
    let (read, of) = (have_read.len() as u64, there.len() as u64);
    let is_named = Room::look(db, group)?.member_count <= MAX_NAMED_READERS;
    let users = is_named.then_some(have_read);
    Ok(Readers { read, of, users })
}
