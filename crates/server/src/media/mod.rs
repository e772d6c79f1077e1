//! What people upload: files named by their content, that never change.

mod archive;
mod avatars;
mod folder;
mod measure;
mod name;
mod picture;

pub use archive::FolderArchive;
use std::sync::Arc;
use std::time::Duration;

use rim_store::Store;

use crate::life::Life;

pub use avatars::{Avatars, Picture};
pub use folder::folder;
pub use measure::measure;
pub use name::AvatarName;
pub use picture::Format;

/// How long an upload stays that nothing names: for whoever has uploaded it and not said yet what for, and for pages that
/// show what somebody has just replaced.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);
/// Files removed at a time.
const AT_ONCE: u32 = 500;

/// Removes what nothing names any more.
pub async fn sweep(avatars: Avatars, store: Arc<dyn Store>, life: Life) {
    let before = life.clock.now().minus(GRACE);
    while !life.shutdown.is_cancelled() {
        match avatars.sweep(&*store, before, AT_ONCE).await {
            Ok(0) => return,
            Ok(removed) => tracing::info!(removed, "pictures that nothing shows were removed"),
            Err(error) => {
                tracing::warn!(%error, "cannot remove pictures that nothing shows, trying again in an hour");
                return;
            }
        }
    }
}
