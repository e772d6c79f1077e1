//! What a server needs for as long as it runs: whichever task or thread of it panics, nobody is left with a server that only looks
//! alive. What belongs to one connection ends alone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use parking_lot::Mutex;
use rim_client::{Api, Connection, ConnectionError};
use rim_core::{Clock, Timestamp};
use rim_server::run::{Listeners, Server, Surroundings};
use rim_server::time::Hands;
use rim_server::vital::{Around, Task, Work};
use rim_store::CommitObserver;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::NODES;
use crate::place::Place;
use crate::raw;
use crate::world::{Person, time_lapse};

/// On every node.
const EVERYWHERE: &[&str] = &[
    "a thread that hashes passwords",
    "admin socket",
    "expiring messages",
    "free memory",
    "heartbeat",
    "listener",
    "listener of old clients",
    "memory of limits",
    "purge of sessions",
    "scheduled messages",
    "search-2",
    "sweep of pictures",
    "sweep of files",
];
/// On one that is alone.
const ALONE: &[&str] = &["dispatch"];
/// On one of several.
const SHARING: &[&str] =
    &["follower", "list of nodes", "presence", "purge of changes", "tending of connections"];

/// Notes each task and thread, and has one of them panic when it is told to.
struct Breaks {
    name: &'static str,
    now: CancellationToken,
    names: Mutex<Vec<&'static str>>,
}

impl Breaks {
    fn new(name: &'static str) -> Arc<Self> {
        Arc::new(Self { name, now: CancellationToken::new(), names: Mutex::default() })
    }

    fn names(&self) -> Vec<&'static str> {
        let mut names = self.names.lock().clone();
        names.sort_unstable();
        // One thread is like the other.
        names.dedup();
        names
    }
}

impl Around for Breaks {
    fn task(&self, name: &'static str, task: Task) -> Task {
        self.names.lock().push(name);
        if name != self.name {
            return task;
        }
        let now = self.now.clone();
        Box::pin(async move {
            tokio::select! {
                () = now.cancelled() => panic!("as the story has it"),
                ended = task => ended,
            }
        })
    }

    fn thread(&self, name: &'static str, work: Work) -> Work {
        self.names.lock().push(name);
        if name != self.name {
            return work;
        }
        let (now, runtime) = (self.now.clone(), Handle::current());
        Box::new(move || {
            runtime.block_on(now.cancelled());
            panic!("as the story has it");
        })
    }
}

/// One server, and how it ends.
pub struct House {
    address: SocketAddr,
    old_address: SocketAddr,
    shutdown: CancellationToken,
    serving: JoinHandle<Result<()>>,
    hands: Hands,
}

impl House {
    pub async fn open(place: &Place, settings: &[String], surroundings: Surroundings) -> Self {
        let config = place.configs(settings).remove(0);
        let shutdown = CancellationToken::new();
        let server =
            Server::open_in(surroundings, config, shutdown.clone()).await.expect("the server starts");
        let [main, ws] = [port().await, port().await];
        let [address, old_address] = [&main, &ws].map(|port| port.local_addr().expect("an address"));
        let serving = tokio::spawn(server.serve(Listeners { main, ws: Some(ws) }));
        Self { address, old_address, shutdown, serving, hands: place.hands.clone() }
    }

    async fn user(&self, account: &str) -> Person {
        let api = Api::new(format!("http://{}", self.address));
        let uid = api.register(account, "secret").await.expect("registered");
        Person::new(self.address, uid, account, api.login(account, "secret").await.expect("logged in"))
    }

    /// Holds the server to its end when `fault` has struck it, and returns what it says of it.
    pub async fn falls_when(self, fault: impl Future<Output = ()>) -> String {
        let mut devices = Vec::new();
        for url in [format!("ws://{}/ws", self.address), format!("ws://{}/", self.old_address)] {
            devices.push(Connection::open(&url).await.expect("a socket"));
        }
        let mut asking = TcpStream::connect(self.address).await.expect("connected");
        asking.write_all(b"GET /readyz HTTP/1.1\r\nHost: rim\r\n").await.expect("sent");
        // One that came later is answered: what is there of the question was read.
        assert_eq!(raw::ask(self.address, "GET", "/readyz", &[], b"").await.status, 200);

        fault.await;
        for device in &mut devices {
            match device.next_text().await {
                Err(ConnectionError::Closed { code: 4009, .. }) => {}
                other => panic!("{other:?}"),
            }
        }
        let ready = raw::exchange(asking, b"\r\n").await;
        assert_eq!(
            (ready.status, ready.body.as_str()),
            (503, "something that the server needs has failed, the log says what")
        );
        drop(devices);
        self.fault().await
    }

    /// What a server that has failed says of it in the end.
    async fn fault(self) -> String {
        let ended = tokio::select! {
            ended = self.serving => ended.expect("the server itself does not panic"),
            () = time_lapse(&self.hands) => unreachable!("it goes on for ever"),
        };
        assert!(TcpStream::connect(self.address).await.is_err(), "nobody listens");
        ended.expect_err("a fault is no end in order").to_string()
    }

    async fn stop(self) {
        self.shutdown.cancel();
        tokio::select! {
            ended = self.serving => ended.expect("no panic").expect("an end in order"),
            () = time_lapse(&self.hands) => unreachable!("it goes on for ever"),
        }
    }
}

async fn port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port")
}

#[tokio::test]
async fn whichever_vital_task_or_thread_panics_the_server_ends_with_an_error() {
    let place = Place::new(std::convert::identity).await;
    let surroundings =
        |around: &Arc<Breaks>| Surroundings { around: Arc::clone(around) as _, ..place.surroundings() };
    let none = Breaks::new("none");
    House::open(&place, &[], surroundings(&none)).await.stop().await;
    let mut names = [EVERYWHERE, if NODES == 1 { ALONE } else { SHARING }].concat();
    names.sort_unstable();
    assert_eq!(none.names(), names, "each is tried here");

    for &name in &names {
        let breaks = Breaks::new(name);
        let house = House::open(&place, &[], surroundings(&breaks)).await;
        let fault = house.falls_when(async { breaks.now.cancel() }).await;
        assert_eq!(fault, format!("{name} has panicked, and a server cannot go on without it"));
    }

    // With TLS there is one more.
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| place.folder().join(name));
    std::fs::write(&cert, pair.cert.pem()).expect("written");
    std::fs::write(&key, pair.signing_key.serialize_pem()).expect("written");
    let settings = [format!("--tls-cert={}", cert.display()), format!("--tls-key={}", key.display())];
    let breaks = Breaks::new("watch of certificates");
    let house = House::open(&place, &settings, surroundings(&breaks)).await;
    breaks.now.cancel();
    let fault = house.fault().await;
    assert_eq!(fault, "watch of certificates has panicked, and a server cannot go on without it");
    assert_eq!(breaks.names().len(), names.len() + 1, "and no other");

    // And where links are looked at.
    let breaks = Breaks::new("links");
    let settings = ["--link-previews=on".to_owned()];
    let house = House::open(&place, &settings, surroundings(&breaks)).await;
    breaks.now.cancel();
    assert_eq!(house.fault().await, "links has panicked, and a server cannot go on without it");
    assert_eq!(breaks.names().len(), names.len() + 1, "and no other");

    // None of that keeps the next one from starting.
    House::open(&place, &[], place.surroundings()).await.stop().await;
}

/// Panics in the midst of a commit.
struct Commits(Arc<dyn CommitObserver>);

static BREAK_THE_WRITER: AtomicBool = AtomicBool::new(false);

impl CommitObserver for Commits {
    fn committed(&self, writes: usize, elapsed: Duration) {
        assert!(!BREAK_THE_WRITER.swap(false, Ordering::Relaxed), "as the story has it");
        self.0.committed(writes, elapsed);
    }
}

#[tokio::test]
async fn when_the_writer_panics_the_server_ends_with_an_error_and_what_was_sent_is_sent_again() {
    let place = Place::new(std::convert::identity).await;
    let surroundings =
        Surroundings { observer: |observer| Arc::new(Commits(observer)), ..place.surroundings() };
    let house = House::open(&place, &[], surroundings).await;
    let (anna, bob) = (house.user("anna").await, house.user("bob").await);
    let chat = anna.chat_with(&bob).await;
    let mut device = anna.connect().await;
    device.send(chat, "before", "1").await;
    let fault = house
        .falls_when(async {
            BREAK_THE_WRITER.store(true, Ordering::Relaxed);
            device.put("Msg", chat, "in its midst", "2", None).await;
        })
        .await;
    assert_eq!(fault, "the store's writer has ended, and a server cannot go on without it");

    let house = House::open(&place, &[], place.surroundings()).await;
    let api = Api::new(format!("http://{}", house.address)).with_token(anna.token());
    let anna = Person::new(house.address, anna.uid, "anna", api);
    let mut device = anna.connect().await;
    device.send(chat, "in its midst", "2").await;
    let stored = anna.api.history(chat, 1, 9).await.expect("history");
    let contents: Vec<_> = stored.iter().map(|item| item.msg.content.as_str()).collect();
    assert_eq!(contents, ["before", "in its midst"], "once");
    drop(device);
    house.stop().await;
}

/// Has whoever looks at it next panic, once.
struct Startling(Hands, Arc<AtomicBool>);

impl Clock for Startling {
    fn now(&self) -> Timestamp {
        assert!(!self.1.swap(false, Ordering::Relaxed), "as the story has it");
        self.0.now()
    }
}

#[tokio::test]
async fn a_connection_or_a_request_that_panics_ends_alone() {
    if NODES > 1 {
        // One of several looks at the clock by itself, now and then, and would be startled.
        return;
    }
    let place = Place::new(std::convert::identity).await;
    let startles = Arc::new(AtomicBool::new(false));
    let clock = Arc::new(Startling(place.hands.clone(), Arc::clone(&startles)));
    // Without a consumer: it would look at the clock, too.
    let settings = ["--search=off".to_owned()];
    let house = House::open(&place, &settings, Surroundings { clock, ..place.surroundings() }).await;
    let (anna, bob) = (house.user("anna").await, house.user("bob").await);
    let chat = anna.chat_with(&bob).await;
    let (mut one, mut other) = (anna.connect().await, bob.connect().await);
    startles.store(true, Ordering::Relaxed);
    one.put("Msg", chat, "never stored", "1", None).await;
    assert!(one.frame().await.is_err(), "it is gone");
    startles.store(true, Ordering::Relaxed);
    bob.ask("GET", "/api/user/get", "").await.complains(500, 500, "system error");
    other.send(chat, "stored", "1").await;
    anna.connect().await.send(chat, "stored as well", "1").await;
    drop(other);
    house.stop().await;
}
