//! The wire of rim: what travels between clients and the server, and its limits.
//!
//! Everything here is data: frames of the WebSocket, bodies of the REST operations, error and close
//! codes, and the bounds of every field. Nothing here does I/O or knows how the server works.

pub mod close;
pub mod content;
#[cfg(test)]
mod cost;
mod emoji;
pub mod envelope;
pub mod error;
pub mod field;
pub mod frame;
pub mod id;
pub mod limits;
mod name;
mod notice;
mod object;
pub mod rest;
mod rich_text;
pub mod sync;
mod visible;

pub use close::CloseCode;
pub use content::Kind;
pub use emoji::Emoji;
pub use envelope::Envelope;
pub use error::ErrorCode;
pub use id::Id;
pub use name::Name;
