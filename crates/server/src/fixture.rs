//! Parts of a server without sockets, for tests.

use std::sync::Arc;

use rim_store::{Feed, Store};
use rim_store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::accounts::Accounts;
use crate::address::Proxies;
use crate::avatars::Avatars;
use crate::clock::SystemClock;
use crate::config::{self, Config, Database};
use crate::files::Filing;
use crate::http::bounded::Bounded;
use crate::http::{Api, Parts};
use crate::intake::Intake;
use crate::life::Life;
use crate::limits::RateLimits;
use crate::metrics::Metrics;
use crate::storage::{Folder, Storage};
use crate::store::Unobserved;
use crate::time::Time;
use crate::vital::Vitals;

/// Settings, as flags, of a server that keeps its data in `data`.
pub(crate) fn config(data: &TempDir, settings: &[&str]) -> Config {
    let folder = data.path().to_str().expect("a path in UTF-8");
    let args = ["rim", "--data", folder].into_iter().chain(settings.iter().copied());
    config::load(args).expect("good settings").config
}

/// For parts that need no server.
pub(crate) fn vitals() -> Vitals {
    Vitals::new(CancellationToken::new(), Arc::new(()))
}

/// A new store, and what it tells.
pub(crate) fn store(config: &Config) -> (Arc<dyn Store>, Feed) {
    let Database::Sqlite(path) = config.database.clone() else { panic!("tests of parts run on SQLite") };
    let options = Options { path, readers: 1, observer: Arc::new(Unobserved) };
    let (store, feed) = SqliteStore::open(options).expect("a new database");
    (Arc::new(store), feed)
}

/// What REST works with, on a new store, and what that tells; until `shutdown`.
pub(crate) fn api(config: Config, shutdown: CancellationToken) -> (Api, Feed) {
    let (store, feed) = store(&config);
    let (metrics, config) = (Arc::new(Metrics::new()), Arc::new(config));
    let life = Life::new(Arc::new(SystemClock), Time::default(), &shutdown, Arc::new(()));
    let limits = Arc::new(RateLimits::new(config.limits, metrics.rate_limited.clone(), &life.time));
    let accounts =
        Accounts::new(&config, &metrics, Arc::clone(&store), Arc::clone(&limits), None, life.clone());
    let folder: Arc<dyn Storage> =
        Arc::new(Folder::open(&config.data, life.tasks.clone()).expect("a folder"));
    let filing =
        Filing::new(Arc::clone(&store), Arc::clone(&folder), &config, metrics.files.clone(), life.clone());
    let parts = Parts {
        store,
        filing: Arc::new(filing.expect("chance")),
        accounts: Arc::new(accounts.expect("threads")),
        avatars: Avatars::new(folder),
        limits,
        proxies: Arc::new(Proxies::new(config.trusted_proxies.clone())),
        intake: Intake::new(config.max_body_bytes),
        bounded: Bounded::new(life.time.clone(), config.request_timeout),
        metrics,
        bus: None,
        config,
        life,
    };
    (parts.into(), feed)
}
