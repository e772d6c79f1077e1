//! How the use cases of `rim-store` are carried out.

use rim_core::UserId;
use rim_store::consumers::{Mark, Moved};
use rim_store::database::{self, Database, InPieces};
use rim_store::{Read, Tx};

use crate::SqliteStore;
use crate::batch::{Batch, Piece};
use crate::port::{FEW_ROWS, MANY_ROWS, Result};

impl Database for SqliteStore {
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Read) -> Result<T> + Send + 'static,
    ) -> rim_store::Result<T> {
        self.readers.read(|snapshot| Ok(work(snapshot)?)).await
    }

    async fn read_at_once<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Read) -> Result<T> + Send + 'static,
    ) -> rim_store::Result<T> {
        self.read(work).await
    }

    async fn write<T: Send + 'static>(
        &self,
        by: UserId,
        work: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
    ) -> rim_store::Result<T> {
        self.writer.call(by, FEW_ROWS, |batch| Ok(work(batch)?)).await
    }

    async fn write_rows<T: Send + 'static>(
        &self,
        by: UserId,
        rows: usize,
        work: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
    ) -> rim_store::Result<T> {
        self.writer.call(by, rows.max(FEW_ROWS), |batch| Ok(work(batch)?)).await
    }

    async fn write_many<T: Send + 'static>(
        &self,
        by: UserId,
        work: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
    ) -> rim_store::Result<T> {
        self.writer.call(by, MANY_ROWS, |batch| Ok(work(batch)?)).await
    }

    async fn write_in_pieces<W: InPieces>(&self, by: UserId, mut work: W) -> rim_store::Result<W::Output> {
        let cost = work.cost().max(FEW_ROWS);
        let next = move |batch: &mut Batch<'_>| {
            let piece = work.next(batch)?;
            let cost = work.cost().max(FEW_ROWS);
            Ok(match piece {
                database::Piece::More => Piece::More { cost },
                database::Piece::Looked => Piece::Looked { cost },
                database::Piece::Last(output) => Piece::Last(output),
            })
        };
        self.writer.call_in_pieces(by, cost, next).await
    }

    async fn commits_since(&self, since: Option<Mark>) -> rim_store::Result<Moved> {
        Ok(self.published.moved().since(since.as_ref()))
    }

    async fn until_commits(&self, since: &Mark) {
        self.published.moved().until(since).await;
    }

    /// What has moved is known for as long as this store is open.
    fn lasting(&self, _mark: &Mark) -> Option<Mark> {
        None
    }

    async fn forget_commits(&self) -> rim_store::Result<()> {
        Ok(())
    }

    /// Pages that are free are used first.
    async fn reuse_room_of_index(&self) {}
}
