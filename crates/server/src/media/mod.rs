//! Pictures: what they are called, and how much of the machine goes into them. Nothing here reads or writes but what it is
//! given; what is made of their bytes is in `rim-media`.

mod budget;
mod name;

pub use budget::{Budget, Room};
pub use name::AvatarName;
pub use rim_media::Format;
