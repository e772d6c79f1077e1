//! The claims about stores that nodes share, made of these.

mod common;

use std::sync::Arc;

use rim_store::suite::shared::SharedFixture;
use rim_store::{Feed, SharedStore};

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

rim_store::shared_store_suite!(database);
