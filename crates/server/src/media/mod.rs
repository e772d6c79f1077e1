//! What people upload: files in the data folder, named by their content, that never change.

mod avatars;
mod picture;

pub use avatars::{AvatarName, Avatars};
pub use picture::Format;
