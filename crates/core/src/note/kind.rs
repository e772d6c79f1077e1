//! The kinds of notes, and what is stored and told of one.

use serde::{Deserialize, Serialize};

/// So many edits of a message are kept with what they said, the newest; the others are only known.
const KEPT_REVISIONS: u64 = 20;

/// What a note says. The number is what stores keep; they are only ever added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum NoteKind {
    /// One for each edit: its key is the `clientMsgId` that it came with, and its text a [`super::Revision`].
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
            Self::Edit => Some(KEPT_REVISIONS),
            Self::Recall | Self::React | Self::Pin => None,
        }
    }

    /// Whether its notes stay when the message is recalled, with nothing in them: so that they are known if they come
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
