//! What is told of the notes on a message, to those who ask.

use crate::message::MessageKind;
use crate::size::{NUMBER, Size, json_bytes};
use crate::user::User;
use crate::{Timestamp, UserId};

/// What a message said at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    pub kind: MessageKind,
    pub content: String,
    pub at: Timestamp,
}

/// Somebody who has reacted to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reactor {
    pub emoji: String,
    pub user: User,
    pub at: Timestamp,
}

/// Who has read a message: of those who were members when it was sent and are, without its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readers {
    pub read: u64,
    pub of: u64,
    /// Who they are; `None` in groups of more than [`MAX_NAMED_READERS`].
    pub users: Option<Vec<UserId>>,
    /// Whether the group has so many members that others of them were not counted.
    pub more: bool,
}

/// Of larger groups it is not told who has read a message, only how many.
pub const MAX_NAMED_READERS: u64 = 200;

impl Size for Edition {
    fn size_bytes(&self) -> usize {
        60 + NUMBER + json_bytes(&self.content)
    }
}

impl Size for Reactor {
    fn size_bytes(&self) -> usize {
        60 + NUMBER + json_bytes(&self.emoji) + self.user.size_bytes()
    }
}
