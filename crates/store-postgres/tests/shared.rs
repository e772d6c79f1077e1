//! The claims about stores that nodes share, made of these.

mod common;

use std::sync::Arc;

use rim_core::event::Feed;
use rim_core::store::SharedStore;
use rim_core::store::suite::shared::SharedFixture;

use common::Database;

#[async_trait::async_trait]
impl SharedFixture for Database {
    async fn open(&self) -> (Arc<dyn SharedStore>, Feed) {
        let (store, feed) = self.node().await;
        (store, feed)
    }
}

async fn database() -> Database {
    Database::new()
}

rim_core::shared_store_suite!(database);
