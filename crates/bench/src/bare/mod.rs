//! The bare machine: what the same disk and the same sockets do when nothing understands what goes
//! through them.
//!
//! No server can be faster than this; how near rim comes to it says more than a figure that another machine
//! would not repeat.

pub(crate) mod append;
pub(crate) mod relay;
