//! Work in the background: what fails of something stands nobody in the way, and who dies leaves nothing out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use rim_core::contact::Bounds;
use rim_core::group::NewGroup;
use rim_core::message::{MessageKind, NewMessage, Write};
use rim_core::user::NewUser;
use rim_core::{Clock as _, ConnectionId, GroupId, UserId};
use rim_server::consumers::{Consumer, Runner};
use rim_server::life::Life;
use rim_server::metrics::OfConsumer;
use rim_store::consumers::{Begin, InStore, Portion, Room};
use rim_store::search::CONSUMER;
use rim_store::{Store, callback};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::place::Place;

/// Notes what it sees, and fails of what says so.
#[derive(Default)]
struct Notebook {
    seen: Mutex<BTreeMap<GroupId, Vec<String>>>,
    has_seen: Notify,
    /// How often it was given something that it fails of.
    failed: Mutex<usize>,
    has_failed: Notify,
}

#[async_trait]
impl Consumer for Notebook {
    /// As who keeps the index up: of that one the store tells what it has passed over.
    fn name(&self) -> &'static str {
        CONSUMER
    }

    fn begin(&self) -> Begin {
        Begin::First
    }

    /// One group keeps no other waiting.
    fn groups_together(&self) -> usize {
        1
    }

    fn at_once(&self) -> usize {
        4
    }

    fn wants(&self, portion: &Portion) -> bool {
        portion.messages.iter().any(|message| message.content != "dull")
    }

    async fn consume(&self, portions: &Arc<Vec<Portion>>) -> anyhow::Result<InStore> {
        for message in portions.iter().flat_map(|portion| &portion.messages) {
            if message.content.starts_with("poison") {
                *self.failed.lock() += 1;
                self.has_failed.notify_one();
                anyhow::ensure!(message.content != "poison", "of what it says");
                panic!("as the story has it");
            }
            if message.content == "for ever" {
                self.has_failed.notify_one();
                std::future::pending::<()>().await;
            }
        }
        for message in portions.iter().flat_map(|portion| &portion.messages) {
            self.seen.lock().entry(message.group).or_default().push(message.content.clone());
        }
        self.has_seen.notify_one();
        Ok(InStore::nothing())
    }
}

impl Notebook {
    /// Waits until it has seen this.
    async fn sees(&self, group: GroupId, content: &str) {
        let has_seen =
            || self.seen.lock().get(&group).is_some_and(|seen| seen.iter().any(|seen| seen == content));
        while !has_seen() {
            self.has_seen.notified().await;
        }
    }

    fn seen(&self, group: GroupId) -> Vec<String> {
        self.seen.lock().get(&group).cloned().unwrap_or_default()
    }
}

/// A store that no server has, and those who use it.
struct World {
    place: Place,
    store: Arc<dyn Store>,
    user: UserId,
    groups: Vec<GroupId>,
    sent: u64,
}

impl World {
    async fn new(groups: usize) -> Self {
        let place = Place::new(std::convert::identity).await;
        let store = place.store().await;
        let now = place.hands.now();
        let user = NewUser {
            account: "anna".into(),
            name: "Anna".into(),
            avatar: String::new(),
            email: String::new(),
            password_hash: None,
        };
        let user = store.create_user(user, now).await.expect("a user");
        let mut world = Self { place, store, user, groups: Vec::new(), sent: 0 };
        for _ in 0..groups {
            let group = NewGroup {
                name: "group".into(),
                avatar: String::new(),
                mode: 2,
                creator: user,
                members: Vec::new(),
            };
            let bounds = Bounds::of_members(10);
            world.groups.push(world.store.create_group(group, bounds, now).await.expect("a group"));
        }
        world
    }

    async fn send(&mut self, group: usize, content: &str) {
        self.sent += 1;
        let message = NewMessage {
            extras: None,
            group: self.groups[group],
            sender: self.user,
            client_msg_id: self.sent.to_string(),
            kind: MessageKind::Text,
            content: content.into(),
            session: None,
            now: self.place.hands.now(),
            connection: ConnectionId(0),
        };
        let (sent, done) = tokio::sync::oneshot::channel();
        let told = callback(move |result| {
            let _ = sent.send(result.is_ok());
        });
        self.store.submit(Write::Append(message), told).expect("room");
        assert!(done.await.expect("an answer"));
    }

    /// A node that runs the consumer, until it is told to end.
    fn runs(
        &self,
        notebook: &Arc<impl Consumer>,
        holder: u64,
    ) -> (OfConsumer, CancellationToken, JoinHandle<()>) {
        self.runs_on(notebook, holder, false)
    }

    /// The same of the only node that there can be.
    fn runs_alone(&self, notebook: &Arc<Notebook>, holder: u64) -> (CancellationToken, JoinHandle<()>) {
        let (_, shutdown, running) = self.runs_on(notebook, holder, true);
        (shutdown, running)
    }

    fn runs_on(
        &self,
        consumer: &Arc<impl Consumer>,
        holder: u64,
        alone: bool,
    ) -> (OfConsumer, CancellationToken, JoinHandle<()>) {
        let (shutdown, metrics) = (CancellationToken::new(), OfConsumer::default());
        let clock = Arc::new(self.place.hands.clone());
        let life = Life::new(clock, self.place.hands.time(), &shutdown, Arc::new(()));
        let runner = Runner {
            consumer: Arc::clone(consumer) as _,
            store: Arc::clone(&self.store),
            shared: None,
            alone,
            holder,
            metrics: metrics.clone(),
            life,
        };
        (metrics, shutdown, tokio::spawn(runner.run()))
    }

    /// What stands on the disk.
    fn written(&self) -> BTreeMap<String, Vec<u8>> {
        let files =
            self.place.folder().read_dir().expect("a folder").map(|file| file.expect("a file").path());
        // That of who reads and writes is no file but memory that processes share.
        let files = files.filter(|file| file.is_file() && !file.to_string_lossy().ends_with("-shm"));
        files.map(|file| (file.display().to_string(), std::fs::read(&file).expect("it is read"))).collect()
    }

    /// As much time passes as it takes.
    async fn passes_until(&self, comes: impl Future<Output = ()>) {
        tokio::select! {
            () = comes => {}
            () = crate::world::time_lapse(&self.place.hands) => unreachable!("it goes on for ever"),
        }
    }
}

#[tokio::test]
async fn a_message_of_which_work_fails_is_tried_and_passed_over_and_nobody_waits_for_it() {
    let mut world = World::new(2).await;
    let [ill, well] = [world.groups[0], world.groups[1]];
    for content in ["one", "poison", "two", "poison that panics", "three"] {
        world.send(0, content).await;
    }
    world.send(1, "before").await;
    let notebook = Arc::new(Notebook::default());
    let (metrics, shutdown, running) = world.runs(&notebook, 1);
    notebook.sees(well, "before").await;
    notebook.sees(ill, "one").await;
    world.send(1, "after").await;
    notebook.sees(well, "after").await;
    assert_eq!(notebook.seen(ill), ["one"], "it rests, and time stands still");

    world.passes_until(notebook.sees(ill, "three")).await;
    assert_eq!(notebook.seen(ill), ["one", "two", "three"], "in order, and without what fails");
    assert_eq!(notebook.seen(well), ["before", "after"]);
    assert_eq!(metrics.passed_over.get(), 2);
    assert_eq!(world.store.index_status().await.expect("told").passed_over, 2, "and so the next node knows");
    assert!(*notebook.failed.lock() >= 6, "each was tried three times");

    world.send(0, "four").await;
    notebook.sees(ill, "four").await;
    assert_eq!(metrics.passed_over.get(), 2);
    shutdown.cancel();
    running.await.expect("it ends");
    world.store.close().await;
}

#[tokio::test]
async fn when_a_node_dies_another_sees_what_it_had_not_seen() {
    let mut world = World::new(2).await;
    let (first, second) = (Arc::new(Notebook::default()), Arc::new(Notebook::default()));
    world.send(0, "one").await;
    let (of_first, _, dies) = world.runs(&first, 1);
    first.sees(world.groups[0], "one").await;
    assert_eq!(of_first.held.get(), 1);
    let (of_second, shutdown, running) = world.runs(&second, 2);
    world.send(0, "for ever").await;
    first.has_failed.notified().await;
    // It never says that it ends.
    dies.abort();
    assert!(dies.await.expect_err("it is dead").is_cancelled());
    world.send(0, "dull").await;
    world.send(1, "two").await;
    assert_eq!((of_second.held.get(), second.seen(world.groups[1])), (0, vec![]), "it may be alive");

    let seen = async {
        second.has_failed.notified().await;
        second.sees(world.groups[1], "two").await;
    };
    world.passes_until(seen).await;
    assert_eq!(of_second.held.get(), 1);
    assert_eq!(second.seen(world.groups[0]), <Vec<String>>::new(), "what was consumed does not come again");
    shutdown.cancel();
    running.await.expect("whatever is under way");
    assert_eq!(of_second.held.get(), 0);

    // One that ends leaves it to others at once.
    let third = Arc::new(Notebook::default());
    let (of_third, shutdown, running) = world.runs(&third, 3);
    third.has_failed.notified().await;
    assert_eq!(of_third.held.get(), 1);
    shutdown.cancel();
    running.await.expect("it ends");
    world.store.close().await;
}

#[tokio::test]
async fn who_is_alone_holds_it_without_a_word_and_the_next_takes_it_at_once() {
    let mut world = World::new(1).await;
    let group = world.groups[0];
    let (first, second) = (Arc::new(Notebook::default()), Arc::new(Notebook::default()));
    let (_, dies) = world.runs_alone(&first, 1);
    world.send(0, "one").await;
    first.sees(group, "one").await;
    world.place.hands.move_on(Duration::from_secs(10)).await;
    let written = world.written();
    world.place.hands.move_on(Duration::from_secs(700)).await;
    assert!(world.written() == written, "where nothing happens nothing is written");

    world.send(0, "for ever").await;
    first.has_failed.notified().await;
    dies.abort();
    assert!(dies.await.expect_err("it is dead").is_cancelled());
    let (shutdown, running) = world.runs_alone(&second, 2);
    second.has_failed.notified().await;
    shutdown.cancel();
    running.await.expect("whatever is under way");
    world.store.close().await;
}

#[tokio::test]
async fn what_waits_is_told() {
    let mut world = World::new(3).await;
    for group in 0..3 {
        world.send(group, if group == 0 { "for ever" } else { "dull" }).await;
        world.send(group, if group == 0 { "more" } else { "dull" }).await;
    }
    let notebook = Arc::new(Notebook::default());
    let (metrics, shutdown, running) = world.runs(&notebook, 1);
    notebook.has_failed.notified().await;
    world.place.hands.move_on(Duration::from_secs(60)).await;
    let consumed = async {
        while metrics.consumed.get() < 4 {
            tokio::task::yield_now().await;
        }
    };
    world.passes_until(consumed).await;
    world.place.hands.move_on(Duration::from_secs(1)).await;
    assert_eq!((metrics.held.get(), metrics.groups.get()), (1, 1));
    assert!(metrics.lag.get() >= 60, "since it was sent");
    assert_eq!(metrics.messages.get(), 1, "at least");
    shutdown.cancel();
    running.await.expect("it ends");
    world.store.close().await;
}

/// Works for as long as the story has it.
#[derive(Default)]
struct Worker {
    begun: Notify,
    may_end: Notify,
}

#[async_trait]
impl Consumer for Worker {
    fn name(&self) -> &'static str {
        "worker"
    }

    fn begin(&self) -> Begin {
        Begin::First
    }

    fn room(&self) -> Room {
        Room { rows: 2, bytes: 1024 }
    }

    fn yields(&self) -> bool {
        true
    }

    async fn consume(&self, _: &Arc<Vec<Portion>>) -> anyhow::Result<InStore> {
        self.begun.notify_one();
        self.may_end.notified().await;
        Ok(InStore::nothing())
    }
}

#[tokio::test]
async fn of_much_that_waits_others_who_write_have_as_much_of_the_time() {
    let mut world = World::new(1).await;
    for _ in 0..20 {
        world.send(0, "words").await;
    }
    let (worker, hands) = (Arc::new(Worker::default()), world.place.hands.clone());
    let (metrics, shutdown, running) = world.runs(&worker, 1);
    let call_takes = async |seconds| {
        worker.begun.notified().await;
        let before = metrics.consumed.get();
        hands.move_on(Duration::from_secs(seconds)).await;
        worker.may_end.notify_one();
        while metrics.consumed.get() == before {
            tokio::task::yield_now().await;
        }
        hands.now()
    };
    // The groups have just been found.
    let end = call_takes(7).await;
    world.passes_until(worker.begun.notified()).await;
    let pause_ms = hands.now().0 - end.0;
    assert!(pause_ms >= 7_000, "{pause_ms}");
    // Nobody writes any more: the next begins while time stands still.
    worker.begun.notify_one();
    call_takes(7).await;
    worker.begun.notified().await;
    shutdown.cancel();
    running.await.expect("it ends");
    world.store.close().await;
}
