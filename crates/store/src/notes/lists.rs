//! Lists of messages: what is pinned, what answers one, and what mentions somebody.

use std::collections::{BTreeMap, HashMap, HashSet};

use rim_core::message::{Found, Message, Page};
use rim_core::note::{MAX_PINS, NoteKind};
use rim_core::sight::{EVERYBODY, Sight, spans_of};
use rim_core::size::{ANSWER_BYTES, Size};
use rim_core::{GroupId, MessageId, Refusal, Seq, UserId};

use super::seen::{MAX_ROWS, seen};
use crate::database::{Fields, Read};
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
    // Who answers comes later than what is answered. All of a chain answer its first message, so of that one the list goes on
    // behind `after`, however long it is.
    let is_first = root == message.seq;
    let from = if is_first { after.max(message.seq) } else { message.seq };
    let sql =
        "SELECT group_id, seq, parent_seq FROM replies WHERE group_id = $1 AND root_seq = $2 AND seq > $3
               ORDER BY seq LIMIT $4";
    let mut chain = HashSet::from([message.seq]);
    let looked_at: Vec<(Seq, Seq)> = db.all(sql, &params![group, root, from, MAX_LOOKED_AT], |row| {
        Ok((row.get("seq")?, row.get("parent_seq")?))
    })?;
    let answers =
        looked_at.iter().filter(|(seq, parent)| is_first || chain.contains(parent) && chain.insert(*seq));
    let limit = limit.clamp(1, MAX_ROWS) as usize;
    let mut places: Vec<_> = answers
        .map(|(seq, _)| *seq)
        .filter(|seq| *seq > after && sight.sees(*seq))
        .take(limit + 1)
        .map(|seq| (group, seq))
        .collect();
    let more = places.len() > limit;
    places.truncate(limit);
    found(db, user, &places, more)
}

pub(super) fn mentions(db: &dyn Read, user: UserId, group: Option<GroupId>, page: Page) -> Step<Found> {
    let mut sights: HashMap<GroupId, Option<Sight>> = HashMap::new();
    let read = |row: Fields<'_>| Ok((row.get("message_id")?, row.get("group_id")?, row.get("seq")?));
    // Those that name the user and those that name everybody, each by an index.
    let mut looked_at: Vec<(MessageId, GroupId, Seq)> = Vec::new();
    match group {
        Some(group) => {
            sights.insert(group, Some(must_have_sight(db, user, group)?));
            let sql = "SELECT group_id, seq, message_id FROM mentions WHERE user_id = $1 AND group_id = $2
                       ORDER BY seq DESC LIMIT $3";
            for named in [user, EVERYBODY] {
                looked_at.extend(db.all(sql, &params![named, group, MAX_LOOKED_AT], read)?);
            }
        }
        None => {
            let sql = "SELECT group_id, seq, message_id FROM mentions WHERE user_id = $1
                       ORDER BY message_id DESC LIMIT $2";
            looked_at.extend(db.all(sql, &params![user, MAX_LOOKED_AT], read)?);
            let sql = "SELECT a.group_id, a.seq, a.message_id
                       FROM members AS m JOIN mentions AS a ON a.user_id = 0 AND a.group_id = m.group_id
                       WHERE m.user_id = $1 ORDER BY a.message_id DESC LIMIT $2";
            looked_at.extend(db.all(sql, &params![user, MAX_LOOKED_AT], read)?);
        }
    }
    looked_at.sort_unstable_by_key(|(message, ..)| std::cmp::Reverse(*message));
    looked_at.dedup();
    let page = Page { size: page.size.clamp(1, MAX_ROWS), ..page };
    let (mut skip, mut places) = (page.offset(), Vec::new());
    for (_, group, seq) in looked_at {
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
    let mut found = found(db, user, &places, more)?;
    // Nobody is mentioned by themselves, also where they mention everybody.
    found.messages.retain(|message| message.sender != user);
    Ok(found)
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
