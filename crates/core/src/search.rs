//! Search: what a text is found by, and what somebody has asked for.
//!
//! [`Query::matches`] alone decides what is found. An index of a store finds candidates by [`terms`], without knowing where
//! in a text each stands, and what it finds is looked at by `matches`. So phrases, ranges, what no index has yet, and all
//! stores agree.

mod folded;
mod operator;
mod query;
mod said;
#[cfg(test)]
mod tests;

use crate::message::{Message, MessageKind};
use crate::{GroupId, MessageId, Timestamp, UserId};

pub use self::folded::{Folded, Range, terms, write_terms};
pub use self::operator::{Date, Filter, Has, Is, Test};
pub use self::query::{MAX_CHARACTERS, MAX_TERMS, Phrase, Query, Term};
pub use self::said::{Said, said};

/// Counts up whenever [`terms`] makes something else of a text: an index that was made by other rules is made anew.
pub const VERSION: u64 = 2;

/// Hits of one page, at the most.
pub const MAX_HITS: u32 = 50;

/// Of the name of a zone.
pub const MAX_ZONE_CHARS: usize = 64;

/// What somebody looks for: each of these must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    pub query: Query,
    pub group: Option<GroupId>,
    pub sender: Option<UserId>,
    /// One of them, if there are any.
    pub kinds: Vec<MessageKind>,
    /// One of them, if there are any.
    pub has: Vec<Has>,
    pub since: Option<Timestamp>,
    pub before: Option<Timestamp>,
    /// Only older ones than this one.
    pub below: Option<MessageId>,
    pub limit: u32,
}

/// A message that was looked for, and where in its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub message: Message,
    /// What was looked at where that is not the content: names of files and what is said of them.
    pub text: Option<String>,
    pub ranges: Vec<Range>,
}
