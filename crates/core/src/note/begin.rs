//! The state that a message begins with.

use super::ledger::Members;
use super::mention::{may_mention, mentioned};
use crate::group::{Group, Member, Settings};
use crate::message::{Extras, Message, MessageState, Replied};
use crate::{Refusal, Timestamp};

/// Where and when it is sent.
#[derive(Debug, Clone, Copy)]
pub struct Sending<'a> {
    pub group: &'a Group,
    pub settings: Settings,
    pub sender: Member,
    pub now: Timestamp,
}

impl Extras {
    /// The state that a message begins with. `target` is the message that it answers, if its sender may see that, with its
    /// state put on. `None` of a plain one.
    ///
    /// # Errors
    /// `NoSuchMessage`, `Recalled`, `MayNotMentionAll`, `NoSuchMember`; and those of the store.
    pub fn state<L: Members>(
        &self,
        sending: &Sending<'_>,
        target: Option<&Message>,
        book: &L,
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
        may_mention(group, settings, sender.role, self.mention_all)?;
        let state = MessageState {
            reply_to,
            mentions: mentioned(book, sender.user, &self.mentions, |_| false)?,
            mention_all: self.mention_all,
            forwarded_from: self.forwarded_from.clone(),
            expires_at: settings.expires_at(now),
            ..MessageState::default()
        };
        Ok((state != MessageState::default()).then_some(state))
    }
}

/// What a message without extras begins with, in a group whose messages expire so long after they were sent: nothing, where
/// they never do.
pub fn plain_state(expire_seconds: u64, at: Timestamp) -> Option<Box<MessageState>> {
    let expires_at = Settings { expire_seconds, ..Settings::default() }.expires_at(at)?;
    Some(Box::new(MessageState { expires_at: Some(expires_at), ..MessageState::default() }))
}
