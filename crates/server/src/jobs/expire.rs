//! Removes messages whose time is over. Of several nodes each tries; what one has removed the others do not find.

use std::sync::Arc;

use rim_store::Store;

use crate::life::Life;

/// Removed together, of as many groups as they are in: some ten milliseconds of the store.
const AT_ONCE: u32 = 250;
/// As often in one tick: others have their turns in between, and the next tick goes on.
const TIMES: usize = 40;

/// Removes what is over now.
pub(crate) async fn expire_due(store: Arc<dyn Store>, life: Life) {
    let now = life.clock.now();
    for _ in 0..TIMES {
        let due = match store.due_messages(now, AT_ONCE).await {
            Ok(due) if due.is_empty() || life.shutdown.is_cancelled() => return,
            Ok(due) => due,
            Err(error) => return tracing::warn!(%error, "expired messages cannot be looked for"),
        };
        let mut failed = false;
        for (group, places) in due {
            if let Err(error) = store.expire(group, places, now).await {
                tracing::warn!(%error, %group, "expired messages cannot be removed");
                failed = true;
            }
        }
        // What could not be removed would be found again: it is still due when the next tick comes.
        if failed {
            return;
        }
    }
}
