//! Users to measure with.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use futures_util::{StreamExt, TryStreamExt, stream};
use rim_client::protocol::frame::Outgoing;
use rim_client::{Api, Connection};
use tokio::net::{TcpSocket, TcpStream};

use crate::store::Manifest;
use crate::wire::Wire;

/// Addresses of this machine that connections come from in turn: one has some 28,000 ports.
const SOURCES: u8 = 16;

/// Connections that are opened at the same time.
const AT_ONCE: usize = 32;

/// Where the server is, and who is known there.
pub(crate) struct Target {
    pub(crate) api: Api,
    url: String,
    ws: String,
    /// Of the nodes, which connections go to in turn.
    addresses: Vec<SocketAddr>,
    next_address: AtomicUsize,
    /// What a prepared store holds; nothing in another one.
    pub(crate) manifest: Option<Manifest>,
    /// Of the manifest's people those that nobody has been given yet.
    next_known: AtomicUsize,
    /// Keeps the accounts of one run from those of another.
    run: u128,
    next_account: AtomicU64,
    next_source: AtomicU8,
}

/// A logged-in user.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) uid: u64,
    pub(crate) token: String,
    pub(crate) api: Api,
}

impl Target {
    /// The server at `url`, such as `http://127.0.0.1:8000`, or the nodes of which it is a list, whose store `manifest` describes if it is a
    /// prepared one.
    pub(crate) async fn new(url: &str, manifest: Option<Manifest>) -> anyhow::Result<Self> {
        let mut addresses = Vec::new();
        for url in url.split(',') {
            let host = url.strip_prefix("http://").context("--url: begins with http://")?;
            let found = tokio::net::lookup_host(host.trim_end_matches('/')).await;
            let found = found.with_context(|| format!("--url: no address for {host}"))?.next();
            addresses.push(found.with_context(|| format!("--url: no address for {host}"))?);
        }
        let host = addresses[0];
        let run = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        Ok(Self {
            api: Api::new(format!("http://{host}")),
            url: format!("http://{host}"),
            ws: format!("ws://{host}/ws"),
            addresses,
            next_address: AtomicUsize::new(0),
            manifest,
            next_known: AtomicUsize::new(0),
            run,
            next_account: AtomicU64::new(0),
            next_source: AtomicU8::new(0),
        })
    }

    /// `http://host:port`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// `ws://host:port/ws`.
    pub(crate) fn ws(&self) -> &str {
        &self.ws
    }

    /// Registers a user and logs them in.
    pub(crate) async fn register(&self) -> anyhow::Result<Person> {
        let account = format!("bench-{}-{}", self.run, self.next_account.fetch_add(1, Ordering::Relaxed));
        let uid = self.api.register(&account, "secret").await.context("register")?;
        let api = self.api.login(&account, "secret").await.context("login")?;
        Ok(Person { uid, token: api.token().context("logged in")?.to_owned(), api })
    }

    /// `count` users whom nobody else was given: those of a prepared store, and where there are too few,
    /// new ones.
    pub(crate) async fn people(&self, count: usize) -> anyhow::Result<Vec<Person>> {
        let known = self.manifest.as_ref().map_or(&[][..], |manifest| &manifest.people);
        let first = self.next_known.fetch_add(count, Ordering::Relaxed).min(known.len());
        let known = &known[first..(first + count).min(known.len())];
        let mut people: Vec<Person> = known.iter().map(|known| self.known(known.uid, &known.token)).collect();
        // A few at a time: the server hashes their passwords.
        let new = stream::iter(people.len()..count).map(|_| self.register()).buffered(4);
        people.extend(new.try_collect::<Vec<_>>().await?);
        Ok(people)
    }

    /// A user of a prepared store.
    pub(crate) fn known(&self, uid: u64, token: &str) -> Person {
        Person { uid, token: token.to_owned(), api: self.api.with_token(token) }
    }

    /// Opens a logged-in connection.
    pub(crate) async fn connect(&self, person: &Person) -> anyhow::Result<Connection> {
        let mut connection = Connection::open_over(self.socket().await?, &self.ws).await?;
        connection.log_in(person.uid, &person.token, false).await?;
        Ok(connection)
    }

    /// Opens a logged-in connection for the hot path.
    pub(crate) async fn wire(&self, person: &Person) -> anyhow::Result<Wire> {
        let connection = Connection::open_over(self.socket().await?, &self.ws).await?;
        let mut wire = Wire::new(connection.into_stream().context("without TLS")?);
        wire.log_in(person.uid, &person.token).await?;
        Ok(wire)
    }

    /// Opens `count` of them, the people in turn.
    pub(crate) async fn wires(&self, people: &[Person], count: usize) -> anyhow::Result<Vec<Wire>> {
        let opening = stream::iter(people.iter().cycle().take(count)).map(|person| self.wire(person));
        opening.buffered(AT_ONCE).try_collect().await
    }

    /// Opens a connection to the server, from the next of several addresses where it is on this machine.
    pub(crate) async fn socket(&self) -> anyhow::Result<TcpStream> {
        let turn = self.next_address.fetch_add(1, Ordering::Relaxed);
        let address = self.addresses[turn % self.addresses.len()];
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if address.is_ipv4() && address.ip().is_loopback() {
            let number = self.next_source.fetch_add(1, Ordering::Relaxed) % SOURCES;
            socket.bind((Ipv4Addr::new(127, 0, 0, number + 1), 0).into())?;
        }
        let stream = socket.connect(address).await.context("connect")?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// A message of `person` to `gid`, encoded.
pub(crate) fn message(person: &Person, gid: u64, content: &str, client_msg_id: &str) -> String {
    let uid = person.uid;
    Outgoing { kind: "Text", uid, gid: Some(gid), content, client_msg_id, msg_id: None, echo: false }
        .encode("Msg")
}
