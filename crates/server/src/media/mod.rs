//! Pictures: which are taken, and what they are called. Nothing here reads or writes but what it is given.

mod measure;
mod name;
mod picture;

pub use measure::measure;
pub use name::AvatarName;
pub use picture::Format;
