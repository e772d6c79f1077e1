//! What a consumer is given.

use rim_core::message::{Message, Span};
use rim_core::{GroupId, Rev, Seq};

/// How far a consumer has come in a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// Everything up to this is seen.
    pub rev: Rev,
    /// The last message up to there.
    pub seq: Seq,
}

/// How much a consumer is given at once.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Messages, shared among the groups.
    pub rows: usize,
    /// The bytes that they take, in all: the last may go beyond it.
    pub bytes: usize,
}

/// What a consumer has not seen of a group: the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portion {
    pub group: GroupId,
    pub from: Position,
    /// Where the consumer is once it has consumed this.
    pub to: Position,
    /// As they are now, in the order of what is new of them. Those up to `from.seq` have changed; the others are new.
    /// What has expired is not among them.
    pub messages: Vec<Message>,
    /// The places of those that have changed and say something else since, by an edit or a recall. By place.
    pub reworded: Vec<Seq>,
    /// Places that have expired, among them all that have since: they are kept as the ranges that they make.
    pub expired: Vec<Span>,
    /// Whether there is more behind it.
    pub more: bool,
    /// Messages that lie behind it.
    pub left: u64,
    /// Whether the consumer has no position in the group yet.
    pub is_first: bool,
}
