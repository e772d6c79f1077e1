//! Links: what the server has found at the addresses that a message names.

use super::kind::{NoteKind, Noted, Row, Written};
use super::ledger::{Scene, must_not_be_recalled, state};
use crate::Refusal;
use crate::message::{Link, Message, MessageKind};

/// Links of one message, at the most: of more the first ones.
pub const MAX_LINKS: usize = 3;

/// Once for what the message says; what was found of other words is nothing.
pub(super) fn apply(
    scene: &Scene<'_>,
    message: &mut Message,
    content: &str,
    links: &[Link],
) -> Result<Option<Written>, Refusal> {
    must_not_be_recalled(message)?;
    if message.sender != scene.caller.user {
        return Err(Refusal::OthersMessage);
    }
    let is_text = matches!(message.kind, MessageKind::Text | MessageKind::RichText);
    let has_links = message.state.as_ref().is_some_and(|state| !state.links.is_empty());
    if !is_text || has_links || links.is_empty() || message.content != content {
        return Ok(None);
    }
    let key = message.latest_rev().0.to_string();
    state(message).links = links.iter().take(MAX_LINKS).cloned().collect();
    let row = Row::Put { kind: NoteKind::Link, key, body: String::new(), words: None };
    Ok(Some(Written { row, what: Some(Noted::Linked) }))
}
