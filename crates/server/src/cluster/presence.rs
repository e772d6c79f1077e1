//! Who is connected to which node: told to the others, and heard of them.
//!
//! It is a task of its own, so that no message waits for a long list.

use std::sync::Arc;
use std::time::Duration;

use rim_core::NodeId;
use rim_core::bus::Subject;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::announcer::Announcer;
use super::directory::Directory;
use super::hint::{Brief, Presence};
use super::node::{Cluster, Here, Words};
use crate::gateway::{Elsewhere, Wakes};

/// How often the others are told who came and left meanwhile.
const TICK: Duration = Duration::from_millis(200);

/// Tells and listens until nobody hears the bus any more.
pub async fn presence(cluster: Arc<Cluster>, words: Words) {
    let Words { mut heard, living } = words;
    let (announcer, directory) = (Announcer::default(), Directory::default());
    let mut people = People { cluster, living, announcer, directory };
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // Whichever arm is dropped has taken nothing.
        tokio::select! {
            word = heard.recv() => match word {
                Some((node, what)) => people.heard(node, what),
                None => break,
            },
            _ = ticks.tick() => people.tick(),
        }
    }
    // The last who left, when it stopped.
    people.tick();
}

struct People {
    cluster: Arc<Cluster>,
    living: watch::Receiver<Vec<NodeId>>,
    announcer: Announcer,
    directory: Directory,
}

impl People {
    fn heard(&mut self, node: NodeId, what: Presence) {
        let Self { cluster, announcer, directory, .. } = self;
        let here = &cluster.here;
        match what {
            Presence::Asked if node == cluster.node => announcer.asked(),
            what => here.connections.waking.batched(|wakes| {
                directory.heard(node, what, |node, what| tell(here, wakes, node, what));
            }),
        }
    }

    fn tick(&mut self) {
        let Self { cluster, living, announcer, directory } = self;
        let here = &cluster.here;
        if living.has_changed().unwrap_or(false) {
            let nodes = living.borrow_and_update();
            here.connections.waking.batched(|wakes| {
                directory.living(&nodes, |node, what| tell(here, wakes, node, what));
            });
        }
        let max_payload = cluster.bus.max_payload();
        let announced = announcer.announce(here.connections.hub.take_moved(), max_payload);
        let listed = announcer.list(|| here.connections.hub.here(), max_payload);
        let own = announced.into_iter().chain(listed).map(|what| (cluster.node, what));
        let questions = directory.questions().into_iter().map(|node| (node, Presence::Asked));
        for (node, what) in own.chain(questions) {
            cluster.bus.publish(Subject::Everybody, Brief::Presence { node: node.0, what }.encode());
            here.metrics.hints_sent.inc();
        }
    }
}

fn tell(here: &Here, wakes: &mut Wakes<'_>, node: NodeId, what: Elsewhere) {
    here.connections.hub.set_elsewhere(wakes, node, what, here.clock.now());
}
