//! In which groups transactions have said or done something: what consumers look at.
//!
//! Each such transaction leaves a row with its number. Who looks remembers the snapshot that they looked with: what it did
//! not see and a later one sees was committed between the two, in whichever order the numbers were drawn. So nothing waits for a
//! transaction that goes on for long, and nothing is missed of it.

use std::collections::BTreeSet;
use std::time::Duration;

use deadpool_postgres::GenericClient;
use rim_core::GroupId;
use rim_core::event::Change;
use rim_store::consumers::{Mark, Moved};

use crate::failure::{Failure, Result};
use crate::publisher::Publisher;
use crate::row::{self, Sql, array};

const INSERT: &str = "INSERT INTO moved (groups) VALUES ($1::bigint[])";

/// Transactions that are read to be told of. Are there more, nothing is known, and all groups are looked at.
const MAX_READ: i64 = 20_000;
/// The same where it would be quicker to look at all groups that somebody is in.
const MAX_UNSEEN: i64 = 2_000;
/// Who waits for the first is told when more have come: so that consumers do not have a transaction of their own for each.
const GATHER: Duration = Duration::from_millis(100);
/// What other nodes have committed is looked for so often.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Those in which these changes say or do something.
pub(crate) fn groups(changes: &[Change]) -> Vec<i64> {
    let group = |change: &Change| match change {
        Change::Message { message, .. } | Change::Noted { message, .. } => Some(message.group),
        Change::Expired { group, .. } => Some(*group),
        _ => None,
    };
    array(changes.iter().filter_map(group).collect::<BTreeSet<_>>())
}

/// Notes it, in the transaction. Those of the message path do so with their messages (`batch/store.rs`).
pub(crate) async fn note(db: &impl GenericClient, groups: Vec<i64>) -> Result<()> {
    if !groups.is_empty() {
        row::execute(db, INSERT, &[&groups]).await?;
    }
    Ok(())
}

/// See [`rim_store::Consumers::moved`]. `told` is how many commits this node has told of.
pub(crate) async fn since(db: &impl GenericClient, since: Option<Mark>, told: u64) -> Result<Moved> {
    read(db, since, told, MAX_READ).await
}

/// Nothing is known of more transactions than `most`.
async fn read(db: &impl GenericClient, since: Option<Mark>, told: u64, most: i64) -> Result<Moved> {
    let since = since.and_then(|mark| snapshot(&mark).map(str::to_owned));
    let Some(since) = since else {
        let sql = "SELECT pg_current_snapshot()::text";
        let now = row::first(db, sql, &[], |row| row.get::<String>(0)).await?;
        return Ok(Moved { to: mark(now.ok_or_else(away)?, told), groups: None });
    };
    // A snapshot that is ahead of all is of another server, from which the database was copied.
    let sql = "WITH at AS (SELECT pg_current_snapshot() AS now, $1::text::pg_snapshot AS since)
               SELECT now::text, pg_snapshot_xmax(since) <= pg_snapshot_xmax(now), groups
               FROM at LEFT JOIN moved ON xact >= pg_snapshot_xmin($1::text::pg_snapshot)
                                      AND NOT pg_visible_in_snapshot(xact, $1::text::pg_snapshot)
               LIMIT $2";
    let params: row::Params<'_> = &[&since, &(most + 1)];
    let rows = row::all(db, sql, params, |row| {
        Ok((row.get::<String>(0)?, row.get::<bool>(1)?, row.get::<Option<Vec<i64>>>(2)?))
    });
    let rows = rows.await?;
    let (now, is_known, _) = rows.first().ok_or_else(away)?;
    let (now, is_known) = (now.clone(), *is_known && rows.len() as i64 <= most);
    let groups: BTreeSet<_> = rows.into_iter().filter_map(|(.., groups)| groups).flatten().collect();
    let groups = groups.into_iter().map(|group| GroupId(group.unsigned_abs())).collect();
    Ok(Moved { to: mark(now, told), groups: is_known.then_some(groups) })
}

/// See [`rim_store::Read::moved_unseen`].
pub(crate) async fn unseen(db: &impl GenericClient, consumer: u64) -> Result<Option<Vec<GroupId>>> {
    let sql = "SELECT seen FROM consumers WHERE id = $1";
    let seen = row::first(db, sql, &[&consumer.sql()], |row| row.get::<Option<String>>(0)).await?;
    let Some(seen) = seen.flatten() else { return Ok(None) };
    Ok(read(db, Some(Mark(seen)), 0, MAX_UNSEEN).await?.groups)
}

/// See [`rim_store::Consumers::until_moved`].
pub(crate) async fn until(publisher: &Publisher, Mark(since): &Mark) {
    let told = since.split_once('@').and_then(|(_, told)| told.parse().ok()).unwrap_or(0);
    let own = tokio::time::timeout(LOOK_EVERY, publisher.more_than(told)).await;
    if own.is_ok() {
        tokio::time::sleep(GATHER).await;
    }
}

fn mark(snapshot: String, told: u64) -> Mark {
    Mark(format!("{snapshot}@{told}"))
}

/// The mark without what only this node knows.
pub(crate) fn lasting(Mark(mark): &Mark) -> Mark {
    Mark(mark.split_once('@').map_or(mark.as_str(), |(snapshot, _)| snapshot).to_owned())
}

/// The snapshot of a mark, if it is one of this kind of store.
fn snapshot(Mark(mark): &Mark) -> Option<&str> {
    let snapshot = mark.split_once('@').map_or(mark.as_str(), |(snapshot, _)| snapshot);
    let mut parts = snapshot.split(':');
    let (from, to): (u64, u64) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let running = parts.next()?;
    let are_numbers = running.is_empty() || running.split(',').all(|number| number.parse::<u64>().is_ok());
    (parts.next().is_none() && 0 < from && from <= to && are_numbers).then_some(snapshot)
}

/// Deletes what nobody asks for any more: what all consumers that are held have noted as seen, and what is older than ten
/// minutes. A consumer that nobody has held for so long, or that has not come on since, is to look at all groups.
pub(crate) async fn forget(db: &impl GenericClient) -> Result<()> {
    // Numbers ascend as time does, but for those of transactions that take long.
    let sql = "SELECT at < now() - interval '10 minutes' FROM moved ORDER BY xact LIMIT 1";
    let has_old = row::first(db, sql, &[], |row| row.get::<bool>(0)).await?;
    if has_old.is_none() {
        return Ok(());
    }
    // First it is noted that they do not know, then it is gone.
    let left = "UPDATE consumers SET seen = NULL
                WHERE seen IS NOT NULL AND held_until < extract(epoch FROM now() - interval '10 minutes') * 1000";
    row::execute(db, left, &[]).await?;
    if has_old == Some(true) {
        // In one statement, which sees the same rows throughout. Where some transaction goes on for long, all that have come since are
        // above the lowest number that a consumer has not seen; but it has seen those that it sees, and looks at no group for them.
        let old = "WITH old AS MATERIALIZED (SELECT xact FROM moved WHERE at < now() - interval '10 minutes'),
                        behind AS (UPDATE consumers SET seen = NULL
                                   WHERE seen IS NOT NULL AND EXISTS (
                                       SELECT 1 FROM old WHERE NOT pg_visible_in_snapshot(xact, seen::pg_snapshot)))
                   DELETE FROM moved WHERE xact IN (SELECT xact FROM old)";
        row::execute(db, old, &[]).await?;
    }
    let seen = "DELETE FROM moved WHERE xact <
                    (SELECT min(pg_snapshot_xmin(seen::pg_snapshot)) FROM consumers
                     WHERE held_until >= extract(epoch FROM now() - interval '10 minutes') * 1000
                     HAVING count(*) = count(seen))";
    row::execute(db, seen, &[]).await?;
    Ok(())
}

fn away() -> Failure {
    Failure::Away("the server does not say where it is".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_a_snapshot_and_what_this_node_has_told() {
        let made = mark("10:20:11,15".into(), 7);
        assert_eq!(lasting(&made), Mark("10:20:11,15".into()));
        assert_eq!(snapshot(&made), Some("10:20:11,15"));
        assert_eq!(snapshot(&lasting(&made)), Some("10:20:11,15"));
        for other in ["", "3:7", "10:20", "20:10:", "10:20:x", "10:20:11:", "0:1:", "a:b:"] {
            assert_eq!(snapshot(&Mark(other.into())), None, "{other}");
        }
    }
}
