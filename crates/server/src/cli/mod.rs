//! The command line: what each subcommand does, one file each.

mod backup;
mod check;
mod check_config;
mod files;
mod help;
mod logging;
mod migrate;
mod nodes;
mod process;
mod restore;
mod search;
mod serve;
mod target;
mod user;
mod way;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{self, LoadError, Settings, settings_table};

/// rim: a self-hosted instant-messaging server
///
/// Without a command it serves. Every setting is also RIM_… in the environment and has its name in rim.toml.
#[derive(Debug, Parser)]
#[command(name = "rim", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    _settings: Settings,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server; what rim does without a command
    Serve,
    /// Adds, changes and lists users, whether or not the server runs
    #[command(subcommand)]
    User(user::UserCommand),
    /// Shows the settings that hold and where each comes from; fails if one is wrong
    CheckConfig,
    /// Looks whether everything stored is as it was written, whether or not the server runs; fails if not
    Check(check::Check),
    /// Writes a consistent copy of the database, whether or not the server runs
    Backup(backup::Backup),
    /// Puts a backup into the place of the database; no server may run on it
    Restore(restore::Restore),
    /// Moves everything from one database to another, such as from SQLite to PostgreSQL
    Migrate(migrate::Migrate),
    /// Looks after the bytes of files, and copies them to another place
    #[command(subcommand)]
    Files(files::FilesCommand),
    /// Looks after the index that finds messages, whether or not the server runs
    #[command(subcommand)]
    Search(search::SearchCommand),
    /// Lists the nodes that share the database
    Nodes,
    /// Prints the settings as a table for the documents
    #[command(hide = true)]
    Settings,
}

/// Does what the arguments of this process ask for.
pub fn main() -> ExitCode {
    process::prepare();
    let args: Vec<OsString> = std::env::args_os().collect();
    let loaded = match config::load_command(command_line(), &args) {
        Ok(loaded) => loaded,
        Err(LoadError::Setting(error)) => return fail(&error.into()),
        Err(LoadError::Usage(error)) => error.exit(),
    };
    let cli = match Cli::from_arg_matches(&loaded.matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let command = cli.command.unwrap_or(Command::Serve);
    if !matches!(command, Command::Serve) {
        process::end_with_a_closed_pipe();
    }
    let outcome = match command {
        Command::Serve => serve::serve(loaded.config),
        Command::User(command) => user::run(command, &loaded.config),
        Command::CheckConfig => check_config::check(&loaded),
        Command::Check(command) => check::run(&command, &loaded.config),
        Command::Backup(command) => backup::run(&command, &loaded.config),
        Command::Restore(command) => restore::run(&command, &loaded.config),
        Command::Migrate(command) => migrate::run(&command),
        Command::Files(command) => files::run(command, &loaded.config),
        Command::Search(command) => search::run(command, &loaded.config),
        Command::Nodes => nodes::list(&loaded.config),
        Command::Settings => {
            print!("{}", settings_table());
            Ok(())
        }
    };
    outcome.map_or_else(|error| fail(&error), |()| ExitCode::SUCCESS)
}

/// The command line with everything in it.
fn command_line() -> clap::Command {
    help::shown_by(Cli::command())
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command_line().debug_assert();
    }

    #[test]
    fn a_setting_is_taken_before_and_after_the_subcommand() {
        for line in
            ["rim --listen 127.0.0.1:9 serve", "rim serve --listen 127.0.0.1:9", "rim --listen 127.0.0.1:9"]
        {
            let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let Ok(loaded) = config::load_command(command_line(), &args) else { panic!("{line} is right") };
            assert_eq!(loaded.config.listen.port(), 9, "{line}");
        }
    }
}
