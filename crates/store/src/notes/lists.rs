//! Lists of messages: what is pinned, what answers one, and what mentions somebody.

use std::collections::{BTreeMap, HashMap, HashSet};

use rim_core::message::{Found, Message, Page};
use rim_core::note::{MAX_PINS, NoteKind};
use rim_core::sight::{Sight, spans_of};
use rim_core::size::{ANSWER_BYTES, Size};
use rim_core::{GroupId, MessageId, Refusal, Seq, UserId};

use super::seen::{MAX_ROWS, seen};
use crate::database::Read;
use crate::failure::Result as Step;
use crate::groups::Room;
use crate::{params, people, sights};

/// Rows of a list that are looked at for one answer.
const MAX_LOOKED_AT: u64 = 10_000;

pub(super) fn pins(db: &dyn Read, user: UserId, group: GroupId) -> Step<Found> {
    let sight = must_have_sight(db, user, group)?;
    let sql = "SELECT group_id, seq FROM notes WHERE group_id = $1 AND kind = $2 ORDER BY rev DESC LIMIT $3";
    let mut places: Vec<Seq> = db.all(sql, &params![group, NoteKind::Pin, MAX_PINS], |row| row.get("seq"))?;
    places.retain(|seq| sight.sees(*seq));
    found(db, user, &places.into_iter().map(|seq| (group, seq)).collect::<Vec<_>>(), false)
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
    // Who answers comes later than what is answered.
    let sql =
        "SELECT group_id, seq, parent_seq FROM replies WHERE group_id = $1 AND root_seq = $2 AND seq > $3
               ORDER BY seq LIMIT $4";
    let mut chain = HashSet::from([message.seq]);
    let looked_at: Vec<(Seq, Seq)> =
        db.all(sql, &params![group, root, message.seq, MAX_LOOKED_AT], |row| {
            Ok((row.get("seq")?, row.get("parent_seq")?))
        })?;
    let answers = looked_at.iter().filter(|(seq, parent)| chain.contains(parent) && chain.insert(*seq));
    let limit = limit.clamp(1, MAX_ROWS) as usize;
    let mut places: Vec<_> = answers
        .map(|(seq, _)| *seq)
        .filter(|seq| *seq > after && sight.sees(*seq))
        .take(limit + 1)
        .map(|seq| (group, seq))
        .collect();
    let more = places.len() > limit || looked_at.len() as u64 == MAX_LOOKED_AT;
    places.truncate(limit);
    found(db, user, &places, more)
}

pub(super) fn mentions(db: &dyn Read, user: UserId, group: Option<GroupId>, page: Page) -> Step<Found> {
    let mut sights: HashMap<GroupId, Option<Sight>> = HashMap::new();
    let rows = |row: crate::database::Fields<'_>| Ok((row.get("group_id")?, row.get("seq")?));
    let looked_at: Vec<(GroupId, Seq)> = match group {
        Some(group) => {
            sights.insert(group, Some(must_have_sight(db, user, group)?));
            let sql = "SELECT DISTINCT n.group_id, n.seq, n.message_id FROM mentions AS n
                            JOIN messages AS m ON m.group_id = n.group_id AND m.id = n.message_id
                       WHERE n.user_id IN (0, $1) AND n.group_id = $2 AND m.sender_id <> $1
                       ORDER BY n.message_id DESC LIMIT $3";
            db.all(sql, &params![user, group, MAX_LOOKED_AT], rows)?
        }
        None => {
            let sql = "SELECT n.group_id, n.seq, n.message_id
                       FROM (SELECT group_id, seq, message_id FROM mentions WHERE user_id = $1
                             UNION
                             SELECT a.group_id, a.seq, a.message_id
                             FROM members AS m JOIN mentions AS a ON a.user_id = 0 AND a.group_id = m.group_id
                             WHERE m.user_id = $1) AS n
                            JOIN messages AS m ON m.group_id = n.group_id AND m.id = n.message_id
                       WHERE m.sender_id <> $1 ORDER BY n.message_id DESC LIMIT $2";
            db.all(sql, &params![user, MAX_LOOKED_AT], rows)?
        }
    };
    let page = Page { size: page.size.clamp(1, MAX_ROWS), ..page };
    let (mut skip, mut places) = (page.offset(), Vec::new());
    for (group, seq) in looked_at {
        let sight = match sights.entry(group) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(unknown) => {
                unknown.insert(sights::of(db, user, group)?)
            }
        };
        if !sight.as_ref().is_some_and(|sight| sight.sees(seq)) {
            continue;
        }
        if skip > 0 {
            skip -= 1;
            continue;
        }
        places.push((group, seq));
        if places.len() > page.size as usize {
            break;
        }
    }
    let more = places.len() > page.size as usize;
    places.truncate(page.size as usize);
    found(db, user, &places, more)
}

/// What the user sees of a group that they are or were in.
///
/// # Errors
/// `NoSuchGroup`, `NotMember`.
fn must_have_sight(db: &dyn Read, user: UserId, group: GroupId) -> Step<Sight> {
    match sights::of(db, user, group)? {
        Some(sight) => Ok(sight),
        None => {
            Room::look(db, group)?;
            Err(Refusal::NotMember.into())
        }
    }
}

/// The messages at these places, in their order, and whom they name: as many as there is room for.
fn found(db: &dyn Read, user: UserId, places: &[(GroupId, Seq)], more: bool) -> Step<Found> {
    let mut by_group: BTreeMap<GroupId, Vec<Seq>> = BTreeMap::new();
    for (group, seq) in places {
        by_group.entry(*group).or_default().push(*seq);
    }
    let mut at: HashMap<(GroupId, Seq), Message> = HashMap::new();
    for (group, mut seqs) in by_group {
        seqs.sort_unstable();
        let read = db.messages_at(group, &spans_of(seqs), usize::MAX)?;
        at.extend(read.into_iter().map(|message| ((group, message.seq), message)));
    }
    let mut messages: Vec<_> = places.iter().filter_map(|place| at.remove(place)).collect();
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
