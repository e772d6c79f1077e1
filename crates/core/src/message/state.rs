//! What a message has beside its content: what it was sent with, and what has happened to it since.
//!
//! A plain message has none of it. Stores keep it as a text and do not look into it; keys are only ever added, so that an
//! older text can always be read.

use serde::{Deserialize, Serialize};

use crate::file::FileId;
use crate::size::{NUMBER, Size, json_bytes};
use crate::{MessageId, Rev, Seq, Timestamp, UserId};

/// So many of those who reacted, or opened it, are told with a message, the newest; how many they are is always known.
pub const NEWEST_NAMED: usize = 10;

/// The fold of all notes on a message, on top of what it was sent with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MessageState {
    /// Of the latest note; of a message without one, its own.
    #[serde(skip)]
    pub rev: Rev,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Replied>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mention_all: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded_from: Option<Origin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited: Option<Edited>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recalled: Option<Recalled>,
    /// In the order in which each was given first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened: Option<Opened>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
}

/// The message that one answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replied {
    pub id: MessageId,
    pub seq: Seq,
    /// The message with which the chain of answers began.
    pub root: Seq,
}

/// Where a forwarded message was written first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub user: UserId,
    /// What they were called when it was forwarded.
    pub name: String,
    pub at: Timestamp,
}

/// That a message says something else than its row: stores keep what with the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    pub at: Timestamp,
    /// The code of its kind now.
    pub kind: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recalled {
    pub by: UserId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    pub emoji: String,
    pub count: u64,
    /// Who gave it, the newest first; [`NEWEST_NAMED`] at the most.
    pub newest: Vec<UserId>,
    /// Whether the one who reads it gave it.
    #[serde(skip)]
    pub mine: bool,
}

/// That a voice message was played.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub count: u64,
    /// Who played it, those who did so last first; [`NEWEST_NAMED`] at the most. Its sender is not among them.
    pub newest: Vec<UserId>,
    /// Whether the one who reads it did.
    #[serde(skip)]
    pub mine: bool,
}

/// What the server has found at an address in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// As it stands in the message.
    pub url: String,
    pub title: String,
    pub text: String,
    /// A file of the server's, which the message uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}

impl MessageState {
    /// The pictures of its links.
    pub fn pictures(&self) -> Vec<FileId> {
        self.links.iter().filter_map(|link| FileId::parse(link.picture.as_deref()?)).collect()
    }
}

impl Size for MessageState {
    fn size_bytes(&self) -> usize {
        let of =
            |reaction: &Reaction| 60 + NUMBER * (1 + reaction.newest.len()) + json_bytes(&reaction.emoji);
        let origin = self.forwarded_from.as_ref().map_or(0, |origin| 80 + json_bytes(&origin.name));
        let opened = self.opened.as_ref().map_or(0, |opened| 60 + NUMBER * (1 + opened.newest.len()));
        let link = |link: &Link| {
            let picture = link.picture.as_ref().map_or(0, String::len);
            60 + json_bytes(&link.url) + json_bytes(&link.title) + json_bytes(&link.text) + picture
        };
        let links = self.links.iter().map(link).sum::<usize>();
        280 + NUMBER * self.mentions.len()
            + origin
            + opened
            + links
            + self.reactions.iter().map(of).sum::<usize>()
    }
}
