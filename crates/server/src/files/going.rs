//! Transfers that are going on at this node: one request at a time, of which the latest has the turn.
//!
//! A client whose line broke comes again before the server has noticed. So whoever comes stops the one before, waits
//! until that has made durable what came, and goes on there. Who goes on on other nodes the store knows.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use rim_core::file::TransferId;
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

use super::seen::Seen;

/// What was seen of transfers that rest, so that the next request need not read again what came before. Of more the bytes are read.
const RESTING: usize = 256;

#[derive(Default)]
pub(super) struct Going {
    /// A plain mutex: it is held for one look-up.
    turns: Mutex<HashMap<TransferId, Latest>>,
    /// With how far each is. A plain mutex, as above.
    resting: Mutex<HashMap<TransferId, (u64, Seen)>>,
}

struct Latest {
    stop: CancellationToken,
    /// Held by whose turn it is.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// The turn of a request to go on with a transfer.
pub struct Turn {
    /// Cancelled as soon as another request comes.
    pub stop: CancellationToken,
    _turn: OwnedMutexGuard<()>,
}

impl Going {
    /// Has the one stop that goes on with it, and waits for the turn.
    pub(super) async fn turn(&self, id: TransferId) -> Turn {
        let stop = CancellationToken::new();
        let turn = {
            let mut turns = self.turns.lock();
            // Those that have ended.
            turns.retain(|_, latest| Arc::strong_count(&latest.turn) > 1);
            let latest = turns
                .entry(id)
                .or_insert_with(|| Latest { stop: CancellationToken::new(), turn: Arc::default() });
            std::mem::replace(&mut latest.stop, stop.clone()).cancel();
            Arc::clone(&latest.turn)
        };
        Turn { stop, _turn: turn.lock_owned().await }
    }

    /// What is known of the first `length` bytes.
    pub(super) fn take_seen(&self, id: TransferId, length: u64) -> Option<Seen> {
        if length == 0 {
            return Some(Seen::default());
        }
        self.resting.lock().remove(&id).filter(|(known, _)| *known == length).map(|(_, seen)| seen)
    }

    pub(super) fn keep_seen(&self, id: TransferId, length: u64, seen: Seen) {
        let mut resting = self.resting.lock();
        if resting.len() >= RESTING
            && let Some(other) = resting.keys().next().copied()
        {
            resting.remove(&other);
        }
        resting.insert(id, (length, seen));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;

    const ID: [u8; 16] = [7; 16];

    #[tokio::test]
    async fn the_latest_stops_those_before_it_and_waits_for_their_end() {
        let going = Going::default();
        let id = TransferId::new(ID);
        let first = going.turn(id).await;
        assert!(!first.stop.is_cancelled());
        let mut second = std::pin::pin!(going.turn(id));
        assert!(poll!(second.as_mut()).is_pending());
        assert!(first.stop.is_cancelled());
        let other = going.turn(TransferId::new([8; 16])).await;
        assert!(!other.stop.is_cancelled(), "other transfers have their own turns");
        drop(first);
        let second = second.await;
        assert!(!second.stop.is_cancelled());
        drop((second, other));
        drop(going.turn(TransferId::new([9; 16])).await);
        assert_eq!(going.turns.lock().len(), 1, "who has ended is forgotten");
    }

    #[test]
    fn a_hash_goes_on_only_where_it_stopped() {
        let going = Going::default();
        let id = TransferId::new(ID);
        assert!(going.take_seen(id, 0).is_some());
        assert!(going.take_seen(id, 5).is_none());
        going.keep_seen(id, 5, Seen::default());
        assert!(going.take_seen(id, 6).is_none());
        going.keep_seen(id, 5, Seen::default());
        assert!(going.take_seen(id, 5).is_some());
        for number in 0..=255 {
            going.keep_seen(TransferId::new([number; 16]), 1, Seen::default());
        }
        assert_eq!(going.resting.lock().len(), RESTING);
    }
}
