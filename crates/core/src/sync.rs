//! What a client has, and what it missed.

use std::collections::{BTreeMap, BTreeSet};

use crate::friend::Friend;
use crate::group::{Group, Role};
use crate::group_event::GroupEvent;
use crate::message::{Message, Span};
use crate::size::{ANSWER_BYTES, NUMBER, Size};
use crate::user::User;
use crate::{GroupId, MessageId, Rev, Seq, Timestamp, UserId, sight};

/// Members beyond this many are not synced one by one.
pub const MAX_SYNCED_MEMBERS: u64 = 1000;

/// What the client has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncQuery {
    /// How far it is in the changes of the user's own.
    pub rev: Rev,
    /// How far it is in each group it knows. Of a group named twice the first counts.
    pub groups: Vec<(GroupId, Rev)>,
    /// How far it is in what was recalled in groups after the user left them. Of one that is not named, or unknown to it, it is
    /// told of it with the leaving, and no more.
    pub recalls: BTreeMap<GroupId, Rev>,
    /// Rows (messages and members) of the answer, at least 1; and as many changes of the user's own.
    pub limit: u32,
    /// At most so many messages of each group, the newest; all where `None`.
    pub window: Option<u32>,
    /// Bytes of the answer, about; [`ANSWER_BYTES`] where `None`.
    pub bytes: Option<usize>,
    /// Only groups above this one are looked at.
    pub after: Option<GroupId>,
    /// Only groups up to this one are looked at.
    pub to: Option<GroupId>,
}

impl SyncQuery {
    /// What there is room for in the answer.
    pub fn room(&self) -> Room {
        Room { rows: self.limit.max(1) as usize, bytes: self.bytes.unwrap_or(ANSWER_BYTES).max(1) }
    }
}

/// What it missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncPage {
    /// The user's own `rev` that the answer is complete up to.
    pub rev: Rev,
    /// The user, if their profile changed after the query's `rev`.
    pub me: Option<User>,
    /// Friendships that changed after the query's `rev`.
    pub friends: Vec<Friend>,
    pub groups: Vec<GroupDelta>,
    /// Chats with which the user did something after the query's `rev`, by its order.
    pub chats: Vec<ChatState>,
    /// What they did for themselves alone with messages after the query's `rev`.
    pub kept: Kept,
    /// Every user whom the rows above name, once.
    pub users: Vec<User>,
    /// Whether another query is needed to be up to date.
    pub more: bool,
    /// If there is more: of all groups up to this one everything is answered.
    pub next: Option<GroupId>,
}

/// A chat as its user has it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatState {
    pub group: GroupId,
    /// Up to where they have deleted it from their list, if they have ([`crate::message::is_deleted`]).
    pub deleted: Option<Seq>,
    /// How far they have read.
    pub read: Seq,
}

/// What a user did for themselves alone with messages of their chats, as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Which messages they have hidden: by group, at places that ascend.
    pub hidden: Vec<(GroupId, Vec<Span>)>,
    /// Up to where they have cleared a chat.
    pub cleared: Vec<(GroupId, Seq)>,
    /// Which messages they have starred, and which they have starred no more: by the order in which they did it.
    pub starred: Vec<(GroupId, MessageId, bool)>,
}

/// A row of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptRow {
    Hidden(Seq),
    Cleared(Seq),
    Starred(MessageId),
    Unstarred(MessageId),
}

impl Kept {
    /// Of rows by their revs, and those of one rev by their places.
    pub fn of(rows: impl IntoIterator<Item = (GroupId, KeptRow)>) -> Self {
        let (mut kept, mut hidden) = (Self::default(), BTreeSet::new());
        for (group, row) in rows {
            match row {
                KeptRow::Hidden(seq) => drop(hidden.insert((group, seq))),
                KeptRow::Cleared(seq) => kept.cleared.push((group, seq)),
                KeptRow::Starred(message) => kept.starred.push((group, message, true)),
                KeptRow::Unstarred(message) => kept.starred.push((group, message, false)),
            }
        }
        while let Some((group, _)) = hidden.first().copied() {
            let later = hidden.split_off(&(GroupId(group.0 + 1), Seq(0)));
            kept.hidden.push((group, sight::spans_of(hidden.into_iter().map(|(_, seq)| seq))));
            hidden = later;
        }
        kept
    }
}

impl Size for KeptRow {
    fn size_bytes(&self) -> usize {
        40 + 3 * NUMBER
    }
}

/// What changed in one group after the client's `rev`, complete up to `rev`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDelta {
    pub group_id: GroupId,
    pub rev: Rev,
    /// Of who has left: up to which rev it tells of what was recalled after that, if it tells of any.
    pub recalled_to: Option<Rev>,
    /// Whether the user is a member now. One who left gets what they missed of their own part, once.
    pub member: bool,
    /// If name, avatar or creator changed, or the client did not know the group.
    pub group: Option<Group>,
    pub last_seq: Seq,
    /// Of who has left, that of their own part.
    pub unread: u64,
    /// How many of the messages that are not read mention them: [`sight::MAX_MENTIONS`] at the most.
    pub unread_mentions: u64,
    /// What the user may see, ascending.
    pub messages: Vec<Message>,
    /// Messages that changed without being new to the client, as they are now, by [`Message::latest_rev`]. To who has left
    /// as they were then, but for those that were recalled since.
    pub changed: Vec<Message>,
    /// Places whose messages have expired, of those that were the user's.
    pub expired: Vec<Span>,
    /// If the window left out messages: the smallest place that was not skipped.
    pub skipped_to: Option<Seq>,
    /// Members whose membership, role or receipts changed, by the `rev` of their latest change.
    pub members: Vec<MemberState>,
    /// The group has more than [`MAX_SYNCED_MEMBERS`] current members, so `members` is empty.
    pub members_omitted: bool,
    /// Of such a group those whose name or picture changed, if the client knew the group: `users` has them.
    pub renamed: Vec<UserId>,
    /// When the user joined last.
    pub joined_at: Timestamp,
    /// What happened and the user may know of, by [`GroupEvent::seen_rev`]; with a window at most so many, the newest.
    pub events: Vec<GroupEvent>,
    pub more: bool,
    /// Up to where the user has deleted it from their list, if they have.
    pub deleted: Option<Seq>,
}

/// A part of a membership: the user hears of what happened from one `rev` to the other, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    pub from: Rev,
    pub to: Rev,
}

impl Stay {
    /// Whether one heard of the other: those who never were members at the same time do not learn from the group that
    /// the other was there.
    pub fn overlaps(self, other: Self) -> bool {
        self.from <= other.to && other.from <= self.to
    }
}

/// What an answer has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    pub rows: usize,
    pub bytes: usize,
}

impl Room {
    pub const fn is_used_up(&self) -> bool {
        self.rows == 0 || self.bytes == 0
    }

    /// What is left beside something without rows of its own.
    pub const fn take(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Nothing comes behind what was cut, even if it would fit.
    pub const fn use_up(&mut self) {
        *self = Self { rows: 0, bytes: 0 };
    }
}

/// Up to which rev the messages are known of which these are the first; `until` where there are no others. Places have
/// no gaps, so many messages lie in so many places.
pub fn known_to(read: &[Message], missed: &[Span], until: Rev) -> Rev {
    let missed: u64 = missed.iter().map(|span| span.to.0 - span.after.0).sum();
    if (read.len() as u64) < missed { read.last().map_or(Rev(0), |last| last.rev) } else { until }
}

/// What a group takes up in an answer beside its rows and its description.
pub const DELTA_BYTES: usize = 340;

/// Finds up to which `rev` an answer tells: the rows that there are to tell are shown to it in the order of their revs.
///
/// A row and an event may have the same rev, so the answer may have one more than there is room for, rather than
/// nothing. What is cut uses up the answer.
#[derive(Debug)]
pub struct Cut<'r> {
    room: &'r mut Room,
    first: Option<Rev>,
    left: Room,
}

impl<'r> Cut<'r> {
    pub const fn new(room: &'r mut Room) -> Self {
        let left = *room;
        Self { room, first: None, left }
    }

    /// Takes a row; or tells up to which rev the answer goes, if there is no room for it.
    pub fn take(&mut self, rev: Rev, rows: usize, bytes: usize) -> Option<Rev> {
        let fits = rows <= self.left.rows && bytes <= self.left.bytes;
        self.left.rows = self.left.rows.saturating_sub(rows);
        self.left.bytes = self.left.bytes.saturating_sub(bytes);
        *self.room = self.left;
        match self.first {
            Some(first) if !fits => {
                self.room.use_up();
                Some(Rev(rev.0 - 1).max(first))
            }
            _ => {
                self.first.get_or_insert(rev);
                None
            }
        }
    }
}

/// A member as they are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberState {
    pub user: UserId,
    pub role: Role,
    pub left: bool,
    pub read_seq: Seq,
    pub delivered_seq: Seq,
}

impl Size for MemberState {
    fn size_bytes(&self) -> usize {
        60 + 3 * NUMBER
    }
}

impl Size for ChatState {
    fn size_bytes(&self) -> usize {
        40 + 3 * NUMBER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(mut rows: Vec<(u64, usize, usize)>, room: (usize, usize), until: u64) -> (u64, Room) {
        let mut room = Room { rows: room.0, bytes: room.1 };
        rows.sort_unstable();
        let mut cut = Cut::new(&mut room);
        let end = rows.into_iter().find_map(|(rev, rows, bytes)| cut.take(Rev(rev), rows, bytes));
        (end.map_or(until, |rev| rev.0), room)
    }

    #[test]
    fn an_answer_ends_before_what_has_no_room_in_it() {
        let rows =
            |rows: &[(u64, usize)]| rows.iter().map(|(rev, size)| (*rev, *size, 1)).collect::<Vec<_>>();
        let end = |told: &[(u64, usize)], limit| cut(rows(told), (limit, 99), 9).0;
        assert_eq!(end(&[], 2), 9);
        assert_eq!(end(&[(5, 1), (3, 1)], 2), 9);
        assert_eq!(end(&[(5, 1), (3, 1), (7, 1)], 2), 6);
        // An event that names twenty takes as much room as twenty rows, but never all of it from everything.
        assert_eq!(end(&[(3, 1), (5, 21), (7, 1)], 20), 4);
        assert_eq!(end(&[(3, 21), (5, 1)], 20), 4);
        assert_eq!(end(&[(3, 21)], 20), 9);
        assert_eq!(end(&[(3, 1), (3, 1)], 1), 3);
    }

    #[test]
    fn bytes_end_an_answer_as_rows_do() {
        assert_eq!(cut(vec![(3, 1, 40), (5, 1, 60)], (9, 100), 9), (9, Room { rows: 7, bytes: 0 }));
        assert_eq!(cut(vec![(3, 1, 40), (5, 1, 61)], (9, 100), 9), (4, Room { rows: 0, bytes: 0 }));
        assert_eq!(cut(vec![(3, 1, 500)], (9, 100), 9).0, 9, "one that fits nowhere passes alone");
        assert_eq!(cut(vec![(3, 1, 500), (4, 1, 1)], (9, 100), 9).0, 3, "and nothing behind it");
    }
}
