//! Reading messages: pages of a group, and runs of places.

use std::collections::{HashMap, HashSet};

use deadpool_postgres::{GenericClient, Transaction};
use rim_core::message::{
    History, HistoryPart, Message, Span, WantedMessages, above as spans_above, page_spans,
};
use rim_core::size::{Size, fitting};
use rim_core::{GroupId, Seq, UserId};

use crate::failure::Result;
use crate::membership::Membership;
use crate::row::{self, Sql, array};
use crate::{groups, users};

/// See [`rim_store::Store::history_part`].
pub(crate) async fn part(
    db: &Transaction<'_>,
    user: UserId,
    group: GroupId,
    wanted: WantedMessages,
    bytes: usize,
) -> Result<Option<HistoryPart>> {
    let (membership, found) =
        futures_util::try_join!(Membership::find(db, group, user), groups::seen(db, user, [group]))?;
    let (Some((membership, last_seq)), Some(group)) = (membership, found.into_iter().next()) else {
        return Ok(None);
    };
    let spans = match wanted {
        WantedMessages::Page { page, below } => {
            let mut spans = page_spans(&membership.spans(last_seq), below, page);
            spans.reverse();
            spans
        }
        WantedMessages::Rest(spans) => spans,
    };
    let of_group: Vec<_> = spans.iter().map(|span| (group.id, *span)).collect();
    let mut messages = runs(db, &of_group, bytes).await?;
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
    senders.retain(|sender| messages.iter().any(|message| message.sender == sender.id));
    let rest = messages.last().map(|last| spans_above(&spans, last.seq)).filter(|rest| !rest.is_empty());
    Ok(Some(HistoryPart { history: History { group, messages, senders }, rest }))
}

/// What lies in these spans, by group and place: none behind the one with which it is more than so many bytes. What is
/// not told is not read either, let alone sent: of a text that is not in its row its length is known without it.
pub(crate) async fn runs(
    db: &impl GenericClient,
    spans: &[(GroupId, Span)],
    bytes: usize,
) -> Result<Vec<Message>> {
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT id, group_id, seq, rev, sender_id, client_msg_id, kind, content, created_at
               FROM (SELECT m.*, sum(octet_length(m.content)) OVER (ORDER BY m.group_id, m.seq) AS taken
                     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS run (group_id, after_seq, to_seq),
                          LATERAL (SELECT * FROM messages AS m
                                   WHERE m.group_id = run.group_id AND m.seq > run.after_seq
                                     AND m.seq <= run.to_seq) AS m) AS m
               WHERE taken - octet_length(content) <= $4
               ORDER BY group_id, seq";
    let groups = array(spans.iter().map(|(group, _)| *group));
    let after = array(spans.iter().map(|(_, span)| span.after));
    let to = array(spans.iter().map(|(_, span)| span.to));
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
    row::all(db, sql, &[&group.sql(), &after.sql(), &i64::from(limit)], row::read).await
}
