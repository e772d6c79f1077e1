//! The life of a server, from its settings to its last commit.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use rim_bus_nats::NatsBus;
use rim_core::bus::{Bus, Hearing, LocalBus};
use rim_core::{Clock, NodeId, Timestamp};
use rim_store::{Feed, SharedStore};
use rim_store_postgres::{BusOptions, NotifyBus};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::Accounts;
use crate::address::Proxies;
use crate::admin::socket::AdminSocket;
use crate::app::App;
use crate::clock::SystemClock;
use crate::cluster::{self, Cluster, Ears, Words};
use crate::config::{self, Config, Database};
use crate::data::DataFolder;
use crate::gateway::{self, Hub, Waking};
use crate::intake::Intake;
use crate::limits::RateLimits;
use crate::listen::{self, Gate};
use crate::media::Avatars;
use crate::metrics::Metrics;
use crate::store::{self, Opened};
use crate::time::Time;
use crate::tls::Certificates;
use crate::unsent::Unsent;
use crate::{http, jobs};

/// Hints of other nodes that may wait to be looked at. More are dropped, and the store is looked at instead.
const MAX_HEARD: usize = 16 * 1024;

/// The sockets to serve on, bound but not yet accepting.
pub struct Listeners {
    /// REST, the web client and `/ws`.
    pub main: TcpListener,
    /// WebSockets at any path.
    pub ws: Option<TcpListener>,
}

/// What a server runs in. Tests have time, and what loses hints, in their hands.
pub struct Surroundings {
    pub clock: Arc<dyn Clock>,
    pub time: Time,
    /// What stands between it and its bus.
    pub bus: fn(Arc<dyn Bus>) -> Arc<dyn Bus>,
}

impl Default for Surroundings {
    /// The machine's.
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), time: Time::default(), bus: std::convert::identity }
    }
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
    /// Where there may be other nodes.
    ears: Option<(Ears, Words)>,
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
        Self::open_in(Surroundings::default(), config, shutdown).await
    }

    /// The same in surroundings of one's own.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub async fn open_in(
        surroundings: Surroundings,
        config: Config,
        shutdown: CancellationToken,
    ) -> Result<Self> {
        let Surroundings { clock, time, bus } = surroundings;
        let folder = DataFolder::lock_with(Some(&config.data), &config.database)?;
        let certificates = config.tls.clone().map(Certificates::load).transpose()?;
        let metrics = Arc::new(Metrics::new());
        let Opened { store, shared, feed } = store::open_of(
            &config.data,
            &config.database,
            config.database_connections,
            Arc::clone(&metrics) as _,
        )
        .await?;
        let avatars = match &shared {
            Some(shared) => Avatars::in_store(Arc::clone(shared)),
            None => {
                Avatars::in_folder(&config.data).context("cannot use the folder media in the data folder")?
            }
        };
        let (cluster, ears) = match shared {
            Some(shared) => {
                let (cluster, ears, words) = join(&config, shared, clock.now(), bus).await?;
                (Some(cluster), Some((ears, words)))
            }
            None => (None, None),
        };
        // A server that cannot be reached by `rim user` is still a server.
        let admin = AdminSocket::open(&config.data)
            .inspect_err(|error| {
                tracing::warn!(error = format!("{error:#}"), "`rim user` will not reach this server");
            })
            .ok();
        let app = Arc::new(App {
            accounts: Accounts::new(&config, &metrics)
                .context("cannot start the threads that hash passwords")?,
            store,
            hub: Hub::new(config.idle_timeout, cluster.is_some()),
            waking: Waking::default(),
            cluster,
            avatars,
            clock,
            limits: RateLimits::new(config.limits, metrics.rate_limited.clone(), &time),
            proxies: Proxies::new(config.trusted_proxies.clone()),
            intake: Intake::new(config.max_body_bytes),
            unsent: Unsent::default(),
            time,
            metrics,
            shutdown,
            tasks: TaskTracker::new(),
            config,
        });
        Ok(Self { app, feed, ears, certificates, admin, _folder: folder })
    }

    /// Serves until the server's token is cancelled; then stops accepting, sends clients away to come back,
    /// waits for what is under way, and closes the store.
    pub async fn serve(self, listeners: Listeners) {
        let Self { app, feed, ears, certificates, admin, _folder } = self;

        jobs::start(&app, certificates.clone());
        // Ends with the feed, which ends with the store: not one of the tasks the store waits for.
        let dispatcher = TaskTracker::new();
        match (&app.cluster, ears) {
            (Some(cluster), Some((ears, words))) => {
                dispatcher.spawn(cluster::presence(Arc::clone(&app), Arc::clone(cluster), words));
                dispatcher.spawn(cluster::follow(Arc::clone(&app), Arc::clone(cluster), feed, ears))
            }
            _ => dispatcher.spawn(gateway::dispatch(Arc::clone(&app), feed)),
        };

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

        app.shutdown.cancelled().await;
        drain(&app).await;
        if let Some(cluster) = &app.cluster {
            cluster.leave().await;
        }
        app.store.close().await;
        dispatcher.close();
        dispatcher.wait().await;
        if let Some(cluster) = &app.cluster {
            // After the last commit was told.
            cluster.bus.close().await;
        }
    }
}

/// Makes this server one of the nodes on a store.
async fn join(
    config: &Config,
    store: Arc<dyn SharedStore>,
    now: Timestamp,
    wrap: fn(Arc<dyn Bus>) -> Arc<dyn Bus>,
) -> Result<(Arc<Cluster>, Ears, Words)> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| anyhow!("the system's random source: {error}"))?;
    let node = NodeId(u64::from_ne_bytes(random));
    let connecting = connect_bus(config, store.id(), node).await;
    let (bus, hearing) = connecting.with_context(|| format!("cannot use the bus {}", config.bus))?;
    let bus = wrap(bus);
    let (cluster, ears, words) = Cluster::new(node, config.node_name.clone(), now, store, (bus, hearing));
    Ok((Arc::new(cluster), ears, words))
}

/// A bus that is away keeps no node from starting: it is connected to when it comes back.
async fn connect_bus(config: &Config, database: u64, node: NodeId) -> Result<(Arc<dyn Bus>, Hearing)> {
    match (&config.bus, &config.database) {
        (config::Bus::Nats(urls), _) => {
            let options = rim_bus_nats::Options {
                urls: urls.split(',').map(str::to_owned).collect(),
                node: config.node_name.clone(),
                prefix: format!("rim.{database:016x}"),
                room: MAX_HEARD,
                credentials: None,
                root_certificates: None,
            };
            let (bus, hearing) = NatsBus::connect(options).await?;
            Ok((bus, hearing))
        }
        (config::Bus::Postgres, Database::Postgres(url)) => {
            let options = BusOptions { url: url.clone(), store: database, node, room: MAX_HEARD };
            let (bus, hearing) = NotifyBus::open(options).await?;
            Ok((Arc::new(bus), hearing))
        }
        _ => Ok(LocalBus::new().join(1)),
    }
}

/// Waits for connections and jobs, which have all seen the token, but not for ever.
async fn drain(app: &App) {
    app.tasks.close();
    if app.time.within(app.config.drain_timeout, app.tasks.wait()).await.is_none() {
        // What they were acknowledged is stored; the rest they send again when they come back.
        tracing::warn!(tasks = app.tasks.len(), "not everything ended in time, going on without it");
    }
}
