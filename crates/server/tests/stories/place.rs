//! Where the server of a story has its data, and what serves it: one node, or several behind a balancer.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use rim_core::bus::Bus;
use rim_server::config::{self, Config, Database};
use rim_server::links::Way;
use rim_server::run::{Listeners, Server, Surroundings};
use rim_server::storage::Storage;
use rim_server::store::{self, Unobserved};
use rim_server::time::Hands;
use rim_store::{Committed, Store};
use rim_testbed::{Nats, Postgres};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::NODES;
use crate::balancer::Balancer;

/// Where its servers go for a link, and nowhere else.
pub const MAY_GO: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What outlives a restart.
pub struct Place {
    /// One a node.
    folders: Vec<TempDir>,
    shared: Option<(Postgres, Nats)>,
    bus: fn(Arc<dyn Bus>) -> Arc<dyn Bus>,
    /// What stands between the nodes and the storage of files.
    pub storage: fn(Arc<dyn Storage>) -> Arc<dyn Storage>,
    /// The time of all nodes. It stands still but for the stories that move it on.
    pub hands: Hands,
}

impl Place {
    /// `bus` is what stands between the nodes and their bus.
    pub async fn new(bus: fn(Arc<dyn Bus>) -> Arc<dyn Bus>) -> Self {
        let folders = (0..NODES).map(|_| tempfile::tempdir().expect("a folder")).collect();
        let shared = match NODES {
            1 => None,
            _ => {
                let services = || (rim_testbed::postgres(), rim_testbed::nats());
                Some(tokio::task::spawn_blocking(services).await.expect("real servers"))
            }
        };
        Self { folders, shared, bus, storage: std::convert::identity, hands: Hands::default() }
    }

    pub fn folder(&self) -> &Path {
        self.folders[0].path()
    }

    /// What is stored while nobody serves it.
    pub async fn store(&self) -> Arc<dyn Store> {
        let database = match &self.shared {
            None => Database::Sqlite(self.folder().join("rim.db")),
            Some((postgres, _)) => Database::Postgres(postgres.url()),
        };
        open(&database).await
    }

    /// The settings of a command that is about the first node.
    pub fn flags(&self) -> Vec<String> {
        self.flags_of(&self.folders[0])
    }

    fn flags_of(&self, folder: &TempDir) -> Vec<String> {
        let mut flags = vec!["--data".to_owned(), folder.path().display().to_string()];
        if let Some((postgres, nats)) = &self.shared {
            flags.extend(["--database".to_owned(), postgres.url(), "--bus".to_owned(), nats.url()]);
            flags.push("--check-interval=1s".to_owned());
        }
        flags
    }

    /// What its nodes run in.
    pub fn surroundings(&self) -> Surroundings {
        let Self { bus, storage, hands, .. } = self;
        Surroundings {
            clock: Arc::new(hands.clone()),
            time: hands.time(),
            bus: *bus,
            storage: *storage,
            way: Way { may_go: |address| address.ip() == MAY_GO, ..Way::default() },
            ..Surroundings::default()
        }
    }

    /// The settings of each node.
    pub fn configs(&self, settings: &[String]) -> Vec<Config> {
        // Whoever is not spoken with for a while is still there when minutes have passed, unless that is the story.
        let for_ever = (!settings.iter().any(|setting| setting.starts_with("--idle-timeout=")))
            .then(|| "--idle-timeout=24h".to_owned());
        let config = |folder| {
            let args = ["rim".to_owned()].into_iter().chain(self.flags_of(folder));
            let args = args.chain(for_ever.clone()).chain(settings.iter().cloned());
            config::load(args).expect("settings").config
        };
        self.folders.iter().map(config).collect()
    }
}

/// A store that no server has open.
pub async fn open(database: &Database) -> Arc<dyn Store> {
    let mut opened = store::open(database, 1, Arc::new(Unobserved)).await.expect("a database");
    // Answers are given by whoever drains the feed. It ends with the store.
    tokio::spawn(async move {
        while let Some(commit) = opened.feed.recv().await {
            for entry in commit {
                if let Committed::Answer { done, result } = entry {
                    done(result).wake();
                }
            }
        }
    });
    opened.store
}

/// The nodes that serve, and the balancers before them: of the main port, and of that of old clients.
pub struct Serving {
    /// Where each node listens.
    pub addresses: Vec<SocketAddr>,
    nodes: JoinSet<Result<()>>,
    balancers: Vec<Balancer>,
}

impl Serving {
    /// Opens every node and has it serve until `shutdown`.
    pub async fn start(
        place: &Place,
        settings: &[String],
        (main, ws): (TcpListener, TcpListener),
        shutdown: &CancellationToken,
    ) -> Self {
        let mut nodes = JoinSet::new();
        let mut configs = place.configs(settings);
        if configs.len() == 1 {
            let (config, address) = (configs.remove(0), main.local_addr().expect("an address"));
            serve(&mut nodes, place, config, Listeners { main, ws: Some(ws) }, shutdown).await;
            return Self { addresses: vec![address], nodes, balancers: Vec::new() };
        }
        let (mut mains, mut others) = (Vec::new(), Vec::new());
        for config in configs {
            let (main, ws) = (port().await, port().await);
            mains.push(main.local_addr().expect("an address"));
            others.push(ws.local_addr().expect("an address"));
            serve(&mut nodes, place, config, Listeners { main, ws: Some(ws) }, shutdown).await;
        }
        let balancers = vec![Balancer::start(main, mains.clone()), Balancer::start(ws, others)];
        Self { addresses: mains, nodes, balancers }
    }

    /// Waits until all have stopped in order.
    pub async fn stopped(mut self) {
        while let Some(ended) = self.nodes.join_next().await {
            ended.expect("a server does not panic").expect("nothing that it needs has failed");
        }
        for balancer in self.balancers {
            balancer.stop().await;
        }
    }
}

async fn serve(
    nodes: &mut JoinSet<Result<()>>,
    place: &Place,
    config: Config,
    listeners: Listeners,
    shutdown: &CancellationToken,
) {
    let server =
        Server::open_in(place.surroundings(), config, shutdown.clone()).await.expect("the server starts");
    nodes.spawn(server.serve(listeners));
}

async fn port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port")
}
