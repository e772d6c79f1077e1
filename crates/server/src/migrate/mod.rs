//! Moving everything of a server from one store to another.
//!
//! Rows go over in the order of their keys, a chunk at a time, each a transaction: what has come is always a
//! beginning, so whoever was broken off goes on after the last key. Then both sides are read again to the end and
//! compared, row by row. Only after that does a server open what was filled.

mod compare;
mod progress;

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rim_store::archive::{Archive, Row, State, StoreArchive, TABLES, Table, holds_objects};
use tokio::sync::mpsc;

pub use self::compare::Verified;
pub use self::progress::Progress;

/// Chunks that were read and wait to be added.
const CHUNKS_READ: usize = 1;

/// A store, and where the bytes of its files are.
pub struct Side {
    /// As people may see it: without a password.
    pub name: String,
    pub store: Box<dyn StoreArchive>,
    /// Where the store does not hold them itself.
    pub objects: Option<Box<dyn Archive>>,
}

impl Side {
    fn holder(&mut self, table: &Table) -> &mut dyn Archive {
        match &mut self.objects {
            Some(objects) if holds_objects(table) => &mut **objects,
            _ => &mut *self.store,
        }
    }

    async fn refuse_if_served(&mut self, gone_after: Duration) -> Result<()> {
        let since = self.store.now().await?.minus(gone_after);
        let nodes = self.store.nodes(since).await?;
        let names: Vec<_> = nodes.iter().map(|node| node.name.as_str()).collect();
        ensure!(
            nodes.is_empty(),
            "servers run on {}: {}; stop them, and try again when they are gone for {} seconds",
            self.name,
            names.join(", "),
            gone_after.as_secs()
        );
        Ok(())
    }
}

/// Makes sure that it is right to move everything from the one to the other, and marks that one: until
/// [`verify`] has come to its end no server opens it. A node that has said nothing for `gone_after` is gone.
///
/// # Errors
/// What would be moved was itself not moved to its end; what would be filled holds something else; servers run on
/// one of them (`force`: on what would be filled).
pub async fn begin(from: &mut Side, to: &mut Side, gone_after: Duration, force: bool) -> Result<()> {
    if let State::Unfinished { source } = from.store.state().await? {
        bail!("moving {source} to {} has not come to its end", from.name);
    }
    if !force {
        from.refuse_if_served(gone_after).await?;
    }
    to.refuse_if_served(gone_after).await?;
    match to.store.state().await? {
        State::Unfinished { source } if source == from.name => Ok(()),
        State::Unfinished { source } => {
            bail!("{} is being filled from {source}: run that command again, or empty it", to.name)
        }
        State::InUse => bail!("{} holds something already; what is filled must be empty", to.name),
        State::Empty => {
            for table in TABLES.iter().filter(|table| holds_objects(table)) {
                let objects = to.holder(table).count(table).await?;
                ensure!(objects == 0, "the folder for the files of {} holds some already", to.name);
            }
            Ok(to.store.begin(&from.name).await?)
        }
    }
}

/// Copies what has not come yet. May be broken off at any moment, and called again.
///
/// # Errors
/// One of them cannot be read or written.
pub async fn copy(from: &mut Side, to: &mut Side, progress: &mut Progress) -> Result<()> {
    for table in TABLES {
        let (source, target) = (from.holder(table), to.holder(table));
        copy_table(table, source, target, progress)
            .await
            .with_context(|| format!("copying {}", table.name))?;
    }
    progress.note("making the indexes");
    let identity = from.store.identity().await?;
    to.store.finish(from.store.last_session_id().await?, &identity).await.context("making the indexes")
}

async fn copy_table(
    table: &'static Table,
    source: &mut dyn Archive,
    target: &mut dyn Archive,
    progress: &mut Progress,
) -> Result<()> {
    progress.begin("copying", table.name, source.count(table).await?, target.count(table).await?);
    let mut above = target.last_key(table).await?;
    let (chunks, mut read) = mpsc::channel::<Vec<Row>>(CHUNKS_READ);
    let reading = async move {
        loop {
            let rows = source.rows(table, above.as_deref()).await?;
            let Some(last) = rows.last() else { return anyhow::Ok(()) };
            above = Some(last[..table.key].to_vec());
            chunks.send(rows).await.context("nobody adds what was read")?;
        }
    };
    let adding = async {
        while let Some(rows) = read.recv().await {
            let count = rows.len() as u64;
            target.add(table, rows).await?;
            progress.advance(count);
        }
        Ok(())
    };
    tokio::try_join!(reading, adding)?;
    target.settle().await?;
    progress.end();
    Ok(())
}

/// Reads both sides to the end and compares them, and lets servers open what was filled.
///
/// # Errors
/// They differ: the first key of the first table in which they do. Or one of them cannot be read.
pub async fn verify(from: &mut Side, to: &mut Side, progress: &mut Progress) -> Result<Vec<Verified>> {
    let mut verified = Vec::with_capacity(TABLES.len());
    for table in TABLES {
        let (source, target) = (from.holder(table), to.holder(table));
        let compared = compare::compare(table, source, target, progress).await;
        match compared.with_context(|| format!("comparing {}", table.name))? {
            Ok(same) => verified.push(same),
            Err(difference) => {
                bail!("{} is not what {} is: table {}, {difference}", to.name, from.name, table.name)
            }
        }
    }
    let (source, target) = (from.store.identity().await?, to.store.identity().await?);
    ensure!(source == target, "{} is not the store that {} is", to.name, from.name);
    to.store.complete().await?;
    Ok(verified)
}
