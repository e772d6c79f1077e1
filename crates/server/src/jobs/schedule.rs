//! Sends messages whose time has come. Of several nodes each tries; the store has one of them do it.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use rim_core::schedule::Turn;
use rim_core::{Timestamp, UserId};
use rim_store::{Store, StoreError};

use crate::life::Life;

/// Looked at together.
const PAGE: u32 = 256;
/// Users for whom something is sent at the same time: so many that their messages share commits.
const USERS_AT_ONCE: usize = 16;

/// Sends what is due now. What the store is too busy for is tried again with the next tick.
pub(crate) async fn send_due(store: Arc<dyn Store>, life: Life) {
    let now = life.clock.now();
    let mut after = Turn::FIRST;
    while !life.shutdown.is_cancelled() {
        let due = match store.due_scheduled(after, now, PAGE).await {
            Ok(due) => due,
            Err(error) => return tracing::warn!(%error, "scheduled messages cannot be looked for"),
        };
        let Some((last, _)) = due.last() else { return };
        after = *last;
        // Those of one user are sent in their order.
        let mut of_users: HashMap<UserId, Vec<u64>> = HashMap::new();
        for (turn, user) in due {
            of_users.entry(user).or_default().push(turn.id);
        }
        let sending = stream::iter(of_users).for_each_concurrent(USERS_AT_ONCE, |(user, ids)| {
            let store = &store;
            async move {
                for id in ids {
                    send(&**store, user, id, now).await;
                }
            }
        });
        sending.await;
    }
}

async fn send(store: &dyn Store, user: UserId, id: u64, now: Timestamp) {
    let sent = match store.send_scheduled(user, id, now).await {
        // It stays with its reason, for its user to see.
        Err(StoreError::Refused(refusal)) => store.fail_scheduled(user, id, refusal.to_string(), now).await,
        sent => sent,
    };
    match sent {
        Ok(()) | Err(StoreError::Busy | StoreError::Unsure) => {}
        Err(error) => tracing::error!(%error, id, "a scheduled message cannot be sent"),
    }
}
