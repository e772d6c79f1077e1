//! Films without what says where they were taken: staged once more, and filled on the way.

use axum::body::Bytes;
use bytes::BytesMut;
use futures_util::StreamExt;
use rim_core::Refusal;
use rim_core::file::Hash;
use rim_media::whereabouts::Blanks;
use rim_store::StoreError;

use super::{Coming, Filing};
use crate::storage::Staged;

impl Filing {
    /// Stages a film anew without what says where it was taken, and hashes it.
    pub(super) async fn clear(&self, staged: &Staged, blanks: &Blanks) -> Result<(Staged, Hash), StoreError> {
        let mut coming = Coming::begin(self).await?;
        if let Err(error) = self.copy(staged, &mut coming, blanks).await {
            coming.give_up().await;
            return Err(error);
        }
        let (copy, seen) = coming.end().await?;
        let (hash, found) = seen.expect("it has seen all bytes").finish();
        if found.had_location {
            self.discard(&copy).await;
            return Err(Refusal::LocationStays.into());
        }
        Ok((copy, hash))
    }

    async fn copy(&self, staged: &Staged, to: &mut Coming<'_>, blanks: &Blanks) -> Result<(), StoreError> {
        let mut pieces = self.storage.read_staged(staged).await.map_err(|error| self.fault(&error))?;
        while let Some(piece) = pieces.next().await {
            let mut piece: Bytes = piece.map_err(|error| self.fault(&error))?;
            if blanks.touch(to.length(), piece.len()) {
                let mut filled = BytesMut::from(piece);
                blanks.fill(to.length(), &mut filled);
                piece = filled.freeze();
            }
            to.write(piece).await?;
        }
        Ok(())
    }
}
