//! The port to the bus, over which nodes tell each other what to look at.
//!
//! Everything on a bus may be lost, come twice, or come late and in another order: it carries hints, and the
//! store is the truth. So no call waits for a bus, and none fails.

use async_trait::async_trait;

use crate::event::Topic;

mod hearing;
mod local;
#[cfg(feature = "suite")]
pub mod suite;

pub use hearing::{Teller, hearing};
pub use local::LocalBus;

/// Whom a hint is for: the nodes that have subscribed to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// Every node, without subscribing.
    Everybody,
    /// The nodes to which somebody is connected whom the topic concerns.
    Topic(Topic),
}

/// What a node hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Another node has published this. Perhaps not for the first time.
    Hint { subject: Subject, payload: Vec<u8> },
    /// Whatever was published until now may have been missed, as after a lost connection.
    Missed,
}

/// What is heard, in the order in which it came. Bounded: what finds it full is dropped, and `Missed` follows
/// as soon as there is room.
pub type Hearing = tokio::sync::mpsc::Receiver<Heard>;

/// The bus as one node has it. Made together with its [`Hearing`].
///
/// What every implementation does, and the suite checks:
/// - A node does not hear what it published itself.
/// - What is published to a subject while the bus works reaches each other node that has subscribed to it, after
///   a while; what is not subscribed to is not heard, but for what is for everybody.
/// - Subscribing twice is subscribing once. Subscriptions outlive a lost connection.
/// - The connection is made again by itself, for as long as it takes; then `Missed` is heard.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Hears what is published to the topic from some moment soon.
    fn subscribe(&self, topic: Topic);

    /// Hears it no more, from some moment soon.
    fn unsubscribe(&self, topic: Topic);

    /// Sends a hint to the other nodes that have subscribed. Queues it and waits for nothing; what finds the
    /// queue full, the bus away, or is larger than [`Self::max_payload`], is lost.
    fn publish(&self, subject: Subject, payload: Vec<u8>);

    /// Bytes that a hint may have.
    fn max_payload(&self) -> usize;

    /// Whether it works now.
    ///
    /// # Errors
    /// What keeps it from that, for people.
    fn ready(&self) -> Result<(), String>;

    /// Sends what is queued, for some seconds at most, and ends. Nothing is heard any more.
    async fn close(&self);
}
