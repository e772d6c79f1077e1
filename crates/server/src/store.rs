//! Which store the settings name.

use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;

use anyhow::{Context, Result};
use rim_store::{CommitObserver, Feed, SharedStore, Store};
use rim_store_postgres::PostgresStore;
use rim_store_sqlite::SqliteStore;

use crate::config::Database;
use crate::data;

/// An open store.
pub struct Opened {
    pub store: Arc<dyn Store>,
    /// The same, where several nodes may have it open.
    pub shared: Option<Arc<dyn SharedStore>>,
    pub feed: Feed,
}

/// Opens the store of a data folder, and notes there which it is. It is made where there is none, but not where the folder
/// had one.
///
/// # Errors
/// It is lost, or cannot be used.
pub async fn open_of(
    folder: &Path,
    database: &Database,
    connections: usize,
    observer: Arc<dyn CommitObserver>,
) -> Result<Opened> {
    let has_database = match database {
        Database::Sqlite(path) => rim_store_sqlite::has_database(path),
        // Whatever else ails it is told by whoever opens it.
        Database::Postgres(url) => {
            !matches!(rim_store_postgres::must_exist(url).await, Err(rim_store_postgres::OpenError::Nothing))
        }
    };
    data::must_not_be_lost(folder, database, has_database)?;
    let opened = open(database, connections, observer).await?;
    data::remember_store(folder, &opened.store.identity().id, database)?;
    Ok(opened)
}

/// Opens the store; on SQLite it is created where there is none, and on PostgreSQL its tables are. `connections` are
/// those to a server; SQLite has as many readers as there are cores.
///
/// # Errors
/// It cannot be used.
pub async fn open(
    database: &Database,
    connections: usize,
    observer: Arc<dyn CommitObserver>,
) -> Result<Opened> {
    let cores = available_parallelism().map_or(2, std::num::NonZero::get);
    let opened = match database {
        Database::Sqlite(path) => {
            let readers = cores.clamp(2, 8);
            let options = rim_store_sqlite::Options { path: path.clone(), readers, observer };
            SqliteStore::open(options).map_err(anyhow::Error::from).map(|(store, feed)| Opened {
                store: Arc::new(store),
                shared: None,
                feed,
            })
        }
        Database::Postgres(url) => {
            let options = rim_store_postgres::Options { url: url.clone(), connections, observer };
            PostgresStore::open(options).await.map_err(anyhow::Error::from).map(|(store, feed)| {
                let store = Arc::new(store);
                Opened { store: Arc::clone(&store) as _, shared: Some(store), feed }
            })
        }
    };
    opened.with_context(|| format!("cannot use the database {database}"))
}

/// Opens a store that is there, for a command.
///
/// # Errors
/// There is none, or it cannot be used.
pub async fn open_existing(database: &Database) -> Result<Opened> {
    match database {
        Database::Sqlite(path) => {
            anyhow::ensure!(
                rim_store_sqlite::has_database(path),
                "there is no database at {}",
                path.display()
            );
        }
        Database::Postgres(url) => {
            let found = rim_store_postgres::must_exist(url).await;
            found.with_context(|| format!("cannot use the database {database}"))?;
        }
    }
    open(database, 1, Arc::new(Unobserved)).await
}

/// An observer for commands that show no metrics.
pub struct Unobserved;

impl CommitObserver for Unobserved {
    fn committed(&self, _writes: usize, _elapsed: std::time::Duration) {}
}
