//! The kinds of notes, and what is stored and told of one.

use serde::{Deserialize, Serialize};

/// What a note says. The number is what stores keep; they are only ever added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum NoteKind {
    /// One for each edit: its key is the `clientMsgId` that it came with, and its text says of which kind the message is then.
    Edit = 1,
    Recall = 2,
    /// One for each user and emoji, which is its key.
    React = 3,
    Pin = 4,
    /// One for each user who has played a voice message.
    Open = 5,
    /// What the server has found at the addresses in a message: one for each content that it had, by the `rev` from which on.
    Link = 6,
}

impl NoteKind {
    pub const ALL: [Self; 6] = [Self::Edit, Self::Recall, Self::React, Self::Pin, Self::Open, Self::Link];

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

    /// Whether its notes stay when the message is recalled: so that they are known if they come
    /// again. The others go.
    pub const fn outlives_recall(self) -> bool {
        matches!(self, Self::Edit | Self::Recall)
    }
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
    Opened,
    Linked,
}

/// What an act changes: the row of its note, and what others are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub row: Row,
    /// Nothing of what is only remembered, so that it is known if it comes again: then the message is as it was, and no
    /// `rev` is taken.
    pub what: Option<Noted>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    Put {
        kind: NoteKind,
        key: String,
        body: String,
        /// What the message says from now on, if that is something else.
        words: Option<String>,
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
