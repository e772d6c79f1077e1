//! What is told of a batch: an answer to each write, in their order, and what it has changed.

use std::sync::Arc;

use rim_core::event::Change;
use rim_core::message::{Message, Write, Written};
use rim_store::{Committed, StoreError};

use super::Outcome;
use crate::publisher::Slot;
use crate::queue::{Asker, Wanted};

/// Tells what became of each write.
pub(crate) fn tell(writes: Vec<Wanted>, askers: Vec<Asker>, outcomes: Vec<Outcome>, slot: Slot) {
    let mut told = Told::default();
    for ((wanted, asker), outcome) in writes.into_iter().zip(askers).zip(outcomes) {
        let result = match &outcome {
            Outcome::Appended { id, seq, .. } | Outcome::Resent { id, seq } => {
                Ok(Written::Appended { id: *id, seq: *seq })
            }
            Outcome::Marked { .. } | Outcome::Unmarked => Ok(Written::Marked),
            Outcome::Refused(refusal) => Err(StoreError::Refused(refusal.clone())),
        };
        told.answer(asker, result);
        told.out.extend(outcome.addition(&wanted).map(Committed::Change));
        told.out.extend(change(wanted, outcome).map(Committed::Change));
    }
    told.send(slot);
}

/// Tells everybody that nothing came of it.
pub(crate) fn refuse(askers: impl IntoIterator<Item = Asker>, error: &StoreError, slot: Slot) {
    let mut told = Told::default();
    for asker in askers {
        told.answer(asker, Err(error.clone()));
    }
    told.send(slot);
}

type Owed = (tokio::sync::oneshot::Sender<rim_store::Result<()>>, rim_store::Result<()>);

#[derive(Default)]
struct Told {
    out: Vec<Committed>,
    callers: Vec<Owed>,
}

impl Told {
    fn answer(&mut self, asker: Asker, result: rim_store::Result<Written>) {
        match asker {
            Asker::Feed(done) => self.out.push(Committed::Answer { done, result }),
            Asker::Caller(caller) => self.callers.push((caller, result.map(drop))),
        }
    }

    fn send(self, slot: Slot) {
        slot.tell(self.out);
        // After the feed: who awaits a change may rely on it being told before.
        for (caller, result) in self.callers {
            // A caller who has gone away does not want to know.
            let _ = caller.send(result);
        }
    }
}

fn change(wanted: Wanted, outcome: Outcome) -> Option<Change> {
    match (wanted, outcome) {
        (Wanted::Write(Write::Append(new)), Outcome::Appended { id, seq, rev, at, state, named, .. }) => {
            let message = Message {
                state,
                id,
                group: new.group,
                seq,
                rev,
                sender: new.sender,
                client_msg_id: new.client_msg_id,
                kind: new.kind,
                content: named.and_then(|named| named.content).unwrap_or(new.content),
                created_at: at,
            };
            Some(Change::Message { message: Arc::new(message), connection: new.connection })
        }
        (wanted, outcome) => outcome.receipt(&wanted),
    }
}
