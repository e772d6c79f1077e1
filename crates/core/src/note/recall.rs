//! Recall: what a message said is gone for everybody and for ever. Its place stays.

use super::kind::{NoteKind, Noted, Row, Written};
use super::ledger::{Scene, state};
use crate::Refusal;
use crate::group::Role;
use crate::message::{Message, MessageKind, MessageState, Recalled};

pub(super) fn apply(scene: &Scene<'_>, message: &mut Message) -> Result<Option<Written>, Refusal> {
    if message.is_recalled() {
        return Ok(None);
    }
    may_recall(scene, message)?;
    message.kind = MessageKind::Text;
    message.content.clear();
    let state = state(message);
    *state = MessageState {
        rev: state.rev,
        recalled: Some(Recalled { by: scene.caller.user, at: scene.now }),
        expires_at: state.expires_at,
        ..MessageState::default()
    };
    Ok(Some(Written { row: Row::Wipe { kind: NoteKind::Recall }, what: Some(Noted::Recalled) }))
}

/// One's own within the window; an admin those of common members at any time, and the creator everybody's. Who has
/// left ranks as a common member. In a single chat nobody takes back the other's words.
fn may_recall(scene: &Scene<'_>, message: &Message) -> Result<(), Refusal> {
    let Scene { group, caller, sender, windows, now, .. } = scene;
    if message.sender == caller.user {
        let is_manager = !group.single && caller.role == Role::Admin;
        return match windows.recall_ms {
            Some(ms) if !is_manager && (ms == 0 || now.since(message.created_at) > ms) => {
                Err(Refusal::TooLateToRecall(ms))
            }
            _ => Ok(()),
        };
    }
    if group.single {
        return Err(Refusal::OthersMessage);
    }
    if caller.user == group.creator {
        return Ok(());
    }
    if caller.role != Role::Admin {
        return Err(Refusal::OthersMessage);
    }
    let ranks_below = sender.is_none_or(|sender| sender.role == Role::Common && sender.user != group.creator);
    if ranks_below { Ok(()) } else { Err(Refusal::AdminsMessage) }
}
