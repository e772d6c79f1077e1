//! What a commit did: the feed from a store to whoever tells the users.

mod wire;

use std::sync::Arc;

use crate::friend::FriendChange;
use crate::group::Role;
use crate::message::{Message, Receipt, Span};
use crate::note::Noted;
use crate::user::User;
use crate::{ConnectionId, GroupId, MessageId, Rev, Seq, SessionId, Timestamp, UserId};

pub use crate::refusal::Ended;

/// A change of what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A new message. A resent one is no change.
    Message { message: Arc<Message>, connection: ConnectionId },
    /// Something happened to a message, which is told as it is now.
    Noted {
        message: Arc<Message>,
        rev: Rev,
        actor: UserId,
        what: Noted,
        /// Members who may not see the message: they hear that the group has moved, and nothing else. If they are too many
        /// ([`crate::sight::EVERYBODY`]) nobody is told but the actor, and all learn it by sync.
        blind: Vec<UserId>,
        at: Timestamp,
        connection: ConnectionId,
    },
    /// Messages have expired for everybody.
    Expired { group: GroupId, rev: Rev, spans: Vec<Span>, at: Timestamp },
    /// A receipt moved on.
    Receipt {
        group: GroupId,
        rev: Rev,
        user: UserId,
        receipt: Receipt,
        message: MessageId,
        seq: Seq,
        at: Timestamp,
        connection: ConnectionId,
    },
    /// A group or its membership. `seq` is the group's last message then; unknown in single chats, where it is not told
    /// among the messages.
    Group { group: GroupId, rev: Rev, seq: Option<Seq>, actor: UserId, what: GroupChange, at: Timestamp },
    /// The name or picture of a member of a group, as others see it.
    MemberProfile { group: GroupId, rev: Rev, user: Arc<User>, at: Timestamp },
    /// A friendship: `actor` did it, `other` is told, and so are the other devices of `actor`. Each has their own
    /// `rev` of it.
    Friend { actor: UserId, actor_rev: Rev, other: UserId, other_rev: Rev, what: FriendChange, at: Timestamp },
    /// A chat as one user has it: their other devices hear of it, and nobody else.
    Chat { user: UserId, rev: Rev, group: GroupId, what: ChatChange, at: Timestamp },
    /// A profile, told to `to`: oneself, or somebody who is or was asked to be a friend, and sees no e-mail
    /// address. The groups of the user are told by [`Self::MemberProfile`].
    Profile { to: UserId, rev: Rev, user: Arc<User>, at: Timestamp },
    /// These sessions are no longer valid.
    SessionsEnded { user: UserId, sessions: Vec<SessionId>, why: Ended },
}

/// What changes are counted in: each group and each user has a `rev` of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    Group(GroupId),
    User(UserId),
}

impl Change {
    /// The topics that it is a change of, with its `rev` in each. The end of sessions has none.
    pub fn topic_revs(&self) -> impl Iterator<Item = (Topic, Rev)> + use<> {
        let (first, second) = match self {
            Self::Message { message, .. } => (Some((Topic::Group(message.group), message.rev)), None),
            Self::Noted { message, rev, .. } => (Some((Topic::Group(message.group), *rev)), None),
            Self::Receipt { group, rev, .. }
            | Self::Expired { group, rev, .. }
            | Self::Group { group, rev, .. }
            | Self::MemberProfile { group, rev, .. } => (Some((Topic::Group(*group), *rev)), None),
            Self::Friend { actor, actor_rev, other, other_rev, .. } => {
                (Some((Topic::User(*actor), *actor_rev)), Some((Topic::User(*other), *other_rev)))
            }
            Self::Profile { to: user, rev, .. } | Self::Chat { user, rev, .. } => {
                (Some((Topic::User(*user), *rev)), None)
            }
            Self::SessionsEnded { .. } => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// The first `rev` of a change whose number is `rev`: each of several who join or leave at once takes one, and the
    /// change has the last of them.
    pub fn first_rev(&self, rev: Rev) -> Rev {
        let Self::Group { what, .. } = self else { return rev };
        Rev((rev.0 + 1).saturating_sub(what.users().len().max(1) as u64))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupChange {
    /// `members` are its founders, the creator among them.
    Created {
        members: Vec<UserId>,
    },
    /// `name` is the new one, if it is the name that changed.
    Updated {
        name: Option<String>,
    },
    /// Became members, for the first time or again.
    Added {
        users: Vec<UserId>,
    },
    /// Are members no longer.
    Removed {
        users: Vec<UserId>,
    },
    Role {
        user: UserId,
        role: Role,
    },
    Creator {
        user: UserId,
    },
    /// `members` were its last ones.
    Dissolved {
        members: Vec<UserId>,
    },
}

impl GroupChange {
    /// Whom it concerns: who came, who left, or whose part is another now.
    pub fn users(&self) -> &[UserId] {
        match self {
            Self::Created { members: users }
            | Self::Added { users }
            | Self::Removed { users }
            | Self::Dissolved { members: users } => users,
            Self::Role { user, .. } | Self::Creator { user } => std::slice::from_ref(user),
            Self::Updated { .. } => &[],
        }
    }

    /// Those who became members by it.
    pub fn joined(&self) -> Option<&[UserId]> {
        matches!(self, Self::Created { .. } | Self::Added { .. }).then(|| self.users())
    }

    /// Those who are members no longer.
    pub fn left(&self) -> Option<&[UserId]> {
        matches!(self, Self::Removed { .. } | Self::Dissolved { .. }).then(|| self.users())
    }

    /// The new name of the group, if it has one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Updated { name } => name.as_deref(),
            _ => None,
        }
    }
}

/// What a user did with a chat of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatChange {
    /// Deleted it from their list, up to this place.
    Deleted {
        seq: Seq,
    },
    /// Read what they had not read of a group that they have left, up to this place.
    ReadAfterLeaving {
        seq: Seq,
    },
    /// Cleared it for themselves, up to this place.
    Cleared {
        seq: Seq,
    },
    /// Hid messages from themselves, which are at these places.
    Hidden {
        messages: Vec<MessageId>,
        spans: Vec<Span>,
    },
    Starred {
        message: MessageId,
    },
    Unstarred {
        message: MessageId,
    },
    /// Scheduled a message, or changed or cancelled one.
    Scheduled {
        id: u64,
    },
    /// A message of theirs could not be sent in its time.
    ScheduleFailed {
        id: u64,
        why: String,
    },
}
