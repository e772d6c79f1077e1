//! What is to be known of one message: what it said, who has reacted to it, and who has read it.

use std::collections::VecDeque;

use rim_core::message::{MessageKind, Page};
use rim_core::note::{Edition, MAX_NAMED_READERS, NoteKind, Reactor, Readers, kind_of_edit};
use rim_core::size::{ANSWER_BYTES, Size, fitting};
use rim_core::{GroupId, MessageId, Refusal, Rev, Seq, Timestamp, UserId};

use super::act::KEPT_EDITS;
use super::merge::{Asked, Lists, Merged, Part};
use super::seen::{MAX_ROWS, seen, seen_as_of};
use crate::database::{Fields, Read};
use crate::failure::Result as Step;
use crate::groups::{self, Room};
use crate::{Value, params, people};

/// So many members are looked at for who has read a message, the longest-standing: that takes a part of a second.
const MAX_COUNTED: u64 = 5_000;

/// Who reacted before so many others is on no page.
const MAX_SKIPPED: u64 = 10_000;

pub(super) fn edits(db: &dyn Read, user: UserId, group: GroupId, message: MessageId) -> Step<Vec<Edition>> {
    let (message, as_of) = seen_as_of(db, user, group, message)?;
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
    // Of the edits that are kept.
    let sql = "SELECT n.seq, n.at, n.body, w.content
               FROM (SELECT group_id, seq, rev, content FROM words WHERE group_id = $1 AND seq = $3
                     ORDER BY rev DESC LIMIT $4) AS w
                    JOIN notes AS n ON n.group_id = w.group_id AND n.kind = $2 AND n.seq = w.seq AND n.rev = w.rev
                                AND n.body <> ''
               WHERE w.rev <= $5 ORDER BY w.rev DESC";
    let until = as_of.unwrap_or(Rev(u64::MAX));
    let params = params![group, NoteKind::Edit, message.seq, KEPT_EDITS, until];
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
    let (message, as_of) = seen_as_of(db, user, group, message)?;
    let page = Page { size: page.size.clamp(1, MAX_ROWS), ..page };
    let (mut skip, size) = (page.offset(), page.size as usize);
    if skip > MAX_SKIPPED {
        return Ok((Vec::new(), false));
    }
    let emojis: Vec<_> = match emoji {
        Some(emoji) => vec![emoji],
        None => {
            let state = message.state.as_deref().map_or(&[][..], |state| &state.reactions);
            state.iter().map(|reaction| reaction.emoji.as_str()).collect()
        }
    };
    let begin = vec![END_OF_TIME; emojis.len()];
    let mut merged = Merged::new(Reactions { db, group, seq: message.seq, emojis, as_of }, begin);
    let mut found: Vec<(Rev, String, UserId, Timestamp)> = Vec::new();
    while found.len() <= size
        && let Some(step) = merged.step()?
    {
        match step {
            Some(_) if skip > 0 => skip -= 1,
            row => found.extend(row),
        }
    }
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

/// Behind every `rev`.
const END_OF_TIME: u64 = i64::MAX as u64;

/// Who reacted to a message with each of some emojis, by an index.
struct Reactions<'d> {
    db: &'d dyn Read,
    group: GroupId,
    seq: Seq,
    emojis: Vec<&'d str>,
    /// When whoever asks left, if they did.
    as_of: Option<Rev>,
}

impl Lists for Reactions<'_> {
    type Row = (Rev, String, UserId, Timestamp);

    fn key((rev, ..): &Self::Row) -> u64 {
        rev.0
    }

    fn read(&mut self, asked: &[Asked]) -> Step<Vec<Part<Self::Row>>> {
        let sql =
            "SELECT seq, key, by_id, at, rev FROM notes WHERE group_id = $1 AND kind = $2 AND seq = $3 AND key = $4
               AND rev < $5 ORDER BY rev DESC LIMIT $6";
        let as_they_were = "SELECT seq, key, by_id, at, rev FROM (
                   SELECT seq, key, by_id, at, rev FROM notes
                   WHERE group_id = $1 AND kind = $2 AND seq = $3 AND key = $4 AND rev < $5 AND rev <= $7
                   UNION ALL
                   SELECT seq, key, by_id, at, rev FROM former_notes
                   WHERE group_id = $1 AND kind = $2 AND seq = $3 AND key = $4 AND rev < $5 AND rev <= $7
                     AND gone_rev > $7) AS n
               ORDER BY rev DESC LIMIT $6";
        let sql = if self.as_of.is_some() { as_they_were } else { sql };
        let key = |asked: &Asked| {
            let emoji = self.emojis[asked.list];
            let below = Rev(asked.below);
            let mut key = params![self.group, NoteKind::React, self.seq, emoji, below, asked.limit].to_vec();
            key.extend(self.as_of.map(Value::from));
            key
        };
        let keys: Vec<_> = asked.iter().map(key).collect();
        let mut parts: Vec<_> = asked.iter().map(|_| Part { rows: VecDeque::new(), rest: None }).collect();
        self.db.rows_of_each(sql, &keys, &mut |at, row| {
            let row = (row.get("rev")?, row.get("key")?, row.get("by_id")?, row.get("at")?);
            parts[at].rows.push_back(row);
            Ok(())
        })?;
        for (part, asked) in parts.iter_mut().zip(asked) {
            part.rest = part.rows.back().map(Self::key).filter(|_| part.rows.len() as u64 >= asked.limit);
        }
        Ok(parts)
    }
}

pub(super) fn readers(db: &dyn Read, user: UserId, group: GroupId, message: MessageId) -> Step<Readers> {
    let message = seen(db, user, group, message)?;
    groups::current(db, group, user)?.ok_or(Refusal::NotMember)?;
    // So many are looked at, whoever of them was there.
    let sql = "SELECT m.user_id, m.has_read, m.user_id <> $2 AND (m.join_rev < $3 OR EXISTS (
                          SELECT 1 FROM earlier_stays AS e WHERE e.group_id = $1 AND e.user_id = m.user_id
                                                             AND e.join_rev < $3 AND e.left_rev > $3)) AS was_there
               FROM (SELECT user_id, join_rev, greatest(read_seq, sent_seq) >= $4 AS has_read FROM members
                     WHERE group_id = $1 AND left_rev IS NULL ORDER BY join_rev LIMIT $5) AS m
               ORDER BY m.join_rev";
    let params = params![group, message.sender, message.rev, message.seq, MAX_COUNTED];
    let members: Vec<(UserId, bool, bool)> =
        db.all(sql, &params, |row| Ok((row.get("user_id")?, row.get("has_read")?, row.get("was_there")?)))?;
    let member_count = Room::look(db, group)?.member_count;
    let there = members.iter().filter(|(.., was_there)| *was_there);
    let have_read: Vec<_> =
        there.clone().filter(|(_, has_read, _)| *has_read).map(|(user, ..)| *user).collect();
    let (read, of) = (have_read.len() as u64, there.count() as u64);
    let users = (member_count <= MAX_NAMED_READERS).then_some(have_read);
    Ok(Readers { read, of, users, more: member_count > members.len() as u64 })
}
