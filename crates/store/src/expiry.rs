//! Messages that expire: what they said is removed, their places stay.

use async_trait::async_trait;
use rim_core::event::Change;
use rim_core::group::MAX_TIMERS;
use rim_core::message::{Message, Span};
use rim_core::note::NoteKind;
use rim_core::sight::EVERYBODY;
use rim_core::{GroupId, MessageId, Refusal, Rev, Seq, Timestamp};

use crate::database::{Database, Read, THE_SERVER, Tx};
use crate::failure::Result as Step;
use crate::table::{Table, integer};
use crate::{Result, files, former, gallery, params, search};

pub(crate) const EXPIRING: Table = Table {
    name: "expiring",
    key: 2,
    columns: &[integer("group_id"), integer("seq"), integer("message_id"), integer("expires_at")],
};

pub(crate) const EXPIRED: Table = Table {
    name: "expired",
    key: 2,
    columns: &[integer("group_id"), integer("after_seq"), integer("to_seq"), integer("rev")],
};

/// How often the timer of a group was set, so that there are never more ranges of what has expired.
pub(crate) const TIMERS: Table =
    Table { name: "timers", key: 1, columns: &[integer("group_id"), integer("times_set")] };

/// What is there for a time.
#[async_trait]
pub trait Expiry: Send + Sync {
    /// The first `limit` messages whose time has come, by their groups.
    async fn due_messages(&self, now: Timestamp, limit: u32) -> Result<Vec<(GroupId, Vec<Seq>)>>;

    /// Removes what messages of a group said whose time has come, and all that happened to them: for everybody, and for
    /// ever. From then on nobody sees them. All of them take one `rev`. Those whose time has not come, or that are gone
    /// already, stay as they are.
    async fn expire(&self, group: GroupId, places: Vec<Seq>, now: Timestamp) -> Result<()>;
}

#[async_trait]
impl<D: Database> Expiry for D {
    async fn due_messages(&self, now: Timestamp, limit: u32) -> Result<Vec<(GroupId, Vec<Seq>)>> {
        self.read(move |db| {
            let sql =
                "SELECT group_id, seq FROM expiring WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2";
            let mut due: Vec<(GroupId, Seq)> = db.all(sql, &params![now, u64::from(limit)], |row| {
                Ok((row.get("group_id")?, row.get("seq")?))
            })?;
            due.sort_unstable();
            let of_groups = due.chunk_by(|one, other| one.0 == other.0);
            Ok(of_groups.map(|of| (of[0].0, of.iter().map(|(_, seq)| *seq).collect())).collect())
        })
        .await
    }

    async fn expire(&self, group: GroupId, places: Vec<Seq>, now: Timestamp) -> Result<()> {
        self.write_many(THE_SERVER, move |tx| expire(tx, group, places, now)).await
    }
}

fn expire(tx: &mut dyn Tx, group: GroupId, mut places: Vec<Seq>, now: Timestamp) -> Step<()> {
    let Some(mut head) = tx.lock_groups(&[group])?.pop() else { return Ok(()) };
    places.sort_unstable();
    places.dedup();
    // Another node may have been here first.
    let due = still_due(tx.reader(), group, &places, now)?;
    if due.is_empty() {
        return Ok(());
    }
    let messages =
        due.iter().map(|(_, id)| tx.reader().message(group, *id, None)).collect::<Step<Vec<_>>>()?;
    search::wipe(tx, group, &due.iter().map(|(seq, id)| (*id, *seq)).collect::<Vec<_>>())?;
    files::unuse(tx, group, &due.iter().map(|(seq, _)| *seq).collect::<Vec<_>>())?;
    forget(tx, group, &due, &messages)?;
    let (rev, at) = (head.next_rev(), head.time(now));
    let spans = spans(due.iter().map(|(seq, _)| *seq));
    for span in &spans {
        note(tx, group, *span, rev)?;
    }
    tx.moved_on(head)?;
    tx.publish(Change::Expired { group, rev, spans, at });
    Ok(())
}

/// Those of the places whose time has come, with their messages.
fn still_due(db: &dyn Read, group: GroupId, places: &[Seq], now: Timestamp) -> Step<Vec<(Seq, MessageId)>> {
    let keys: Vec<_> = places.iter().map(|seq| params![group, *seq, now].to_vec()).collect();
    let sql = "SELECT seq, message_id FROM expiring WHERE group_id = $1 AND seq = $2 AND expires_at <= $3";
    let found = db.first_of_each(sql, &keys, |row| Ok((row.get("seq")?, row.get("message_id")?)))?;
    Ok(found.into_iter().flatten().collect())
}

/// What was known of them beside their rows.
fn forget(tx: &dyn Tx, group: GroupId, due: &[(Seq, MessageId)], messages: &[Option<Message>]) -> Step<()> {
    let keys: Vec<_> = due.iter().map(|(seq, _)| params![group, *seq].to_vec()).collect();
    for sql in [
        "DELETE FROM expiring WHERE group_id = $1 AND seq = $2",
        "DELETE FROM states WHERE group_id = $1 AND seq = $2",
        "DELETE FROM replies WHERE group_id = $1 AND root_seq = $2",
        "DELETE FROM replies WHERE group_id = $1 AND seq = $2",
        "DELETE FROM hidden WHERE group_id = $1 AND seq = $2",
        "DELETE FROM starred WHERE group_id = $1 AND seq = $2",
    ] {
        tx.execute_each(sql, &keys)?;
    }
    let places: Vec<_> = due.iter().map(|(seq, _)| *seq).collect();
    former::forget(tx, group, &places)?;
    gallery::forget(tx, group, &places)?;
    let kinds = |(seq, _): &(Seq, MessageId)| NoteKind::ALL.map(|kind| params![group, kind, *seq].to_vec());
    let keys: Vec<_> = due.iter().flat_map(kinds).collect();
    tx.execute_each("DELETE FROM notes WHERE group_id = $1 AND kind = $2 AND seq = $3", &keys)?;
    // A mention is found by whom it mentions.
    let stated = messages.iter().flatten().filter_map(|message| Some((message.seq, message.state.as_ref()?)));
    let mentions = stated.flat_map(|(seq, state)| {
        let all = state.mention_all.then_some(EVERYBODY);
        state.mentions.iter().copied().chain(all).map(move |user| params![user, group, seq].to_vec())
    });
    let mentions: Vec<_> = mentions.collect();
    tx.execute_each("DELETE FROM mentions WHERE user_id = $1 AND group_id = $2 AND seq = $3", &mentions)
        .map(drop)
}

/// Places that ascend, as the spans that they make.
fn spans(places: impl Iterator<Item = Seq>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for seq in places {
        match spans.last_mut() {
            Some(last) if last.to.0 + 1 == seq.0 => last.to = seq,
            _ => spans.push(Span { after: Seq(seq.0 - 1), to: seq }),
        }
    }
    spans
}

/// Notes that these places have expired, as one span with what has before and touches them.
fn note(tx: &dyn Tx, group: GroupId, span: Span, rev: Rev) -> Step<()> {
    let read =
        |row: crate::database::Fields<'_>| Ok(Span { after: row.get("after_seq")?, to: row.get("to_seq")? });
    let before = "SELECT after_seq, to_seq FROM expired WHERE group_id = $1 AND after_seq < $2
                  ORDER BY after_seq DESC LIMIT 1";
    let before = tx.reader().first(before, &params![group, span.to], read)?;
    let behind = "SELECT after_seq, to_seq FROM expired WHERE group_id = $1 AND after_seq = $2";
    let behind = tx.reader().first(behind, &params![group, span.to], read)?;
    let before = before.filter(|before| before.to >= span.after);
    let after = before.map_or(span.after, |before| before.after.min(span.after));
    let to = behind.map_or(span.to, |behind| behind.to).max(before.map_or(span.to, |before| before.to));
    if behind.is_some() {
        tx.execute("DELETE FROM expired WHERE group_id = $1 AND after_seq = $2", &params![group, span.to])?;
    }
    let sql = "INSERT INTO expired (group_id, after_seq, to_seq, rev) VALUES ($1, $2, $3, $4)
               ON CONFLICT (group_id, after_seq) DO UPDATE SET to_seq = excluded.to_seq, rev = excluded.rev";
    tx.execute(sql, &params![group, after, to, rev]).map(drop)
}

/// The timer of a group that is locked is about to be set, and not only turned off.
///
/// What is sent under one timer expires from the front, so it is one range at a time: a group has no more ranges than its
/// timer was set. Every sight is read with all of them, so there is an end to it. Where nothing waits to expire any more the
/// ranges themselves say how many there can be; most have become one by then.
///
/// # Errors
/// `TooManyTimers`.
pub(crate) fn set_timer(tx: &dyn Tx, group: GroupId) -> Step<()> {
    let sql = "SELECT times_set AS count FROM timers WHERE group_id = $1";
    let mut times_set = tx.reader().count(sql, &params![group])?;
    if times_set >= MAX_TIMERS {
        if !tx
            .reader()
            .exists("SELECT group_id FROM expiring WHERE group_id = $1 LIMIT 1", &params![group])?
        {
            let sql = "SELECT count(*) AS count FROM expired WHERE group_id = $1";
            times_set = tx.reader().count(sql, &params![group])?;
        }
        if times_set >= MAX_TIMERS {
            return Err(Refusal::TooManyTimers(MAX_TIMERS).into());
        }
    }
    let sql = "INSERT INTO timers (group_id, times_set) VALUES ($1, $2)
               ON CONFLICT (group_id) DO UPDATE SET times_set = excluded.times_set";
    tx.execute(sql, &params![group, times_set + 1]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_follow_each_other_are_one_span() {
        let span = |after, to| Span { after: Seq(after), to: Seq(to) };
        let made = spans([1, 2, 3, 5, 9, 10].into_iter().map(Seq));
        assert_eq!(made, [span(0, 3), span(4, 5), span(8, 10)]);
        assert_eq!(spans([].into_iter()), []);
    }
}
