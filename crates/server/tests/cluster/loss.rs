//! A bus that loses half of what it is given, and doubles some of the rest: nobody notices but by the clock.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use rim_core::bus::{Bus, Subject};
use rim_core::event::Topic;

use crate::chance::{Chance, seeds};
use crate::random;
use crate::world::TestServer;

/// Many of them wait for the nodes to look at the store.
const STEPS: usize = 32;

struct Lossy {
    bus: Arc<dyn Bus>,
    chance: Mutex<Chance>,
}

fn lossy(bus: Arc<dyn Bus>) -> Arc<dyn Bus> {
    Arc::new(Lossy { bus, chance: Mutex::new(Chance::new(seeds(1)[0])) })
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
            (chance.one_in(2), chance.one_in(4))
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
