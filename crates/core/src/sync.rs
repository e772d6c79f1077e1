//! What a client has, and what it missed.

use crate::friend::Friendship;
use crate::group::{Group, Role};
use crate::group_event::GroupEvent;
use crate::message::Message;
use crate::user::User;
use crate::{GroupId, Rev, Seq, Timestamp, UserId};

/// Members beyond this many are not synced one by one.
pub const MAX_SYNCED_MEMBERS: u64 = 1000;

/// What the client has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncQuery {
    /// How far it is in the changes of the user himself.
    pub rev: Rev,
    /// How far it is in each group it knows. Of a group named twice the first counts.
    pub groups: Vec<(GroupId, Rev)>,
    /// Rows (messages and members) of the answer, at least 1.
    pub limit: u32,
    /// At most so many messages of each group, the newest; all where `None`.
    pub window: Option<u32>,
}

/// What it missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncPage {
    /// The user's own `rev` that the answer is complete up to.
    pub rev: Rev,
    /// The user himself, if his profile changed after the query's `rev`.
    pub me: Option<User>,
    /// Friendships that changed after the query's `rev`.
    pub friends: Vec<(UserId, Friendship)>,
    pub groups: Vec<GroupDelta>,
    /// Chats with which the user did something after the query's `rev`, by its order.
    pub chats: Vec<ChatState>,
    /// Every user whom the rows above name, once.
    pub users: Vec<User>,
    /// Whether another query is needed to be up to date.
    pub more: bool,
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

/// What changed in one group after the client's `rev`, complete up to `rev`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDelta {
    pub group_id: GroupId,
    pub rev: Rev,
    /// Whether the user is a member now. One who left gets what he missed of his own part, once.
    pub member: bool,
    /// If name, avatar or creator changed, or the client did not know the group.
    pub group: Option<Group>,
    pub last_seq: Seq,
    /// Of who has left, that of their own part.
    pub unread: u64,
    /// What the user may see, ascending.
    pub messages: Vec<Message>,
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
    /// What happened and the user may know of, by [`GroupEvent::place`]; with a window at most so many, the newest.
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

/// Up to which `rev` an answer tells a group that goes on to `until`: `rows` are the revs of what there is to tell and
/// how much each takes up, of the room for `limit`. A row and an event may have the same rev, so the answer may have one
/// more, rather than nothing.
pub fn cut(mut rows: Vec<(Rev, usize)>, limit: usize, until: Rev) -> Rev {
    rows.sort_unstable();
    let Some((first, _)) = rows.first().copied() else { return until };
    let mut taken = 0;
    for (at, (rev, size)) in rows.into_iter().enumerate() {
        taken += size;
        if at > 0 && taken > limit {
            return Rev(rev.0 - 1).max(first);
        }
    }
    until
}

/// A member as he is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberState {
    pub user: UserId,
    pub role: Role,
    pub left: bool,
    pub read_seq: Seq,
    pub delivered_seq: Seq,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_before_what_has_no_room_in_it() {
        let rows =
            |rows: &[(u64, usize)]| rows.iter().map(|(rev, size)| (Rev(*rev), *size)).collect::<Vec<_>>();
        assert_eq!(cut(rows(&[]), 2, Rev(9)), Rev(9));
        assert_eq!(cut(rows(&[(5, 1), (3, 1)]), 2, Rev(9)), Rev(9));
        assert_eq!(cut(rows(&[(5, 1), (3, 1), (7, 1)]), 2, Rev(9)), Rev(6));
        // An event that names twenty takes as much room as twenty rows, but never all of it from everything.
        assert_eq!(cut(rows(&[(3, 1), (5, 21), (7, 1)]), 20, Rev(9)), Rev(4));
        assert_eq!(cut(rows(&[(3, 21), (5, 1)]), 20, Rev(9)), Rev(4));
        assert_eq!(cut(rows(&[(3, 21)]), 20, Rev(9)), Rev(9));
        assert_eq!(cut(rows(&[(3, 1), (3, 1)]), 1, Rev(9)), Rev(3));
    }
}
