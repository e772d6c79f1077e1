//! Real nodes that are killed, restarted and cut off while people send to each other.
//!
//! Whatever happens: what was acknowledged is there once and in one order for everybody, everybody hears of it,
//! and the nodes that live tell nobody anything twice or out of order.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rim_client::protocol::Kind;
use rim_client::protocol::frame::{Incoming, IncomingEvent};
use rim_client::protocol::rest::Message;
use rim_client::{Api, Client, ClientEvent, Connection, SendError};
use rim_core::GroupId;
use rim_server::config::Database;
use rim_store::search::CONSUMER;
use rim_testbed::{Fault, Nats, Postgres, Proxy};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::balancer::Balancer;
use crate::place;
use crate::program::{self, Server};

mod presence;

const NODES: usize = 3;
const PEOPLE: usize = 6;
const GROUPS: usize = 2;
/// Longer than any recovery takes, on a machine however busy.
const PATIENCE: Duration = Duration::from_secs(300);

/// Three processes behind a balancer, each with a way of its own to the database and to the bus.
struct Cluster {
    nodes: Vec<Option<Server>>,
    folders: Vec<TempDir>,
    to_database: Vec<Proxy>,
    to_bus: Vec<Proxy>,
    balancer: Balancer,
    address: SocketAddr,
    postgres: Postgres,
    bus: Bus,
}

enum Bus {
    Nats(Nats),
    Postgres,
}

impl Cluster {
    async fn start() -> Self {
        let nats = tokio::task::spawn_blocking(rim_testbed::nats).await.expect("NATS");
        Self::start_on(Bus::Nats(nats)).await
    }

    async fn start_on(bus: Bus) -> Self {
        let postgres = tokio::task::spawn_blocking(rim_testbed::postgres).await.expect("PostgreSQL");
        let (mut to_database, mut to_bus, mut folders) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..NODES {
            to_database.push(Proxy::to(postgres.address()).await);
            if let Bus::Nats(nats) = &bus {
                to_bus.push(Proxy::to(nats.address()).await);
            }
            folders.push(program::folder());
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let balancer = Balancer::start(listener, Vec::new());
        let nodes = (0..NODES).map(|_| None).collect();
        let mut cluster = Self { nodes, folders, to_database, to_bus, balancer, address, postgres, bus };
        for node in 0..NODES {
            cluster.start_node(node).await;
        }
        cluster
    }

    async fn start_node(&mut self, node: usize) {
        let database = self.postgres.url_by(self.to_database[node].address());
        let bus = match &self.bus {
            Bus::Nats(nats) => nats.url_by(self.to_bus[node].address()),
            Bus::Postgres => "postgres".to_owned(),
        };
        let folder = self.folders[node].path().to_owned();
        let start = move || {
            let name = format!("node{node}");
            let settings = [
                "--database",
                &database,
                "--bus",
                &bus,
                "--node-name",
                &name,
                "--limits",
                "off",
                "--check-interval",
                "1s",
                "--drain-timeout",
                "5s",
                "--link-previews",
                "on",
            ];
            Server::start(&folder, &settings)
        };
        self.nodes[node] = Some(tokio::task::spawn_blocking(start).await.expect("it starts"));
        self.tell_balancer();
    }

    /// SIGKILL.
    fn kill(&mut self, node: usize) {
        self.nodes[node] = None;
        self.tell_balancer();
    }

    /// SIGTERM, and waits for its end. Returns its exit code.
    async fn stop(&mut self, node: usize) -> Option<i32> {
        let mut server = self.nodes[node].take().expect("it runs");
        self.tell_balancer();
        server.terminate();
        let ended = tokio::task::spawn_blocking(move || server.process.wait().expect("waited"));
        timeout(PATIENCE, ended).await.expect("it ends").expect("no panic").code()
    }

    fn tell_balancer(&self) {
        self.balancer.set(self.nodes.iter().flatten().map(address_of).collect());
    }

    fn api(&self) -> Api {
        Api::new(format!("http://{}", self.address))
    }

    fn ws(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    fn address(&self, node: usize) -> SocketAddr {
        address_of(self.nodes[node].as_ref().expect("it runs"))
    }

    /// What `/readyz` of a node says.
    async fn readiness(&self, node: usize) -> (u16, String) {
        rim_server::tls::use_ring();
        let answer = reqwest::get(format!("http://{}/readyz", self.address(node))).await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    }

    /// The node that says that it runs the consumer.
    async fn holder(&self, consumer: &str) -> usize {
        rim_server::tls::use_ring();
        let held = format!("rim_consumer_held{{consumer=\"{consumer}\"}} 1\n");
        let looking = async {
            loop {
                for node in (0..NODES).filter(|node| self.nodes[*node].is_some()) {
                    let page = reqwest::get(format!("http://{}/metrics", self.address(node))).await;
                    let page = page.expect("an answer").text().await.expect("a text");
                    if page.contains(&held) {
                        return node;
                    }
                }
            }
        };
        timeout(PATIENCE, looking).await.expect("some node runs it")
    }

    async fn wait_for_readiness(&self, node: usize, so: impl Fn(u16, &str) -> bool) {
        let waiting = async {
            loop {
                let (status, text) = self.readiness(node).await;
                if so(status, &text) {
                    return;
                }
            }
        };
        timeout(PATIENCE, waiting).await.expect("its readiness changes");
    }
}

fn address_of(server: &Server) -> SocketAddr {
    server.address.parse().expect("an address")
}

/// What was acknowledged: ids of messages by group and `clientMsgId`.
type Acked = HashMap<(u64, String), u64>;

/// People who send without a pause, each through connections that the balancer chooses.
struct Crowd {
    gids: Vec<u64>,
    apis: Vec<Api>,
    stop: Arc<AtomicBool>,
    senders: JoinSet<Acked>,
    /// What each was told, by group.
    listeners: Vec<JoinHandle<()>>,
    heard: Vec<watch::Receiver<Heard>>,
}

/// Messages by group, in the order in which they came.
type Heard = BTreeMap<u64, Vec<Message>>;

impl Crowd {
    async fn gather(cluster: &Cluster) -> Self {
        let mut apis = Vec::new();
        let mut uids = Vec::new();
        for n in 0..PEOPLE {
            let account = format!("person{n}");
            uids.push(cluster.api().register(&account, "secret").await.expect("registered"));
            apis.push(cluster.api().login(&account, "secret").await.expect("logged in"));
        }
        let mut gids = Vec::new();
        for api in &apis[..GROUPS] {
            gids.push(api.create_group(2, "group", &uids).await.expect("a group"));
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (mut senders, mut listeners, mut heard) = (JoinSet::new(), Vec::new(), Vec::new());
        for (n, api) in apis.iter().enumerate() {
            let client = Client::start(api.clone(), cluster.ws()).await.expect("a client");
            let (sender, stop, gids) = (client.sender(), Arc::clone(&stop), gids.clone());
            senders.spawn(async move { send_until(&stop, n, &gids, &sender).await });
            let (ears, hearing) = watch::channel(Heard::new());
            listeners.push(tokio::spawn(listen(client, ears)));
            heard.push(hearing);
        }
        Self { gids, apis, stop, senders, listeners, heard }
    }

    /// Waits until everybody has heard so many messages more.
    async fn go_on(&mut self, messages: usize) {
        let counts: Vec<usize> = self.heard.iter().map(|heard| count(&heard.borrow())).collect();
        for (heard, before) in self.heard.iter_mut().zip(counts) {
            let waiting = heard.wait_for(|heard| count(heard) >= before + messages);
            timeout(PATIENCE, waiting).await.expect("everybody hears of what is sent").expect("they listen");
        }
    }

    /// Stops sending, and holds what everybody heard and what is stored against what was acknowledged.
    async fn end(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let mut acked = Acked::new();
        let finished = async {
            while let Some(of_one) = self.senders.join_next().await {
                acked.extend(of_one.expect("no panic"));
            }
        };
        timeout(PATIENCE, finished).await.expect("everything is answered");
        let mut stored = BTreeMap::new();
        for gid in &self.gids {
            let messages = history(&self.apis[0], *gid).await;
            let seqs: Vec<u64> = messages.iter().map(|message| message.seq).collect();
            assert_eq!(seqs, Vec::from_iter(1..=seqs.len() as u64), "places without a gap");
            stored.insert(*gid, messages);
        }
        let total: usize = stored.values().map(Vec::len).sum();
        assert_eq!(total, acked.len(), "everything is stored once, and nothing else");
        for message in stored.values().flatten() {
            let key = (message.gid, message.client_msg_id.clone());
            assert_eq!(acked.get(&key), Some(&message.id), "{key:?}: the id that was acknowledged");
        }
        for mut heard in self.heard {
            let complete = timeout(PATIENCE, heard.wait_for(|heard| count(heard) >= total)).await.is_ok();
            let heard = heard.borrow();
            assert!(complete, "{} of {total} were heard", count(&heard));
            for (gid, messages) in heard.iter() {
                let ids =
                    |messages: &[Message]| messages.iter().map(|message| message.id).collect::<Vec<_>>();
                assert_eq!(ids(messages), ids(&stored[gid]), "everybody hears all of it, once, in one order");
            }
        }
        for listener in self.listeners {
            listener.abort();
        }
    }
}

fn count(heard: &Heard) -> usize {
    heard.values().map(Vec::len).sum()
}

async fn send_until(stop: &AtomicBool, person: usize, gids: &[u64], sender: &rim_client::Sender) -> Acked {
    let mut acked = Acked::new();
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let gid = gids[n % gids.len()];
        let client_msg_id = format!("{person}-{n}");
        let id = loop {
            match sender.send(gid, Kind::Text, format!("{n} of {person}"), client_msg_id.clone()).await {
                Ok(id) => break id,
                // Busy: nothing was stored, try again.
                Err(SendError::Refused { code: 503, .. }) => {}
                Err(error) => panic!("{client_msg_id}: {error}"),
            }
        };
        acked.insert((gid, client_msg_id), id);
    }
    acked
}

async fn listen(mut client: Client, ears: watch::Sender<Heard>) {
    while let Some(event) = client.next().await {
        match event {
            ClientEvent::Message(message) => {
                ears.send_modify(|heard| heard.entry(message.gid).or_default().push(message));
            }
            ClientEvent::Ended { code, reason } => panic!("ended with {code}: {reason}"),
            ClientEvent::StartedAnew => panic!("the store is the same for all nodes and at all times"),
            ClientEvent::Changed(_)
            | ClientEvent::Notice(_)
            | ClientEvent::Ready
            | ClientEvent::Disconnected => {}
        }
    }
}

/// All messages of a group, ascending.
async fn history(api: &Api, gid: u64) -> Vec<Message> {
    let mut messages = Vec::new();
    for page in 1.. {
        let rows = api.history(gid, page, 200).await.expect("history");
        let last = rows.len() < 200;
        messages.extend(rows.into_iter().map(|row| row.msg));
        if last {
            break;
        }
    }
    messages.sort_by_key(|message| message.seq);
    messages
}

/// The 50 messages of a group below that one which have the word that each of them has, the newest first. Where a node is too
/// busy to look at all of them in time, it says where to go on.
async fn found_below(api: &Api, gid: u64, below: u64) -> Vec<u64> {
    let (mut found, mut before) = (Vec::new(), json!(below));
    while found.len() < 50 && !before.is_null() {
        let body = json!({"q": "of ", "gid": gid, "size": 50 - found.len(), "beforeId": before});
        let page: Value = api.post("/api/message/search", &body).await.expect("an answer");
        let hits = page["hits"].as_array().expect("hits").iter();
        found.extend(hits.map(|hit| hit["msg"]["id"].as_u64().expect("an id")));
        before = page["next"].clone();
    }
    found
}

/// A member on one node who never says anything and is never cut off: what their node tells them must be right by
/// itself, as they ask for nothing.
struct Witness {
    stop: oneshot::Sender<()>,
    hearing: JoinHandle<BTreeMap<u64, Vec<u64>>>,
}

impl Witness {
    async fn connect(cluster: &Cluster, crowd: &Crowd, node: usize) -> Self {
        let api = &crowd.apis[0];
        let uid = api.me().await.expect("somebody").id;
        let ws = format!("ws://{}/ws", cluster.address(node));
        // Hears what the first person sends, too: it comes from other connections.
        let mut connection =
            Connection::login(&ws, uid, api.token().expect("logged in")).await.expect("logged in");
        let (stop, mut stopped) = oneshot::channel();
        let hearing = tokio::spawn(async move {
            let mut seqs: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
            loop {
                // Either may be dropped: at the end nothing more is heard.
                let incoming = tokio::select! {
                    _ = &mut stopped => break,
                    incoming = connection.next() => incoming,
                };
                if let Incoming::Event(IncomingEvent::Msg(message)) = incoming.expect("it stays connected") {
                    seqs.entry(message.gid).or_default().push(message.seq);
                }
            }
            seqs
        });
        Self { stop, hearing }
    }

    /// Ends it, and holds what it was told against the order there is.
    async fn end(self) {
        self.stop.send(()).expect("it hears");
        let seqs = self.hearing.await.expect("no panic");
        assert_eq!(seqs.len(), GROUPS, "it heard of every group");
        for (gid, seqs) in seqs {
            let expected: Vec<u64> = (seqs[0]..).take(seqs.len()).collect();
            assert_eq!(seqs, expected, "group {gid}: each message once, in order, without a gap");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_killed_while_everybody_sends() {
    let mut cluster = Cluster::start().await;
    let mut crowd = Crowd::gather(&cluster).await;
    let witness = Witness::connect(&cluster, &crowd, 0).await;
    crowd.go_on(50).await;
    for node in [1, 2] {
        cluster.kill(node);
        crowd.go_on(50).await;
        cluster.start_node(node).await;
        crowd.go_on(50).await;
    }
    witness.end().await;
    crowd.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_goes_on_at_another_node_when_its_own_is_killed_or_stops() {
    let mut cluster = Cluster::start().await;
    let mut crowd = Crowd::gather(&cluster).await;
    for (consumer, is_killed) in [("links", false), (CONSUMER, true)] {
        crowd.go_on(50).await;
        let holder = cluster.holder(consumer).await;
        if is_killed {
            cluster.kill(holder);
        } else {
            assert_eq!(cluster.stop(holder).await, Some(0), "it stops in order");
        }
        assert_ne!(cluster.holder(consumer).await, holder);
        crowd.go_on(50).await;
        cluster.start_node(holder).await;
    }
    let groups: Vec<_> = crowd.gids.iter().map(|gid| GroupId(*gid)).collect();
    let api = crowd.apis[0].clone();
    crowd.end().await;
    let store = place::open(&Database::Postgres(cluster.postgres.url())).await;
    for group in groups {
        let sent: Vec<u64> = history(&api, group.0).await.iter().map(|message| message.id).collect();
        for consumer in ["links", CONSUMER] {
            let last = sent.len() as u64;
            let seen = async {
                while store.consumed(consumer, vec![group]).await.expect("it is read")[0].seq.0 < last {}
            };
            timeout(PATIENCE, seen).await.expect("everything is seen");
        }
        // By the index alone now, at both ends and between.
        for to in [sent.len(), sent.len() / 2, sent.len().min(50)] {
            let below = sent[to - 1] + 1;
            let newest: Vec<u64> = sent[to.saturating_sub(50)..to].iter().rev().copied().collect();
            assert_eq!(found_below(&api, group.0, below).await, newest);
        }
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_are_restarted_one_after_the_other_while_everybody_sends() {
    let mut cluster = Cluster::start().await;
    let mut crowd = Crowd::gather(&cluster).await;
    crowd.go_on(50).await;
    for node in 0..NODES {
        assert_eq!(cluster.stop(node).await, Some(0), "it stops in order");
        cluster.start_node(node).await;
        crowd.go_on(50).await;
    }
    crowd.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_that_drops_delays_and_resets_costs_time_and_nothing_else() {
    let cluster = Cluster::start().await;
    let mut crowd = Crowd::gather(&cluster).await;
    let witness = Witness::connect(&cluster, &crowd, 0).await;
    crowd.go_on(50).await;
    for fault in [Fault::Delay(Duration::from_millis(100)), Fault::BlackHole, Fault::Reset] {
        for bus in &cluster.to_bus {
            bus.set(fault).await;
        }
        crowd.go_on(50).await;
        if fault == Fault::Reset {
            cluster.wait_for_readiness(0, |status, text| status == 200 && text.contains("bus")).await;
        }
        for bus in &cluster.to_bus {
            bus.set(Fault::Pass).await;
        }
        crowd.go_on(50).await;
        cluster.wait_for_readiness(0, |status, text| status == 200 && text == "ok").await;
    }
    witness.end().await;
    crowd.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_for_a_while_loses_nothing() {
    let cluster = Cluster::start().await;
    let mut crowd = Crowd::gather(&cluster).await;
    let witness = Witness::connect(&cluster, &crowd, 0).await;
    crowd.go_on(50).await;
    for fault in [Fault::Delay(Duration::from_millis(50)), Fault::Reset, Fault::BlackHole] {
        for database in &cluster.to_database {
            database.set(fault).await;
        }
        if let Fault::Delay(_) = fault {
            crowd.go_on(20).await;
        } else {
            cluster.wait_for_readiness(1, |status, _| status == 503).await;
        }
        for database in &cluster.to_database {
            database.set(Fault::Pass).await;
        }
        cluster.wait_for_readiness(1, |status, _| status == 200).await;
        crowd.go_on(50).await;
    }
    witness.end().await;
    crowd.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_alone_is_enough() {
    let mut cluster = Cluster::start_on(Bus::Postgres).await;
    let mut crowd = Crowd::gather(&cluster).await;
    let witness = Witness::connect(&cluster, &crowd, 0).await;
    crowd.go_on(50).await;
    cluster.to_database[0].set(Fault::Reset).await;
    cluster.to_database[0].set(Fault::Pass).await;
    crowd.go_on(50).await;
    cluster.kill(1);
    crowd.go_on(50).await;
    witness.end().await;
    crowd.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_see_each_other_come_and_go() {
    let mut cluster = Cluster::start().await;
    let names = |cluster: &Cluster| {
        let (database, folder) = (cluster.postgres.url(), cluster.folders[0].path());
        let output = program::rim(folder, &["nodes", "--database", &database]).output().expect("rim nodes");
        let text = String::from_utf8(output.stdout).expect("a text");
        let lines =
            text.lines().skip(1).map(|line| line.split_whitespace().next().unwrap_or_default().to_owned());
        lines.collect::<std::collections::BTreeSet<_>>()
    };
    let wait_for = async |cluster: &Cluster, expected: &[&str]| {
        let expected = expected.iter().map(|name| (*name).to_owned()).collect();
        let waiting = async {
            // Each look starts a process, which takes its time.
            while names(cluster) != expected {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("the list of nodes is right");
    };
    wait_for(&cluster, &["node0", "node1", "node2"]).await;
    cluster.stop(2).await;
    wait_for(&cluster, &["node0", "node1"]).await;
    cluster.kill(1);
    wait_for(&cluster, &["node0"]).await;
}
