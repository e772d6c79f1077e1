//! A bus that loses half of what it is given, and doubles some of the rest, or says nothing at all: nobody notices but
//! by the clock.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use rim_client::protocol::frame::{Incoming, IncomingEvent, Notice};
use rim_core::bus::{Bus, Subject};
use rim_core::event::Topic;

use crate::chance::{Chance, seeds};
use crate::random;
use crate::world::{Device, PATIENCE, TestServer};

/// Many of them wait for the nodes to look at the store.
const STEPS: usize = 32;

/// Friends who come and go.
const FRIENDS: usize = 12;

struct Lossy {
    bus: Arc<dyn Bus>,
    chance: Mutex<Chance>,
    /// Of so many hints it loses one.
    loses_one_in: usize,
}

fn lossy(bus: Arc<dyn Bus>) -> Arc<dyn Bus> {
    Arc::new(Lossy { bus, chance: Mutex::new(Chance::new(seeds(1)[0])), loses_one_in: 2 })
}

fn mute(bus: Arc<dyn Bus>) -> Arc<dyn Bus> {
    Arc::new(Lossy { bus, chance: Mutex::new(Chance::new(seeds(1)[0])), loses_one_in: 1 })
}

#[async_trait]
impl Bus for Lossy {
    fn subscribe(&self, topic: Topic) {
        self.bus.subscribe(topic);
    }

    fn unsubscribe(&self, topic: Topic) {
        self.bus.unsubscribe(topic);
    }

    fn publish(&self, subject: Subject, payload: Vec<u8>) {
        let (lost, doubled) = {
            let mut chance = self.chance.lock();
            (chance.one_in(self.loses_one_in), chance.one_in(4))
        };
        if lost {
            return;
        }
        if doubled {
            self.bus.publish(subject, payload.clone());
        }
        self.bus.publish(subject, payload);
    }

    fn max_payload(&self) -> usize {
        self.bus.max_payload()
    }

    fn ready(&self) -> Result<(), String> {
        self.bus.ready()
    }

    async fn close(&self) {
        self.bus.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_stories_end_as_the_model_says_on_a_bus_that_loses_half() {
    for seed in seeds(1) {
        random::tell(seed, TestServer::start_on(&["--limits=off"], lossy).await, STEPS).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_stories_end_as_the_model_says_on_a_bus_that_says_nothing() {
    for seed in seeds(1) {
        random::tell(seed, TestServer::start_on(&["--limits=off"], mute).await, STEPS / 2).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_chat_comes_to_every_node_on_a_bus_that_says_nothing() {
    let server = TestServer::start_on(&[], mute).await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let mut devices = [bob.connect().await, bob.connect().await, bob.connect().await];
    let mut of_anna = anna.connect().await;
    let single = anna.chat_with(&bob).await;
    let sent = of_anna.send(single, "hi", "1").await;
    for device in &mut devices {
        assert_eq!(device.message().await.msg_id, sent);
    }
    let group = anna.group_with(&[]).await;
    anna.change(group, 1, &[&bob]).await.ok(true);
    let sent = of_anna.send(group, "into a group that was there", "2").await;
    for device in &mut devices {
        assert_eq!(device.message().await.msg_id, sent);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_is_disabled_hears_so_on_a_bus_that_says_nothing() {
    let server = TestServer::start_on(&[], mute).await;
    let anna = server.user("anna").await;
    let devices = [anna.connect().await, anna.connect().await, anna.connect().await];
    server.operator(&["disable", "anna"]).await;
    for mut device in devices {
        assert_eq!(device.close_code().await, 4503);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_and_who_goes_is_told_on_a_bus_that_loses_half() {
    let server = TestServer::start_on(&["--limits=off"], lossy).await;
    let anna = server.user("anna").await;
    let mut friends = Vec::new();
    for number in 0..FRIENDS {
        let friend = server.user(&format!("friend {number}")).await;
        anna.befriend(&friend).await;
        friends.push(friend);
    }
    let mut of_anna = anna.connect().await;
    of_anna.watch(&friends.iter().collect::<Vec<_>>()).await;
    let mut devices = Vec::new();
    for friend in &friends {
        devices.push(friend.connect().await);
    }
    let all = friends.iter().map(|friend| friend.uid).collect();
    server.time_passes_until(told(&mut of_anna, Notice::Online, all)).await;
    let half = devices.split_off(FRIENDS / 2);
    let gone = half.iter().map(|device| device.uid).collect();
    drop(half);
    server.time_passes_until(told(&mut of_anna, Notice::Offline, gone)).await;
    of_anna.nothing_came("the others are there").await;
}

/// Waits until they were told this of all of these, of each once and nothing else.
async fn told(device: &mut Device, what: Notice, mut of: BTreeSet<u64>) {
    while !of.is_empty() {
        let frame = tokio::time::timeout(PATIENCE, device.socket.next()).await.expect("they are told");
        match frame.expect("a frame") {
            Incoming::Event(IncomingEvent::Notify(notice)) if notice.kind == what => {
                assert!(of.remove(&notice.uid), "{notice:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}
