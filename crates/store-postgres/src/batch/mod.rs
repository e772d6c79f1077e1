//! What the writer does with what has queued up: many writes in one transaction of two round trips.
//!
//! The first locks the groups and reads what the writes depend on (`load`). What becomes of each is decided in their
//! order (`decide`). The second writes it all and commits (`store`). Where there are messages that are more than plain ones,
//! one more is between them (`admit`), and where some name files (`files`).

use std::panic::{AssertUnwindSafe, catch_unwind};

use deadpool_postgres::Client;
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;

use crate::failure::{Failure, Result};
use crate::pools::Pools;
use crate::publisher::Publisher;
use crate::queue::Wanted;

mod admit;
mod beside;
mod decide;
mod evidence;
mod files;
mod lease;
mod load;
mod outcome;
mod sight;
mod store;
mod told;

use self::lease::{Lease, ROUND_TRIP};

pub(crate) use beside::Beside;
pub(crate) use evidence::Evidence;
pub(crate) use load::{ENDED, IDS, RESENT};
pub(crate) use outcome::Outcome;
pub(crate) use store::{GALLERY, GROUPS, MESSAGES, Messages};
pub(crate) use told::{refuse, tell};

/// A batch that is committed, or needed no commit.
pub(crate) struct Carried {
    pub(crate) outcomes: Vec<Outcome>,
    /// To be held until they are told.
    pub(crate) turn: Option<OwnedMutexGuard<()>>,
}

/// Why a try came to nothing; or perhaps not to nothing.
pub(crate) struct Failed {
    pub(crate) failure: Failure,
    /// Of a COMMIT that was sent and not answered: what came of the batch, if it was committed.
    pub(crate) unsure: Option<Unsure>,
}

pub(crate) struct Unsure {
    pub(crate) outcomes: Vec<Outcome>,
    /// Shows that it was.
    pub(crate) evidence: Evidence,
}

impl<E: Into<Failure>> From<E> for Failed {
    fn from(failure: E) -> Self {
        Self { failure: failure.into(), unsure: None }
    }
}

/// Carries out the writes and commits them.
pub(crate) async fn carry_out(
    pools: &Pools,
    publisher: &Publisher,
    writes: &[Wanted],
) -> std::result::Result<Carried, Failed> {
    let lease = Lease::of(pools).await?;
    let mut loaded = in_time(load::load(lease.db(), writes)).await?;
    let asked = admit::asked(writes, &loaded);
    if !asked.is_empty() {
        loaded.admitted = in_time(admit::admit(lease.db(), &asked)).await?;
    }
    let named = files::asked(writes, &loaded);
    if !named.is_empty() {
        loaded.named = in_time(files::admit(lease.db(), &named)).await?;
    }
    let decided =
        catch_unwind(AssertUnwindSafe(|| decide::decide(writes, loaded))).map_err(|_| Failure::Panicked)?;
    let Some(evidence) = Evidence::of(writes, &decided.outcomes) else {
        in_time(roll_back(lease.db())).await?;
        lease.keep();
        return Ok(Carried { outcomes: decided.outcomes, turn: None });
    };
    let turn = publisher.turn().await;
    match timeout(ROUND_TRIP, store::store(lease.db(), writes, &decided)).await {
        Ok(Ok(())) => {
            lease.keep();
            Ok(Carried { outcomes: decided.outcomes, turn: Some(turn) })
        }
        Ok(Err(failure)) if !matches!(failure, Failure::Unsure(_)) => Err(failure.into()),
        unanswered => {
            let failure = unanswered
                .map_or_else(|_| Failure::Late, |_| Failure::Away("the connection was lost".into()));
            Err(Failed { failure, unsure: Some(Unsure { outcomes: decided.outcomes, evidence }) })
        }
    }
}

/// Whether the batch was committed that left this evidence if it was. Waits until that is settled.
pub(crate) async fn was_committed(pools: &Pools, evidence: &Evidence) -> Result<bool> {
    let lease = Lease::of(pools).await?;
    let found = in_time(evidence.is_there(lease.db())).await?;
    in_time(roll_back(lease.db())).await?;
    lease.keep();
    Ok(found)
}

/// Whether messages can be stored, on the connection on which they are, and up to the disk.
pub(crate) async fn can_store(pools: &Pools) -> Result<()> {
    let lease = Lease::of(pools).await?;
    in_time(async { Ok(lease.db().execute("UPDATE rim_schema SET version = version", &[]).await?) }).await?;
    lease.keep();
    Ok(())
}

/// The same after some could not: writes what takes room, as they do, and takes it back.
pub(crate) async fn can_store_again(pools: &Pools) -> Result<()> {
    // No group has this number. As many as do not fit into the room that is left in a page or two.
    let sql = "BEGIN;
               INSERT INTO messages (group_id, seq, rev, id, sender_id, client_msg_id, kind, content, created_at)
                   SELECT 0, n, n, n, 0, n::text, 1, repeat(md5(n::text), 50), 0 FROM generate_series(1, 50) AS n;
               ROLLBACK";
    let lease = Lease::of(pools).await?;
    in_time(async { Ok(lease.db().batch_execute(sql).await?) }).await?;
    lease.keep();
    Ok(())
}

async fn in_time<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(ROUND_TRIP, work).await.unwrap_or_else(|_| Err(Failure::Late))
}

async fn roll_back(db: &Client) -> Result<()> {
    Ok(db.batch_execute("ROLLBACK").await?)
}
