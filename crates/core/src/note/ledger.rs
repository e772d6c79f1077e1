//! What a rule looks at: who does something with a message, and what was done with it before.

use super::kind::NoteKind;
use crate::group::{Group, Member, Settings};
use crate::message::{Message, MessageState};
use crate::{Refusal, Timestamp, UserId};

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

/// For how long after it was sent a message may be edited and recalled by its sender, in milliseconds; 0: never, `None`:
/// for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    pub edit_ms: Option<u64>,
    pub recall_ms: Option<u64>,
}

/// Who is in the group, as a store has it.
pub trait Members {
    type Failure: From<Refusal>;

    /// Those of `users` who are members of the group now.
    ///
    /// # Errors
    /// Those of the store.
    fn members(&self, users: &[UserId]) -> Result<Vec<UserId>, Self::Failure>;
}

/// The notes that there are on a message, as a store has them.
pub trait Ledger: Members {
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
}

/// # Errors
/// `Recalled`.
pub(super) fn must_not_be_recalled(message: &Message) -> Result<(), Refusal> {
    if message.is_recalled() { Err(Refusal::Recalled) } else { Ok(()) }
}

/// The state of a message, which it has from now on.
pub(super) fn state(message: &mut Message) -> &mut MessageState {
    let rev = message.rev;
    message.state.get_or_insert_with(|| Box::new(MessageState { rev, ..MessageState::default() }))
}
