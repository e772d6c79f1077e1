//! A database for a test, and stores on it.

use std::sync::Arc;
use std::time::Duration;

use rim_store::{CommitObserver, Feed};
use rim_store_postgres::{OpenError, Options, PostgresStore};
use rim_testbed::Postgres;

#[allow(dead_code, reason = "each test binary uses its part")]
pub struct Database(pub Postgres);

#[allow(dead_code, reason = "each test binary uses its part")]
impl Database {
    pub fn new() -> Self {
        Self(rim_testbed::postgres())
    }

    /// One more node on it.
    pub async fn node(&self) -> (Arc<PostgresStore>, Feed) {
        open(self.0.url()).await.expect("the database opens")
    }
}

pub async fn open(url: String) -> Result<(Arc<PostgresStore>, Feed), OpenError> {
    let options = Options { url, connections: 4, observer: Arc::new(Unobserved) };
    let (store, feed) = PostgresStore::open(options).await?;
    Ok((Arc::new(store), feed))
}

struct Unobserved;

impl CommitObserver for Unobserved {
    fn committed(&self, _writes: usize, _elapsed: Duration) {}
}
