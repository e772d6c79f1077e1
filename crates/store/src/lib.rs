//! What rim keeps: the ports to it, and its use cases.
//!
//! There is one trait an aggregate ([`Users`], [`Sessions`], [`Friends`], [`Groups`], [`Uploads`], [`Files`], [`Chats`], [`Notes`],
//! [`Sights`], [`Schedules`], [`Forwarding`], [`Expiry`], [`Consumers`]), whose methods are whole use cases with a transaction of their
//! own. They are written here, once, over the port of a [`Database`]; what a caller may do is decided inside of the
//! transaction by the rules of `rim-core`. What was tuned by measuring each database has for itself: [`Messages`] and
//! [`Logins`].
//!
//! `suite` holds what every store must keep to.

use std::time::Duration;

use async_trait::async_trait;
use rim_core::Identity;

pub mod archive;
pub mod chats;
pub mod check;
pub mod columns;
pub mod consumers;
mod contacts;
pub mod database;
mod error;
mod expiry;
mod failure;
mod feed;
pub mod files;
pub mod former;
mod forward;
mod friends;
pub mod gallery;
pub mod groups;
mod logins;
mod membership;
mod messages;
pub mod migrations;
mod moved;
pub mod notes;
pub mod objects;
mod part;
mod people;
mod scheduled;
pub mod search;
mod sessions;
mod shared;
pub mod sights;
#[cfg(feature = "suite")]
pub mod suite;
mod table;
mod uploads;
mod users;
mod value;
pub mod waiting;

pub use chats::Chats;
pub use consumers::Consumers;
pub use database::{Database, Read, Tx};
pub use error::{Result, StoreError};
pub use expiry::Expiry;
pub use failure::Failure;
pub use feed::{Committed, Done, Feed, Sleeper, callback};
pub use files::Files;
pub use forward::Forwarding;
pub use friends::Friends;
pub use groups::Groups;
pub use logins::Logins;
pub use messages::Messages;
pub use notes::{Acting, Notes};
pub use objects::Objects;
pub use part::Part;
pub use scheduled::Schedules;
pub use search::Searches;
pub use sessions::Sessions;
pub use shared::{SeenUpTo, SharedStore};
pub use sights::Sights;
pub use uploads::Uploads;
pub use users::Users;
pub use value::{Column, Value};

/// Told of every commit, and of what cannot be read, for metrics. Called by the store's writer, so it must not block.
pub trait CommitObserver: Send + Sync + 'static {
    /// `writes` use cases shared one commit, which took `elapsed` from its first write to the disk.
    fn committed(&self, writes: usize, elapsed: Duration);

    /// A read was answered with a fault of the store.
    fn read_failed(&self) {}

    /// A row that was read is not what was written.
    fn damaged_row(&self) {}
}

/// Everything rim remembers.
///
/// What every implementation guarantees, and the suite checks:
/// - A method that returns `Ok`, and a [`Done`] that is called with `Ok`, mean that the change has
///   reached the disk. Nobody else can see a change before that.
/// - (sender, group, `client_msg_id`) is stored once, for ever.
/// - Within a group `seq` runs 1, 2, 3… without a gap in commit order. Every durable change of a group
///   takes the group's next `rev`: messages, receipts that move on, membership, roles, name and avatar of the
///   group and of its members.
/// - What changed is published on the [`crate::Feed`] that came with the store, in commit order.
/// - A method that fails has changed nothing, unless it says `Unsure`. One in pieces that fails in the midst, also
///   because its caller may not go on, has changed a part, and says that.
/// - Users take turns: what one asks for, however much and however large, has others wait for a commit or two. What a user
///   submits keeps its order.
/// - A method that nobody waits for any more is not carried out, if it has not begun.
#[async_trait]
pub trait Store:
    Users
    + Sessions
    + Friends
    + Groups
    + Uploads
    + Files
    + Chats
    + Notes
    + Sights
    + Schedules
    + Forwarding
    + Expiry
    + Consumers
    + Searches
    + Messages
    + Logins
    + 'static
{
    /// Which store this is; the same as long as it is open.
    fn identity(&self) -> &Identity;

    /// Whether it can read and write now.
    ///
    /// # Errors
    /// What keeps it from that.
    async fn ready(&self) -> Result<()>;

    /// Commits what is queued and closes. Everything submitted later is `Busy`; the feed ends.
    async fn close(&self);
}
