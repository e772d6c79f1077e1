//! Opening: that a voice message was played, by each who has. Nothing takes it back.

use super::kind::{NoteKind, Noted, Row, Written};
use super::ledger::{Ledger, Scene, must_not_be_recalled, state};
use crate::Refusal;
use crate::message::{Message, MessageKind, NEWEST_NAMED, Opened};

/// To play one's own is no news to anybody.
pub(super) fn apply<L: Ledger>(
    scene: &Scene<'_>,
    ledger: &L,
    message: &mut Message,
) -> Result<Option<Written>, L::Failure> {
    must_not_be_recalled(message)?;
    if message.kind != MessageKind::Audio {
        return Err(Refusal::NoVoice.into());
    }
    let user = scene.caller.user;
    if user == message.sender || ledger.has(NoteKind::Open, "", user)? {
        return Ok(None);
    }
    let Opened { count, newest, .. } = state(message).opened.get_or_insert_default();
    *count += 1;
    newest.insert(0, user);
    newest.truncate(NEWEST_NAMED);
    let row = Row::Put { kind: NoteKind::Open, key: String::new(), body: String::new(), words: None };
    Ok(Some(Written { row, what: Some(Noted::Opened) }))
}
