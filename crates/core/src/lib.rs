//! The rules of rim, and the port of the bus.
//!
//! Nothing here does I/O, reads a clock or draws a random number: rules are functions of what they are
//! given.

pub mod account;
pub mod bus;
#[cfg(all(test, feature = "suite"))]
mod claims;
pub mod contact;
pub mod delta;
pub mod event;
pub mod file;
pub mod file_name;
pub mod friend;
pub mod gallery;
pub mod group;
pub mod group_event;
pub mod id;
pub mod identity;
pub mod member_list;
pub mod message;
pub mod node;
pub mod note;
pub mod refusal;
pub mod schedule;
pub mod search;
pub mod session;
pub mod sight;
pub mod size;
pub mod sync;
pub mod time;
pub mod upload;
pub mod user;

pub use id::{ConnectionId, GroupId, MessageId, Rev, Seq, SessionId, UserId};
pub use identity::Identity;
pub use node::NodeId;
pub use refusal::Refusal;
pub use time::{Clock, Timestamp};
