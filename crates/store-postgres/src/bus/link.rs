//! The connection of a bus: made again for as long as it takes.

use std::collections::HashSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rim_core::NodeId;
use rim_core::bus::{Subject, Teller};
use rim_core::event::Topic;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::Type;
use tokio_postgres::{AsyncMessage, Client, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::frame::{self, Hint};
use crate::OpenError;
use crate::causes::describe;
use crate::connection::{CONNECT, Server, cannot_connect};

/// Between two tries to connect. Doubles from the first to the last, each with some chance in it, so that nodes do
/// not all come at once to a server that is just back.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// After so long without anything to send, the server is asked whether it is there: one that is gone is noticed.
const SILENCE: Duration = Duration::from_secs(10);
/// How long it may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// Hints that are sent together at most.
const AT_ONCE: usize = 1024;

type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

pub(super) type Connected = (Client, Connection<Socket, Stream>);

pub(super) struct Link {
    server: Server,
    channel: String,
    node: NodeId,
    queued: mpsc::Receiver<Hint>,
    shared: Arc<Shared>,
}

/// Why a connection is not used any more.
enum Over {
    /// The bus is closed, and all it had to say is sent.
    Closed,
    Broken(String),
}

impl Link {
    pub(super) fn new(
        server: Server,
        store: u64,
        node: NodeId,
        queued: mpsc::Receiver<Hint>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { server, channel: format!("rim_{store:016x}"), node, queued, shared }
    }

    /// # Errors
    /// `Connect`, `Full`.
    pub(super) async fn connect(&self) -> Result<Connected, OpenError> {
        let connecting = async {
            let (client, mut connection) = self.server.config.connect(self.server.tls.clone()).await?;
            let listen = format!("LISTEN {}", self.channel);
            {
                let listening = client.batch_execute(&listen);
                tokio::pin!(listening);
                loop {
                    tokio::select! {
                        listens = &mut listening => break listens?,
                        // What is heard meanwhile is missed: nobody was promised it yet.
                        message = poll_fn(|cx| connection.poll_message(cx)) => {
                            message.transpose()?;
                        }
                    }
                }
            }
            Ok::<_, tokio_postgres::Error>((client, connection))
        };
        match timeout(CONNECT, connecting).await {
            Ok(connected) => connected.map_err(|error| cannot_connect(&error)),
            Err(_) => Err(OpenError::Connect("it does not answer".to_owned())),
        }
    }

    /// Sends and hears until the bus is closed.
    pub(super) async fn run(mut self, first: Connected) {
        let mut connected = first;
        loop {
            let why = match self.serve(connected).await {
                Over::Closed => return,
                Over::Broken(why) => why,
            };
            tracing::warn!(%why, "the bus has lost its connection to the database");
            *self.shared.trouble.lock() = Some(why);
            let Some(again) = self.connect_again().await else { return };
            connected = again;
            tracing::info!("the bus is connected again");
            *self.shared.trouble.lock() = None;
            self.shared.teller.missed();
        }
    }

    /// Tries until it succeeds; `None` if the bus is closed meanwhile.
    async fn connect_again(&self) -> Option<Connected> {
        let mut pause = FIRST_PAUSE;
        while !self.queued.is_closed() {
            match self.connect().await {
                Ok(connected) => return Some(connected),
                Err(error) => *self.shared.trouble.lock() = Some(error.to_string()),
            }
            tokio::time::sleep(pause.mul_f32(0.5 + fastrand::f32())).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
        None
    }

    async fn serve(&mut self, (client, mut connection): Connected) -> Over {
        let Self { channel, node, queued, shared, .. } = self;
        let hear = async {
            loop {
                match poll_fn(|cx| connection.poll_message(cx)).await {
                    Some(Ok(AsyncMessage::Notification(heard))) => told(shared, *node, heard.payload()),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Over::Broken(describe(&error)),
                    None => return Over::Broken("the connection was closed".to_owned()),
                }
            }
        };
        // Both look at the same connection; whichever ends first ends both, and loses nothing but hints.
        tokio::select! {
            over = hear => over,
            over = send(&client, channel, *node, queued) => over,
        }
    }
}

fn told(shared: &Shared, own: NodeId, text: &str) {
    if let Some((node, hints)) = frame::decode(text)
        && node != own
    {
        for (subject, payload) in hints {
            shared.hear(subject, payload);
        }
    }
}

async fn send(client: &Client, channel: &str, node: NodeId, queued: &mut mpsc::Receiver<Hint>) -> Over {
    let mut hints = Vec::new();
    loop {
        // What queues up while a NOTIFY is under way goes with the next.
        let asked = match timeout(SILENCE, queued.recv_many(&mut hints, AT_ONCE)).await {
            Ok(0) => return Over::Closed,
            Ok(_) => timeout(ANSWER, notify(client, channel, frame::encode(node, hints.drain(..)))).await,
            Err(_) => timeout(ANSWER, client.batch_execute("SELECT 1")).await,
        };
        match asked {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Over::Broken(describe(&error)),
            Err(_) => return Over::Broken("the database does not answer in time".to_owned()),
        }
    }
}

async fn notify(client: &Client, channel: &str, texts: Vec<String>) -> Result<(), tokio_postgres::Error> {
    let sql = "SELECT pg_notify($1, text) FROM unnest($2::text[]) AS hints (text)";
    client.query_typed(sql, &[(&channel, Type::TEXT), (&texts, Type::TEXT_ARRAY)]).await.map(drop)
}

/// What the bus and its task have in common.
pub(super) struct Shared {
    /// A plain mutex: held for a look-up.
    pub(super) topics: Mutex<HashSet<Topic>>,
    pub(super) teller: Teller,
    /// What keeps it from working, if it does not. A plain mutex: held for a look.
    pub(super) trouble: Mutex<Option<String>>,
}

impl Shared {
    /// Tells the node of a hint that it wants to hear.
    fn hear(&self, subject: Subject, payload: Vec<u8>) {
        let wanted = match subject {
            Subject::Everybody => true,
            Subject::Topic(topic) => self.topics.lock().contains(&topic),
        };
        if wanted {
            self.teller.hint(subject, payload);
        }
    }
}
