//! That this node lives, and which others do.

use std::sync::Arc;
use std::time::Duration;

use rim_core::node::Node;
use rim_core::{NodeId, Timestamp};
use rim_store::Result;
use tokio_util::sync::CancellationToken;

use super::node::{Cluster, Here};
use crate::time::Ticks;

/// How often a node says that it lives.
pub(crate) const NOTE_EVERY: Duration = Duration::from_secs(5);
/// A node that has said nothing for so long is gone.
pub(crate) const GONE_AFTER: Duration = Duration::from_secs(20);
/// How long changes are kept for nodes that missed them: far longer than any of them goes on without looking.
const KEEP_CHANGES: Duration = Duration::from_secs(24 * 60 * 60);

/// Notes this node in the store until it goes away, and the others in the metrics and the log.
pub(crate) async fn note_nodes(cluster: Arc<Cluster>, shutdown: CancellationToken, mut ticks: Ticks) {
    let mut known = Vec::new();
    // Cancelling it between two questions leaves nothing half done.
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        match look(&cluster).await {
            Ok(nodes) => {
                cluster.here.metrics.nodes.set(i64::try_from(nodes.len()).unwrap_or(i64::MAX));
                let others = nodes.iter().map(|node| node.id).filter(|id| *id != cluster.node);
                cluster.living.send_replace(others.collect());
                tell_who_came_and_went(&mut known, nodes, cluster.node);
            }
            Err(error) => tracing::debug!(%error, "cannot ask which nodes there are"),
        }
    }
    if let Ok(now) = cluster.store.now().await {
        note(&cluster, true, now).await;
    }
}

/// Notes this node, and looks which there are: by the clock of the store, as those of the nodes may be apart.
async fn look(cluster: &Cluster) -> Result<Vec<Node>> {
    let now = cluster.store.now().await?;
    note(cluster, false, now).await;
    cluster.store.nodes(now.minus(GONE_AFTER)).await
}

async fn note(cluster: &Cluster, draining: bool, now: Timestamp) {
    let Here { connections, metrics, config, .. } = &cluster.here;
    let node = Node {
        id: cluster.node,
        name: config.node_name.clone(),
        address: config.listen.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        connections: u64::try_from(metrics.connections.get()).unwrap_or(0),
        users_online: connections.hub.users_online() as u64,
        draining,
        started_at: cluster.started_at,
        seen_at: now,
    };
    if let Err(error) = cluster.store.note_node(node).await {
        tracing::debug!(%error, "cannot note this node");
    }
}

fn tell_who_came_and_went(known: &mut Vec<Node>, nodes: Vec<Node>, own: NodeId) {
    let missing = |of: &[Node], id: NodeId| of.iter().all(|node| node.id != id);
    for node in nodes.iter().filter(|node| node.id != own && missing(known, node.id)) {
        tracing::info!(node = %node.name, address = %node.address, "a node is there");
    }
    for node in known.iter().filter(|node| missing(&nodes, node.id)) {
        tracing::info!(node = %node.name, address = %node.address, "a node has gone");
    }
    *known = nodes;
}

/// Deletes changes that no node needs to be told of any more.
pub(crate) async fn purge_changes(cluster: &Cluster) {
    let purging = async { cluster.store.purge_changes(cluster.store.now().await?.minus(KEEP_CHANGES)).await };
    match purging.await {
        Ok(0) => {}
        Ok(count) => tracing::debug!(count, "deleted changes that every node has heard of"),
        Err(error) => tracing::warn!(%error, "cannot delete old changes"),
    }
}
