//! Bytes of an upload that are coming: staged, counted and looked at on the way, and nothing held.

use std::io;

use axum::body::Bytes;
use rim_core::Refusal;
use rim_core::file::TransferId;
use rim_store::StoreError;

use super::seen::Seen;
use super::{Filing, random};
use crate::storage::{Stage, Staged};

/// Once so many bytes are not durable they are made so, while others come; and nothing comes until they are once there are twice
/// as many. As many again the disk is asked whether it has room for.
const UNSYNCED_BYTES: u64 = 8 << 20;

pub struct Coming<'a> {
    filing: &'a Filing,
    stage: Box<dyn Stage>,
    /// What is durable.
    staged: Staged,
    /// What has come.
    length: u64,
    /// Where it has seen all bytes from the first.
    seen: Option<Seen>,
    /// The storage has failed, and what is behind the durable bytes counts no more.
    failed: bool,
}

impl<'a> Coming<'a> {
    /// A new upload.
    ///
    /// # Errors
    /// The storage's.
    pub async fn begin(filing: &'a Filing) -> Result<Self, StoreError> {
        let id = TransferId::new(random()?);
        Self::go_on(filing, Staged::new(id.to_string()), Some(Seen::default())).await
    }

    /// Goes on behind what is durable.
    ///
    /// # Errors
    /// The storage's.
    pub async fn go_on(filing: &'a Filing, staged: Staged, seen: Option<Seen>) -> Result<Self, StoreError> {
        let stage = filing.storage.stage(&staged).await.map_err(|error| filing.fault(&error))?;
        let length = staged.length;
        Ok(Self { filing, stage, staged, length, seen, failed: false })
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
        if let Some(seen) = &mut self.seen {
            seen.update(&piece);
        }
        self.length = length;
        if let Err(error) = self.stage.write(piece).await {
            return Err(self.failed(&error));
        }
        let unsynced = self.length - self.staged.length;
        if unsynced < UNSYNCED_BYTES {
            return Ok(());
        }
        if unsynced < 2 * UNSYNCED_BYTES {
            match self.stage.sync_behind().await {
                Ok(None) => return Ok(()),
                Ok(Some(staged)) => self.staged = staged,
                Err(error) => return Err(self.failed(&error)),
            }
        } else {
            self.sync().await?;
        }
        self.filing.has_room(2 * UNSYNCED_BYTES).await
    }

    /// Makes durable what it can, and says how far that is.
    ///
    /// # Errors
    /// The storage's.
    pub async fn sync(&mut self) -> Result<&Staged, StoreError> {
        match self.stage.sync().await {
            Ok(staged) => self.staged = staged,
            Err(error) => return Err(self.failed(&error)),
        }
        Ok(&self.staged)
    }

    fn failed(&mut self, error: &io::Error) -> StoreError {
        self.failed = true;
        self.filing.fault(error)
    }

    /// What was durable when it was looked at last.
    pub const fn staged(&self) -> &Staged {
        &self.staged
    }

    /// Makes all of it durable. With what was seen of it, where that is all. Once the storage has failed, no more is durable than was.
    ///
    /// # Errors
    /// The storage's.
    pub async fn end(self) -> Result<(Staged, Option<Seen>), StoreError> {
        if self.failed {
            return Ok((self.staged, None));
        }
        let staged = self.stage.end().await.map_err(|error| self.filing.fault(&error))?;
        Ok((staged, self.seen))
    }

    /// It comes to nothing.
    pub async fn give_up(self) {
        let Self { filing, stage, staged, .. } = self;
        drop(stage);
        filing.discard(&staged).await;
    }
}
