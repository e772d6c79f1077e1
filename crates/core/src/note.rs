//! Notes: what happens to a message after it was sent. Each kind has a file of its own, with its rule and what it does.
//!
//! A note is a row beside the message, with the group's next `rev`. What all of them come to is the message's
//! [`MessageState`]. Stores keep both as texts, and neither they nor the cluster nor the gateway know the kinds: a new one
//! is a file here, a variant of [`Act`] and of [`Noted`], and its names on the wire.

mod edit;
mod pin;
mod react;
mod recall;

use serde::{Deserialize, Serialize};

use crate::group::{Group, Member, Settings};
use crate::message::{Message, MessageKind, MessageState};
use crate::size::{NUMBER, Size, json_bytes};
use crate::user::User;
use crate::{Refusal, Timestamp, UserId};

pub use self::edit::{MAX_EDITS, Revision};
pub(crate) use self::edit::{may_mention, mentioned};
pub use self::pin::MAX_PINS;
pub use self::react::MAX_REACTIONS;

/// What a note says. The number is what stores keep; they are only ever added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum NoteKind {
    /// One for each edit: its key is the `clientMsgId` that it came with, and its text a [`Revision`].
    Edit = 1,
    Recall = 2,
    /// One for each user and emoji, which is its key.
    React = 3,
    Pin = 4,
}

impl NoteKind {
    pub const ALL: [Self; 4] = [Self::Edit, Self::Recall, Self::React, Self::Pin];

    pub const fn code(self) -> u8 {
        self as u8
    }

    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether there is one of it on a message at the most, whoever put it there: then anybody who may takes it away.
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::Recall | Self::Pin)
    }

    /// How many of its notes on one message are kept with what they say, the newest; all where `None`.
    pub const fn kept(self) -> Option<u64> {
        match self {
            Self::Edit => Some(edit::KEPT_REVISIONS),
            Self::Recall | Self::React | Self::Pin => None,
        }
    }

    /// Whether its notes stay when the message is recalled, with nothing in them: so that they are known if they come
    /// again. The others go.
    pub const fn outlives_recall(self) -> bool {
        matches!(self, Self::Edit | Self::Recall)
    }
}

/// What somebody does with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Edit {
        client_msg_id: String,
        /// The kind that it has then; `None` where that stays.
        kind: Option<MessageKind>,
        content: String,
        mentions: Vec<UserId>,
        mention_all: bool,
    },
    Recall,
    React {
        emoji: String,
    },
    Unreact {
        emoji: String,
    },
    Pin,
    Unpin,
}

/// What was done with a message, as others are told of it; only ever added to, at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Noted {
    Edited,
    Recalled,
    Reacted { emoji: String },
    Unreacted { emoji: String },
    Pinned,
    Unpinned,
}

/// Where and when somebody does it: they are a member and see the message, which has its state put on.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub group: &'a Group,
    pub settings: Settings,
    pub caller: Member,
    /// The sender of the message, if they are a member now.
    pub sender: Option<Member>,
    pub windows: Windows,
    pub now: Timestamp,
}

/// For how long after it was sent a message may be edited and recalled by its sender, in milliseconds; `None`: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    pub edit_ms: Option<u64>,
    pub recall_ms: Option<u64>,
}

/// The notes that there are on a message, as a store has them.
pub trait Ledger {
    type Failure: From<Refusal>;

    /// # Errors
    /// Those of the store.
    fn has(&self, kind: NoteKind, key: &str, by: UserId) -> Result<bool, Self::Failure>;

    /// Who has put notes of this key on it, the newest first, so many at the most.
    ///
    /// # Errors
    /// Those of the store.
    fn newest(&self, kind: NoteKind, key: &str, most: usize) -> Result<Vec<UserId>, Self::Failure>;

    /// How many notes of this kind there are in the whole group; beyond `most` nobody counts.
    ///
    /// # Errors
    /// Those of the store.
    fn in_group(&self, kind: NoteKind, most: u64) -> Result<u64, Self::Failure>;

    /// How many notes of this kind there are on the message; beyond `most` nobody counts.
    ///
    /// # Errors
    /// Those of the store.
    fn on_message(&self, kind: NoteKind, most: u64) -> Result<u64, Self::Failure>;

    /// Those of `users` who are members of the group now.
    ///
    /// # Errors
    /// Those of the store.
    fn members(&self, users: &[UserId]) -> Result<Vec<UserId>, Self::Failure>;
}

/// What an act changes: the row of its note, and what others are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub row: Row,
    pub what: Noted,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    Put {
        kind: NoteKind,
        key: String,
        body: String,
    },
    Remove {
        kind: NoteKind,
        key: String,
    },
    /// Put, while what the message and the other notes on it said is wiped ([`NoteKind::outlives_recall`]).
    Wipe {
        kind: NoteKind,
    },
}

impl Act {
    /// Does it to a message; `None` where that changes nothing. Its state then has the `rev` of before.
    ///
    /// # Errors
    /// A rule refuses it, and the message is as it was; or those of the store.
    pub fn apply<L: Ledger>(
        &self,
        scene: &Scene<'_>,
        ledger: &L,
        message: &mut Message,
    ) -> Result<Option<Written>, L::Failure> {
        match self {
            Self::Edit { client_msg_id, kind, content, mentions, mention_all } => {
                let to =
                    edit::Wanted { client_msg_id, kind: *kind, content, mentions, mention_all: *mention_all };
                edit::apply(scene, ledger, message, to)
            }
            Self::Recall => Ok(recall::apply(scene, message)?),
            Self::React { emoji } => react::give(scene, ledger, message, emoji),
            Self::Unreact { emoji } => react::take_back(scene, ledger, message, emoji),
            Self::Pin => pin::pin(scene, ledger, message),
            Self::Unpin => Ok(pin::unpin(scene, message)?),
        }
    }
}

/// # Errors
/// `Recalled`.
fn must_not_be_recalled(message: &Message) -> Result<(), Refusal> {
    if message.is_recalled() { Err(Refusal::Recalled) } else { Ok(()) }
}

/// The state of a message, which it has from now on.
fn state(message: &mut Message) -> &mut MessageState {
    let rev = message.rev;
    message.state.get_or_insert_with(|| Box::new(MessageState { rev, ..MessageState::default() }))
}

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

#[cfg(test)]
mod tests;
