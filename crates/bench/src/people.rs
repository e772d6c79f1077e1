//! Users to measure with.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use futures_util::{StreamExt, TryStreamExt, stream};
use rim_client::protocol::frame::Outgoing;
use rim_client::{Api, Connection};

/// The server that is measured.
pub(crate) struct Target {
    pub(crate) api: Api,
    pub(crate) ws: String,
    /// Keeps the accounts of one run from those of another.
    run: u128,
    next: AtomicU64,
}

/// A logged-in user.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) uid: u64,
    pub(crate) api: Api,
}

impl Target {
    pub(crate) fn new(url: &str) -> Self {
        let ws = format!("{}/ws", url.replacen("http", "ws", 1));
        let run = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        Self { api: Api::new(url), ws, run, next: AtomicU64::new(0) }
    }

    /// Registers a user and logs him in.
    pub(crate) async fn person(&self) -> anyhow::Result<Person> {
        let account = format!("bench-{}-{}", self.run, self.next.fetch_add(1, Ordering::Relaxed));
        let uid = self.api.register(&account, "secret").await.context("register")?;
        let api = self.api.login(&account, "secret").await.context("login")?;
        Ok(Person { uid, api })
    }

    /// Registers `count` users, a few at a time.
    pub(crate) async fn people(&self, count: usize) -> anyhow::Result<Vec<Person>> {
        stream::iter(0..count).map(|_| self.person()).buffered(4).try_collect().await
    }

    /// Opens a logged-in connection.
    pub(crate) async fn connect(&self, person: &Person) -> anyhow::Result<Connection> {
        let token = person.api.token().context("logged in")?;
        Ok(Connection::login(&self.ws, person.uid, token).await?)
    }
}

/// A message of `person` to `gid`, encoded.
pub(crate) fn message(person: &Person, gid: u64, content: &str, client_msg_id: &str) -> String {
    let uid = person.uid;
    Outgoing { kind: "Text", uid, gid: Some(gid), content, client_msg_id, msg_id: None, echo: false }
        .encode("Msg")
}
