//! The claims about every store, made of this one.

mod common;

use std::sync::Arc;

use rim_core::event::Feed;
use rim_core::store::Store;
use rim_core::store::suite::Fixture;

use common::Database;

#[async_trait::async_trait]
impl Fixture for Database {
    async fn open(&mut self) -> (Arc<dyn Store>, Feed) {
        let (store, feed) = self.node().await;
        (store, feed)
    }
}

async fn database() -> Database {
    Database::new()
}

rim_core::store_suite!(database);
