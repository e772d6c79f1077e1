//! The task between the client and the node: asks for what the node wants to hear, and tells it what came.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, Message, Request, RequestErrorKind};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Fuse};
use futures_util::stream::{SelectAll, StreamExt};
use rim_core::bus::{Subject, Teller};

use crate::interest::{Filter, Interest};
use crate::listening::{Incoming, Listening, listen};
use crate::status::Status;
use crate::subjects::{Bucket, Subjects};

/// How long a server that works may take to answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Pump {
    client: Client,
    subjects: Arc<Subjects>,
    interest: Arc<Interest>,
    status: Arc<Status>,
    teller: Teller,
    /// Polls only those to which something has come.
    incoming: SelectAll<Incoming>,
    /// What the server was asked for.
    asked: HashMap<Bucket, HashMap<Filter, Listening>>,
    /// How often the client had connected when it was last looked at.
    connects: u64,
}

impl Pump {
    pub fn new(
        client: Client,
        subjects: Arc<Subjects>,
        interest: Arc<Interest>,
        status: Arc<Status>,
        teller: Teller,
    ) -> Self {
        let (incoming, asked) = (SelectAll::new(), HashMap::new());
        Self { client, subjects, interest, status, teller, incoming, asked, connects: 0 }
    }

    /// Runs until it is cancelled.
    pub async fn run(mut self) {
        let everybody = self.subjects.name(Subject::Everybody);
        let _everybody = self.ask(everybody).await;
        let mut connected: Fuse<BoxFuture<'static, ()>> = Fuse::terminated();
        loop {
            // What is waited for keeps its place when another is first.
            tokio::select! {
                () = self.status.events.notified() => {
                    if self.has_connected_anew() {
                        self.ask_for_all_that_changed().await;
                        connected = self.round_trip().boxed().fuse();
                    }
                }
                () = &mut connected => self.teller.missed(),
                bucket = self.interest.changed(), if self.is_connected() => self.ask_for(bucket).await,
                Some(message) = self.incoming.next() => self.tell(message),
            }
        }
    }

    /// Events may be lost; but whichever comes finds the number right.
    fn has_connected_anew(&mut self) -> bool {
        let before = self.connects;
        self.connects = self.client.statistics().connects.load(Ordering::Relaxed);
        self.connects != before
    }

    fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    async fn ask_for_all_that_changed(&mut self) {
        while let Some(bucket) = self.interest.next_changed() {
            self.ask_for(bucket).await;
        }
    }

    /// Asks the server for what is wanted of a bucket, and no more for what is not.
    async fn ask_for(&mut self, bucket: Bucket) {
        let wanted = self.interest.filters(bucket);
        let mut asked = self.asked.remove(&bucket).unwrap_or_default();
        let begins: Vec<_> = wanted.iter().copied().filter(|filter| !asked.contains_key(filter)).collect();
        for filter in &begins {
            let name = match *filter {
                Filter::Topic(topic) => self.subjects.name(Subject::Topic(topic)),
                Filter::Whole(bucket) => self.subjects.bucket(bucket),
            };
            asked.extend(self.ask(name).await.map(|listening| (*filter, listening)));
        }
        let whole = Filter::Whole(bucket);
        if asked.len() > 1 && asked.contains_key(&whole) {
            // What both ways of asking cover is heard all the time: one ends when the other has begun.
            self.until_begun().await;
        }
        asked.retain(|filter, _| wanted.contains(filter));
        if !asked.is_empty() {
            self.asked.insert(bucket, asked);
        }
    }

    async fn until_begun(&self) {
        tokio::select! {
            () = self.round_trip() => {}
            // Perhaps the connection is lost, and the answer with it. It is for the loop to see.
            () = self.status.events.notified() => self.status.events.notify_one(),
        }
    }

    async fn ask(&mut self, name: String) -> Option<Listening> {
        // It fails only when the client has ended, and waits for it to send what was asked for before.
        let subscriber = self.client.subscribe(name).await.ok()?;
        let (listening, incoming) = listen(subscriber);
        self.incoming.push(incoming);
        Some(listening)
    }

    fn tell(&self, message: Message) {
        let Some(subject) = self.subjects.parse(&message.subject) else { return };
        let wanted = match subject {
            Subject::Everybody => true,
            Subject::Topic(topic) => self.interest.contains(topic),
        };
        if wanted {
            // A copy: a hint that waits should not keep the buffer that it was read into.
            self.teller.hint(subject, message.payload.to_vec());
        }
    }

    fn round_trip(&self) -> impl Future<Output = ()> + use<> {
        let (client, subjects) = (self.client.clone(), Arc::clone(&self.subjects));
        async move { round_trip(&client, &subjects).await }
    }
}

/// Returns when the server has seen all that the client was asked for before, or does not answer.
pub(crate) async fn round_trip(client: &Client, subjects: &Subjects) {
    let request = Request::new().payload(Bytes::new()).timeout(Some(ANSWER_PATIENCE));
    let answer = client.send_request(subjects.nobody(), request).await;
    if let Err(error) = answer
        && error.kind() != RequestErrorKind::NoResponders
    {
        tracing::debug!(%error, "the NATS server does not answer");
    }
}
