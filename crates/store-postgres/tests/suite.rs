//! The claims about every store, made of this one.

mod common;

use std::sync::Arc;

use rim_store::suite::Fixture;
use rim_store::{Feed, Store};

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

rim_store::store_suite!(database);
