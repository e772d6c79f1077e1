//! What people upload: files named by their content, that never change.

mod archive;
mod avatars;
mod folder;
mod measure;
mod picture;

pub use archive::FolderArchive;
pub use avatars::{AvatarName, Avatars, Picture};
pub use folder::folder;
pub use measure::measure;
pub use picture::Format;
