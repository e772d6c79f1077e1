//! Pins: messages that a group keeps in sight.

use super::kind::{NoteKind, Noted, Row, Written};
use super::ledger::{Ledger, Scene, must_not_be_recalled, state};
use crate::Refusal;
use crate::message::Message;

/// Pinned messages of a group, at the most.
pub const MAX_PINS: u64 = 100;

pub(super) fn pin<L: Ledger>(
    scene: &Scene<'_>,
    ledger: &L,
    message: &mut Message,
) -> Result<Option<Written>, L::Failure> {
    may_pin(scene)?;
    must_not_be_recalled(message)?;
    if is_pinned(message) {
        return Ok(None);
    }
    if ledger.in_group(NoteKind::Pin, MAX_PINS)? >= MAX_PINS {
        return Err(Refusal::TooManyPins(MAX_PINS).into());
    }
    state(message).pinned_at = Some(scene.now);
    let row = Row::Put { kind: NoteKind::Pin, key: String::new(), body: String::new(), words: None };
    Ok(Some(Written { row, what: Some(Noted::Pinned) }))
}

pub(super) fn unpin(scene: &Scene<'_>, message: &mut Message) -> Result<Option<Written>, Refusal> {
    may_pin(scene)?;
    if !is_pinned(message) {
        return Ok(None);
    }
    state(message).pinned_at = None;
    let row = Row::Remove { kind: NoteKind::Pin, key: String::new() };
    Ok(Some(Written { row, what: Some(Noted::Unpinned) }))
}

fn is_pinned(message: &Message) -> bool {
    message.state.as_ref().is_some_and(|state| state.pinned_at.is_some())
}

/// Both people of a single chat; of a group chat whoever its setting says.
fn may_pin(scene: &Scene<'_>) -> Result<(), Refusal> {
    if scene.group.single || scene.settings.who_pins.has(scene.caller.role) {
        Ok(())
    } else {
        Err(Refusal::MayNotPin)
    }
}
