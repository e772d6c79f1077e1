//! How the use cases of `rim-store` are carried out.

use futures_util::FutureExt;
use rim_core::UserId;
use rim_store::consumers::{Mark, Moved};
use rim_store::database::{Database, InPieces};
use rim_store::{Read, Tx};

use crate::port::Result;
use crate::{PostgresStore, moved, row};

const VACUUM: &str = "VACUUM (SKIP_LOCKED, TRUNCATE off) search_segments, search_blocks, search_entries";

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

    async fn write_rows<T: Send + 'static>(
        &self,
        by: UserId,
        _rows: usize,
        work: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
    ) -> rim_store::Result<T> {
        self.write(by, work).await
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

    async fn commits_since(&self, since: Option<Mark>) -> rim_store::Result<Moved> {
        let told = self.publisher.told();
        self.database.one(move |db| moved::since(db, since, told).boxed()).await
    }

    async fn until_commits(&self, since: &Mark) {
        moved::until(&self.publisher, since).await;
    }

    fn lasting(&self, mark: &Mark) -> Option<Mark> {
        Some(moved::lasting(mark))
    }

    async fn forget_commits(&self) -> rim_store::Result<()> {
        self.database.change(move |db| moved::forget(db).boxed()).await
    }

    /// Autovacuum looks once a minute, and within one the index of a large database may be written three times. It takes as long as
    /// the index is large, so it is left until a fifth of its rows are of no use.
    async fn reuse_room_of_index(&self) {
        let sql = "SELECT n_dead_tup > n_live_tup / 5 FROM pg_stat_user_tables WHERE relid = 'search_blocks'::regclass";
        let vacuum = self.database.change(move |db| {
            async move {
                if row::first(db, sql, &[], |row| row.get::<bool>(0)).await? == Some(true) {
                    db.batch_execute(VACUUM).await?;
                }
                Ok(())
            }
            .boxed()
        });
        if let Err(error) = vacuum.await {
            tracing::debug!(%error, "the room of the index is left to autovacuum");
        }
    }
}
