//! Reading messages: pages of a group, and runs of places.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rim_core::message::{
    DAMAGED, History, HistoryPart, Message, MessageKind, Span, WantedMessages, above, page_spans,
};
use rim_core::sight;
use rim_core::size::{Size, fitting};
use rim_core::user::User;
use rim_core::{GroupId, MessageId, Rev, Seq, Timestamp, UserId};
use rim_store::notes::KEPT_EDITS;
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::{Connection, Row, Rows, Statement};

use crate::failure::{Failure, Result};
use crate::health::Health;
use crate::membership::Membership;
use crate::readers::Snapshot;
use crate::row::{self, Checked, Fields, Sql};
use crate::{checksum, groups, sights, users};

/// See [`rim_store::Store::history_part`].
pub(crate) fn part(
    db: &Snapshot<'_>,
    user: UserId,
    group: GroupId,
    wanted: WantedMessages,
    bytes: usize,
) -> Result<Option<HistoryPart>> {
    let Some(membership) = Membership::find_any(db, group, user)? else { return Ok(None) };
    let (Some(group), Some(last_seq)) =
        (groups::seen(db, group, membership.is.left_rev())?, last_seq(db, group)?)
    else {
        return Ok(None);
    };
    let spans = match wanted {
        WantedMessages::Page { page, below } => {
            let member = membership.spans(db, group.id, user, last_seq)?;
            let sight = sights::of(db, user, group.id, member)?;
            let mut spans = page_spans(&sight.spans, below, page);
            spans.reverse();
            spans
        }
        WantedMessages::Rest(spans) => spans,
    };
    // On the wire each message has its group and its sender beside it.
    let beside = group.size_bytes();
    let mut people: HashMap<UserId, Option<User>> = HashMap::new();
    let as_of = membership.is.left_rev();
    let (mut messages, mut taken) = (Vec::new(), 0);
    for span in &spans {
        if taken > bytes {
            break;
        }
        messages.extend(run(db, group.id, *span, as_of, u64::MAX, &mut |message| {
            let sender = match people.entry(message.sender) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(users::find(db, message.sender)?),
            };
            taken += message.size_bytes() + beside + sender.as_ref().map_or(0, Size::size_bytes);
            Ok(taken > bytes)
        })?);
    }
    let of = |sender: &UserId| people.get(sender).and_then(Option::as_ref).map_or(0, Size::size_bytes);
    let size = |message: &Message| message.size_bytes() + beside + of(&message.sender);
    messages.truncate(fitting(&messages, bytes, size));
    rim_store::sights::mine(db, user, &mut messages)?;
    let rest = messages.last().map(|last| above(&spans, last.seq)).filter(|rest| !rest.is_empty());
    let senders = messages.iter().filter_map(|message| people.remove(&message.sender).flatten()).collect();
    Ok(Some(HistoryPart { history: History { group, messages, senders }, rest }))
}

/// The first messages of the span, ascending: `limit` of them, or all up to the one that is enough. To one who left at the
/// rev `as_of` as they were then.
pub(crate) fn run(
    db: &Snapshot<'_>,
    group: GroupId,
    span: Span,
    as_of: Option<Rev>,
    limit: u64,
    enough: &mut dyn FnMut(&Message) -> Result<bool>,
) -> Result<Vec<Message>> {
    let (in_table, newest) = db.places(group, span, limit);
    let mut messages = Vec::new();
    let mut states_statement = db.prepare_cached(states_as_of(as_of))?;
    let mut states = States::of(&mut states_statement, group, span, as_of)?;
    if in_table.after < in_table.to {
        let sql = "SELECT m.id, m.group_id, m.seq, m.rev, m.sender_id, m.client_msg_id, m.kind, m.content,
                          m.created_at, m.checksum, p.seq
                   FROM places AS p JOIN messages AS m ON m.id = p.message_id
                   WHERE p.group_id = ?1 AND p.seq > ?2 AND p.seq <= ?3 ORDER BY p.seq";
        let mut statement = db.prepare_cached(sql)?;
        let mut rows = statement.query([group.sql(), in_table.after.sql(), in_table.to.sql()])?;
        while let Some(row) = rows.next()? {
            let place = Fields { table: "places", row }.read(row::CHECKED_COLUMNS)?;
            let mut message = read(db.health, row, group, Some(place))?;
            states.put_on(&mut message, db.health)?;
            let is_last = is_enough(&message, enough)?;
            messages.push(message);
            if is_last {
                settle_revs(db, group, &mut messages)?;
                return Ok(messages);
            }
        }
    }
    for (seq, message) in (in_table.to.0 + 1..).zip(newest) {
        let found = row::first(db, FIND, [message.sql()], |row| read(db.health, row, group, Some(Seq(seq))))?;
        let Some(mut message) = found else { continue };
        states.put_on(&mut message, db.health)?;
        let is_last = is_enough(&message, enough)?;
        messages.push(message);
        if is_last {
            break;
        }
    }
    settle_revs(db, group, &mut messages)?;
    Ok(messages)
}

/// Whether it is the last that is read: not what stands for a damaged row, whose `rev` is found by the next. By its
/// content, which is small: of what looks like it nobody can send more than fits.
fn is_enough(message: &Message, enough: &mut dyn FnMut(&Message) -> Result<bool>) -> Result<bool> {
    Ok(enough(message)? && message.content != DAMAGED)
}

/// The messages at these places, which ascend: none behind the one with which they are more than so many bytes.
pub(crate) fn at(
    db: &Snapshot<'_>,
    group: GroupId,
    places: &[Span],
    as_of: Option<Rev>,
    bytes: usize,
) -> Result<Vec<Message>> {
    let (mut messages, mut taken) = (Vec::new(), 0);
    for span in places {
        if taken > bytes {
            break;
        }
        messages.extend(run(db, group, *span, as_of, u64::MAX, &mut |message| {
            taken += message.size_bytes();
            Ok(taken > bytes)
        })?);
    }
    Ok(messages)
}

/// A message of the group; `None` if it is another's.
pub(crate) fn find(
    db: &Connection,
    health: Option<&Health>,
    group: GroupId,
    message: MessageId,
    as_of: Option<Rev>,
) -> Result<Option<Message>> {
    let found = row::first(db, FIND, [message.sql()], |row| {
        let of: GroupId = Fields { table: "messages", row }.read(1).unwrap_or(group);
        (of == group).then(|| read(health, row, group, None)).transpose()
    })?;
    let Some(mut message) = found.flatten() else { return Ok(None) };
    let mut states = db.prepare_cached(states_as_of(as_of))?;
    States::of(&mut states, group, sight::at(message.seq), as_of)?.put_on(&mut message, health)?;
    Ok(Some(message))
}

const STATES: &str = "SELECT s.seq, s.rev, s.body || coalesce(char(10) || (
        SELECT content FROM words WHERE group_id = s.group_id AND seq = s.seq ORDER BY rev DESC LIMIT 1), '')
    FROM states AS s WHERE s.group_id = ?1 AND s.seq > ?2 AND s.seq <= ?3 ORDER BY s.seq";

/// The same as it was at the rev `?4`, when somebody left; of what was recalled, as it is. An edit of that time whose words
/// are not kept says what the message said first.
const STATES_AS_OF: &str =
    "SELECT s.seq, coalesce(f.rev, s.rev), coalesce(f.body, s.body) || coalesce(char(10) || (
        SELECT content FROM words WHERE group_id = s.group_id AND seq = s.seq AND rev <= ?4
               AND rev > coalesce((SELECT rev FROM words WHERE group_id = s.group_id AND seq = s.seq
                                   ORDER BY rev DESC LIMIT 1 OFFSET ?5), 0)
        ORDER BY rev DESC LIMIT 1), '')
    FROM states AS s
         LEFT JOIN former_states AS f ON s.rev > ?4 AND f.group_id = s.group_id AND f.seq = s.seq
              AND f.rev = (SELECT max(rev) FROM former_states
                           WHERE group_id = s.group_id AND seq = s.seq AND rev <= ?4)
    WHERE s.group_id = ?1 AND s.seq > ?2 AND s.seq <= ?3
      AND (s.rev <= ?4 OR f.rev IS NOT NULL
           OR EXISTS (SELECT 1 FROM notes WHERE group_id = s.group_id AND kind = 2 AND seq = s.seq))
    ORDER BY s.seq";

const fn states_as_of(as_of: Option<Rev>) -> &'static str {
    if as_of.is_some() { STATES_AS_OF } else { STATES }
}

/// What the messages of a span have beside their content: read along with them.
struct States<'s> {
    rows: Rows<'s>,
}

impl<'s> States<'s> {
    /// `statement` is that of [`states_as_of`].
    fn of(statement: &'s mut Statement<'_>, group: GroupId, span: Span, as_of: Option<Rev>) -> Result<Self> {
        let (group, after, to) = (group.sql(), span.after.sql(), span.to.sql());
        let mut rows = match as_of {
            None => statement.query([group, after, to])?,
            Some(as_of) => statement.query([group, after, to, as_of.sql(), KEPT_EDITS.sql()])?,
        };
        rows.advance()?;
        Ok(Self { rows })
    }

    /// Puts on what it has, if it has anything; the next message is one that comes later. One whose state is damaged is
    /// shown as if it had none. What stands for a damaged message stays what it is.
    fn put_on(&mut self, message: &mut Message, health: Option<&Health>) -> Result<()> {
        while let Some(row) = self.rows.get() {
            let fields = Fields { table: "states", row };
            let seq: Seq = fields.read(0)?;
            if seq < message.seq {
                self.rows.advance()?;
                continue;
            }
            if seq == message.seq && !stands_for_damaged(message) {
                let rev = fields.read(1)?;
                let body = row.get_ref(2)?.as_str().map_err(|error| error.to_string());
                if let Err(why) = body.and_then(|body| message.put_on(body, rev))
                    && let Some(health) = health
                {
                    health.damaged("states", message.id, &why);
                }
            }
            break;
        }
        Ok(())
    }
}

fn stands_for_damaged(message: &Message) -> bool {
    message.content == DAMAGED && message.client_msg_id.starts_with(DAMAGED_ID)
}

/// Reads what nobody asked for, to see that it can be read: the newest message, and one anywhere.
pub(crate) fn sample(db: &Snapshot<'_>) -> Result<()> {
    let newest = "SELECT id, group_id FROM messages ORDER BY id DESC LIMIT 1";
    let anywhere = "SELECT id, group_id FROM messages
                    WHERE id >= abs(random() % (SELECT coalesce(max(id), 0) + 1 FROM messages)) ORDER BY id LIMIT 1";
    for sql in [newest, anywhere] {
        let found = row::first(db, sql, [], |row| {
            let id = Fields { table: "messages", row }.read(0)?;
            Ok((id, GroupId(row.get("group_id").unwrap_or(0))))
        });
        // A damaged row is read, too: it is told of, and shown where it is.
        if let Some((message, group)) = found? {
            find(db, db.health, group, message, None)?;
        }
    }
    Ok(())
}

/// Gives what stands for damaged rows a `rev` between those of its neighbours: clients go by it.
fn settle_revs(db: &Connection, group: GroupId, messages: &mut [Message]) -> Result<()> {
    for at in 0..messages.len() {
        if !messages[at].client_msg_id.starts_with(DAMAGED_ID) {
            continue;
        }
        // A rev is never below its place.
        let below = at.checked_sub(1).map_or(0, |before| messages[before].rev.0);
        let least = messages[at].seq.0.max(below + 1);
        let most = match messages.get(at + 1) {
            Some(next) => next.rev.0.saturating_sub(1),
            None => last_rev(db, group)?.0,
        };
        messages[at].rev = Rev(messages[at].rev.0.clamp(least, most.max(least)));
    }
    Ok(())
}

/// How the client ids begin of what stands for damaged rows.
const DAMAGED_ID: &str = "damaged-";

const FIND: &str =
    "SELECT id, group_id, seq, rev, sender_id, client_msg_id, kind, content, created_at, checksum
                    FROM messages WHERE id = ?1";

/// Of the columns of [`FIND`]: the message, or what stands for it if the row is not what was written. It has the place
/// where it was looked for, so that all others are shown.
fn read(health: Option<&Health>, row: &Row<'_>, group: GroupId, seq: Option<Seq>) -> Result<Message> {
    let why = match row::of::<Checked>("messages")(row) {
        Ok((message, checksum)) => {
            if checksum.is_some_and(|checksum| checksum != checksum::of(&message)) {
                "it does not match its checksum".to_owned()
            } else if message.group != group || seq.is_some_and(|seq| seq != message.seq) {
                format!(
                    "it was looked for in group {group}, and is at place {} of {}",
                    message.seq, message.group
                )
            } else {
                return Ok(message);
            }
        }
        Err(failure @ Failure::Corrupt { .. }) => failure.to_string(),
        Err(failure) => return Err(failure),
    };
    let id = Fields { table: "messages", row }.read(0)?;
    if let Some(health) = health {
        health.damaged("messages", id, &why);
    }
    Ok(Message {
        state: None,
        id,
        group,
        seq: seq.unwrap_or_else(|| Seq(row.get("seq").unwrap_or(0))),
        rev: Rev(row.get("rev").unwrap_or(0)),
        sender: UserId(row.get("sender_id").unwrap_or(0)),
        client_msg_id: format!("{DAMAGED_ID}{id}"),
        kind: MessageKind::Text,
        content: DAMAGED.to_owned(),
        created_at: Timestamp(row.get("created_at").unwrap_or(0)),
    })
}

fn last_rev(db: &Connection, group: GroupId) -> Result<Rev> {
    let found = row::first(
        db,
        "SELECT id, last_rev FROM groups WHERE id = ?1",
        [group.sql()],
        row::behind_key("groups"),
    )?;
    Ok(found.unwrap_or_default())
}

pub(crate) fn last_seq(db: &Connection, group: GroupId) -> Result<Option<Seq>> {
    row::first(db, "SELECT id, last_seq FROM groups WHERE id = ?1", [group.sql()], row::behind_key("groups"))
}
