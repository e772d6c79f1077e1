//! Friendship: mutual, asked for by one and accepted by the other.

use crate::contact::{AskBounds, Contact};
use crate::size::{NUMBER, Size, json_bytes};
use crate::{Refusal, UserId};

/// What one user is to another, seen from the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Friendship {
    /// Neither friends nor asked.
    None,
    /// The other one asked, and waits for this one's answer.
    Incoming,
    /// This one asked, and waits.
    Outgoing,
    Friends,
}

impl Friendship {
    /// The same relation seen from the other side.
    pub const fn mirrored(self) -> Self {
        match self {
            Self::Incoming => Self::Outgoing,
            Self::Outgoing => Self::Incoming,
            same => same,
        }
    }
}

/// What a user does about a friendship.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FriendAction {
    /// Asks to be friends.
    Ask,
    /// Accepts a request that came in.
    Accept,
    /// Rejects a request that came in, withdraws one's own, or ends a friendship.
    Decline,
}

/// What became of it, in the words of the one it is told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FriendChange {
    Requested,
    Accepted,
    Rejected,
    Withdrawn,
    Removed,
}

/// The one place that says what a friend action does: the new relation, seen from the actor, and what
/// changed; `None` where it applies to nothing.
pub const fn act(before: Friendship, action: FriendAction) -> Option<(Friendship, FriendChange)> {
    use FriendAction::{Accept, Ask, Decline};
    use Friendship::{Friends, Incoming, None as Strangers, Outgoing};
    match (before, action) {
        (Strangers, Ask) => Some((Outgoing, FriendChange::Requested)),
        (Incoming, Ask | Accept) => Some((Friends, FriendChange::Accepted)),
        (Incoming, Decline) => Some((Strangers, FriendChange::Rejected)),
        (Outgoing, Decline) => Some((Strangers, FriendChange::Withdrawn)),
        (Friends, Decline) => Some((Strangers, FriendChange::Removed)),
        (Friends | Outgoing, Ask) | (Strangers | Outgoing | Friends, Accept) | (Strangers, Decline) => None,
    }
}

/// Whether `user` may ask `other` at all.
///
/// # Errors
/// `SelfFriend`; whether `other` exists is for the store to say.
pub fn may_ask(user: UserId, other: UserId) -> Result<(), Refusal> {
    if user == other { Err(Refusal::SelfFriend) } else { Ok(()) }
}

/// Whether one who waits for the answers of `pending` others may ask `other`, who is `contact` to them, as well.
///
/// # Errors
/// `UnknownUser`, as if there were no such user; `TooManyAsked`.
pub const fn may_ask_another(
    other: UserId,
    contact: Contact,
    pending: u64,
    bounds: &AskBounds,
) -> Result<(), Refusal> {
    if !contact.may_be_looked_up(bounds.directory) {
        return Err(Refusal::UnknownUser(other));
    }
    if pending >= bounds.pending { Err(Refusal::TooManyAsked(bounds.pending)) } else { Ok(()) }
}

/// What another is to a user, as sync tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Friend {
    pub user: UserId,
    pub state: Friendship,
    /// What the user calls them ([`may_remark`]); empty for nothing.
    pub remark: String,
}

impl Size for Friend {
    fn size_bytes(&self) -> usize {
        42 + NUMBER + json_bytes(&self.remark)
    }
}

/// Whether one may call `other`, who is `state` to them, by a name of one's own: friends alone, and for as long as they are
/// friends.
pub fn may_remark(state: Friendship) -> bool {
    state == Friendship::Friends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requester_cannot_accept_their_own_request() {
        assert_eq!(act(Friendship::Outgoing, FriendAction::Accept), None);
    }

    #[test]
    fn two_who_ask_each_other_become_friends() {
        let (mine, _) = act(Friendship::None, FriendAction::Ask).expect("a request");
        let (theirs, change) = act(mine.mirrored(), FriendAction::Ask).expect("an answer");
        assert_eq!((theirs, change), (Friendship::Friends, FriendChange::Accepted));
    }
}
