//! The consumer that keeps the index of words up: what is said is found by it a moment later, and until then without it.

use std::sync::Arc;

use async_trait::async_trait;
use rim_store::Store;
use rim_store::consumers::{Begin, InStore, Portion, Room};
use rim_store::search::CONSUMER;

use crate::consumers::Consumer;

/// Messages that are listed at once. What is listed together is a segment of the index: where so many wait, their segments are
/// merged once and then full.
const ROOM: Room = Room { rows: 4_096, bytes: 1024 * 1024 };

/// Has the index made anew where it is of another rim, or was left behind when the store was moved.
pub async fn prepare(store: &dyn Store) {
    match store.rebuild_index(false).await {
        Ok(true) => tracing::info!("the index of words is made anew"),
        Ok(false) => {}
        Err(error) => {
            tracing::warn!(%error, "it cannot be seen whether the index of words is as it should be");
        }
    }
}

/// Where nobody keeps the index up it is still there, and nothing may be left in it of what is wiped.
pub async fn tidy(store: Arc<dyn Store>) {
    if let Err(error) = store.tidy_index().await {
        tracing::warn!(%error, "the index of words cannot be tidied up");
    }
}

pub struct Index {
    pub store: Arc<dyn Store>,
}

#[async_trait]
impl Consumer for Index {
    fn name(&self) -> &'static str {
        CONSUMER
    }

    fn begin(&self) -> Begin {
        Begin::First
    }

    fn room(&self) -> Room {
        ROOM
    }

    fn yields(&self) -> bool {
        true
    }

    async fn consume(&self, portions: &Arc<Vec<Portion>>) -> anyhow::Result<InStore> {
        Ok(self.store.entries(Arc::clone(portions)).await?)
    }
}
