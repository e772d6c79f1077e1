//! What is done with messages, from the words of the wire to those of the core and back. A new kind has its names here.

use rim_core::UserId;
use rim_core::note::{Act, Noted};
use rim_protocol::frame::{self, Notice};

use super::stored_kind;

/// What somebody does, who has called it `client_msg_id`.
pub fn act(act: frame::Act<'_>, client_msg_id: &str) -> Act {
    match act {
        frame::Act::Edit { kind, content, mentions, mention_all } => Act::Edit {
            client_msg_id: client_msg_id.to_owned(),
            kind: kind.map(stored_kind),
            content: content.into_owned(),
            mentions: mentions.into_iter().map(UserId).collect(),
            mention_all,
        },
        frame::Act::Recall => Act::Recall,
        frame::Act::React(emoji) => Act::React { emoji: emoji.as_str().to_owned() },
        frame::Act::Unreact(emoji) => Act::Unreact { emoji: emoji.as_str().to_owned() },
        frame::Act::Pin => Act::Pin,
        frame::Act::Unpin => Act::Unpin,
        frame::Act::Open => Act::Open,
    }
}

/// What others are told of it, and the emoji that it is about.
pub fn noted(what: &Noted) -> (Notice, Option<&str>) {
    match what {
        Noted::Edited => (Notice::Edited, None),
        Noted::Recalled => (Notice::Recalled, None),
        Noted::Reacted { emoji } => (Notice::Reacted, Some(emoji)),
        Noted::Unreacted { emoji } => (Notice::Unreacted, Some(emoji)),
        Noted::Pinned => (Notice::Pinned, None),
        Noted::Unpinned => (Notice::Unpinned, None),
        Noted::Opened => (Notice::Opened, None),
        Noted::Linked => (Notice::Linked, None),
    }
}
