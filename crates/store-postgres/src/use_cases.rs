//! How the use cases of `rim-store` are carried out.

use rim_core::UserId;
use rim_store::database::{Database, InPieces};
use rim_store::{Read, Tx};

use crate::PostgresStore;
use crate::port::Result;

impl Database for PostgresStore {
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Read) -> Result<T> + Send + 'static,
    ) -> rim_store::Result<T> {
        self.database.read_here(false, work).await
    }

    async fn read_at_once<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Read) -> Result<T> + Send + 'static,
    ) -> rim_store::Result<T> {
        self.database.read_here(true, work).await
    }

    async fn write<T: Send + 'static>(
        &self,
        _by: UserId,
        work: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
    ) -> rim_store::Result<T> {
        self.database.write(work).await
    }

    async fn write_many<T: Send + 'static>(
        &self,
        by: UserId,
        work: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
    ) -> rim_store::Result<T> {
        self.database.write_many(by, work).await
    }

    async fn write_in_pieces<W: InPieces>(&self, by: UserId, work: W) -> rim_store::Result<W::Output> {
        self.database.write_in_pieces(by, work).await
    }
}
