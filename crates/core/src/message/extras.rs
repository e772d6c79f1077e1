//! What a message may be sent with beside its content.

use super::{Message, MessageState, Origin, Replied};
use crate::group::{Group, Member, Settings};
use crate::note::{self, Ledger};
use crate::{MessageId, Refusal, Timestamp, UserId};

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

/// Where and when it is sent.
#[derive(Debug, Clone, Copy)]
pub struct Sending<'a> {
    pub group: &'a Group,
    pub settings: Settings,
    pub sender: Member,
    pub now: Timestamp,
}

impl Extras {
    /// Asked for nothing, so that it is sent as a plain message.
    pub fn is_empty(&self) -> bool {
        self.reply_to.is_none()
            && self.mentions.is_empty()
            && !self.mention_all
            && self.forwarded_from.is_none()
    }

    /// The state that a message begins with. `target` is the message that it answers, if its sender may see that, with its
    /// state put on. `None` of a plain one.
    ///
    /// # Errors
    /// `NoSuchMessage`, `Recalled`, `MayNotMentionAll`, `NoSuchMember`; and those of the store.
    pub fn state<L: Ledger>(
        &self,
        sending: &Sending<'_>,
        target: Option<&Message>,
        ledger: &L,
    ) -> Result<Option<MessageState>, L::Failure> {
        let Sending { group, settings, sender, now } = *sending;
        let reply_to = match (self.reply_to, target) {
            (None, _) => None,
            (Some(_), None) => return Err(Refusal::NoSuchMessage.into()),
            (Some(_), Some(target)) if target.is_recalled() => return Err(Refusal::Recalled.into()),
            (Some(_), Some(target)) => {
                let before = target.state.as_ref().and_then(|state| state.reply_to);
                let root = before.map_or(target.seq, |before| before.root);
                Some(Replied { id: target.id, seq: target.seq, root })
            }
        };
        note::may_mention(group, settings, sender.role, self.mention_all)?;
        let state = MessageState {
            reply_to,
            mentions: note::mentioned(ledger, sender.user, &self.mentions, |_| false)?,
            mention_all: self.mention_all,
            forwarded_from: self.forwarded_from.clone(),
            expires_at: settings.expires_at(now),
            ..MessageState::default()
        };
        Ok((state != MessageState::default()).then_some(state))
    }
}
