//! What of a message's state is about the one who reads it.

use super::kind::NoteKind;
use crate::UserId;
use crate::message::{Message, MessageState, Opened, Reaction};

/// Whether a note on a message is the reader's own, which its state does not tell: a store looks for the note.
#[derive(Debug)]
pub struct Mine<'m> {
    pub kind: NoteKind,
    pub key: &'m str,
    pub mine: &'m mut bool,
}

impl Message {
    /// Says of its reactions, and of whether it was opened, if the user did that. Given back is what its state does not
    /// tell, as it names too few of those who did.
    pub fn mark_mine(&mut self, user: UserId) -> impl Iterator<Item = Mine<'_>> {
        let done = self.state.iter_mut().flat_map(|state| {
            let MessageState { reactions, opened, .. } = &mut **state;
            let reactions = reactions.iter_mut().map(|Reaction { emoji, count, newest, mine }| {
                (&*newest, *count, Mine { kind: NoteKind::React, key: emoji, mine })
            });
            let opened = opened.iter_mut().map(|Opened { count, newest, mine }| {
                (&*newest, *count, Mine { kind: NoteKind::Open, key: "", mine })
            });
            reactions.chain(opened)
        });
        done.filter_map(move |(newest, count, own)| {
            *own.mine = newest.contains(&user);
            let is_known = *own.mine || newest.len() as u64 >= count;
            (!is_known).then_some(own)
        })
    }
}
