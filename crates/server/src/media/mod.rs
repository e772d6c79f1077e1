//! What people upload: files named by their content, that never change.

mod archive;
mod avatars;
mod folder;
mod picture;

pub use archive::FolderArchive;
pub use avatars::{AvatarName, Avatars, Picture};
pub use picture::Format;
