//! The stories again, of three nodes on one PostgreSQL that tell each other over NATS. A balancer before them
//! gives each connection to the next, so a story's people are spread over all of them.
//!
//! `failures` has what only several nodes can tell: real processes that are killed, restarted and cut off.
//!
//! Left out are the stories of what a node does for itself: TLS, settings and metrics, and its bounds.

mod clocks;
mod deaf;
mod failures;
mod loss;

#[path = "../stories/balancer.rs"]
mod balancer;
#[path = "../stories/chance.rs"]
mod chance;
#[path = "../stories/filer.rs"]
mod filer;
#[path = "../stories/place.rs"]
mod place;
#[path = "../program/mod.rs"]
mod program;
#[path = "../stories/raw.rs"]
mod raw;
#[path = "../stories/search.rs"]
mod search;
#[path = "../stories/world.rs"]
mod world;

/// Nodes that serve each story.
const NODES: usize = 3;

#[path = "../stories/authorization.rs"]
mod authorization;
#[path = "../stories/avatars.rs"]
mod avatars;
#[path = "../stories/consumers.rs"]
mod consumers;
#[path = "../stories/delivery.rs"]
mod delivery;
#[path = "../stories/envelope.rs"]
mod envelope;
#[path = "../stories/expire.rs"]
mod expire;
#[path = "../stories/file_messages.rs"]
mod file_messages;
#[path = "../stories/files.rs"]
mod files;
#[path = "../stories/filing_faults.rs"]
mod filing_faults;
#[path = "../stories/former.rs"]
mod former;
#[path = "../stories/forward.rs"]
mod forward;
#[path = "../stories/friends.rs"]
mod friends;
#[path = "../stories/gallery.rs"]
mod gallery;
#[path = "../stories/group_chat.rs"]
mod group_chat;
#[path = "../stories/history_and_chats.rs"]
mod history_and_chats;
#[path = "../stories/hostile/mod.rs"]
mod hostile;
#[path = "../stories/idle_and_slow.rs"]
mod idle_and_slow;
#[path = "../stories/limits.rs"]
mod limits;
#[path = "../stories/links.rs"]
mod links;
#[path = "../stories/locations.rs"]
mod locations;
#[path = "../stories/login_and_sessions.rs"]
mod login_and_sessions;
#[path = "../stories/mentions.rs"]
mod mentions;
#[path = "../stories/notes.rs"]
mod notes;
#[path = "../stories/old_client.rs"]
mod old_client;
#[path = "../stories/presence.rs"]
mod presence;
#[path = "../stories/previews.rs"]
mod previews;
#[path = "../stories/profiles.rs"]
mod profiles;
#[path = "../stories/protocol_document.rs"]
mod protocol_document;
#[path = "../stories/random/mod.rs"]
mod random;
#[path = "../stories/receipts.rs"]
mod receipts;
#[path = "../stories/registration.rs"]
mod registration;
#[path = "../stories/rest_notes.rs"]
mod rest_notes;
#[path = "../stories/rest_send.rs"]
mod rest_send;
#[path = "../stories/schedule.rs"]
mod schedule;
#[path = "../stories/shutdown.rs"]
mod shutdown;
#[path = "../stories/sights.rs"]
mod sights;
#[path = "../stories/single_chat.rs"]
mod single_chat;
#[path = "../stories/storm.rs"]
mod storm;
#[path = "../stories/sync.rs"]
mod sync;
#[path = "../stories/tus.rs"]
mod tus;
#[path = "../stories/typing.rs"]
mod typing;
#[path = "../stories/vital.rs"]
mod vital;
