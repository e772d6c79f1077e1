//! `rim backup`: a consistent copy of the database.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::config::Config;

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write; it must not exist
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Copies the database through a reader of its own, beside the server if one runs.
pub(super) fn run(command: &Backup, config: &Config) -> Result<()> {
    let Backup { file } = command;
    ensure!(config.database.exists(), "there is no database at {}", config.database.display());
    ensure!(!file.exists(), "{} exists already", file.display());
    rim_store_sqlite::backup(&config.database, file)
        .with_context(|| format!("cannot copy {} to {}", config.database.display(), file.display()))?;
    println!("{} is a complete copy of {}", file.display(), config.database.display());
    Ok(())
}
