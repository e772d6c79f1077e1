//! Which server or database a command is meant for. Only `rim serve` makes one where there is none, and a command that
//! is told to.

use std::os::unix::net::UnixStream;
use std::path::Path;

use anyhow::{Result, bail, ensure};

use crate::config::{Config, Database};
use crate::data::{self, Owner};

/// What leads a command to its server.
const WAYS: &str =
    "name it with --data, --database or --config, as its server does (or RIM_DATA, RIM_DATABASE, RIM_CONFIG)";

/// Fails where neither a server nor a database is at the place that the settings name, or a server that has another
/// database than they do.
pub(super) fn must_exist(config: &Config) -> Result<()> {
    let owner = data::owner(&config.data);
    if takes_commands(&config.data) {
        return must_be_meant(config, &owner);
    }
    match &config.database {
        Database::Sqlite(path) => database_at(path),
        // What is there is seen by whoever connects.
        Database::Postgres(_) => Ok(()),
    }
}

/// Fails where the settings name another database than the one that the server has: what is done there would not be
/// done here.
pub(super) fn must_be_meant(config: &Config, owner: &Owner) -> Result<()> {
    let Some(theirs) = &owner.database else { return Ok(()) };
    let alike = match &config.database {
        // Not named: that of the server, whichever it is.
        Database::Sqlite(path) if *path == config.data.join("rim.db") => return Ok(()),
        Database::Sqlite(_) => *theirs == data::name_of(&config.database),
        // The same one has many addresses.
        Database::Postgres(_) => theirs.starts_with("postgres"),
    };
    ensure!(
        alike,
        "the server with the data folder {} has the database {theirs}, not {}",
        owner.data.as_deref().unwrap_or(&config.data).display(),
        config.database
    );
    Ok(())
}

/// The file to read, where a command reads it beside the server: fails where the server has another one.
pub(super) fn must_be_read(config: &Config, path: &Path) -> Result<()> {
    database_at(path)?;
    let owner = data::owner(&config.data);
    match owner.database {
        Some(theirs) if takes_commands(&config.data) && theirs != data::name_of(&config.database) => bail!(
            "the server with the data folder {} has the database {theirs}, not {}; {WAYS}",
            config.data.display(),
            config.database
        ),
        _ => Ok(()),
    }
}

fn database_at(path: &Path) -> Result<()> {
    let shown = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    ensure!(rim_store_sqlite::has_database(path), "there is no database at {}; {WAYS}", shown.display());
    Ok(())
}

fn takes_commands(folder: &Path) -> bool {
    UnixStream::connect(data::admin_socket(folder)).is_ok()
}
