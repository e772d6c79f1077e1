//! `rim nodes`: which nodes share the database, and how each is.

use anyhow::{Context, Result, ensure};
use rim_core::node::Node;
use tokio::runtime::Builder;

use crate::cluster::GONE_AFTER;
use crate::config::{Config, Database};
use crate::store::{self, Opened};

pub(super) fn list(config: &Config) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build().context("cannot start")?;
    let mut nodes = runtime.block_on(find(config))?;
    nodes.sort_by(|a, b| (&a.name, a.started_at).cmp(&(&b.name, b.started_at)));
    println!(
        "{:<20}  {:<22}  {:<8}  {:>11}  {:>6}  {:<16}  state",
        "node", "listens on", "version", "connections", "users", "since"
    );
    for node in &nodes {
        println!("{}", line(node, config));
    }
    Ok(())
}

async fn find(config: &Config) -> Result<Vec<Node>> {
    // Not even opened: there might be none.
    ensure!(
        matches!(config.database, Database::Postgres(_)),
        "{} is of one node; several share a postgres://…, to be named with --database or --config as they do \
         (or RIM_DATABASE, RIM_CONFIG)",
        config.database
    );
    let Opened { store, shared, feed: _feed } = store::open_existing(&config.database).await?;
    let shared = shared.context("nodes share what is on PostgreSQL")?;
    let nodes = shared.nodes(shared.now().await?.minus(GONE_AFTER)).await?;
    store.close().await;
    Ok(nodes)
}

fn line(node: &Node, config: &Config) -> String {
    let since = jiff::Timestamp::from_millisecond(node.started_at.0)
        .map(|at| at.to_zoned(config.time_zone.clone()).strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default();
    let state = if node.draining { "stopping" } else { "serving" };
    format!(
        "{:<20}  {:<22}  {:<8}  {:>11}  {:>6}  {since:<16}  {state}",
        node.name, node.address, node.version, node.connections, node.users_online
    )
}
