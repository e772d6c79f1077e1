//! The nodes of a story.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Fixture;
use crate::bus::{Bus, Heard, Hearing, Subject};
use crate::event::Topic;
use crate::{GroupId, UserId};

/// One bus and whoever is on it.
pub struct World {
    fixture: Box<dyn Fixture>,
    buses: Vec<Arc<dyn Bus>>,
}

/// One node, with its ear on the bus.
pub struct Node {
    pub bus: Arc<dyn Bus>,
    pub hearing: Hearing,
    number: usize,
    markers: u64,
}

/// A hint of a story. It may come twice and in another order, so stories have sets of them.
pub type Hint = (Subject, Vec<u8>);

/// A topic of a group.
pub fn group(number: u64) -> Topic {
    Topic::Group(GroupId(number))
}

/// A topic of a user.
pub fn user(number: u64) -> Topic {
    Topic::User(UserId(number))
}

/// What is published to a topic.
pub fn to(topic: Topic, text: &str) -> Hint {
    (Subject::Topic(topic), text.into())
}

/// What is published to everybody.
pub fn to_everybody(text: &str) -> Hint {
    (Subject::Everybody, text.into())
}

/// What the hints begin with by which nodes wait for each other, and no hint of a story.
const MARKER: &[u8] = b"marker ";

/// Every bus takes as many hints at once.
pub const BURST: usize = 100;

/// Room that no story fills unless it wants to.
const MUCH_ROOM: usize = 100_000;

impl World {
    pub(super) fn new(fixture: Box<dyn Fixture>) -> Self {
        Self { fixture, buses: Vec::new() }
    }

    /// Another node.
    pub async fn node(&mut self) -> Node {
        self.node_with_room(MUCH_ROOM).await
    }

    /// Another node, whose hearing is full with so many hints.
    pub async fn node_with_room(&mut self, room: usize) -> Node {
        let (bus, hearing) = self.fixture.join(room).await;
        self.buses.push(Arc::clone(&bus));
        Node { bus, hearing, number: self.buses.len(), markers: 0 }
    }

    /// Several nodes.
    pub async fn nodes<const N: usize>(&mut self) -> [Node; N] {
        let mut nodes = Vec::new();
        for _ in 0..N {
            nodes.push(self.node().await);
        }
        nodes.try_into().unwrap_or_else(|_| unreachable!("there are N of them"))
    }

    pub(super) async fn close(&self) {
        for bus in &self.buses {
            bus.close().await;
        }
    }
}

impl Node {
    pub fn publish(&self, (subject, payload): Hint) {
        self.bus.publish(subject, payload);
    }

    /// Subscribes, and returns when it has taken effect for `other`.
    pub async fn subscribe(&mut self, topic: Topic, other: &mut Self) {
        self.bus.subscribe(topic);
        self.until_subscribed([topic], other).await;
    }

    /// Ends a subscription, and returns when it has taken effect for `other`.
    pub async fn unsubscribe(&mut self, topic: Topic, other: &mut Self) {
        self.bus.unsubscribe(topic);
        self.until_unsubscribed([topic], other).await;
    }

    /// Waits for subscriptions to take effect.
    pub async fn until_subscribed(&mut self, topics: impl IntoIterator<Item = Topic>, other: &mut Self) {
        self.until(topics.into_iter().collect(), true, other).await;
    }

    /// Waits for the end of subscriptions to take effect.
    pub async fn until_unsubscribed(&mut self, topics: impl IntoIterator<Item = Topic>, other: &mut Self) {
        self.until(topics.into_iter().collect(), false, other).await;
    }

    async fn until(&mut self, mut topics: Vec<Topic>, subscribed: bool, other: &mut Self) {
        while !topics.is_empty() {
            let mut still = Vec::new();
            for burst in topics.chunks(BURST) {
                let probe = other.next_marker();
                burst.iter().for_each(|topic| other.bus.publish(Subject::Topic(*topic), probe.clone()));
                let heard = self.heard_until_now(other).await;
                let is_heard = |topic: Topic| heard.contains(&(Subject::Topic(topic), probe.clone()));
                still.extend(burst.iter().filter(|topic| is_heard(**topic) != subscribed));
            }
            topics = still;
        }
    }

    /// Waits until all these hints are heard, and checks that no others are, if `other` has published them.
    pub async fn hears(&mut self, expected: impl IntoIterator<Item = Hint>, other: &mut Self) {
        let expected: BTreeSet<Hint> = expected.into_iter().collect();
        let mut heard = BTreeSet::new();
        while !heard.is_superset(&expected) {
            if let Heard::Hint { subject, payload } = self.next().await {
                heard.insert((subject, payload));
            }
        }
        heard.extend(self.heard_until_now(other).await);
        heard.retain(|(_, payload)| !payload.starts_with(MARKER));
        // Not compared with assert_eq, which would print the largest of hints.
        let unexpected: Vec<_> = heard.difference(&expected).map(|(subject, _)| subject).collect();
        assert!(unexpected.is_empty(), "heard besides: {unexpected:?}");
    }

    /// Waits until this hint is heard, whatever else is, publishing it again with each: it may find queues full.
    pub async fn hears_at_last(&mut self, hint: Hint, other: &Self) {
        let awaited = Heard::Hint { subject: hint.0, payload: hint.1.clone() };
        other.publish(hint.clone());
        while self.next().await != awaited {
            other.publish(hint.clone());
        }
    }

    /// Checks that nothing is heard of what `other` has published.
    pub async fn hears_nothing(&mut self, other: &mut Self) {
        self.hears([], other).await;
    }

    /// What is heard next.
    pub async fn next(&mut self) -> Heard {
        self.hearing.recv().await.expect("the bus is open")
    }

    /// What is heard until two markers of `other` have come, one after the other: the second for what comes late.
    async fn heard_until_now(&mut self, other: &mut Self) -> BTreeSet<Hint> {
        let mut heard = BTreeSet::new();
        for _ in 0..2 {
            let marker = (Subject::Everybody, other.next_marker());
            other.publish(marker.clone());
            while !heard.contains(&marker) {
                if let Heard::Hint { subject, payload } = self.next().await {
                    heard.insert((subject, payload));
                }
            }
        }
        heard
    }

    fn next_marker(&mut self) -> Vec<u8> {
        self.markers += 1;
        let mut marker = MARKER.to_vec();
        marker.extend(format!("{} of {}", self.markers, self.number).bytes());
        marker
    }
}
