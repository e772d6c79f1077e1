//! What an index of words is given, and what it is asked.

use std::ops::ControlFlow;

use rim_core::gallery::Part;
use rim_core::message::{MessageKind, Span};
use rim_core::search::{Has, Term, said, write_terms};
use rim_core::{GroupId, MessageId, Rev, Seq, UserId};

use crate::failure::Result as Step;

/// An entry of the index: a message as it was sent, or what an edit made it say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub group: GroupId,
    pub seq: Seq,
    pub message: MessageId,
    pub edit: Option<Rev>,
    /// With blanks between.
    pub terms: String,
}

/// What candidates are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Of each of these they have one.
    pub clauses: Vec<Vec<Term>>,
    /// They are in one of these groups, which ascend.
    pub groups: Vec<GroupId>,
    pub above: MessageId,
    pub below: MessageId,
}

/// Messages that may match: these places of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub group: GroupId,
    pub places: Span,
    /// The newest of them.
    pub last: MessageId,
}

impl Candidate {
    /// Whether it says only that the index was looked at down to there, where others were passed over.
    pub fn is_none(&self) -> bool {
        self.places.after >= self.places.to
    }
}

/// What is done with a candidate; breaking off passes over the others.
pub type EachCandidate<'e> = &'e mut dyn FnMut(Candidate) -> Step<ControlFlow<()>>;

/// What terms begin with that are no words.
const MARK: char = '\u{E000}';

pub(crate) fn group_term(group: GroupId) -> String {
    format!("{MARK}g{group}")
}

pub(crate) fn sender_term(sender: UserId) -> String {
    format!("{MARK}u{sender}")
}

/// Texts are one kind: an edit may make one of the other.
pub(crate) fn kind_term(kind: MessageKind) -> String {
    let kind = if kind == MessageKind::RichText { MessageKind::Text } else { kind };
    format!("{MARK}k{}", kind.code())
}

pub(crate) fn has_term(has: Has) -> String {
    has.kind().map_or_else(|| format!("{MARK}l"), kind_term)
}

/// What a message of that content is found by, with blanks between. Some may be there twice.
pub fn terms_of(group: GroupId, sender: UserId, kind: MessageKind, content: &str) -> String {
    let mut all = String::with_capacity(4 * content.len());
    if let Some(said) = said(kind, content) {
        write_terms(said.as_str(), &mut all);
    }
    if Part::of(kind, content) == Some(Part::Link) {
        all += &has_term(Has::Link);
        all.push(' ');
    }
    all += &[group_term(group), sender_term(sender), kind_term(kind)].join(" ");
    all
}
