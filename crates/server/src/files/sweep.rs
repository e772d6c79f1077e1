//! Removes what nothing names: files that nothing uses, bytes that no file has, and uploads that nobody goes on with.
//!
//! Each step finds what the one before has left, whoever ended in between: first rows go that name something, then what was named.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rim_core::file::{Blob, Stock, Thumbs, TransferId};
use rim_store::StoreError;

use super::Filing;
use super::transfer::staged_of;
use crate::storage::{Key, remove_marked};

/// Rows looked at together.
const AT_ONCE: u32 = 500;
/// Blobs that are removed together: each has several objects, and for all there is little time.
const BLOBS_AT_ONCE: u32 = 100;
/// For so long what is staged may be of a request that is going on, which is given up when it stands still.
const STALE: Duration = Duration::from_secs(48 * 60 * 60);

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the storage of files: {0}")]
    Storage(#[from] io::Error),
}

/// Removes all there is to be removed now.
pub async fn sweep(filing: Arc<Filing>) {
    if let Err(error) = sweep_all(&filing).await {
        tracing::warn!(%error, "cannot remove files that nothing uses, trying again in an hour");
    }
}

async fn sweep_all(filing: &Filing) -> Result<(), Fault> {
    let Filing { store, life, metrics, .. } = filing;
    let now = life.clock.now();
    let goes_on = || !life.shutdown.is_cancelled();
    while goes_on() {
        let expired = store.expired_transfers(now, AT_ONCE).await?;
        for transfer in &expired {
            filing.storage.discard(&staged_of(transfer)).await?;
            let dropped = store.drop_transfer(transfer.user, transfer.id).await?;
            if dropped.is_some_and(|transfer| transfer.file.is_none()) {
                metrics.expired.inc();
            }
        }
        if expired.is_empty() {
            break;
        }
    }
    while goes_on() {
        let removed = store.unused_files(now, AT_ONCE).await?;
        if removed == 0 {
            break;
        }
        metrics.removed.inc_by(removed);
        tracing::info!(removed, "files that nothing uses were removed");
    }
    while goes_on() {
        let since = life.clock.now();
        let leaving = store.leaving_blobs(since, BLOBS_AT_ONCE).await?;
        if leaving.is_empty() {
            break;
        }
        let keys: Vec<Key> = leaving.iter().flat_map(keys_of).collect();
        remove_marked(&*filing.storage, &keys, since, life).await?;
        store.forget_blobs(leaving.into_iter().map(|blob| blob.hash).collect(), since).await?;
    }
    while goes_on() {
        let mut discarded = false;
        for staged in filing.storage.stale(now.minus(STALE)).await? {
            // A transfer may rest for as long as it has not expired.
            let rests = match TransferId::parse(&staged.id) {
                Some(id) => store.has_transfer(id).await?,
                None => false,
            };
            if !rests {
                filing.storage.discard(&staged).await?;
                discarded = true;
            }
        }
        if !discarded {
            break;
        }
    }
    let Stock { blobs, bytes } = store.stock().await?;
    metrics.kept.set(i64::try_from(blobs).unwrap_or(i64::MAX));
    metrics.kept_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    Ok(())
}

fn keys_of(blob: &Blob) -> impl Iterator<Item = Key> {
    // Whatever previews a crash may have left without their being known.
    let all = Thumbs::from_bits(u8::MAX).all();
    [Key::Blob(blob.hash)].into_iter().chain(all.map(|side| Key::Preview(blob.hash, side)))
}
