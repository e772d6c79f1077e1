//! Rows of PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use rim_server::clock::SystemClock;
use rim_server::storage::{Rows, Storage};
use rim_server::store::Unobserved;
use rim_store_postgres::{Options, PostgresStore};
use rim_testbed::Postgres;
use tokio_postgres::NoTls;

use crate::suite::Place;

/// As much as the suite needs.
const MAX_BYTES: u64 = 16 << 20;

struct InRows(Postgres);

#[async_trait]
impl Place for InRows {
    async fn open(&self) -> Arc<dyn Storage> {
        let options = Options { url: self.0.url(), connections: 4, observer: Arc::new(Unobserved) };
        let (store, _) = PostgresStore::open(options).await.expect("a database");
        Arc::new(Rows::new(Arc::new(store), Arc::new(SystemClock), MAX_BYTES))
    }

    async fn rests(&self) {
        let (db, line) = tokio_postgres::connect(&self.0.url(), NoTls).await.expect("a database");
        let line = tokio::spawn(line);
        let sql = "SELECT pid FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()
                     AND backend_type = 'client backend' AND state <> 'idle'";
        while !db.query(sql, &[]).await.expect("asked").is_empty() {
            tokio::task::yield_now().await;
        }
        line.abort();
    }
}

async fn in_rows() -> InRows {
    InRows(rim_testbed::postgres())
}

claims!(in_rows);
