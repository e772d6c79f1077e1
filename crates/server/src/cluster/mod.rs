//! Several nodes on one store: each hears of what the others did, and tells those who are connected to it.
//!
//! A change reaches the connections of the node that committed it by the store's feed, and those of other nodes
//! by a hint on the bus. Hints may be lost, doubled or late. So nobody tells what they hear, but what comes next:
//! each node knows for every topic that somebody connected to it follows how far it has told (`progress`), and
//! asks the store for what is missing. That it misses something it learns from the next hint, and where none
//! comes, from a look at the store every few seconds.
//!
//! One task does all of it (`follower`), so what a connection hears of a topic has one order.
//!
//! Who is connected where is in no store: the nodes tell each other (`announcer`), and ask each other for what they
//! missed (`others_online`), in another task (`presence`).

mod announcer;
mod follower;
mod hint;
mod node;
mod nodes;
mod others_online;
mod presence;
mod progress;

pub use self::follower::follow;
pub use self::node::{Cluster, Ears, Here, Words};
pub(crate) use self::nodes::{GONE_AFTER, NOTE_EVERY, note_nodes, purge_changes};
pub use self::presence::exchange_presence;
