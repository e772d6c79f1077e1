//! Whose turn it is among large changes: so that nobody's take every connection, and the locks of groups for long.
//!
//! Large changes run beside the messages of the node, on connections of their own. Each takes processors and the disk of the
//! database, and holds the lock of a group for which a batch of messages may wait. So few run at a time, one of each user,
//! in pieces that are short; and whoever waits has their turn in the order in which they came.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use rim_core::UserId;
use tokio::sync::{OwnedMutexGuard, Semaphore, SemaphorePermit};

/// Of the connections for use cases so many are for large changes: a quarter, and one at least.
const A_PART: usize = 4;

pub(crate) struct Turns {
    /// Fair: in the order in which they came.
    few: Semaphore,
    /// Of each user with a large change. Held to look up, never across an await.
    users: Mutex<HashMap<UserId, Weak<tokio::sync::Mutex<()>>>>,
}

impl Turns {
    pub(crate) fn new(connections: usize) -> Self {
        Self { few: Semaphore::new((connections / A_PART).max(1)), users: Mutex::default() }
    }

    /// The user's own turn, of which there is one. Fair, too: their changes come one after the other.
    pub(crate) async fn of(&self, user: UserId) -> OwnedMutexGuard<()> {
        let lane = {
            let mut users = self.users.lock();
            if let Some(lane) = users.get(&user).and_then(Weak::upgrade) {
                lane
            } else {
                // Few users have any, so it is cheap to forget those who have none any more.
                users.retain(|_, lane| lane.strong_count() > 0);
                let lane = Arc::default();
                users.insert(user, Arc::downgrade(&lane));
                lane
            }
        };
        lane.lock_owned().await
    }

    /// The turn of a piece, among all users.
    pub(crate) async fn of_a_piece(&self) -> SemaphorePermit<'_> {
        self.few.acquire().await.expect("it is never closed")
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use futures_util::poll;

    use super::*;

    #[tokio::test]
    async fn a_user_has_one_turn_at_a_time_and_holds_up_nobody_else() {
        let turns = Turns::new(8);
        let first = turns.of(UserId(1)).await;
        let mut second = Box::pin(turns.of(UserId(1)));
        assert!(poll!(&mut second).is_pending());
        let Poll::Ready(other) = poll!(Box::pin(turns.of(UserId(2)))) else { panic!("it is free") };
        drop(first);
        let second = second.await;
        drop((other, second));
        drop(turns.of(UserId(3)).await);
        assert_eq!(turns.users.lock().len(), 1, "those who have none are forgotten");
    }

    #[tokio::test]
    async fn pieces_of_those_who_wait_come_in_turn() {
        let turns = Turns::new(4);
        let running = turns.of_a_piece().await;
        let (mut one, mut other) = (Box::pin(turns.of_a_piece()), Box::pin(turns.of_a_piece()));
        assert!(poll!(&mut one).is_pending() && poll!(&mut other).is_pending());
        drop(running);
        assert!(poll!(&mut other).is_pending(), "it came later");
        drop(one.await);
        drop(other.await);
    }
}
