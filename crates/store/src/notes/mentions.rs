//! The messages that mention somebody, of one group or of all: those that name them, and those that name everybody.
//!
//! Each group has two lists, and of each no more is read than the answer has: so it does not matter how much there is. One
//! that the user has left has two more, of what edits have put an end to, and what counts is what mentioned them then.

use std::collections::HashMap;

use rim_core::message::{Found, Page};
use rim_core::sight::{EVERYBODY, Sight};
use rim_core::{GroupId, MessageId, Seq, UserId};

use super::lists::{found, must_have_sight};
use super::merge::{Asked, Lists, Merged, Part};
use super::seen::MAX_ROWS;
use crate::database::{Fields, Read};
use crate::failure::Result as Step;
use crate::{Value, former, params, sights};

/// Mentions that are passed over to come to a page. Whoever wants others goes on below what they have.
const MAX_SKIPPED: u64 = 10_000;

/// Mentions that do not count and are looked at for one answer: such as one's own. Then it ends, and says where.
const MAX_DROPPED: u64 = 5_000;

/// Behind every message.
const LAST: MessageId = MessageId(i64::MAX as u64);

pub(super) fn mentions(
    db: &dyn Read,
    user: UserId,
    group: Option<GroupId>,
    below: Option<MessageId>,
    page: Page,
) -> Step<(Found, Option<MessageId>)> {
    let page = Page { size: page.size.clamp(1, MAX_ROWS), ..page };
    let (below, mut skip, size) = (below.unwrap_or(LAST), page.offset(), page.size as usize);
    let mut listed = Listed { db, user, lists: Vec::new(), sights: HashMap::new(), dropped: 0 };
    let mut begin = Vec::new();
    match group {
        Some(group) => {
            let sight = must_have_sight(db, user, group)?;
            let all = if sight.as_of.is_some() { &[false, true][..] } else { &[false] };
            let named = |ended: &bool| {
                let ended = *ended;
                [List { group, whom: user, ended }, List { group, whom: EVERYBODY, ended }]
            };
            listed.lists.extend(all.iter().flat_map(named));
            begin.resize(listed.lists.len(), below.0);
            listed.sights.insert(group, sight);
        }
        None => {
            for (list, newest) in newest_of_all(db, user, below)? {
                listed.lists.push(list);
                begin.push(newest.0 + 1);
            }
        }
    }
    if skip > MAX_SKIPPED {
        return Ok((Found::default(), None));
    }
    let mut merged = Merged::new(listed, begin);
    let (mut places, mut last, mut rest) = (Vec::new(), None, None);
    while let Some(step) = merged.step()? {
        match step {
            // Of those that name both.
            Some(Mention { message, .. }) if last == Some(message) => {}
            Some(Mention { message, .. }) if skip > 0 => (skip, last) = (skip - 1, Some(message)),
            Some(_) if places.len() == size => {
                rest = last;
                break;
            }
            Some(Mention { group, seq, message }) => {
                places.push((group, seq, merged.lists.sights.get(&group).and_then(|sight| sight.as_of)));
                last = Some(message);
            }
            None if merged.lists.dropped > MAX_DROPPED => {
                rest = merged.bound().map(|bound| MessageId(bound + 1));
                break;
            }
            None => {}
        }
    }
    let found = found(db, user, &places, rest.is_some())?;
    if found.messages.len() < places.len() && found.more {
        rest = found.messages.last().map(|last| last.id).or(rest);
    }
    Ok((found, rest))
}

/// Of all groups that the user is or was in, what mentions them last below a message: which list, and where it begins.
fn newest_of_all(db: &dyn Read, user: UserId, below: MessageId) -> Step<Vec<(List, MessageId)>> {
    let sql = "SELECT m.group_id,
                      (SELECT x.message_id FROM mentions AS x
                       WHERE x.user_id = $1 AND x.group_id = m.group_id AND x.message_id < $2
                       ORDER BY x.message_id DESC LIMIT 1) AS of_user,
                      (SELECT x.message_id FROM mentions AS x
                       WHERE x.user_id = 0 AND x.group_id = m.group_id AND x.message_id < $2
                       ORDER BY x.message_id DESC LIMIT 1) AS of_all,
                      CASE WHEN m.left_rev IS NOT NULL THEN (
                       SELECT x.message_id FROM former_mentions AS x
                       WHERE x.user_id = $1 AND x.group_id = m.group_id AND x.message_id < $2
                       ORDER BY x.message_id DESC LIMIT 1) END AS was_of_user,
                      CASE WHEN m.left_rev IS NOT NULL THEN (
                       SELECT x.message_id FROM former_mentions AS x
                       WHERE x.user_id = 0 AND x.group_id = m.group_id AND x.message_id < $2
                       ORDER BY x.message_id DESC LIMIT 1) END AS was_of_all
               FROM members AS m WHERE m.user_id = $1";
    let read = |row: Fields<'_>| {
        let group = row.get("group_id")?;
        let list = |whom, ended, newest: &str| -> Step<_> {
            let newest: Option<MessageId> = row.get(newest)?;
            Ok(newest.map(|newest| (List { group, whom, ended }, newest)))
        };
        Ok([
            list(user, false, "of_user")?,
            list(EVERYBODY, false, "of_all")?,
            list(user, true, "was_of_user")?,
            list(EVERYBODY, true, "was_of_all")?,
        ])
    };
    let lists: Vec<[Option<(List, MessageId)>; 4]> = db.all(sql, &params![user, below], read)?;
    Ok(lists.into_iter().flatten().flatten().collect())
}

/// The messages of a group that mention a user, or everybody; or that did until they were edited.
#[derive(Clone, Copy)]
struct List {
    group: GroupId,
    whom: UserId,
    ended: bool,
}

struct Mention {
    group: GroupId,
    seq: Seq,
    message: MessageId,
}

/// The mentions of a user, or of everybody, of each group.
struct Listed<'d> {
    db: &'d dyn Read,
    user: UserId,
    lists: Vec<List>,
    /// Of those groups that were looked at.
    sights: HashMap<GroupId, Sight>,
    /// Mentions that were read and do not count.
    dropped: u64,
}

impl Listed<'_> {
    /// What the user sees of the groups of these lists becomes known.
    fn see(&mut self, asked: &[Asked]) -> Step<()> {
        let groups = asked.iter().map(|asked| self.lists[asked.list].group);
        let mut new: Vec<_> = groups.filter(|group| !self.sights.contains_key(group)).collect();
        new.sort_unstable();
        new.dedup();
        let sights = sights::of_each(self.db, self.user, &new)?;
        self.sights.extend(new.into_iter().zip(sights.into_iter().map(Option::unwrap_or_default)));
        Ok(())
    }
}

impl Lists for Listed<'_> {
    type Row = Mention;

    fn key(row: &Mention) -> u64 {
        row.message.0
    }

    fn read(&mut self, asked: &[Asked]) -> Step<Vec<Part<Mention>>> {
        self.see(asked)?;
        // Who wrote it is looked up row by row: the messages between are none of its business.
        let sql = "SELECT x.group_id, x.seq, x.message_id,
                          (SELECT m.sender_id FROM messages AS m
                           WHERE m.group_id = x.group_id AND m.seq = x.seq) AS sender_id
                   FROM mentions AS x WHERE x.user_id = $1 AND x.group_id = $2 AND x.message_id < $3
                   ORDER BY x.message_id DESC LIMIT $4";
        let ended = "SELECT x.group_id, x.seq, x.message_id,
                          (SELECT m.sender_id FROM messages AS m
                           WHERE m.group_id = x.group_id AND m.seq = x.seq) AS sender_id
                   FROM former_mentions AS x WHERE x.user_id = $1 AND x.group_id = $2 AND x.message_id < $3
                   ORDER BY x.message_id DESC LIMIT $4";
        let mut rows: Vec<Vec<(Mention, Option<UserId>)>> = asked.iter().map(|_| Vec::new()).collect();
        for (sql, is_ended) in [(sql, false), (ended, true)] {
            let of = |(at, asked): (usize, &Asked)| {
                let List { group, whom, ended } = self.lists[asked.list];
                let key: Vec<Value<'_>> = params![whom, group, MessageId(asked.below), asked.limit].to_vec();
                (ended == is_ended).then_some((at, key))
            };
            let (places, keys): (Vec<usize>, Vec<_>) = asked.iter().enumerate().filter_map(of).unzip();
            self.db.rows_of_each(sql, &keys, &mut |at, row| {
                let (group, seq, message) = (row.get("group_id")?, row.get("seq")?, row.get("message_id")?);
                rows[places[at]].push((Mention { group, seq, message }, row.get("sender_id")?));
                Ok(())
            })?;
        }
        let (mut parts, mut jumps) = (Vec::new(), Vec::new());
        for (Asked { list, limit, .. }, rows) in asked.iter().zip(rows) {
            let group = self.lists[*list].group;
            let sight = self.sights.get(&group).cloned().unwrap_or_default();
            let last = rows.last().filter(|_| rows.len() as u64 >= *limit);
            let mut rest = last.map(|(last, _)| last.message.0);
            // What is out of sight in one run is passed over, however much was said there.
            if let Some((last, _)) = last.filter(|(last, _)| !sight.sees(last.seq)) {
                match sight.before(last.seq) {
                    Some(seq) => jumps.push((parts.len(), params![group, seq].to_vec())),
                    None => rest = None,
                }
            }
            let read = rows.len();
            // Of who has left: those that mentioned them then.
            let then = match sight.as_of {
                None => None,
                Some(as_of) => {
                    let seen =
                        rows.iter().rev().map(|(mention, _)| mention.seq).filter(|seq| sight.sees(*seq));
                    let seen: Vec<_> = seen.collect();
                    Some(former::did_mention(self.db, self.user, group, &seen, as_of)?)
                }
            };
            let counts = |(mention, sender): &(Mention, Option<UserId>)| {
                sight.sees(mention.seq)
                    && *sender != Some(self.user)
                    && then.as_ref().is_none_or(|then| then.binary_search(&mention.seq).is_ok())
            };
            let rows: std::collections::VecDeque<_> =
                rows.into_iter().filter(counts).map(|(mention, _)| mention).collect();
            self.dropped += (read - rows.len()) as u64;
            parts.push(Part { rows, rest });
        }
        let (at, keys): (Vec<usize>, Vec<_>) = jumps.into_iter().unzip();
        let sql = "SELECT id FROM messages WHERE group_id = $1 AND seq = $2";
        let ids = self.db.first_of_each(sql, &keys, |row| row.get::<MessageId>("id"))?;
        for (at, id) in at.into_iter().zip(ids) {
            let part: &mut Part<Mention> = &mut parts[at];
            part.rest = id.map_or(part.rest, |id| Some(id.0 + 1));
        }
        Ok(parts)
    }
}
