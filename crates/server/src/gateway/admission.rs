//! Who is let in when many writes wait for the store.
//!
//! The store's queue takes whoever comes first until it is full. Left at that, a few who send hundreds of
//! messages without waiting for answers would fill it, and one who says something now and then would be told
//! "busy" as often as they. So half of the queue is kept for those who ask for little at a time.

use rim_core::message::Write;
use rim_protocol::ErrorCode;
use rim_store::{Done, StoreError};

use super::peer::{Failed, Peer};

/// The part of the store's queue that everybody may fill.
const OPEN_TO_ALL: f32 = 0.5;

/// Unanswered frames of a connection that is let into the rest: more than a person leaves behind while they type,
/// or a client that waits for its answers, and so few that it takes five hundred such connections to fill it.
const FEW_UNANSWERED: usize = 16;

/// Lets a write of the connection pass, or not. Asked before anything else is spent on it.
///
/// # Errors
/// `Busy`.
pub(super) fn admit(peer: &Peer) -> Result<(), Failed> {
    if admits(peer.gateway.store.queue_fill(), || peer.outbox.load().unanswered) {
        Ok(())
    } else {
        Err(busy(peer))
    }
}

/// Queues a write that was let pass.
///
/// # Errors
/// `Busy`, where the queue is full all the same.
pub(super) fn submit(peer: &Peer, write: Write, done: Done) -> Result<(), Failed> {
    peer.gateway.store.submit(write, done).map_err(|_| busy(peer))
}

/// `unanswered` counts the frame that asks, and is itself asked only when it matters.
fn admits(queue_fill: f32, unanswered: impl FnOnce() -> usize) -> bool {
    queue_fill < OPEN_TO_ALL || unanswered() <= FEW_UNANSWERED
}

fn busy(peer: &Peer) -> Failed {
    peer.gateway.metrics.frames_busy.inc();
    Failed(ErrorCode::Busy, StoreError::Busy.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_there_is_room_everybody_is_let_in() {
        for fill in [0.0, 0.49] {
            assert!(admits(fill, || 256), "{fill}");
        }
    }

    #[test]
    fn a_crowded_queue_is_for_those_with_few_unanswered_frames() {
        for fill in [0.5, 0.99, 1.0] {
            assert!(admits(fill, || 1) && admits(fill, || FEW_UNANSWERED), "{fill}");
            assert!(!admits(fill, || FEW_UNANSWERED + 1), "{fill}");
        }
    }
}
