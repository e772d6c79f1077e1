//! Who is connected to which node: told to the others, and heard of them.
//!
//! It is a task of its own, so that no message waits for a long list.

use std::sync::Arc;
use std::time::Duration;

use rim_core::NodeId;
use rim_core::bus::Subject;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::Cluster;
use super::announcer::Announcer;
use super::directory::Directory;
use super::hint::{Brief, Presence};
use crate::app::App;
use crate::gateway::{Elsewhere, Wakes};

/// How often the others are told who came and left meanwhile.
const TICK: Duration = Duration::from_millis(200);

/// What other nodes have said and nobody has looked at. More is dropped, and asked for.
pub(super) const MAX_WORDS: usize = 4096;

/// A node, and what it says of itself.
pub(super) type Word = (NodeId, Presence);

/// What the task listens to.
pub struct Words {
    pub(super) heard: mpsc::Receiver<Word>,
    /// The other nodes that live, since it is known.
    pub(super) living: watch::Receiver<Vec<NodeId>>,
}

/// Tells and listens until nobody hears the bus any more.
pub async fn presence(app: Arc<App>, cluster: Arc<Cluster>, words: Words) {
    let Words { mut heard, living } = words;
    let (announcer, directory) = (Announcer::default(), Directory::default());
    let mut people = People { app, cluster, living, announcer, directory };
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
    app: Arc<App>,
    cluster: Arc<Cluster>,
    living: watch::Receiver<Vec<NodeId>>,
    announcer: Announcer,
    directory: Directory,
}

impl People {
    fn heard(&mut self, node: NodeId, what: Presence) {
        let Self { app, cluster, announcer, directory, .. } = self;
        match what {
            Presence::Asked if node == cluster.node => announcer.asked(),
            what => app.waking.batched(|wakes| {
                directory.heard(node, what, |node, what| tell(app, wakes, node, what));
            }),
        }
    }

    fn tick(&mut self) {
        let Self { app, cluster, living, announcer, directory } = self;
        if living.has_changed().unwrap_or(false) {
            let nodes = living.borrow_and_update();
            app.waking.batched(|wakes| {
                directory.living(&nodes, |node, what| tell(app, wakes, node, what));
            });
        }
        let max_payload = cluster.bus.max_payload();
        let announced = announcer.announce(app.hub.take_moved(), max_payload);
        let listed = announcer.list(|| app.hub.here(), max_payload);
        let own = announced.into_iter().chain(listed).map(|what| (cluster.node, what));
        let questions = directory.questions().into_iter().map(|node| (node, Presence::Asked));
        for (node, what) in own.chain(questions) {
            cluster.bus.publish(Subject::Everybody, Brief::Presence { node: node.0, what }.encode());
            app.metrics.hints_sent.inc();
        }
    }
}

fn tell(app: &App, wakes: &mut Wakes<'_>, node: NodeId, what: Elsewhere) {
    app.hub.set_elsewhere(wakes, node, what, app.clock.now());
}
