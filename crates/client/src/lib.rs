//! The Rust client of rim.
//!
//! Three layers, each usable without the one above: [`Api`] calls the REST operations, [`Connection`] is one
//! WebSocket as the protocol has it, and [`Client`] is a conversation that outlives its connections: it
//! logs in again, asks for what it missed, sends again what was not acknowledged, and shows every
//! message once and in order.

mod api;
mod client;
mod connection;
mod replica;

pub use api::{Api, ApiError};
pub use client::{Client, ClientEvent, SendError, Sender};
pub use connection::{Connection, ConnectionError};
pub use replica::{GroupReplica, Replica};
pub use rim_protocol as protocol;
