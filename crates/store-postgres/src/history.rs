//! Reading messages: pages of a group, and runs of places.

use std::collections::HashSet;

use deadpool_postgres::{GenericClient, Transaction};
use rim_core::message::{History, Message, Page, Span, page_spans};
use rim_core::{GroupId, Seq, UserId};

use crate::failure::Result;
use crate::membership::Membership;
use crate::row::{self, Sql, array};
use crate::{groups, users};

pub(crate) async fn page(
    db: &Transaction<'_>,
    user: UserId,
    group: GroupId,
    page: Page,
    below: Option<Seq>,
) -> Result<Option<History>> {
    let (membership, found) =
        futures_util::try_join!(Membership::find(db, group, user), groups::seen(db, user, [group]))?;
    let (Some((membership, last_seq)), Some(group)) = (membership, found.into_iter().next()) else {
        return Ok(None);
    };
    let mut spans = page_spans(&membership.spans(last_seq), below, page);
    spans.reverse();
    let of_group: Vec<_> = spans.into_iter().map(|span| (group.id, span)).collect();
    let messages = runs(db, &of_group).await?;
    let mut named = HashSet::new();
    let senders =
        messages.iter().map(|message| message.sender).filter(|sender| named.insert(*sender)).collect();
    let senders = users::find_all(db, senders).await?;
    Ok(Some(History { group, messages, senders }))
}

/// What lies in these spans, by group and place.
pub(crate) async fn runs(db: &impl GenericClient, spans: &[(GroupId, Span)]) -> Result<Vec<Message>> {
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT m.id, m.group_id, m.seq, m.rev, m.sender_id, m.client_msg_id, m.kind, m.content, m.created_at
               FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS run (group_id, after_seq, to_seq),
                    LATERAL (SELECT * FROM messages AS m
                             WHERE m.group_id = run.group_id AND m.seq > run.after_seq AND m.seq <= run.to_seq) AS m
               ORDER BY m.group_id, m.seq";
    let groups = array(spans.iter().map(|(group, _)| *group));
    let after = array(spans.iter().map(|(_, span)| span.after));
    let to = array(spans.iter().map(|(_, span)| span.to));
    row::all(db, sql, &[&groups, &after, &to], row::message).await
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
    row::all(db, sql, &[&group.sql(), &after.sql(), &i64::from(limit)], row::message).await
}
