//! Bytes of an upload that are coming: staged, counted and hashed on the way, and nothing held.

use axum::body::Bytes;
use rim_core::Refusal;
use rim_core::file::TransferId;
use rim_store::StoreError;

use super::{Filing, random};
use crate::storage::{Hasher, Stage, Staged};

/// Bytes that may be written and not be durable yet; as many more the disk is asked whether it has room for.
const UNSYNCED_BYTES: u64 = 8 << 20;

pub struct Coming<'a> {
    filing: &'a Filing,
    stage: Box<dyn Stage>,
    /// What is durable.
    staged: Staged,
    /// What has come.
    length: u64,
    /// Where it has seen all bytes from the first.
    hasher: Option<Hasher>,
}

impl<'a> Coming<'a> {
    /// A new upload.
    ///
    /// # Errors
    /// The storage's.
    pub async fn begin(filing: &'a Filing) -> Result<Self, StoreError> {
        let id = TransferId::new(random()?);
        Self::go_on(filing, Staged::new(id.to_string()), Some(Hasher::default())).await
    }

    /// Goes on behind what is durable.
    ///
    /// # Errors
    /// The storage's.
    pub async fn go_on(
        filing: &'a Filing,
        staged: Staged,
        hasher: Option<Hasher>,
    ) -> Result<Self, StoreError> {
        let stage = filing.storage.stage(&staged).await.map_err(|error| filing.fault(&error))?;
        let length = staged.length;
        Ok(Self { filing, stage, staged, length, hasher })
    }

    /// What has come.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// The next bytes.
    ///
    /// # Errors
    /// `FileTooLarge`, `DiskNearlyFull`; the storage's.
    pub async fn write(&mut self, piece: Bytes) -> Result<(), StoreError> {
        let metrics = self.filing.metrics();
        metrics.received_bytes.inc_by(piece.len() as u64);
        self.take_in(piece).await.map_err(|error| metrics.refused(error))
    }

    async fn take_in(&mut self, piece: Bytes) -> Result<(), StoreError> {
        let length = self.length + piece.len() as u64;
        let most = self.filing.limits.max_bytes;
        if length > most {
            return Err(Refusal::FileTooLarge(most).into());
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&piece);
        }
        self.length = length;
        self.stage.write(piece).await.map_err(|error| self.filing.fault(&error))?;
        if self.length - self.staged.length >= UNSYNCED_BYTES {
            self.sync().await?;
            self.filing.has_room(UNSYNCED_BYTES).await?;
        }
        Ok(())
    }

    /// Makes durable what it can, and says how far that is.
    ///
    /// # Errors
    /// The storage's.
    pub async fn sync(&mut self) -> Result<&Staged, StoreError> {
        self.staged = self.stage.sync().await.map_err(|error| self.filing.fault(&error))?;
        Ok(&self.staged)
    }

    /// What was durable when it was looked at last.
    pub const fn staged(&self) -> &Staged {
        &self.staged
    }

    /// Makes all of it durable. With its hash, where that is known.
    ///
    /// # Errors
    /// The storage's.
    pub async fn end(self) -> Result<(Staged, Option<Hasher>), StoreError> {
        let staged = self.stage.end().await.map_err(|error| self.filing.fault(&error))?;
        Ok((staged, self.hasher))
    }

    /// It comes to nothing.
    pub async fn give_up(self) {
        let Self { filing, stage, staged, .. } = self;
        drop(stage);
        filing.discard(&staged).await;
    }
}
