//! What a consumer has not seen of groups.

use std::collections::BTreeSet;

use rim_core::message::{Message, Span};
use rim_core::sight::spans_of;
use rim_core::size::Size;
use rim_core::{GroupId, MessageId, Rev, Seq};

use super::portion::{Portion, Position, Room};
use crate::database::Read;
use crate::failure::Result as Step;
use crate::params;

/// Messages that have changed, read together: they lie anywhere in their group.
const CHANGED_AT_ONCE: usize = 16;

/// Where a group is, and the consumer in it.
struct Known {
    group: GroupId,
    last: Position,
    last_message: MessageId,
    began: MessageId,
    position: Option<Position>,
}

/// How far the consumer has come in a group: where it began, if it has seen nothing of it yet.
///
/// # Errors
/// Those of the database.
pub fn position(db: &dyn Read, consumer: u64, group: GroupId) -> Step<Position> {
    Ok(positions(db, consumer, &[group])?.pop().unwrap_or_default())
}

/// The same of several, in their order. Nowhere where there is no such group.
///
/// # Errors
/// Those of the database.
pub fn positions(db: &dyn Read, consumer: u64, groups: &[GroupId]) -> Step<Vec<Position>> {
    let known = known(db, consumer, groups)?.into_iter();
    known.map(|known| known.map_or(Ok(Position::default()), |known| known.from(db))).collect()
}

fn known(db: &dyn Read, consumer: u64, groups: &[GroupId]) -> Step<Vec<Option<Known>>> {
    let sql = "SELECT g.id AS id, g.last_seq AS last_seq, g.last_rev AS last_rev,
                      g.last_message_id AS last_message_id, c.began AS began, p.rev AS rev, p.seq AS seq
               FROM groups AS g
                    JOIN consumers AS c ON c.id = $1
                    LEFT JOIN consumer_positions AS p ON p.consumer = $1 AND p.group_id = g.id
               WHERE g.id = $2";
    let keys: Vec<_> = groups.iter().map(|group| params![consumer, *group].to_vec()).collect();
    db.first_of_each(sql, &keys, |row| {
        let position: (Option<Rev>, Option<Seq>) = (row.get("rev")?, row.get("seq")?);
        Ok(Known {
            group: row.get("id")?,
            last: Position { rev: row.get("last_rev")?, seq: row.get("last_seq")? },
            last_message: row.get("last_message_id")?,
            began: row.get("began")?,
            position: Option::zip(position.0, position.1).map(|(rev, seq)| Position { rev, seq }),
        })
    })
}

impl Known {
    fn from(&self, db: &dyn Read) -> Step<Position> {
        if let Some(position) = self.position {
            return Ok(position);
        }
        if self.began == MessageId(0) {
            return Ok(Position::default());
        }
        if self.last_message <= self.began {
            return Ok(self.last);
        }
        let seq = db.place_up_to(self.group, self.last.seq, self.began)?;
        let before = db.messages_at(self.group, &spans_of([seq]), None, usize::MAX)?;
        Ok(before.first().map_or(Position::default(), |message| Position { rev: message.rev, seq }))
    }
}

/// See [`super::Consumers::unseen`]. On one snapshot.
pub(super) fn portions(
    db: &dyn Read,
    consumer: u64,
    mut groups: Vec<GroupId>,
    room: Room,
) -> Step<Vec<Portion>> {
    // In this order messages are read.
    groups.sort_unstable();
    groups.dedup();
    let share = (room.rows / groups.len().max(1)).max(1);
    let mut moved = Vec::new();
    for known in known(db, consumer, &groups)?.into_iter().flatten() {
        let from = known.from(db)?;
        if known.last.rev > from.rev {
            moved.push((known, from));
        }
    }
    let new = new(db, &moved, share, room.bytes)?;
    let (changed, expired) = (changed(db, &moved, share)?, expired(db, &moved)?);
    let mut left =
        room.bytes.saturating_sub(new.iter().flat_map(|new| &new.messages).map(Size::size_bytes).sum());
    let mut portions: Vec<Portion> = Vec::new();
    for (((known, from), new), (changed, expired)) in
        moved.into_iter().zip(new).zip(changed.into_iter().zip(expired))
    {
        // The first comes on, whatever it takes.
        let changed = if left == 0 && portions.iter().any(|portion| portion.to != portion.from) {
            Found { known_to: (!changed.is_empty()).then_some(from), ..Found::default() }
        } else {
            dressed(db, known.group, changed, share, &mut left)?
        };
        portions.extend(portion(&known, from, new, changed, expired, share));
    }
    reworded(db, &mut portions)?;
    Ok(portions)
}

/// Notes which of them say something else since.
fn reworded(db: &dyn Read, portions: &mut [Portion]) -> Step<()> {
    let mut edited = Vec::new();
    for (at, Portion { group, from, messages, reworded, .. }) in portions.iter_mut().enumerate() {
        for message in messages.iter().filter(|message| message.seq <= from.seq) {
            let Some(state) = &message.state else { continue };
            if state.recalled.is_some() {
                reworded.push(message.seq);
            } else if state.edited.is_some() {
                edited.push((at, message.seq, params![*group, message.seq, from.rev].to_vec()));
            }
        }
    }
    let keys: Vec<_> = edited.iter().map(|(.., key)| key.clone()).collect();
    let sql = "SELECT seq FROM words WHERE group_id = $1 AND seq = $2 AND rev > $3 ORDER BY rev LIMIT 1";
    let found = db.first_of_each(sql, &keys, |_| Ok(()))?;
    for ((at, seq, _), _) in edited.into_iter().zip(found).filter(|(_, found)| found.is_some()) {
        portions[at].reworded.push(seq);
    }
    portions.iter_mut().for_each(|portion| portion.reworded.sort_unstable());
    Ok(())
}

/// The first messages of a group that are new, or that have changed.
#[derive(Default)]
struct Found {
    messages: Vec<Message>,
    /// Up to where they are known, if these are not all.
    known_to: Option<Position>,
}

/// Of each of the groups, in their order.
fn new(db: &dyn Read, moved: &[(Known, Position)], share: usize, bytes: usize) -> Step<Vec<Found>> {
    let span = |(known, from): &(Known, Position)| {
        let to = known.last.seq.min(Seq(from.seq.0 + share as u64));
        (known.group, Span { after: from.seq, to })
    };
    let mut spans: Vec<_> = moved.iter().map(span).collect();
    let all = spans.clone();
    spans.retain(|(_, span)| span.after < span.to);
    let messages = db.messages_in(&spans, bytes)?;
    // Where there was no room any more. The very first comes whatever it takes: where nothing has, nothing is there.
    let end = messages.last().map(|last| (last.group, last.seq));
    let mut messages = messages.into_iter().peekable();
    let mut found = Vec::new();
    for ((known, from), (group, span)) in moved.iter().zip(all) {
        let mut of_group = Vec::new();
        while let Some(message) = messages.next_if(|message| message.group == group) {
            of_group.push(message);
        }
        let last = of_group.last().map(|last| Position { rev: last.rev, seq: last.seq });
        let is_empty = span.after >= span.to;
        let is_read = is_empty || end.is_none_or(|end| end >= (group, span.to) || end.0 > group);
        let known_to = match (is_read, last) {
            (true, _) if span.to >= known.last.seq => None,
            // A rev is never below its place.
            (true, last) => {
                Some(Position { rev: last.map_or(Rev(0), |last| last.rev).max(Rev(span.to.0)), seq: span.to })
            }
            (false, Some(last)) => Some(last),
            (false, None) => Some(*from),
        };
        found.push(Found { messages: of_group, known_to });
    }
    Ok(found)
}

/// Where the first of those are that have changed, by when they did: of each of the groups.
fn changed(db: &dyn Read, moved: &[(Known, Position)], share: usize) -> Step<Vec<Vec<(Seq, Rev)>>> {
    let of =
        |(known, from): &(Known, Position)| params![known.group, from.rev, from.seq, share as u64].to_vec();
    let keys: Vec<_> = moved.iter().map(of).collect();
    let sql =
        "SELECT seq, rev FROM states WHERE group_id = $1 AND rev > $2 AND seq <= $3 ORDER BY rev LIMIT $4";
    let mut changed = vec![Vec::new(); moved.len()];
    db.rows_of_each(sql, &keys, &mut |at, row| {
        changed[at].push((row.get("seq")?, row.get("rev")?));
        Ok(())
    })?;
    Ok(changed)
}

/// These messages, as far as there is room.
fn dressed(
    db: &dyn Read,
    group: GroupId,
    places: Vec<(Seq, Rev)>,
    share: usize,
    left: &mut usize,
) -> Step<Found> {
    let mut found = Found::default();
    if places.len() == share {
        found.known_to = places.last().map(|(seq, rev)| Position { rev: *rev, seq: *seq });
    }
    let mut chunks = places.chunks(CHANGED_AT_ONCE).peekable();
    while let Some(chunk) = chunks.next() {
        let spans = spans_of(chunk.iter().map(|(seq, _)| *seq).collect::<BTreeSet<_>>());
        let messages = db.messages_at(group, &spans, None, usize::MAX)?;
        let taken: usize = messages.iter().map(Size::size_bytes).sum();
        found.messages.extend(messages);
        let is_used_up = taken >= *left;
        *left = left.saturating_sub(taken);
        if is_used_up && chunks.peek().is_some() {
            found.known_to = chunk.last().map(|(seq, rev)| Position { rev: *rev, seq: *seq });
            break;
        }
    }
    found.messages.sort_by_key(Message::latest_rev);
    Ok(found)
}

/// What has expired, by when: of each of the groups. Whatever is new and has expired since is among it.
fn expired(db: &dyn Read, moved: &[(Known, Position)]) -> Step<Vec<Vec<(Rev, Span)>>> {
    let keys: Vec<_> = moved.iter().map(|(known, from)| params![known.group, from.rev].to_vec()).collect();
    let sql =
        "SELECT rev, after_seq, to_seq FROM expired WHERE group_id = $1 AND rev > $2 ORDER BY rev, after_seq";
    let mut expired = vec![Vec::new(); moved.len()];
    db.rows_of_each(sql, &keys, &mut |at, row| {
        let span = Span { after: row.get("after_seq")?, to: row.get("to_seq")? };
        expired[at].push((row.get("rev")?, span));
        Ok(())
    })?;
    Ok(expired)
}

/// What of it is given, which is everything up to some `rev`. `None` where there is nothing to be seen.
fn portion(
    known: &Known,
    from: Position,
    new: Found,
    changed: Found,
    expired: Vec<(Rev, Span)>,
    share: usize,
) -> Option<Portion> {
    let new_to = new.known_to.unwrap_or(known.last);
    let changed_to = changed.known_to.map_or(known.last.rev, |to| to.rev);
    let revs = new.messages.iter().map(|message| message.rev);
    let mut revs: Vec<_> = revs.chain(changed.messages.iter().map(Message::latest_rev)).collect();
    revs.sort_unstable();
    let full_to = revs.get(share).and(revs.get(share - 1)).copied().unwrap_or(known.last.rev);
    let rev = new_to.rev.min(changed_to).min(full_to).max(from.rev);

    let seen = new.messages.iter().rfind(|message| message.rev <= rev).map_or(from.seq, |last| last.seq);
    let seq = if rev == new_to.rev { new_to.seq } else { seen };
    let to = Position { rev, seq };
    let is_there = |message: &Message| {
        message.rev <= rev
            && !expired.iter().any(|(_, span)| span.after < message.seq && message.seq <= span.to)
    };
    let mut messages: Vec<_> = new.messages.into_iter().filter(is_there).collect();
    messages.extend(changed.messages.into_iter().filter(|message| message.latest_rev() <= rev));
    messages.sort_by_key(|message| if message.seq > from.seq { message.rev } else { message.latest_rev() });
    let expired: Vec<_> = expired.iter().filter(|(at, _)| *at <= rev).map(|(_, span)| *span).collect();
    let more = rev < known.last.rev;
    if messages.is_empty() && expired.is_empty() && !more && to.seq == from.seq {
        return None;
    }
    Some(Portion {
        group: known.group,
        from,
        to,
        messages,
        reworded: Vec::new(),
        expired,
        more,
        left: known.last.seq.0 - to.seq.0,
        is_first: known.position.is_none(),
    })
}
