//! `rim files`: the bytes of files, whether or not the server runs.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use rim_core::Clock;
use rim_core::file::Blob;
use rim_store::check::{KnownBlob, Report};
use rim_store::{SharedStore, Store};
use tokio::runtime::Builder;
use tokio_util::task::TaskTracker;

use crate::admin::{Answer, BLOBS_AT_ONCE, BlobLine, Request};
use crate::cli::way::Way;
use crate::cli::{check, target};
use crate::clock::SystemClock;
use crate::config::{Config, Database, FilePlace, FileStorage};
use crate::storage::{self, Copied, Means, Storage};
use crate::store::{self, Opened};

#[derive(Debug, Subcommand)]
pub(super) enum FilesCommand {
    /// Looks whether the bytes of all files are there; fails if not
    Check(Check),
    /// Copies what is not there yet from one place to another, before file-storage names that one
    Copy(Copy),
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Read all bytes as well, and compare them with what was stored
    #[arg(long)]
    deep: bool,
    /// Have a server remove what the database does not know, an hour from now; nothing else brings it back
    #[arg(long)]
    remove_unknown: bool,
}

#[derive(Debug, Args)]
pub(super) struct Copy {
    /// Where they are; what file-storage says where none is given
    #[arg(long, value_enum)]
    from: Option<FileStorage>,
    /// Where they go
    #[arg(long, value_enum)]
    to: FileStorage,
}

pub(super) fn run(command: FilesCommand, config: &Config) -> Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(async {
        match command {
            FilesCommand::Check(command) => check(&command, config).await,
            FilesCommand::Copy(command) => copy(&command, config).await,
        }
    })
}

async fn check(command: &Check, config: &Config) -> Result<()> {
    let places = Places::open(config, [&config.file_storage]).await?;
    let storage = places.storage(&config.file_storage)?;
    let unusable = || format!("cannot read the database {}", config.database);
    let known = async || -> Result<Vec<KnownBlob>> {
        match &config.database {
            Database::Sqlite(path) => rim_store_sqlite::known_blobs(path).with_context(unusable),
            Database::Postgres(url) => rim_store_postgres::known_blobs(url).await.with_context(unusable),
        }
    };
    let mut report = Report::default();
    let unknown = storage::check(&*storage, &known, command.deep, &mut report).await;
    let unknown = unknown.context("cannot check the files")?;
    places.close().await;
    check::tell(&mut report);
    if command.remove_unknown && !unknown.is_empty() {
        ensure!(
            !known().await?.is_empty(),
            "the database knows none of the files that are there: is it theirs? Nothing was changed"
        );
        let adopted = adopt(&unknown, config).await?;
        println!(
            "{adopted} files that the database did not know go with the first sweep of a server in an hour"
        );
    }
    let wrong = report.count;
    ensure!(wrong == 0, "{wrong} things are wrong with files: restore them from a backup");
    println!("nothing is wrong with the files");
    Ok(())
}

/// Has the database know these blobs, as uploads that never come to their end. So whoever uploads the same meanwhile, at whichever node,
/// has them, and the sweep of a server removes all others.
async fn adopt(blobs: &[Blob], config: &Config) -> Result<u64> {
    let (way, mut adopted) = (Way::find(config, false).await?, 0);
    for blobs in blobs.chunks(BLOBS_AT_ONCE) {
        let lines = blobs.iter().map(BlobLine::from).collect();
        match way.request(Request::AdoptBlobs(lines)).await? {
            Answer::Adopted(count) => adopted += count,
            Answer::Failed(reason) => bail!(reason),
            _ => bail!("the server gave an answer of another command"),
        }
    }
    Ok(adopted)
}

async fn copy(command: &Copy, config: &Config) -> Result<()> {
    let resolve = |storage| config.file_storages.resolve(storage);
    let from = command.from.map(resolve).transpose()?.unwrap_or_else(|| config.file_storage.clone());
    let to = resolve(command.to)?;
    if from == to {
        bail!("both are the same place; name another with --from or --to");
    }
    let places = Places::open(config, [&from, &to]).await?;
    let (source, target) = (places.storage(&from)?, places.storage(&to)?);
    let tell = |Copied { objects, there, .. }| eprintln!("{objects} copied, {there} were there");
    let copied = storage::copy_all(&*source, &*target, tell).await.context("cannot copy the files")?;
    places.close().await;
    println!(
        "{} objects of {} bytes were copied, {} were there. What is uploaded meanwhile is not: run this again when no \
         server writes there any more",
        copied.objects, copied.bytes, copied.there
    );
    Ok(())
}

/// What storages of a command need.
struct Places<'a> {
    config: &'a Config,
    store: Option<(Arc<dyn Store>, Arc<dyn SharedStore>)>,
    clock: Arc<dyn Clock>,
    tasks: TaskTracker,
}

impl<'a> Places<'a> {
    /// Opens the store only if one of these is in it: a server may have it for itself.
    async fn open(config: &'a Config, places: impl IntoIterator<Item = &FilePlace>) -> Result<Self> {
        match &config.database {
            Database::Sqlite(path) => target::must_be_read(config, path)?,
            Database::Postgres(_) => {}
        }
        let in_store = places.into_iter().any(|place| matches!(place, FilePlace::Postgres { .. }));
        let store = if in_store {
            let Opened { store, shared, .. } = store::open_existing(&config.database).await?;
            Some((store, shared.context("files are in PostgreSQL only where everything else is")?))
        } else {
            None
        };
        Ok(Self { config, store, clock: Arc::new(SystemClock), tasks: TaskTracker::new() })
    }

    fn storage(&self, place: &FilePlace) -> Result<Arc<dyn Storage>> {
        let shared = self.store.as_ref().map(|(_, shared)| shared);
        let means = Means { data: &self.config.data, shared, clock: &self.clock, tasks: &self.tasks };
        storage::open_of(place, &means)
    }

    async fn close(self) {
        if let Some((store, _)) = self.store {
            store.close().await;
        }
    }
}
