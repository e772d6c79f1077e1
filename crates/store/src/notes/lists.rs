//! Lists of messages: what is pinned, and what answers one.

use std::collections::{BTreeMap, HashMap, HashSet};

use rim_core::message::{Found, Message};
use rim_core::note::{MAX_PINS, NoteKind};
use rim_core::sight::{Sight, spans_of};
use rim_core::size::{ANSWER_BYTES, Size};
use rim_core::{GroupId, MessageId, Refusal, Rev, Seq, UserId};

use super::seen::{MAX_ROWS, seen};
use crate::database::{Fields, Read};
use crate::failure::Result as Step;
use crate::groups::Room;
use crate::{params, people, sights};

/// Messages of a chain behind one in its midst that are looked at for those that answer it.
const MAX_LOOKED_AT: u64 = 10_000;

pub(super) fn pins(db: &dyn Read, user: UserId, group: GroupId) -> Step<Found> {
    let sight = must_have_sight(db, user, group)?;
    let sql = "SELECT group_id, seq FROM notes WHERE group_id = $1 AND kind = $2 ORDER BY rev DESC LIMIT $3";
    let as_they_were = "SELECT group_id, seq FROM (
                   SELECT group_id, seq, rev FROM notes WHERE group_id = $1 AND kind = $2 AND rev <= $4
                   UNION ALL
                   SELECT group_id, seq, rev FROM former_notes
                   WHERE group_id = $1 AND kind = $2 AND rev <= $4 AND gone_rev > $4) AS n
               ORDER BY rev DESC LIMIT $3";
    let seq = |row: Fields<'_>| row.get("seq");
    let mut places: Vec<Seq> = match sight.as_of {
        None => db.all(sql, &params![group, NoteKind::Pin, MAX_PINS], seq)?,
        Some(as_of) => db.all(as_they_were, &params![group, NoteKind::Pin, MAX_PINS, as_of], seq)?,
    };
    places.retain(|seq| sight.sees(*seq));
    let places: Vec<_> = places.into_iter().map(|seq| (group, seq, sight.as_of)).collect();
    found(db, user, &places, false)
}

pub(super) fn replies(
    db: &dyn Read,
    user: UserId,
    group: GroupId,
    message: MessageId,
    after: Seq,
    limit: u32,
) -> Step<Found> {
    let message = seen(db, user, group, message)?;
    let sight = must_have_sight(db, user, group)?;
    let sql = "SELECT group_id, root_seq FROM replies WHERE group_id = $1 AND seq = $2";
    let root = db.first(sql, &params![group, message.seq], |row| row.get("root_seq"))?;
    let root: Seq = root.unwrap_or(message.seq);
    let limit = limit.clamp(1, MAX_ROWS) as usize;
    let mut seqs = if root == message.seq {
        all_of_chain(db, group, root, after, limit, &sight)?
    } else {
        branch_of_chain(db, group, root, message.seq)?
            .into_iter()
            .filter(|seq| *seq > after && sight.sees(*seq))
            .take(limit + 1)
            .collect()
    };
    let more = seqs.len() > limit;
    seqs.truncate(limit);
    let places: Vec<_> = seqs.into_iter().map(|seq| (group, seq, sight.as_of)).collect();
    found(db, user, &places, more)
}

/// The first messages in sight above a place that answer the one with which a chain began, and one more: all of the chain
/// do. What is out of sight in one run is passed over.
fn all_of_chain(
    db: &dyn Read,
    group: GroupId,
    root: Seq,
    after: Seq,
    limit: usize,
    sight: &Sight,
) -> Step<Vec<Seq>> {
    let sql = "SELECT group_id, seq FROM replies WHERE group_id = $1 AND root_seq = $2 AND seq > $3
               ORDER BY seq LIMIT $4";
    let (mut seqs, mut after, wanted) = (Vec::new(), after.max(root), limit + 1);
    while seqs.len() < wanted
        && let Some(next) = sight.next(after)
    {
        let next = Seq(next.0 - 1);
        let read: Vec<Seq> = db.all(sql, &params![group, root, next, wanted as u64], |row| row.get("seq"))?;
        seqs.extend(read.iter().copied().filter(|seq| sight.sees(*seq)));
        match read.last() {
            Some(last) if read.len() == wanted => after = *last,
            _ => break,
        }
    }
    seqs.truncate(wanted);
    Ok(seqs)
}

/// Those that answer a message in the midst of a chain, directly or not, among so many behind it.
fn branch_of_chain(db: &dyn Read, group: GroupId, root: Seq, message: Seq) -> Step<Vec<Seq>> {
    let sql =
        "SELECT group_id, seq, parent_seq FROM replies WHERE group_id = $1 AND root_seq = $2 AND seq > $3
               ORDER BY seq LIMIT $4";
    let mut branch = HashSet::from([message]);
    let behind: Vec<(Seq, Seq)> = db.all(sql, &params![group, root, message, MAX_LOOKED_AT], |row| {
        Ok((row.get("seq")?, row.get("parent_seq")?))
    })?;
    // Who answers comes later than what is answered.
    let answers = behind.into_iter().filter(|(seq, parent)| branch.contains(parent) && branch.insert(*seq));
    Ok(answers.map(|(seq, _)| seq).collect())
}

/// What the user sees of a group that they are or were in.
///
/// # Errors
/// `NoSuchGroup`, `NotMember`.
pub(super) fn must_have_sight(db: &dyn Read, user: UserId, group: GroupId) -> Step<Sight> {
    match sights::of(db, user, group)? {
        Some(sight) => Ok(sight),
        None => {
            Room::look(db, group)?;
            Err(Refusal::NotMember.into())
        }
    }
}

/// The messages at these places, in their order and as of when they left who has, and whom they name: as many as there is
/// room for.
pub(super) fn found(
    db: &dyn Read,
    user: UserId,
    places: &[(GroupId, Seq, Option<Rev>)],
    more: bool,
) -> Step<Found> {
    let mut by_group: BTreeMap<(GroupId, Option<Rev>), Vec<Seq>> = BTreeMap::new();
    for (group, seq, as_of) in places {
        by_group.entry((*group, *as_of)).or_default().push(*seq);
    }
    let mut at: HashMap<(GroupId, Seq), Message> = HashMap::new();
    for ((group, as_of), mut seqs) in by_group {
        seqs.sort_unstable();
        let read = db.messages_at(group, &spans_of(seqs), as_of, usize::MAX)?;
        at.extend(read.into_iter().map(|message| ((group, message.seq), message)));
    }
    let messages: Vec<_> = places.iter().filter_map(|(group, seq, _)| at.remove(&(*group, *seq))).collect();
    with_people(db, user, messages, more)
}

/// The messages, as the user is told them, and whom they name: as many as there is room for.
pub(super) fn with_people(
    db: &dyn Read,
    user: UserId,
    mut messages: Vec<Message>,
    more: bool,
) -> Step<Found> {
    sights::mine(db, user, &mut messages)?;
    let named =
        |message: &Message| std::iter::once(message.sender).chain(message.named()).collect::<Vec<_>>();
    let all: HashSet<_> = messages.iter().flat_map(named).collect();
    let users = people::find_all(db, all)?;
    let mut people: HashMap<_, _> = users.into_iter().map(|user| (user.id, user)).collect();
    let mut found = Found { messages: Vec::new(), users: Vec::new(), more };
    let mut taken = 0;
    for message in messages {
        let new: Vec<_> = named(&message).into_iter().filter_map(|user| people.remove(&user)).collect();
        taken += message.size_bytes() + new.iter().map(Size::size_bytes).sum::<usize>();
        if taken > ANSWER_BYTES && !found.messages.is_empty() {
            found.more = true;
            break;
        }
        found.messages.push(message);
        found.users.extend(new);
    }
    Ok(found)
}
