//! What a message may be sent with beside its content.

use super::state::Origin;
use crate::{MessageId, UserId};

/// What a message is to have; a plain one has nothing of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extras {
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Whom it mentions.
    pub mentions: Vec<UserId>,
    /// Whether it mentions everybody.
    pub mention_all: bool,
    /// Where it comes from. Only the server says so.
    pub forwarded_from: Option<Origin>,
}

impl Extras {
    /// Asked for nothing, so that it is sent as a plain message.
    pub fn is_empty(&self) -> bool {
        self.reply_to.is_none()
            && self.mentions.is_empty()
            && !self.mention_all
            && self.forwarded_from.is_none()
    }
}
