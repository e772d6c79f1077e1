//! The life of a server, from its settings to its last commit. The one place that puts its parts together.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use rim_bus_nats::NatsBus;
use rim_core::bus::{Bus, Hearing, LocalBus};
use rim_core::{Clock, NodeId};
use rim_store::{CommitObserver, Feed, SharedStore, Store};
use rim_store_postgres::{BusOptions, NotifyBus};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::{self, Accounts};
use crate::address::Proxies;
use crate::admin::socket::AdminSocket;
use crate::avatars::{self, Avatars};
use crate::clock::SystemClock;
use crate::cluster::{self, Cluster, Ears, Here, Words};
use crate::config::{self, Config, Database};
use crate::consumers::{Consumer, Runner};
use crate::data::DataFolder;
use crate::files::{self, Filing};
use crate::gateway::{self, Connections, Gateway, Teller};
use crate::http::bounded::Bounded;
use crate::http::{self, Api};
use crate::intake::Intake;
use crate::jobs::{every, expire_due, send_due, watch_certificates};
use crate::life::Life;
use crate::limits::RateLimits;
use crate::links::{self, Links};
use crate::listen::{self, Door, Gate};
use crate::memory;
use crate::metrics::Metrics;
use crate::search;
use crate::storage::{self, Means, Measured, Storage};
use crate::store::{self, Opened};
use crate::time::Time;
use crate::tls::{self, Certificates};
use crate::vital::Around;

const SECOND: Duration = Duration::from_secs(1);
const PURGE_EVERY: Duration = Duration::from_secs(60 * 60);
/// A look at every avatar, and seldom anything to do.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);
const FORGET_EVERY: Duration = Duration::from_secs(60);
/// What a rush has taken goes back within two of these; what goes on is given new memory so seldom that nobody notices.
const GIVE_BACK_EVERY: Duration = Duration::from_secs(10);
/// What a node does not need of the database's connections it gives back within two of these.
const TEND_EVERY: Duration = Duration::from_secs(60);
const LOOK_AT_TLS_EVERY: Duration = Duration::from_secs(10);
/// Hints of other nodes that may wait to be looked at. More are dropped, and the store is looked at instead.
const MAX_HEARD: usize = 16 * 1024;

/// The sockets to serve on, bound but not yet accepting.
pub struct Listeners {
    /// REST, the web client and `/ws`.
    pub main: TcpListener,
    /// WebSockets at any path.
    pub ws: Option<TcpListener>,
}

/// What a server runs in. Tests have time, what loses hints, and faults in their hands.
pub struct Surroundings {
    pub clock: Arc<dyn Clock>,
    pub time: Time,
    /// What stands between it and its bus.
    pub bus: fn(Arc<dyn Bus>) -> Arc<dyn Bus>,
    /// What stands between it and the storage of files.
    pub storage: fn(Arc<dyn Storage>) -> Arc<dyn Storage>,
    /// What stands between the store and who is told of its commits.
    pub observer: fn(Arc<dyn CommitObserver>) -> Arc<dyn CommitObserver>,
    /// What stands around each task and thread that must not end.
    pub around: Arc<dyn Around>,
    /// How it goes to what links lead to.
    pub way: links::Way,
}

impl Default for Surroundings {
    /// The machine's.
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            time: Time::default(),
            bus: std::convert::identity,
            storage: std::convert::identity,
            observer: std::convert::identity,
            around: Arc::new(()),
            way: links::Way::default(),
        }
    }
}

/// Runs a server until `shutdown` is cancelled and everything has come to its end.
///
/// # Errors
/// Those of [`Server::open`] and [`Server::serve`].
pub async fn run(listeners: Listeners, config: Config, shutdown: CancellationToken) -> Result<()> {
    Server::open(config, shutdown).await?.serve(listeners).await
}

/// A server that has everything it needs but sockets.
pub struct Server {
    store: Arc<dyn Store>,
    feed: Feed,
    /// Where there may be other nodes.
    cluster: Option<Joined>,
    connections: Arc<Connections>,
    gateway: Arc<Gateway>,
    api: Api,
    door: Arc<Door>,
    admin: Option<AdminSocket>,
    limits: Arc<RateLimits>,
    avatars: Avatars,
    filing: Arc<Filing>,
    /// Work in the background.
    consumers: Vec<Runner>,
    config: Arc<Config>,
    life: Life,
    /// Held to the end, after the store is closed.
    _folder: DataFolder,
}

/// What makes this server one of the nodes on a store.
struct Joined {
    cluster: Arc<Cluster>,
    ears: Ears,
    words: Words,
    node: NodeId,
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
        let Surroundings { clock, time, bus: wrap, storage: wrap_storage, observer, around, way } =
            surroundings;
        tls::use_ring();
        let folder = DataFolder::lock_with(Some(&config.data), &config.database)?;
        let tls = config.tls.clone().map(Certificates::load).transpose()?;
        let config = Arc::new(config);
        let life = Life::new(clock, time, &shutdown, around);
        let metrics = Arc::new(Metrics::new());
        let Opened { store, shared, feed } = store::open_of(
            &config.data,
            &config.database,
            config.database_connections,
            observer(Arc::clone(&metrics) as _),
        )
        .await?;
        let means =
            Means { data: &config.data, shared: shared.as_ref(), clock: &life.clock, tasks: &life.tasks };
        let storage = wrap_storage(storage::open_of(&config.file_storage, &means)?);
        let storage: Arc<dyn Storage> = Arc::new(Measured::new(storage, metrics.files.clone()));
        let avatars = Avatars::new(Arc::clone(&storage));
        let filing = Filing::new(Arc::clone(&store), storage, &config, metrics.files.clone(), life.clone())?;
        let filing = Arc::new(filing);
        let limits = Arc::new(RateLimits::new(config.limits, metrics.rate_limited.clone(), &life.time));
        let connections = Connections::new(config.idle_timeout, shared.is_some(), Arc::clone(&metrics));
        let connections = Arc::new(connections);
        let cluster = match shared {
            Some(shared) => {
                let here = Here {
                    connections: Arc::clone(&connections),
                    limits: Arc::clone(&limits),
                    metrics: Arc::clone(&metrics),
                    clock: Arc::clone(&life.clock),
                    time: life.time.clone(),
                    config: Arc::clone(&config),
                };
                Some(join(shared, here, wrap).await?)
            }
            None => None,
        };
        let node = cluster.as_ref().map(|joined| &joined.cluster);
        // A server that cannot be reached by `rim user` is still a server.
        let admin = AdminSocket::open(&config.data)
            .inspect_err(|error| {
                tracing::warn!(error = format!("{error:#}"), "`rim user` will not reach this server");
            })
            .ok();
        let warn = node.map(|node| Arc::clone(node) as _);
        let accounts =
            Accounts::new(&config, &metrics, Arc::clone(&store), Arc::clone(&limits), warn, life.clone());
        let accounts = Arc::new(accounts.context("cannot start the threads that hash passwords")?);
        let proxies = Arc::new(Proxies::new(config.trusted_proxies.clone()));
        let intake = Intake::new(config.max_body_bytes);
        let gateway = Gateway {
            connections: Arc::clone(&connections),
            store: Arc::clone(&store),
            follow: node.map(|node| Arc::clone(node) as _),
            accounts: Arc::clone(&accounts),
            limits: Arc::clone(&limits),
            proxies: Arc::clone(&proxies),
            intake: Arc::clone(&intake),
            metrics: Arc::clone(&metrics),
            config: Arc::clone(&config),
            life: life.clone(),
        };
        let api = http::Parts {
            store: Arc::clone(&store),
            accounts,
            avatars: avatars.clone(),
            filing: Arc::clone(&filing),
            limits: Arc::clone(&limits),
            proxies,
            intake: Arc::clone(&intake),
            bounded: Bounded::new(life.time.clone(), config.request_timeout),
            metrics: Arc::clone(&metrics),
            bus: node.map(|node| Arc::clone(&node.bus)),
            config: Arc::clone(&config),
            life: life.clone(),
        };
        let mut consumers: Vec<Arc<dyn Consumer>> = Vec::new();
        if config.link_previews {
            let (store, filing) = (Arc::clone(&store), Arc::clone(&filing));
            consumers.push(Arc::new(Links::new(store, filing, Arc::clone(&config), life.clone(), way)));
        }
        if config.search {
            consumers.push(Arc::new(search::Index { store: Arc::clone(&store) }));
        }
        let runner = |consumer: Arc<dyn Consumer>| Runner {
            metrics: metrics.consumers.of(consumer.name()),
            consumer,
            store: Arc::clone(&store),
            shared: node.map(|node| Arc::clone(&node.store)),
            alone: node.is_none(),
            holder: cluster.as_ref().map_or(1, |joined| holder(joined.node)),
            life: life.clone(),
        };
        let consumers = consumers.into_iter().map(runner).collect();
        let door = Door {
            gate: Gate::new(&config, Arc::clone(&metrics)),
            tls,
            intake,
            metrics,
            config: Arc::clone(&config),
            life: life.clone(),
        };
        Ok(Self {
            store,
            feed,
            cluster,
            connections,
            gateway: Arc::new(gateway),
            api: api.into(),
            door: Arc::new(door),
            admin,
            limits,
            avatars,
            filing,
            consumers,
            config,
            life,
            _folder: folder,
        })
    }

    /// Serves until the server's token is cancelled; then stops accepting, sends clients away to come back,
    /// waits for what is under way, and closes the store.
    ///
    /// # Errors
    /// It has come to this end because something has failed that it needs.
    pub async fn serve(self, listeners: Listeners) -> Result<()> {
        self.start_jobs();
        let Self {
            store,
            feed,
            cluster,
            connections,
            gateway,
            api,
            door,
            admin,
            consumers,
            config,
            life,
            ..
        } = self;

        // Ends with the feed, which ends with the store: not one of the tasks the store waits for.
        let dispatcher = TaskTracker::new();
        if config.search {
            search::prepare(&*store).await;
        }
        for runner in consumers {
            // Before anybody can send what it would have to see.
            runner.be_known().await;
            life.needs(runner.consumer.name(), runner.run());
        }
        let teller = Teller::new(Arc::clone(&connections), life.time.clone(), config.time_zone.clone());
        let cluster = match cluster {
            Some(Joined { cluster, ears, words, .. }) => {
                let presence = cluster::exchange_presence(Arc::clone(&cluster), words);
                life.vitals.spawn(&dispatcher, "presence", presence);
                let follower = cluster::follow(Arc::clone(&cluster), teller, feed, ears);
                life.vitals.spawn_until(&dispatcher, "follower", follower);
                Some(cluster)
            }
            None => {
                let dispatch = gateway::dispatch(teller, feed);
                life.vitals.spawn_until(&dispatcher, "dispatch", dispatch);
                None
            }
        };

        let router = http::router(api).merge(gateway::at("/ws", Arc::clone(&gateway)));
        life.needs("listener", listen::serve(Arc::clone(&door), listeners.main, router));
        if let Some(ws) = listeners.ws {
            life.needs("listener of old clients", listen::serve(door, ws, gateway::router(gateway)));
        }
        if let Some(admin) = admin {
            life.needs("admin socket", admin.serve(Arc::clone(&store), life.clone()));
        }

        life.shutdown.cancelled().await;
        connections.send_away();
        drain(&life, config.drain_timeout).await;
        if let Some(cluster) = &cluster {
            cluster.leave().await;
        }
        store.close().await;
        dispatcher.close();
        dispatcher.wait().await;
        if let Some(cluster) = &cluster {
            // After the last commit was told.
            cluster.bus.close().await;
        }
        life.vitals
            .fault()
            .map_or(Ok(()), |fault| Err(anyhow!("{fault}, and a server cannot go on without it")))
    }

    /// Starts what happens by the clock; each job ends at shutdown.
    fn start_jobs(&self) {
        let Self { store, connections, limits, avatars, life, .. } = self;
        let ticks = |period| life.time.ticks(period);
        life.needs("heartbeat", gateway::heartbeat(Arc::clone(connections), life.clone(), ticks(SECOND)));
        let purging = accounts::purge::run(Arc::clone(store), life.clone(), ticks(PURGE_EVERY));
        life.needs("purge of sessions", purging);
        let limits = Arc::clone(limits);
        let forgetting = every(life.clone(), ticks(FORGET_EVERY), move || {
            limits.forget_the_quiet();
            std::future::ready(())
        });
        life.needs("memory of limits", forgetting);
        let giving = every(life.clone(), ticks(GIVE_BACK_EVERY), || {
            memory::give_back();
            std::future::ready(())
        });
        life.needs("free memory", giving);
        let (avatars, store, own) = (avatars.clone(), Arc::clone(store), life.clone());
        let sweeping = every(life.clone(), ticks(SWEEP_EVERY), move || {
            avatars::sweep(avatars.clone(), Arc::clone(&store), own.clone())
        });
        life.needs("sweep of pictures", sweeping);
        let filing = Arc::clone(&self.filing);
        let sweeping = every(life.clone(), ticks(SWEEP_EVERY), move || files::sweep(Arc::clone(&filing)));
        life.needs("sweep of files", sweeping);
        let (store, own) = (Arc::clone(&self.store), life.clone());
        let sending = every(life.clone(), ticks(SECOND), move || send_due(Arc::clone(&store), own.clone()));
        life.needs("scheduled messages", sending);
        let (store, own) = (Arc::clone(&self.store), life.clone());
        let expiring =
            every(life.clone(), ticks(SECOND), move || expire_due(Arc::clone(&store), own.clone()));
        life.needs("expiring messages", expiring);
        if !self.config.search {
            let store = Arc::clone(&self.store);
            let tidying = every(life.clone(), ticks(SECOND), move || search::tidy(Arc::clone(&store)));
            life.needs("tidying of the index", tidying);
        }
        if let Some(Joined { cluster, .. }) = &self.cluster {
            let shutdown = life.shutdown.clone();
            let noting = cluster::note_nodes(Arc::clone(cluster), shutdown, ticks(cluster::NOTE_EVERY));
            life.needs("list of nodes", noting);
            let store = Arc::clone(&cluster.store);
            let tending = every(life.clone(), ticks(TEND_EVERY), move || {
                let store = Arc::clone(&store);
                async move { store.tend().await }
            });
            life.needs("tending of connections", tending);
            let cluster = Arc::clone(cluster);
            let purging = every(life.clone(), ticks(PURGE_EVERY), move || {
                let cluster = Arc::clone(&cluster);
                async move { cluster::purge_changes(&cluster).await }
            });
            life.needs("purge of changes", purging);
        }
        if let Some(certificates) = &self.door.tls {
            let (certificates, ticks) = (Arc::clone(certificates), ticks(LOOK_AT_TLS_EVERY));
            life.needs("watch of certificates", watch_certificates(life.clone(), certificates, ticks));
        }
    }
}

/// Makes this server one of the nodes on a store.
async fn join(
    store: Arc<dyn SharedStore>,
    here: Here,
    wrap: fn(Arc<dyn Bus>) -> Arc<dyn Bus>,
) -> Result<Joined> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| anyhow!("the system's random source: {error}"))?;
    let node = NodeId(u64::from_ne_bytes(random));
    let config = &here.config;
    let connecting = connect_bus(config, store.id(), node).await;
    let (bus, hearing) = connecting.with_context(|| format!("cannot use the bus {}", config.bus))?;
    let (cluster, ears, words) = Cluster::new(node, store, (wrap(bus), hearing), here);
    Ok(Joined { cluster: Arc::new(cluster), ears, words, node })
}

/// What a node is called that holds a consumer: below 2^53, and somebody.
fn holder(NodeId(node): NodeId) -> u64 {
    (node >> 11).max(1)
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
async fn drain(life: &Life, patience: Duration) {
    life.tasks.close();
    if life.time.within(patience, life.tasks.wait()).await.is_none() {
        // What they were acknowledged is stored; the rest they send again when they come back.
        tracing::warn!(tasks = life.tasks.len(), "not everything ended in time, going on without it");
    }
}
