//! An app without sockets, for tests of parts that need a whole one.

use std::sync::Arc;

use rim_store::Feed;
use rim_store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::Accounts;
use crate::address::Proxies;
use crate::app::App;
use crate::clock::SystemClock;
use crate::config::{self, Config, Database};
use crate::gateway::{Hub, Waking};
use crate::intake::Intake;
use crate::limits::RateLimits;
use crate::media::Avatars;
use crate::metrics::Metrics;
use crate::time::Time;
use crate::unsent::Unsent;

/// Settings, as flags, of a server that keeps its data in `data`.
pub(crate) fn config(data: &TempDir, settings: &[&str]) -> Config {
    let folder = data.path().to_str().expect("a path in UTF-8");
    let args = ["rim", "--data", folder].into_iter().chain(settings.iter().copied());
    config::load(args).expect("good settings").config
}

/// An app on a new store, and what its store tells.
pub(crate) fn app(config: Config) -> (Arc<App>, Feed) {
    let metrics = Arc::new(Metrics::new());
    let Database::Sqlite(path) = config.database.clone() else { panic!("tests of parts run on SQLite") };
    let options = Options { path, readers: 1, observer: Arc::clone(&metrics) as _ };
    let (store, feed) = SqliteStore::open(options).expect("a new database");
    let app = App {
        accounts: Accounts::new(&config, &metrics).expect("threads"),
        store: Arc::new(store),
        cluster: None,
        avatars: Avatars::in_folder(&config.data).expect("a folder"),
        clock: Arc::new(SystemClock),
        time: Time::default(),
        hub: Hub::new(config.idle_timeout, false),
        waking: Waking::default(),
        limits: RateLimits::new(config.limits, metrics.rate_limited.clone(), &Time::default()),
        proxies: Proxies::new(config.trusted_proxies.clone()),
        intake: Intake::new(config.max_body_bytes),
        unsent: Unsent::default(),
        metrics,
        shutdown: CancellationToken::new(),
        tasks: TaskTracker::new(),
        config,
    };
    (Arc::new(app), feed)
}
