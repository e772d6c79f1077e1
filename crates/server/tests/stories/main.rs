//! Stories over real sockets, one file a story.
//!
//! `tests/cluster` tells most of them again of several nodes.

mod balancer;
mod chance;
mod filer;
mod place;
#[path = "../program/mod.rs"]
mod program;
mod raw;
mod search;
mod world;

/// Nodes that serve each story.
const NODES: usize = 1;

mod authorization;
mod avatars;
mod consumers;
mod delivery;
mod envelope;
mod expire;
mod file_messages;
mod files;
mod filing_faults;
mod former;
mod forward;
mod friends;
mod gallery;
mod group_chat;
mod history_and_chats;
mod hostile;
mod idle_and_slow;
mod limits;
mod links;
mod locations;
mod login_and_sessions;
mod mentions;
mod notes;
mod old_client;
mod operations;
mod overload;
mod presence;
mod previews;
mod profiles;
mod properties;
mod protocol_document;
mod random;
mod receipts;
mod registration;
mod rest_notes;
mod rest_send;
mod schedule;
mod shutdown;
mod sights;
mod single_chat;
mod storm;
mod sync;
mod tls;
mod tus;
mod typing;
mod unread;
mod vital;
