//! Notes: what happens to a message after it was sent. Each kind has a file of its own, with its rule and what it does.
//!
//! A note is a row beside the message, with the group's next `rev`. What all of them come to is the message's
//! [`crate::message::MessageState`]. Stores keep both as texts, and neither they nor the cluster nor the gateway know the kinds: a new one
//! is a file here, a variant of [`Act`] and of [`Noted`], and its names on the wire.

mod begin;
mod edit;
mod kind;
mod ledger;
mod link;
mod look;
mod mention;
mod mine;
mod open;
mod pin;
mod react;
mod recall;

use crate::UserId;
use crate::message::{Link, Message, MessageKind};

pub use self::begin::{Sending, plain_state};
pub use self::edit::{MAX_EDITS, kind_of_edit};
pub use self::kind::{NoteKind, Noted, Row, Written};
pub use self::ledger::{Ledger, Members, Scene, Windows};
pub use self::link::MAX_LINKS;
pub use self::look::{Edition, MAX_NAMED_READERS, Reactor, Readers};
pub use self::mine::Mine;
pub use self::pin::MAX_PINS;
pub use self::react::MAX_REACTIONS;

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
    Open,
    /// Done by the server, in the name of the sender.
    Link {
        /// What was looked at: if the message says something else by now, nothing was.
        content: String,
        links: Vec<Link>,
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
            Self::Open => open::apply(scene, ledger, message),
            Self::Link { content, links } => Ok(link::apply(scene, message, content, links)?),
        }
    }
}

#[cfg(test)]
mod tests;
