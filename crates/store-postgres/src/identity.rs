//! Which store this is, and how its epoch comes about.

use deadpool_postgres::GenericClient;
use rim_core::Identity;
use tokio_postgres::Error;

/// Draws the epoch where none was drawn since the store was made or restored. In the transaction that brings the
/// schema up to date, so that all nodes read the same.
pub(crate) async fn open(db: &impl GenericClient) -> Result<Identity, Error> {
    // Of a random UUID the bits before its version; odd, so never 0.
    let sql = "UPDATE identity SET epoch = ('x' || left(gen_random_uuid()::text, 8)
                                                || substr(gen_random_uuid()::text, 1, 4))::bit(48)::bigint | 1
               WHERE epoch = 0";
    db.execute(sql, &[]).await?;
    find(db).await
}

/// As it is stored: the epoch may be 0.
pub(crate) async fn find(db: &impl GenericClient) -> Result<Identity, Error> {
    let row = db.query_one("SELECT id, epoch FROM identity", &[]).await?;
    Ok(Identity { id: row.try_get(0)?, epoch: row.try_get::<_, i64>(1)?.unsigned_abs() })
}

/// Makes the next server draw another epoch.
pub(crate) async fn forget_epoch(db: &impl GenericClient) -> Result<(), Error> {
    db.execute("UPDATE identity SET epoch = 0", &[]).await.map(drop)
}

/// Becomes the store that all of this was moved from.
pub(crate) async fn set(db: &impl GenericClient, identity: &Identity) -> Result<(), Error> {
    let epoch = identity.epoch.cast_signed();
    db.execute("UPDATE identity SET id = $1, epoch = $2", &[&identity.id, &epoch]).await.map(drop)
}
