//! What becomes of a write.

use rim_core::event::{Change, GroupChange};
use rim_core::message::{MessageState, Receipt};
use rim_core::{MessageId, Refusal, Rev, Seq, Timestamp, UserId};
use rim_store::files::Named;

use crate::queue::Wanted;

/// What became of one write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is a new message.
    Appended {
        id: MessageId,
        seq: Seq,
        rev: Rev,
        at: Timestamp,
        /// Who came back for it, with the `rev` before.
        brought_back: Option<UserId>,
        /// Nothing of a plain message.
        state: Option<Box<MessageState>>,
        /// What it says and uses, if it names files.
        named: Option<Box<Named>>,
    },
    /// It was stored before.
    Resent {
        id: MessageId,
        seq: Seq,
    },
    /// A receipt moved on.
    Marked {
        message: MessageId,
        receipt: Receipt,
        seq: Seq,
        rev: Rev,
        at: Timestamp,
    },
    /// There was nothing to mark.
    Unmarked,
    Refused(Refusal),
}

impl Outcome {
    /// What a message says: as it was sent, or with what is known of the file that it names.
    pub(super) fn content<'c>(&'c self, sent: &'c str) -> &'c str {
        match self {
            Self::Appended { named: Some(named), .. } => named.content.as_deref().unwrap_or(sent),
            _ => sent,
        }
    }

    /// The change, where somebody came back for a message.
    pub(super) fn addition(&self, wanted: &Wanted) -> Option<Change> {
        let Self::Appended { rev, at, brought_back: Some(user), .. } = *self else { return None };
        let (group, actor) = (wanted.group(), wanted.user());
        let what = GroupChange::Added { users: vec![user] };
        Some(Change::Group { group, rev: Rev(rev.0 - 1), seq: None, actor, what, at })
    }

    /// The change, where a receipt has moved on.
    pub(super) fn receipt(&self, wanted: &Wanted) -> Option<Change> {
        let Self::Marked { message, receipt, seq, rev, at } = *self else { return None };
        let (group, user, connection) = (wanted.group(), wanted.user(), wanted.connection());
        Some(Change::Receipt { group, rev, user, receipt, message, seq, at, connection })
    }
}
