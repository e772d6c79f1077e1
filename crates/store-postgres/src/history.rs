//! Reading messages: pages of a group, and runs of places.

use std::collections::{HashMap, HashSet};

use deadpool_postgres::{GenericClient, Transaction};
use futures_util::try_join;
use rim_core::message::{
    History, HistoryPart, Message, Span, WantedMessages, above as spans_above, page_spans,
};
use rim_core::sight::{self, Sight};
use rim_core::size::{Size, fitting};
use rim_core::{GroupId, MessageId, Rev, Seq, UserId};
use rim_store::notes::KEPT_EDITS;

use crate::failure::Result;
use crate::membership::Seen;
use crate::row::{self, Sql, array};
use crate::{groups, sights, users};

/// See [`rim_store::Store::history_part`].
pub(crate) async fn part(
    db: &Transaction<'_>,
    user: UserId,
    group: GroupId,
    wanted: WantedMessages,
    bytes: usize,
) -> Result<Option<HistoryPart>> {
    let (membership, found) = try_join!(Seen::find(db, group, user), groups::seen(db, user, [group]))?;
    let (Some(membership), Some(group)) = (membership, found.into_iter().next()) else {
        return Ok(None);
    };
    let spans = match wanted {
        WantedMessages::Page { page, below } => {
            let holes = if membership.has_holes {
                sights::holes(db, user, [group.id]).await?
            } else {
                HashMap::new()
            };
            let holes = holes.into_values().flatten().collect();
            let sight = Sight::new(membership.is.spans(membership.last_seq), holes);
            let mut spans = page_spans(&sight.spans, below, page);
            spans.reverse();
            spans
        }
        WantedMessages::Rest(spans) => spans,
    };
    let of_group: Vec<_> = spans.iter().map(|span| (group.id, *span)).collect();
    let as_of = membership.is.is.left_rev();
    let stated = if membership.has_states { Stated::all(&of_group, as_of) } else { Vec::new() };
    let mut messages = runs(db, &of_group, &stated, bytes).await?;
    let mut named = HashSet::new();
    let senders: Vec<_> =
        messages.iter().map(|message| message.sender).filter(|sender| named.insert(*sender)).collect();
    let mut senders = users::find_all(db, senders).await?;

    // On the wire each message has its group and its sender beside it.
    let beside = group.size_bytes();
    let sizes: HashMap<_, _> = senders.iter().map(|sender| (sender.id, sender.size_bytes())).collect();
    let size = |message: &Message| {
        message.size_bytes() + beside + sizes.get(&message.sender).copied().unwrap_or_default()
    };
    messages.truncate(fitting(&messages, bytes, size));
    sights::mine(db, user, messages.iter_mut().collect()).await?;
    senders.retain(|sender| messages.iter().any(|message| message.sender == sender.id));
    let rest = messages.last().map(|last| spans_above(&spans, last.seq)).filter(|rest| !rest.is_empty());
    Ok(Some(HistoryPart { history: History { group, messages, senders }, rest }))
}

/// What lies in these spans, which do not overlap, by group and place, each with its state put on: none behind the one with
/// which it is more than so many bytes. What is not told is not read either, let alone sent: of a text that is not in its
/// row its length is known without it.
///
/// `stated` are those of them where there may be states.
pub(crate) async fn runs(
    db: &impl GenericClient,
    spans: &[(GroupId, Span)],
    stated: &[Stated],
    bytes: usize,
) -> Result<Vec<Message>> {
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let (mut messages, states) = try_join!(rows(db, spans, bytes), states(db, stated, bytes))?;
    put_on(&mut messages, states);
    Ok(messages)
}

/// A message of the group.
pub(crate) async fn find(
    db: &impl GenericClient,
    group: GroupId,
    message: MessageId,
    as_of: Option<Rev>,
) -> Result<Option<Message>> {
    let sql =
        "SELECT id, group_id, seq, rev, sender_id, client_msg_id, kind, content, created_at FROM messages
               WHERE group_id = $1 AND id = $2";
    let found = row::first(db, sql, &[&group.sql(), &message.sql()], row::read).await?;
    let mut messages = Vec::from_iter(found);
    dress(db, messages.iter_mut().map(|message| (message, as_of)).collect()).await?;
    Ok(messages.pop())
}

/// Puts on what they have beside their content, whichever they are: or had, when their reader left the group.
pub(crate) async fn dress(db: &impl GenericClient, messages: Vec<(&mut Message, Option<Rev>)>) -> Result<()> {
    let of = |(message, as_of): &(&mut Message, Option<Rev>)| Stated {
        group: message.group,
        span: sight::at(message.seq),
        as_of: *as_of,
    };
    let places: Vec<_> = messages.iter().map(of).collect();
    if places.is_empty() {
        return Ok(());
    }
    let mut states: HashMap<_, _> = states(db, &places, usize::MAX)
        .await?
        .into_iter()
        .map(|state| ((state.group, state.seq), state))
        .collect();
    for (message, _) in messages {
        if let Some(state) = states.remove(&(message.group, message.seq)) {
            state.put_on(message);
        }
    }
    Ok(())
}

/// Places where there may be states.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stated {
    pub(crate) group: GroupId,
    pub(crate) span: Span,
    /// When their reader left the group, if they did: they are told as they were then.
    pub(crate) as_of: Option<Rev>,
}

impl Stated {
    pub(crate) fn all(spans: &[(GroupId, Span)], as_of: Option<Rev>) -> Vec<Self> {
        spans.iter().map(|(group, span)| Self { group: *group, span: *span, as_of }).collect()
    }
}

/// What a message has beside its content.
pub(crate) struct State {
    pub(crate) group: GroupId,
    pub(crate) seq: Seq,
    pub(crate) rev: Rev,
    /// `None` if there is no room for it.
    pub(crate) body: Option<String>,
}

impl State {
    /// One whose state is damaged is shown as if it had none.
    pub(crate) fn put_on(&self, message: &mut Message) {
        let Some(body) = &self.body else { return };
        if let Err(why) = message.put_on(body, self.rev) {
            let (group, seq) = (self.group.0, self.seq.0);
            tracing::error!(
                table = "states",
                group,
                seq,
                why,
                "a row is damaged: its message is shown without it"
            );
        }
    }
}

/// Puts states on messages, both by group and place: what lies behind the first for which there is no room goes.
fn put_on(messages: &mut Vec<Message>, states: Vec<State>) {
    let mut states = states.into_iter().peekable();
    let mut end = messages.len();
    for (at, message) in messages.iter_mut().enumerate() {
        let place = (message.group, message.seq);
        while states.next_if(|state| (state.group, state.seq) < place).is_some() {}
        let Some(state) = states.next_if(|state| (state.group, state.seq) == place) else { continue };
        if state.body.is_none() {
            end = at;
            break;
        }
        state.put_on(message);
    }
    messages.truncate(end);
}

async fn states(db: &impl GenericClient, spans: &[Stated], bytes: usize) -> Result<Vec<State>> {
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    // How long texts are is known without them.
    let sql = "SELECT group_id, seq, rev,
                      CASE WHEN taken - size <= $4 THEN body || coalesce(chr(10) || content, '') END
               FROM (SELECT s.*, sum(s.size) OVER (ORDER BY s.group_id, s.seq) AS taken
                     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS run (group_id, after_seq, to_seq),
                          LATERAL (SELECT s.group_id, s.seq, s.rev, s.body, w.content,
                                          octet_length(s.body) + coalesce(octet_length(w.content), 0) AS size
                                   FROM states AS s
                                        LEFT JOIN LATERAL (SELECT content FROM words
                                                           WHERE group_id = s.group_id AND seq = s.seq
                                                           ORDER BY rev DESC LIMIT 1) AS w ON true
                                   WHERE s.group_id = run.group_id AND s.seq > run.after_seq
                                     AND s.seq <= run.to_seq) AS s) AS s
               ORDER BY group_id, seq";
    let groups = array(spans.iter().map(|stated| stated.group));
    let after = array(spans.iter().map(|stated| stated.span.after));
    let to = array(spans.iter().map(|stated| stated.span.to));
    let bytes = (bytes as u64).sql();
    let read = |row: row::Fields<'_>| {
        let (group, seq, rev, body) = row::read(row)?;
        Ok(State { group, seq, rev, body })
    };
    if spans.iter().all(|stated| stated.as_of.is_none()) {
        return row::all(db, sql, &[&groups, &after, &to, &bytes], read).await;
    }
    let as_of: Vec<_> = spans.iter().map(|stated| stated.as_of.map(Sql::sql)).collect();
    let params: row::Params<'_> = &[&groups, &after, &to, &bytes, &as_of, &KEPT_EDITS.sql()];
    row::all(db, STATES_AS_OF, params, read).await
}

/// The same where some are told as they were when their reader left; what was recalled is told as it is. An edit of that
/// time whose words are not kept says what the message said first.
const STATES_AS_OF: &str = "
    SELECT group_id, seq, rev, CASE WHEN taken - size <= $4 THEN body || coalesce(chr(10) || content, '') END
    FROM (SELECT s.*, sum(s.size) OVER (ORDER BY s.group_id, s.seq) AS taken
          FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $5::bigint[]) AS run (group_id, after_seq, to_seq, as_of),
               LATERAL (SELECT s.group_id, s.seq, t.rev, t.body, w.content,
                               octet_length(t.body) + coalesce(octet_length(w.content), 0) AS size
                        FROM states AS s
                             JOIN LATERAL (
                                 SELECT s.rev, s.body
                                 WHERE run.as_of IS NULL OR s.rev <= run.as_of
                                    OR EXISTS (SELECT FROM notes AS n
                                               WHERE n.group_id = s.group_id AND n.kind = 2 AND n.seq = s.seq)
                                 UNION ALL
                                 SELECT f.rev, f.body FROM former_states AS f
                                 WHERE f.group_id = s.group_id AND f.seq = s.seq AND f.rev <= run.as_of
                                 ORDER BY rev DESC LIMIT 1
                             ) AS t ON true
                             LEFT JOIN LATERAL (
                                 SELECT content FROM words AS w
                                 WHERE w.group_id = s.group_id AND w.seq = s.seq
                                   AND (run.as_of IS NULL OR w.rev <= run.as_of AND w.rev > coalesce(
                                       (SELECT rev FROM words AS k WHERE k.group_id = s.group_id AND k.seq = s.seq
                                        ORDER BY rev DESC LIMIT 1 OFFSET $6), 0))
                                 ORDER BY w.rev DESC LIMIT 1
                             ) AS w ON true
                        WHERE s.group_id = run.group_id AND s.seq > run.after_seq AND s.seq <= run.to_seq) AS s) AS s
    ORDER BY group_id, seq";

fn arrays(spans: &[(GroupId, Span)]) -> (Vec<i64>, Vec<i64>, Vec<i64>) {
    let groups = array(spans.iter().map(|(group, _)| *group));
    let after = array(spans.iter().map(|(_, span)| span.after));
    (groups, after, array(spans.iter().map(|(_, span)| span.to)))
}

async fn rows(db: &impl GenericClient, spans: &[(GroupId, Span)], bytes: usize) -> Result<Vec<Message>> {
    let sql = "SELECT id, group_id, seq, rev, sender_id, client_msg_id, kind, content, created_at
               FROM (SELECT m.*, sum(octet_length(m.content)) OVER (ORDER BY m.group_id, m.seq) AS taken
                     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS run (group_id, after_seq, to_seq),
                          LATERAL (SELECT * FROM messages AS m
                                   WHERE m.group_id = run.group_id AND m.seq > run.after_seq
                                     AND m.seq <= run.to_seq) AS m) AS m
               WHERE taken - octet_length(content) <= $4
               ORDER BY group_id, seq";
    let (groups, after, to) = arrays(spans);
    row::all(db, sql, &[&groups, &after, &to, &(bytes as u64).sql()], row::read).await
}

/// The first `limit` messages of the group above a place.
pub(crate) async fn above(
    db: &impl GenericClient,
    group: GroupId,
    after: Seq,
    limit: u32,
) -> Result<Vec<Message>> {
    let sql =
        "SELECT id, group_id, seq, rev, sender_id, client_msg_id, kind, content, created_at FROM messages
               WHERE group_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    let mut messages = row::all(db, sql, &[&group.sql(), &after.sql(), &i64::from(limit)], row::read).await?;
    dress(db, messages.iter_mut().map(|message| (message, None)).collect()).await?;
    Ok(messages)
}
