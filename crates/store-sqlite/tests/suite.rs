//! The claims about every store, made of this one.

use std::sync::Arc;
use std::time::Duration;

use rim_store::Feed;
use rim_store::suite::Fixture;
use rim_store::{CommitObserver, Store};
use rim_store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;

/// A database in a folder that goes with it.
struct InFolder(TempDir);

#[async_trait::async_trait]
impl Fixture for InFolder {
    async fn open(&mut self) -> (Arc<dyn Store>, Feed) {
        let path = self.0.path().join("rim.db");
        let options = Options { path, readers: 2, observer: Arc::new(Unobserved) };
        let (store, feed) = SqliteStore::open(options).expect("the database opens");
        (Arc::new(store), feed)
    }
}

struct Unobserved;

impl CommitObserver for Unobserved {
    fn committed(&self, _writes: usize, _elapsed: Duration) {}
}

async fn folder() -> InFolder {
    InFolder(tempfile::tempdir().expect("a temporary folder"))
}

rim_store::store_suite!(folder);
