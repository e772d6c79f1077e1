//! What users take out of their own sight, and what they star: for themselves alone. And what they may see.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use rim_core::delta;
use rim_core::event::{Change, ChatChange};
use rim_core::message::{Message, Page, Span, above, page_spans};
use rim_core::sight::{self, Around, MAX_AROUND, MAX_HIDDEN, Sight, Star, Stars, Target};
use rim_core::size::Size;
use rim_core::sync::KeptRow;
use rim_core::user::User;
use rim_core::{GroupId, MessageId, Refusal, Rev, Seq, Timestamp, UserId};

use crate::database::{Database, Fields, Read, Tx};
use crate::failure::Result as Step;
use crate::table::{Table, integer};
use crate::{Result, params, people};

pub(crate) const CLEARED: Table = Table {
    name: "cleared",
    key: 2,
    columns: &[integer("user_id"), integer("group_id"), integer("seq"), integer("rev")],
};

pub(crate) const HIDDEN: Table = Table {
    name: "hidden",
    key: 3,
    columns: &[
        integer("user_id"),
        integer("group_id"),
        integer("seq"),
        integer("message_id"),
        integer("rev"),
    ],
};

pub(crate) const STARRED: Table = Table {
    name: "starred",
    key: 3,
    columns: &[
        integer("user_id"),
        integer("group_id"),
        integer("seq"),
        integer("message_id"),
        integer("is_starred"),
        integer("rev"),
        integer("at"),
    ],
};

/// What users see, and what they do with it for themselves alone.
///
/// Who has left a group does all of it with their own part of it, which lasts: also when they come back. Until then they see
/// it as it was when they left; only what was recalled is gone for them, too.
#[async_trait]
pub trait Sights: Send + Sync {
    /// Takes messages of a chat out of the user's sight, for ever, as their next own change. What is out of it already,
    /// also by [`Self::clear`] or because it has expired, changes nothing: an intent may come late.
    ///
    /// # Errors
    /// `NoSuchMessage` if one of them never was in their sight; `TooManyHidden` above [`MAX_HIDDEN`].
    async fn hide(
        &self,
        user: UserId,
        group: GroupId,
        messages: Vec<MessageId>,
        now: Timestamp,
    ) -> Result<()>;

    /// Takes all that was said up to a place out of the user's sight, for ever, as their next own change: up to the last
    /// place that is theirs, if that comes before, or none is told. The chat comes back to their list with the next message.
    ///
    /// # Errors
    /// `NotMember` where they never were one.
    async fn clear(&self, user: UserId, group: GroupId, up_to: Option<Seq>, now: Timestamp) -> Result<()>;

    /// Stars a message, as the user's next own change. Once is enough.
    ///
    /// # Errors
    /// `NoSuchMessage` if it is not in their sight.
    async fn star(&self, user: UserId, group: GroupId, message: MessageId, now: Timestamp) -> Result<()>;

    /// The inverse, also of what is not in their sight any more.
    ///
    /// # Errors
    /// `NoSuchMessage` if it is not in their sight, and they never starred it.
    async fn unstar(&self, user: UserId, group: GroupId, message: MessageId, now: Timestamp) -> Result<()>;

    /// The user's stars below a `rev`, the newest first, after so many others: at most so many, at least one, and those that
    /// fit into so many bytes. Of those that are passed over no message is read.
    async fn stars(
        &self,
        user: UserId,
        below: Option<Rev>,
        pass: u32,
        limit: u32,
        bytes: usize,
    ) -> Result<Stars>;

    /// A message as the user sees it.
    ///
    /// # Errors
    /// `NoSuchMessage` if it is not in their sight.
    async fn message(&self, user: UserId, group: GroupId, message: MessageId) -> Result<Message>;

    /// A message in the user's sight, and of what they see around it so many before and after it, up to [`MAX_AROUND`]:
    /// the nearest that fit into so many bytes.
    ///
    /// # Errors
    /// `NoSuchMessage` if it is not in their sight.
    async fn around(
        &self,
        user: UserId,
        group: GroupId,
        target: Target,
        before: u32,
        after: u32,
        bytes: usize,
    ) -> Result<Around>;
}

/// More messages than these are not hidden beside what others do.
const FEW: usize = 200;

#[async_trait]
impl<D: Database> Sights for D {
    async fn hide(
        &self,
        user: UserId,
        group: GroupId,
        messages: Vec<MessageId>,
        now: Timestamp,
    ) -> Result<()> {
        if messages.len() > FEW {
            return self.write_many(user, move |tx| hide(tx, user, group, messages, now)).await;
        }
        self.write(user, move |tx| hide(tx, user, group, messages, now)).await
    }

    async fn clear(&self, user: UserId, group: GroupId, up_to: Option<Seq>, now: Timestamp) -> Result<()> {
        self.write(user, move |tx| clear(tx, user, group, up_to, now)).await
    }

    async fn star(&self, user: UserId, group: GroupId, message: MessageId, now: Timestamp) -> Result<()> {
        self.write(user, move |tx| {
            people::lock(tx, &[user])?;
            let seq = seen(tx.reader(), user, group, Target::Message(message))?;
            if is_starred(tx.reader(), user, group, message)? == Some(true) {
                return Ok(());
            }
            let rev = people::next_rev(tx, user)?;
            let sql = "INSERT INTO starred (user_id, group_id, seq, message_id, is_starred, rev, at)
                       VALUES ($1, $2, $3, $4, $5, $6, $7)
                       ON CONFLICT (user_id, group_id, seq)
                       DO UPDATE SET is_starred = excluded.is_starred, rev = excluded.rev, at = excluded.at";
            tx.execute(sql, &params![user, group, seq, message, true, rev, now])?;
            tx.publish(Change::Chat { user, rev, group, what: ChatChange::Starred { message }, at: now });
            Ok(())
        })
        .await
    }

    async fn unstar(&self, user: UserId, group: GroupId, message: MessageId, now: Timestamp) -> Result<()> {
        self.write(user, move |tx| {
            people::lock(tx, &[user])?;
            match is_starred(tx.reader(), user, group, message)? {
                Some(true) => {}
                Some(false) => return Ok(()),
                None => return seen(tx.reader(), user, group, Target::Message(message)).map(drop),
            }
            let rev = people::next_rev(tx, user)?;
            let sql = "UPDATE starred SET is_starred = $4, rev = $5
                       WHERE user_id = $1 AND group_id = $2 AND message_id = $3";
            tx.execute(sql, &params![user, group, message, false, rev])?;
            tx.publish(Change::Chat { user, rev, group, what: ChatChange::Unstarred { message }, at: now });
            Ok(())
        })
        .await
    }

    async fn stars(
        &self,
        user: UserId,
        below: Option<Rev>,
        pass: u32,
        limit: u32,
        bytes: usize,
    ) -> Result<Stars> {
        self.read_at_once(move |db| match pass_over(db, user, below, pass)? {
            Some(below) => stars(db, user, below, limit.max(1), bytes),
            None => Ok(Stars::default()),
        })
        .await
    }

    async fn message(&self, user: UserId, group: GroupId, message: MessageId) -> Result<Message> {
        self.read_at_once(move |db| {
            let sight = of(db, user, group)?.unwrap_or_default();
            let found = db.message(group, message, sight.as_of)?.filter(|found| sight.sees(found.seq));
            let mut found = [found.ok_or(Refusal::NoSuchMessage)?];
            mine(db, user, &mut found)?;
            let [found] = found;
            Ok(found)
        })
        .await
    }

    async fn around(
        &self,
        user: UserId,
        group: GroupId,
        target: Target,
        before: u32,
        after: u32,
        bytes: usize,
    ) -> Result<Around> {
        let (before, after) = (before.min(MAX_AROUND), after.min(MAX_AROUND));
        self.read_at_once(move |db| around(db, user, group, target, (before, after), bytes)).await
    }
}

/// What a user may see of a group now; `None` of one who never was a member. By it alone every use case decides what is
/// read and what there is: what is not in it does not exist for them.
///
/// # Errors
/// Those of the database.
pub fn of(db: &dyn Read, user: UserId, group: GroupId) -> Step<Option<Sight>> {
    Ok(of_each(db, user, &[group])?.pop().flatten())
}

/// The same of several groups, in their order.
///
/// # Errors
/// Those of the database.
pub fn of_each(db: &dyn Read, user: UserId, groups: &[GroupId]) -> Step<Vec<Option<Sight>>> {
    let keys: Vec<_> = groups.iter().map(|group| params![user, *group].to_vec()).collect();
    let holes = all_of_each(db, HOLES, &keys)?;
    let members = as_member(db, &keys)?;
    let sights = members.into_iter().zip(holes);
    Ok(sights
        .map(|(member, holes)| member.map(|Sight { spans, as_of }| Sight::new(spans, holes).as_of(as_of)))
        .collect())
}

/// The same of one place in each of these groups: what such a sight says of other places means nothing, as what is cut out
/// there was not read.
///
/// # Errors
/// Those of the database.
pub fn at_each(db: &dyn Read, user: UserId, places: &[(GroupId, Seq)]) -> Step<Vec<Option<Sight>>> {
    let groups: BTreeSet<_> = places.iter().map(|(group, _)| *group).collect();
    let keys: Vec<_> = groups.iter().map(|group| params![user, *group].to_vec()).collect();
    let members: BTreeMap<_, _> = groups.into_iter().zip(as_member(db, &keys)?).collect();
    let keys: Vec<_> = places.iter().map(|(group, seq)| params![user, *group, *seq].to_vec()).collect();
    let sights = places.iter().zip(all_of_each(db, HOLES_AT, &keys)?).map(|((group, _), holes)| {
        let Sight { spans, as_of } = members.get(group).cloned().flatten()?;
        Some(Sight::new(spans, holes).as_of(as_of))
    });
    Ok(sights.collect())
}

/// What they saw as a member, and would see if nothing was cut out, and when they left, if they did: of a user and a group
/// each.
fn as_member(db: &dyn Read, keys: &[Vec<crate::Value<'_>>]) -> Step<Vec<Option<Sight>>> {
    let sql = "SELECT m.group_id, m.join_seq AS after_seq, coalesce(m.left_seq, g.last_seq) AS to_seq, m.left_rev
               FROM (SELECT group_id, join_seq, left_seq, left_rev FROM members WHERE user_id = $1 AND group_id = $2
                     UNION ALL
                     SELECT group_id, join_seq, left_seq, left_rev FROM forgotten_members WHERE user_id = $1 AND group_id = $2) AS m
                    JOIN groups AS g ON g.id = m.group_id";
    let latest = db.first_of_each(sql, keys, |row| Ok((span(row)?, row.get::<Option<Rev>>("left_rev")?)))?;
    let sql = "SELECT group_id, after_seq, to_seq FROM earlier_spans
               WHERE user_id = $1 AND group_id = $2 ORDER BY after_seq";
    let mut earlier = all_of_each(db, sql, keys)?;
    let spans = latest.into_iter().zip(&mut earlier).map(|(latest, earlier)| {
        let (latest, left) = latest?;
        let mut spans = std::mem::take(earlier);
        spans.extend(Some(latest).filter(|latest| latest.after < latest.to));
        Some(Sight { spans, as_of: left })
    });
    Ok(spans.collect())
}

/// What is cut out of what a user saw of a group, in any order.
pub const HOLES: &str = "
    SELECT group_id, 0 AS after_seq, seq AS to_seq FROM cleared WHERE user_id = $1 AND group_id = $2
    UNION ALL SELECT group_id, seq - 1, seq FROM hidden WHERE user_id = $1 AND group_id = $2
    UNION ALL SELECT group_id, after_seq, to_seq FROM expired WHERE group_id = $2";

/// Those of them that may hold one place.
const HOLES_AT: &str = "
    SELECT group_id, 0 AS after_seq, seq AS to_seq FROM cleared WHERE user_id = $1 AND group_id = $2
    UNION ALL SELECT group_id, seq - 1, seq FROM hidden WHERE user_id = $1 AND group_id = $2 AND seq = $3
    UNION ALL SELECT group_id, after_seq, to_seq FROM (
        SELECT group_id, after_seq, to_seq FROM expired
        WHERE group_id = $2 AND after_seq < $3 ORDER BY after_seq DESC LIMIT 1) AS nearest";

/// The first `$3` rows of what a user has done for themselves alone after a `rev`, by rev: they are [`kept_row`]s. Of a
/// client that knows nothing yet it is no news what is starred no more.
pub const KEPT: &str = "
    SELECT rev, group_id, 1 AS what, seq AS value FROM cleared WHERE user_id = $1 AND rev > $2
    UNION ALL SELECT rev, group_id, 2, seq FROM hidden WHERE user_id = $1 AND rev > $2
    UNION ALL SELECT rev, group_id, CASE WHEN is_starred THEN 3 ELSE 4 END, message_id FROM starred
              WHERE user_id = $1 AND rev > $2 AND (is_starred OR $2 > 0)
    ORDER BY 1, 4 LIMIT $3";

/// How many of them are read so that there are `limit`, and of each `rev` all.
pub const fn kept_limit(limit: usize) -> u64 {
    limit as u64 + MAX_HIDDEN as u64
}

/// What such a row says; `None` if it means nothing.
pub fn kept_row(what: u64, value: u64) -> Option<KeptRow> {
    match what {
        1 => Some(KeptRow::Cleared(Seq(value))),
        2 => Some(KeptRow::Hidden(Seq(value))),
        3 => Some(KeptRow::Starred(MessageId(value))),
        4 => Some(KeptRow::Unstarred(MessageId(value))),
        _ => None,
    }
}

fn all_of_each(db: &dyn Read, sql: &'static str, keys: &[Vec<crate::Value<'_>>]) -> Step<Vec<Vec<Span>>> {
    let mut all: Vec<Vec<Span>> = keys.iter().map(|_| Vec::new()).collect();
    db.rows_of_each(sql, keys, &mut |at, row| {
        all[at].push(span(row)?);
        Ok(())
    })?;
    Ok(all)
}

fn span(row: Fields<'_>) -> Step<Span> {
    Ok(Span { after: row.get("after_seq")?, to: row.get("to_seq")? })
}

/// The place of a message that the user may see.
///
/// # Errors
/// `NoSuchMessage`.
pub(crate) fn seen(db: &dyn Read, user: UserId, group: GroupId, target: Target) -> Step<Seq> {
    let seq = place(db, group, target)?;
    let sight = at_each(db, user, &[(group, seq)])?.pop().flatten();
    Ok(sight.filter(|sight| sight.sees(seq)).map(|_| seq).ok_or(Refusal::NoSuchMessage)?)
}

/// Where it is, whoever asks.
fn place(db: &dyn Read, group: GroupId, target: Target) -> Step<Seq> {
    let seq = match target {
        Target::Message(message) => places(db, group, &[message])?.pop().flatten(),
        Target::Place(seq) => Some(seq),
    };
    Ok(seq.ok_or(Refusal::NoSuchMessage)?)
}

/// Where these messages of the group are, in their order.
fn places(db: &dyn Read, group: GroupId, messages: &[MessageId]) -> Step<Vec<Option<Seq>>> {
    let keys: Vec<_> = messages.iter().map(|message| params![group, *message].to_vec()).collect();
    let sql = "SELECT id, seq FROM messages WHERE group_id = $1 AND id = $2";
    db.first_of_each(sql, &keys, |row| row.get("seq"))
}

/// Says of what was done with messages whether the user did it: reacted, or opened them.
///
/// # Errors
/// Those of the database.
pub fn mine<'m>(
    db: &dyn Read,
    user: UserId,
    messages: impl IntoIterator<Item = &'m mut Message>,
) -> Step<()> {
    let (mut keys, mut unsure) = (Vec::new(), Vec::new());
    for message in messages {
        let (group, seq) = (message.group, message.seq);
        for own in message.mark_mine(user) {
            keys.push(params![group, own.kind, seq, own.key, user].to_vec());
            unsure.push(own.mine);
        }
    }
    if keys.is_empty() {
        return Ok(());
    }
    let sql = "SELECT group_id FROM notes WHERE group_id = $1 AND kind = $2 AND seq = $3 AND key = $4 AND by_id = $5";
    db.rows_of_each(sql, &keys, &mut |at, _| {
        *unsure[at] = true;
        Ok(())
    })
}

fn hide(
    tx: &mut dyn Tx,
    user: UserId,
    group: GroupId,
    mut messages: Vec<MessageId>,
    at: Timestamp,
) -> Step<()> {
    // Locked first, so that what is hidden already is known.
    people::lock(tx, &[user])?;
    messages.sort_unstable();
    messages.dedup();
    let key = [params![user, group].to_vec()];
    let theirs = as_member(tx.reader(), &key)?.pop().flatten().unwrap_or_default();
    let holes = all_of_each(tx.reader(), HOLES, &key)?.pop().unwrap_or_default();
    let sight = Sight::new(theirs.spans.clone(), holes);
    // Of one group they ascend by place as they do by id.
    let mut hidden = Vec::new();
    for (message, seq) in messages.iter().zip(places(tx.reader(), group, &messages)?) {
        let seq = seq.filter(|seq| theirs.sees(*seq)).ok_or(Refusal::NoSuchMessage)?;
        if sight.sees(seq) {
            hidden.push((*message, seq));
        }
    }
    if hidden.is_empty() {
        return Ok(());
    }
    let sql = "SELECT count(*) AS count FROM hidden WHERE user_id = $1 AND group_id = $2";
    let before = tx.reader().count(sql, &params![user, group])?;
    if before + hidden.len() as u64 > MAX_HIDDEN as u64 {
        return Err(Refusal::TooManyHidden(MAX_HIDDEN).into());
    }
    let rev = people::next_rev(tx, user)?;
    let rows: Vec<_> =
        hidden.iter().map(|(message, seq)| params![user, group, *seq, *message, rev].to_vec()).collect();
    let sql = "INSERT INTO hidden (user_id, group_id, seq, message_id, rev) VALUES ($1, $2, $3, $4, $5)";
    tx.execute_each(sql, &rows)?;
    let spans = sight::spans_of(hidden.iter().map(|(_, seq)| *seq));
    let messages = hidden.into_iter().map(|(message, _)| message).collect();
    tx.publish(Change::Chat { user, rev, group, what: ChatChange::Hidden { messages, spans }, at });
    Ok(())
}

fn clear(tx: &mut dyn Tx, user: UserId, group: GroupId, up_to: Option<Seq>, at: Timestamp) -> Step<()> {
    people::lock(tx, &[user])?;
    let key = [params![user, group].to_vec()];
    let theirs = as_member(tx.reader(), &key)?.pop().flatten().ok_or(Refusal::NotMember)?;
    let last = theirs.spans.last().map_or(Seq(0), |span| span.to);
    let seq = up_to.map_or(last, |up_to| up_to.min(last));
    let sql = "SELECT group_id, seq FROM cleared WHERE user_id = $1 AND group_id = $2";
    let before: Option<Seq> = tx.reader().first(sql, &params![user, group], |row| row.get("seq"))?;
    if seq <= before.unwrap_or_default() {
        return Ok(());
    }
    let rev = people::next_rev(tx, user)?;
    let sql = "INSERT INTO cleared (user_id, group_id, seq, rev) VALUES ($1, $2, $3, $4)
               ON CONFLICT (user_id, group_id) DO UPDATE SET seq = excluded.seq, rev = excluded.rev";
    tx.execute(sql, &params![user, group, seq, rev])?;
    // It is cleared with the rest, and makes room for others.
    let sql = "DELETE FROM hidden WHERE user_id = $1 AND group_id = $2 AND seq <= $3";
    tx.execute(sql, &params![user, group, seq])?;
    tx.publish(Change::Chat { user, rev, group, what: ChatChange::Cleared { seq }, at });
    Ok(())
}

/// Whether it is starred; `None` if it never was.
fn is_starred(db: &dyn Read, user: UserId, group: GroupId, message: MessageId) -> Step<Option<bool>> {
    let Some(seq) = places(db, group, &[message])?.pop().flatten() else { return Ok(None) };
    let sql = "SELECT group_id, is_starred FROM starred WHERE user_id = $1 AND group_id = $2 AND seq = $3";
    db.first(sql, &params![user, group, seq], |row| row.get("is_starred"))
}

/// Rows that are read together, of which those are answered that fit.
const AT_ONCE: usize = 25;

fn stars(db: &dyn Read, user: UserId, below: Option<Rev>, limit: u32, bytes: usize) -> Step<Stars> {
    let (mut answer, mut stars, mut below) = (Answer::new(user, bytes), Vec::new(), below);
    loop {
        let most = AT_ONCE.min((limit as usize).saturating_sub(stars.len()));
        let next = starred(db, user, below, most as u64 + 1)?;
        let (more, count) = (next.len() > most, next.len().min(most));
        let (groups, places): (BTreeSet<_>, BTreeSet<_>) =
            next[..count].iter().map(|(star, seq)| (star.group, (star.group, *seq))).unzip();
        let groups: Vec<_> = groups.into_iter().collect();
        let mut shown = Vec::new();
        for (group, sight) in groups.iter().zip(of_each(db, user, &groups)?) {
            let sight = sight.unwrap_or_default();
            let of_group = places.iter().filter(|(of, seq)| of == group && sight.sees(*seq));
            let spans = sight::spans_of(of_group.map(|(_, seq)| *seq));
            shown.extend(db.messages_at(*group, &spans, sight.as_of, usize::MAX)?);
        }
        let mut shown: BTreeMap<_, _> = shown.into_iter().map(|message| (message.id, message)).collect();
        let found: Vec<_> = next[..count].iter().map(|(star, _)| shown.remove(&star.message)).collect();
        let told = answer.take(db, found)?;
        let is_cut = told.len() < count;
        for ((star, _), shown) in next.into_iter().zip(told) {
            below = Some(star.rev);
            stars.push(Star { shown, ..star });
        }
        if is_cut || !more || stars.len() >= limit as usize {
            let rest = below.filter(|_| is_cut || more);
            return Ok(Stars { stars, users: answer.users(), rest });
        }
    }
}

/// Below which `rev` there are those behind so many stars; `None` if they are no more than these.
fn pass_over(db: &dyn Read, user: UserId, below: Option<Rev>, pass: u32) -> Step<Option<Option<Rev>>> {
    if pass == 0 {
        return Ok(Some(below));
    }
    let sql = "SELECT count(*) AS count, coalesce(min(rev), 0) AS rev
               FROM (SELECT rev FROM starred WHERE user_id = $1 AND rev < $2 AND is_starred
                     ORDER BY rev DESC LIMIT $3) AS passed";
    let params = params![user, below.unwrap_or(Rev(u64::MAX)), u64::from(pass)];
    let passed: Option<(u64, Rev)> =
        db.first(sql, &params, |row| Ok((row.get("count")?, row.get("rev")?)))?;
    Ok(passed.filter(|(count, _)| *count == u64::from(pass)).map(|(_, rev)| Some(rev)))
}

/// The newest stars below a `rev`, with the places of their messages.
fn starred(db: &dyn Read, user: UserId, below: Option<Rev>, limit: u64) -> Step<Vec<(Star, Seq)>> {
    let sql = "SELECT group_id, seq, message_id, rev, at FROM starred
               WHERE user_id = $1 AND rev < $2 AND is_starred ORDER BY rev DESC LIMIT $3";
    db.all(sql, &params![user, below.unwrap_or(Rev(u64::MAX)), limit], |row| {
        let star = Star {
            group: row.get("group_id")?,
            message: row.get("message_id")?,
            rev: row.get("rev")?,
            at: row.get("at")?,
            shown: None,
        };
        Ok((star, row.get("seq")?))
    })
}

fn around(
    db: &dyn Read,
    user: UserId,
    group: GroupId,
    target: Target,
    (before, after): (u32, u32),
    bytes: usize,
) -> Step<Around> {
    let sight = of(db, user, group)?.unwrap_or_default();
    let seq = place(db, group, target)?;
    if !sight.sees(seq) {
        return Err(Refusal::NoSuchMessage.into());
    }
    let mut answer = Answer::new(user, bytes);
    let mut messages = answer.take(db, at(db, group, &[sight::at(seq)], sight.as_of)?)?;
    // Half of what is left is for those before it.
    let newer_bytes = answer.left - answer.left / 2;
    answer.left /= 2;
    let older = nearest_before(&sight, seq, before);
    for chunk in older.rchunks(AT_ONCE) {
        let mut next = at(db, group, &sight::spans_of(chunk.iter().copied()), sight.as_of)?;
        next.reverse();
        let told = answer.take(db, next)?;
        let is_cut = told.len() < chunk.len();
        messages.extend(told);
        if is_cut {
            break;
        }
    }
    messages.reverse();
    answer.left += newer_bytes;
    for chunk in nearest_after(&sight, seq, after).chunks(AT_ONCE) {
        let told = answer.take(db, at(db, group, &sight::spans_of(chunk.iter().copied()), sight.as_of)?)?;
        let is_cut = told.len() < chunk.len();
        messages.extend(told);
        if is_cut {
            break;
        }
    }
    let messages: Vec<_> = messages.into_iter().flatten().collect();
    let first = messages.first().map_or(seq, |first| first.seq);
    let last = messages.last().map_or(seq, |last| last.seq);
    let older = sight.spans.first().is_some_and(|span| span.after.0 + 1 < first.0);
    Ok(Around { messages, users: answer.users(), older, newer: sight.above(last) > 0 })
}

/// The last `count` places in sight before one, ascending.
fn nearest_before(sight: &Sight, seq: Seq, count: u32) -> Vec<Seq> {
    let spans = page_spans(&sight.spans, Some(seq), Page { number: 1, size: count });
    spans.iter().rev().flat_map(|span| span.after.0 + 1..=span.to.0).map(Seq).collect()
}

/// The first `count` places in sight behind one, ascending.
fn nearest_after(sight: &Sight, seq: Seq, count: u32) -> Vec<Seq> {
    let places = above(&sight.spans, seq).into_iter().flat_map(|span| span.after.0 + 1..=span.to.0);
    places.take(count as usize).map(Seq).collect()
}

fn at(db: &dyn Read, group: GroupId, spans: &[Span], as_of: Option<Rev>) -> Step<Vec<Option<Message>>> {
    Ok(db.messages_at(group, spans, as_of, usize::MAX)?.into_iter().map(Some).collect())
}

/// Messages that are answered with everybody whom they name, as far as there is room.
struct Answer {
    user: UserId,
    left: usize,
    has_any: bool,
    users: BTreeMap<UserId, User>,
}

/// What a row takes up whose message is not shown.
const WITHOUT_A_MESSAGE: usize = 80;

impl Answer {
    fn new(user: UserId, bytes: usize) -> Self {
        Self { user, left: bytes, has_any: false, users: BTreeMap::new() }
    }

    /// The first of them that there is room for. The first of all passes.
    fn take(&mut self, db: &dyn Read, rows: Vec<Option<Message>>) -> Step<Vec<Option<Message>>> {
        let named =
            rows.iter().flatten().flat_map(delta::names).filter(|user| !self.users.contains_key(user));
        let named: BTreeSet<_> = named.collect();
        let mut people: BTreeMap<_, _> =
            people::find_all(db, named)?.into_iter().map(|user| (user.id, user)).collect();
        let mut taken = Vec::new();
        for mut row in rows {
            let mut bytes = row.as_ref().map_or(WITHOUT_A_MESSAGE, Size::size_bytes);
            let named: BTreeSet<_> = row.iter().flat_map(delta::names).collect();
            bytes += named.iter().filter_map(|user| people.get(user)).map(Size::size_bytes).sum::<usize>();
            if bytes > self.left && self.has_any {
                self.left = 0;
                break;
            }
            (self.left, self.has_any) = (self.left.saturating_sub(bytes), true);
            self.users.extend(named.iter().filter_map(|user| people.remove_entry(user)));
            mine(db, self.user, row.as_mut_slice())?;
            taken.push(row);
        }
        Ok(taken)
    }

    fn users(self) -> Vec<User> {
        self.users.into_values().collect()
    }
}
