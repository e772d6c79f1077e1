//! The life of a server, from its settings to its last commit.

use std::sync::Arc;
use std::thread::available_parallelism;

use anyhow::{Context, Result};
use rim_core::event::Feed;
use rim_store_sqlite::{Options, SqliteStore};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::Accounts;
use crate::admin::socket::AdminSocket;
use crate::app::App;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::data::DataFolder;
use crate::gateway::{self, Hub};
use crate::limits::RateLimits;
use crate::listen::{self, Gate};
use crate::media::Avatars;
use crate::metrics::Metrics;
use crate::tls::Certificates;
use crate::{http, jobs};

/// The sockets to serve on, bound but not yet accepting.
pub struct Listeners {
    /// REST, the web client and `/ws`.
    pub main: TcpListener,
    /// WebSockets at any path.
    pub ws: Option<TcpListener>,
}

/// Runs a server until `shutdown` is cancelled and everything has come to its end.
///
/// # Errors
/// It could not start; see [`Server::open`].
pub async fn run(listeners: Listeners, config: Config, shutdown: CancellationToken) -> Result<()> {
    Server::open(config, shutdown).await?.serve(listeners).await;
    Ok(())
}

/// A server that has everything it needs but sockets.
pub struct Server {
    app: Arc<App>,
    feed: Feed,
    certificates: Option<Arc<Certificates>>,
    admin: Option<AdminSocket>,
    /// Held to the end, after the store is closed.
    _folder: DataFolder,
}

impl Server {
    /// Locks the data folder, reads the certificate and opens the store.
    ///
    /// # Errors
    /// Another server has the folder or it cannot be written; a file of TLS is missing or wrong; the database cannot be used.
    pub async fn open(config: Config, shutdown: CancellationToken) -> Result<Self> {
        let folder = DataFolder::lock(&config.data)?;
        let certificates = config.tls.clone().map(Certificates::load).transpose()?;
        let metrics = Arc::new(Metrics::new());
        let options = Options {
            path: config.database.clone(),
            readers: available_parallelism().map_or(2, |cores| cores.get().clamp(2, 8)),
            observer: Arc::clone(&metrics) as _,
        };
        let (store, feed) = SqliteStore::open(options)
            .with_context(|| format!("cannot use the database {}", config.database.display()))?;
        let avatars =
            Avatars::open(&config.data).context("cannot use the folder media in the data folder")?;
        // A server that cannot be reached by `rim user` is still a server.
        let admin = AdminSocket::open(&config.data)
            .inspect_err(|error| {
                tracing::warn!(error = format!("{error:#}"), "`rim user` will not reach this server");
            })
            .ok();
        let app = Arc::new(App {
            accounts: Accounts::new(&config, &metrics)
                .context("cannot start the threads that hash passwords")?,
            store: Arc::new(store),
            avatars,
            clock: Arc::new(SystemClock),
            hub: Hub::new(),
            limits: RateLimits::new(config.limits, metrics.rate_limited.clone()),
            metrics,
            shutdown,
            tasks: TaskTracker::new(),
            config,
        });
        Ok(Self { app, feed, certificates, admin, _folder: folder })
    }

    /// Serves until the server's token is cancelled; then stops accepting, sends clients away to come back,
    /// waits for what is under way, and closes the store.
    pub async fn serve(self, listeners: Listeners) {
        let Self { app, feed, certificates, admin, _folder } = self;

        // Ends with the feed, which ends with the store: not one of the tasks the store waits for.
        let dispatcher = TaskTracker::new();
        dispatcher.spawn(gateway::dispatch(Arc::clone(&app), feed));

        let gate = Gate::new(&app.config, Arc::clone(&app.metrics));
        let main = (listeners.main, http::router(Arc::clone(&app)));
        let ws = listeners.ws.map(|listener| (listener, gateway::router(Arc::clone(&app))));
        for (listener, router) in [Some(main), ws].into_iter().flatten() {
            let serving =
                listen::serve(Arc::clone(&app), listener, router, Arc::clone(&gate), certificates.clone());
            app.tasks.spawn(serving);
        }
        if let Some(admin) = admin {
            app.tasks.spawn(admin.serve(Arc::clone(&app)));
        }
        jobs::start(&app, certificates);

        app.shutdown.cancelled().await;
        drain(&app).await;
        app.store.close().await;
        dispatcher.close();
        dispatcher.wait().await;
    }
}

/// Waits for connections and jobs, which have all seen the token, but not for ever.
async fn drain(app: &App) {
    app.tasks.close();
    if timeout(app.config.drain_timeout, app.tasks.wait()).await.is_err() {
        // What they were acknowledged is stored; the rest they send again when they come back.
        tracing::warn!(tasks = app.tasks.len(), "not everything ended in time, going on without it");
    }
}
