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
use super::hint::{Brief, PresenceHint};
use super::node::{Cluster, Here, Words};
use super::others_online::OthersOnline;
use crate::gateway::{Elsewhere, Wakes};

/// How often the others are told who came and left meanwhile.
const TICK: Duration = Duration::from_millis(200);

/// Tells and listens until nobody hears the bus any more.
pub async fn exchange_presence(cluster: Arc<Cluster>, words: Words) {
    let Words { mut heard, living } = words;
    let (announcer, others_online) = (Announcer::default(), OthersOnline::default());
    let mut exchange = Exchange { cluster, living, announcer, others_online };
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // Whichever arm is dropped has taken nothing.
        tokio::select! {
            word = heard.recv() => match word {
                Some((node, what)) => exchange.heard(node, what),
                None => break,
            },
            _ = ticks.tick() => exchange.tick(),
        }
    }
    // The last who left, when it stopped.
    exchange.tick();
}

struct Exchange {
    cluster: Arc<Cluster>,
    living: watch::Receiver<Vec<NodeId>>,
    announcer: Announcer,
    others_online: OthersOnline,
}

impl Exchange {
    fn heard(&mut self, node: NodeId, what: PresenceHint) {
        let Self { cluster, announcer, others_online, .. } = self;
        let here = &cluster.here;
        match what {
            PresenceHint::Asked if node == cluster.node => announcer.asked(),
            what => here.connections.waking.batched(|wakes| {
                others_online.heard(node, what, |node, what| tell(here, wakes, node, what));
            }),
        }
    }

    fn tick(&mut self) {
        let Self { cluster, living, announcer, others_online } = self;
        let here = &cluster.here;
        if living.has_changed().unwrap_or(false) {
            let nodes = living.borrow_and_update();
            here.connections.waking.batched(|wakes| {
                others_online.living(&nodes, |node, what| tell(here, wakes, node, what));
            });
        }
        let max_payload = cluster.bus.max_payload();
        let announced = announcer.announce(here.connections.hub.take_moved(), max_payload);
        let listed = announcer.list(|| here.connections.hub.here(), max_payload);
        let own = announced.into_iter().chain(listed).map(|what| (cluster.node, what));
        let questions = others_online.questions().into_iter().map(|node| (node, PresenceHint::Asked));
        for (node, what) in own.chain(questions) {
            cluster.bus.publish(Subject::Everybody, Brief::Presence { node: node.0, what }.encode());
            here.metrics.hints_sent.inc();
        }
    }
}

fn tell(here: &Here, wakes: &mut Wakes<'_>, node: NodeId, what: Elsewhere) {
    here.connections.hub.set_elsewhere(wakes, node, what, here.clock.now());
}
