//! Files that become pictures of users and groups: of these a small square is shown, made when they are set.

use axum::body::Bytes;
use futures_util::StreamExt;
use rim_core::file::{Blob, File, SIDES, SQUARE, Thumbs, avatar_of, of_avatar};
use rim_core::{Refusal, UserId};
use rim_store::StoreError;

use super::Filing;
use crate::storage::Key;

impl Filing {
    /// What a user is about to set as a picture of themselves or a group: where it is a file, the address of its square, which is
    /// there from then on.
    ///
    /// # Errors
    /// `NoSuchFile` where they do not see it or it is no picture; `LocationStays`; `FileOfAnotherKind` where it cannot be drawn.
    pub async fn avatar(&self, user: UserId, avatar: String) -> Result<String, StoreError> {
        let Some(id) = of_avatar(&avatar) else { return Ok(avatar) };
        let file = self.store.visible_file(user, id).await?.filter(File::is_picture);
        let file = file.ok_or(Refusal::NoSuchFile)?;
        // Whoever is shown it may have all of its bytes.
        if file.facts.has_location {
            return Err(Refusal::LocationStays.into());
        }
        self.make_square(&file).await?;
        Ok(avatar_of(&id))
    }

    async fn make_square(&self, file: &File) -> Result<(), StoreError> {
        let key = Key::Preview(file.hash, SQUARE);
        // The file may be removed at any moment, and nothing of it then.
        let thumbs = Thumbs::of(&[SQUARE]);
        self.claim(Blob { hash: file.hash, size_bytes: file.size_bytes, thumbs }).await?;
        if self.storage.size(&key).await.map_err(|error| self.fault(&error))?.is_some() {
            return Ok(());
        }
        // A smaller picture will do, as long as it is large enough on both sides; how long they may be in proportion is not asked.
        let side = SIDES[1];
        let (from, size_bytes) = if file.facts.thumbs.has(side) {
            let from = Key::Preview(file.pictured(), side);
            let size_bytes = self.storage.size(&from).await.map_err(|error| self.fault(&error))?;
            (from, size_bytes.ok_or_else(missing)?)
        } else {
            (Key::Blob(file.hash), file.size_bytes)
        };
        let room = self.budget.room(size_bytes).await.ok_or(Refusal::FileOfAnotherKind)?;
        let found = self.storage.open(&from, None).await.map_err(|error| self.fault(&error))?;
        let mut pieces = found.ok_or_else(missing)?.pieces;
        let mut whole = Vec::new();
        while let Some(piece) = pieces.next().await {
            whole.extend_from_slice(&piece.map_err(|error| self.fault(&error))?);
        }
        let square = room.square(Bytes::from(whole), SQUARE).await.map_err(|error| self.fault(&error))?;
        let square = square.ok_or(Refusal::FileOfAnotherKind)?;
        self.storage.put(&key, square).await.map_err(|error| self.fault(&error))
    }
}

fn missing() -> StoreError {
    StoreError::Fault("the bytes of a picture are not there".into())
}
