//! Ids and numbers: numbers that must not be mistaken for each other.

use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
        pub struct $name(pub u64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// A user. Below 2^53, as every id.
    UserId
}
number! {
    /// A conversation, single or group.
    GroupId
}
number! {
    /// A message. Ascends within a group, and where one node writes over all groups.
    MessageId
}
number! {
    /// One login of one device.
    SessionId
}
number! {
    /// The place of a message in its group: 1, 2, 3… without a gap. 0 is before the first.
    Seq
}
number! {
    /// The number of a change in its group, or among a user's own changes. 0 is before the first.
    Rev
}
number! {
    /// A connection of a client, among those of its node. Of a write: the one that it came from, so that its echo can
    /// leave it out; 0 is none.
    ConnectionId
}
