//! Reactions: one of each emoji from each user.

use super::kind::{NoteKind, Noted, Row, Written};
use super::ledger::{Ledger, Scene, must_not_be_recalled, state};
use crate::Refusal;
use crate::message::{Message, NEWEST_NAMED, Reaction};

/// Different emojis on one message, at the most.
pub const MAX_REACTIONS: usize = 20;

pub(super) fn give<L: Ledger>(
    scene: &Scene<'_>,
    ledger: &L,
    message: &mut Message,
    emoji: &str,
) -> Result<Option<Written>, L::Failure> {
    must_not_be_recalled(message)?;
    let user = scene.caller.user;
    if ledger.has(NoteKind::React, emoji, user)? {
        return Ok(None);
    }
    let reactions = message.state.as_ref().map_or(&[][..], |state| &state.reactions);
    let is_new = !reactions.iter().any(|reaction| reaction.emoji == emoji);
    if is_new && reactions.len() >= MAX_REACTIONS {
        return Err(Refusal::TooManyReactions(MAX_REACTIONS).into());
    }
    let reactions = &mut state(message).reactions;
    if is_new {
        reactions.push(Reaction { emoji: emoji.to_owned(), count: 0, newest: Vec::new(), mine: false });
    }
    if let Some(reaction) = reactions.iter_mut().find(|reaction| reaction.emoji == emoji) {
        reaction.count += 1;
        reaction.newest.insert(0, user);
        reaction.newest.truncate(NEWEST_NAMED);
    }
    let row = Row::Put { kind: NoteKind::React, key: emoji.to_owned(), body: String::new(), words: None };
    Ok(Some(Written { row, what: Some(Noted::Reacted { emoji: emoji.to_owned() }) }))
}

pub(super) fn take_back<L: Ledger>(
    scene: &Scene<'_>,
    ledger: &L,
    message: &mut Message,
    emoji: &str,
) -> Result<Option<Written>, L::Failure> {
    let user = scene.caller.user;
    // Of a recalled message there is none.
    if !ledger.has(NoteKind::React, emoji, user)? {
        return Ok(None);
    }
    let reactions = &mut state(message).reactions;
    if let Some(at) = reactions.iter().position(|reaction| reaction.emoji == emoji) {
        let reaction = &mut reactions[at];
        reaction.count = reaction.count.saturating_sub(1);
        if reaction.newest.contains(&user) {
            reaction.newest = ledger.newest(NoteKind::React, emoji, NEWEST_NAMED + 1)?;
            reaction.newest.retain(|other| *other != user);
        }
        if reaction.count == 0 {
            reactions.remove(at);
        }
    }
    let row = Row::Remove { kind: NoteKind::React, key: emoji.to_owned() };
    Ok(Some(Written { row, what: Some(Noted::Unreacted { emoji: emoji.to_owned() }) }))
}
