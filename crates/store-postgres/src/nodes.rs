//! The nodes that live, as each says of itself.

use deadpool_postgres::GenericClient;
use rim_core::Timestamp;
use rim_core::node::{Node, NodeId};

use crate::failure::{Failure, Result};
use crate::migrations::GONE_AFTER_MS;
use crate::row::{self, Sql};
use crate::text::Text;

/// By the clock of the database.
pub(crate) async fn now(db: &impl GenericClient) -> Result<Timestamp> {
    let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let now = row::first(db, sql, &[], row::read).await?;
    now.ok_or_else(|| Failure::Away("the database has no time".into()))
}

pub(crate) async fn note(db: &impl GenericClient, node: Node) -> Result<()> {
    let sql = "INSERT INTO nodes (id, name, address, version, connections, users_online, draining, started_at, seen_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               ON CONFLICT (id) DO UPDATE SET
                   name = excluded.name, address = excluded.address, version = excluded.version,
                   connections = excluded.connections, users_online = excluded.users_online,
                   draining = excluded.draining, started_at = excluded.started_at, seen_at = excluded.seen_at";
    let params: row::Params<'_> = &[
        &node.id.0.cast_signed(),
        &Text(&node.name),
        &Text(&node.address),
        &Text(&node.version),
        &node.connections.sql(),
        &node.users_online.sql(),
        &node.draining,
        &node.started_at.0,
        &node.seen_at.0,
    ];
    row::execute(db, sql, params).await?;
    Ok(())
}

pub(crate) async fn all(db: &impl GenericClient, since: Timestamp) -> Result<Vec<Node>> {
    let sql = "SELECT id, name, address, version, connections, users_online, draining, started_at, seen_at FROM nodes
               WHERE seen_at >= $1";
    let mut nodes = row::all(db, sql, &[&since.0], |row| {
        let (id, name, address, version, connections, users_online, draining, started_at, seen_at) =
            row::read(row)?;
        let id = NodeId(i64::cast_unsigned(id));
        Ok(Node { id, name, address, version, connections, users_online, draining, started_at, seen_at })
    })
    .await?;
    // Here, as the database takes those above 2^63 for negative.
    nodes.sort_unstable_by_key(|node| node.id);
    Ok(nodes)
}

pub(crate) async fn forget(db: &impl GenericClient, node: NodeId) -> Result<()> {
    row::execute(db, "DELETE FROM nodes WHERE id = $1", &[&node.0.cast_signed()]).await?;
    Ok(())
}

/// Warns where the server has fewer connections than the nodes, with this one, may want.
pub(crate) async fn look_at_room(
    db: &impl GenericClient,
    connections: usize,
) -> std::result::Result<(), tokio_postgres::Error> {
    let sql = "SELECT current_setting('max_connections')::bigint
                      - current_setting('superuser_reserved_connections')::bigint
                      - coalesce(current_setting('reserved_connections', true)::bigint, 0),
                      (SELECT count(*) FROM nodes WHERE seen_at > extract(epoch FROM now()) * 1000 - $1::bigint)";
    let row = db.query_one(sql, &[&GONE_AFTER_MS]).await?;
    let (has, nodes): (i64, i64) = (row.try_get(0)?, row.try_get::<_, i64>(1)? + 1);
    // One for messages and one for the bus come to those of use cases.
    let wanted = nodes.saturating_mul(i64::try_from(connections.saturating_add(2)).unwrap_or(i64::MAX));
    if wanted > has {
        tracing::warn!(
            nodes,
            wanted,
            has,
            "the nodes may want more connections than the database has: raise its max_connections, or lower \
             database-connections on every node"
        );
    }
    Ok(())
}
