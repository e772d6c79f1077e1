//! `rim migrate`: everything of a server, from one database to another.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use rim_store_postgres::PostgresArchive;
use rim_store_sqlite::SqliteArchive;
use tokio::runtime::Builder;
use tokio_util::task::TaskTracker;

use crate::cluster::GONE_AFTER;
use crate::config::{self, Database};
use crate::data::DataFolder;
use crate::migrate::{self, Progress, Side, Verified};
use crate::storage::{Folder, ObjectArchive};

#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// Where everything is: sqlite:PATH or postgres://…; no server may run on it
    #[arg(long, env = "RIM_MIGRATE_FROM", hide_env_values = true, value_name = "DATABASE")]
    #[arg(value_parser = config::database)]
    from: Database,
    /// Where it goes: an empty database, or one that this command was filling when it was broken off
    #[arg(long, env = "RIM_MIGRATE_TO", hide_env_values = true, value_name = "DATABASE")]
    #[arg(value_parser = config::database)]
    to: Database,
    /// The data folder with the files of an SQLite database; the folder of its file where none is given
    #[arg(long, value_name = "FOLDER")]
    from_data: Option<PathBuf>,
    /// The same of the database that is filled
    #[arg(long, value_name = "FOLDER")]
    to_data: Option<PathBuf>,
    /// Move it even if servers were seen on it: what they change meanwhile may be lost
    #[arg(long)]
    force: bool,
}

/// A side, and the folder that nobody else may use meanwhile.
struct Open {
    side: Side,
    _folder: Option<DataFolder>,
}

pub(super) fn run(command: &Migrate) -> Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(migrate(command))
}

async fn migrate(command: &Migrate) -> Result<()> {
    let mut from = open_source(&command.from, command.from_data.as_deref())
        .await
        .with_context(|| format!("cannot use {}", command.from))?;
    let mut to = open_target(&command.to, command.to_data.as_deref())
        .await
        .with_context(|| format!("cannot use {}", command.to))?;
    let (from, to) = (&mut from.side, &mut to.side);
    let (began, mut progress) = (Instant::now(), Progress::on_stderr());
    migrate::begin(from, to, GONE_AFTER, command.force).await?;
    migrate::copy(from, to, &mut progress).await?;
    let verified = migrate::verify(from, to, &mut progress).await?;
    print!("{}", report(&verified));
    println!("everything in {} is in {}, row by row", from.name, to.name);
    eprintln!("it took {:.1} s", began.elapsed().as_secs_f64());
    Ok(())
}

async fn open_source(database: &Database, data: Option<&Path>) -> Result<Open> {
    match database {
        Database::Sqlite(path) => {
            ensure!(path.is_file(), "there is no database at {}", path.display());
            if let Some(data) = data {
                ensure!(data.is_dir(), "there is no folder {}", data.display());
            }
            let data = folder_of(path, data)?;
            if !data.join("media").is_dir() {
                eprintln!("there are no files in {}; if they are elsewhere, use --from-data", data.display());
            }
            open_file(path, &data)
        }
        Database::Postgres(url) => {
            refuse_folder(data)?;
            Ok(in_server(database, PostgresArchive::source(url).await?))
        }
    }
}

async fn open_target(database: &Database, data: Option<&Path>) -> Result<Open> {
    match database {
        Database::Sqlite(path) => open_file(path, &folder_of(path, data)?),
        Database::Postgres(url) => {
            refuse_folder(data)?;
            Ok(in_server(database, PostgresArchive::target(url).await?))
        }
    }
}

/// The data folder: where none is given the one that the file is in.
fn folder_of(path: &Path, data: Option<&Path>) -> Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let data = data.or(path.parent()).with_context(|| format!("{} is no file", path.display()))?;
    Ok(data.to_owned())
}

fn open_file(path: &Path, data: &Path) -> Result<Open> {
    let path = std::path::absolute(path)?;
    let folder = DataFolder::lock(data)?;
    let store = Box::new(SqliteArchive::open(&path)?);
    let media = Folder::open(data, TaskTracker::new()).context("cannot use the folder media")?;
    let objects = ObjectArchive::new(Arc::new(media));
    let name = Database::Sqlite(path).to_string();
    Ok(Open { side: Side { name, store, objects: Some(Box::new(objects)) }, _folder: Some(folder) })
}

fn in_server(database: &Database, store: PostgresArchive) -> Open {
    let side = Side { name: database.to_string(), store: Box::new(store), objects: None };
    Open { side, _folder: None }
}

fn refuse_folder(data: Option<&Path>) -> Result<()> {
    if let Some(data) = data {
        bail!("the files of PostgreSQL are in it; {} is of no use", data.display());
    }
    Ok(())
}

fn report(verified: &[Verified]) -> String {
    let mut text = format!("{:<16} {:>12}  SHA-256 of the rows\n", "table", "rows");
    for Verified { table, rows, hash } in verified {
        text.push_str(&format!("{table:<16} {rows:>12}  {hash}\n"));
    }
    text
}
