//! How commands are answered.

use std::sync::Arc;

use rim_core::Refusal;
use rim_protocol::ErrorCode;
use rim_store::{Sleeper, StoreError};

use crate::gateway::dispatch::close_code;
use crate::gateway::frames;
use crate::gateway::outbox::{Outbox, Ticket};
use crate::gateway::peer::Failed;
use crate::limits::RetryAfter;

/// How a command that was done is answered.
pub(super) enum Answer {
    /// With an Ack, now.
    Ack,
    /// By the command itself, or by the store once it is committed.
    Given,
}

/// Answers a write that the store refused. Where that is because the session has ended, of which nobody has told the
/// connection yet, it ends with it. Returns who is to be woken for that.
pub(super) fn refuse(outbox: &Arc<Outbox>, ticket: Ticket, id: &str, error: &StoreError) -> Sleeper {
    let sleeper = outbox.answer(ticket, frames::store_failure(id, error));
    if let StoreError::Refused(Refusal::SessionEnded(why)) = error {
        // Whoever wakes it for the answer wakes it for this.
        outbox.close(close_code(*why), None).wake();
    }
    sleeper
}

pub(super) fn too_fast(retry: RetryAfter) -> Failed {
    Failed(ErrorCode::TooFast, format!("too fast: try again in {} ms", retry.0.as_millis()))
}

/// What a read of the store failed with.
pub(super) fn fault(error: &StoreError) -> Failed {
    match error {
        StoreError::Busy => Failed(ErrorCode::Busy, error.to_string()),
        StoreError::Refused(_) | StoreError::Fault(_) | StoreError::Unsure => {
            tracing::error!(%error, "the store failed");
            Failed(ErrorCode::Failed, "system error".to_owned())
        }
    }
}
