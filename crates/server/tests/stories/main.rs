//! Stories over real sockets, one file a story.

mod chance;
#[path = "../program/mod.rs"]
mod program;
mod raw;
mod world;

mod avatars;
mod delivery;
mod envelope;
mod friends;
mod group_chat;
mod history_and_chats;
mod hostile;
mod idle_and_slow;
mod limits;
mod login_and_sessions;
mod old_client;
mod operations;
mod overload;
mod protocol_document;
mod random;
mod receipts;
mod registration;
mod shutdown;
mod single_chat;
mod sync;
mod tls;
