//! Measures a rim server from outside, over the real protocol.
//!
//! `rim-bench --server target/release/rim chats` starts a server on a core of its own and a store of its
//! own, and stops it at the end. `--url` and `--pid` measure one that runs already; start it with
//! `--limits off`. CPU and memory are read from `/proc`, so server and bench share a machine, and it is
//! Linux.

mod audience;
mod bare;
mod content;
mod frames;
mod http;
mod latency;
mod ledger;
mod metrics;
mod pace;
mod people;
mod process;
mod report;
mod scenario;
mod server;
mod shelf;
mod standard;
mod store;
mod wire;

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::{Args, Parser, Subcommand};

use crate::bare::{append, relay};
use crate::people::Target;
use crate::process::{Cores, Process};
use crate::scenario::{Bench, Scenario, chats, fanout, files};
use crate::server::{Server, Settings};
use crate::store::{Fill, Manifest};

/// Measures a rim server.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    subject: Subject,
    /// Prints the report as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// Which server is measured.
#[derive(Args)]
struct Subject {
    /// Where a server runs already; several nodes with commas, which connections go to in turn
    #[arg(long, default_value = "http://127.0.0.1:8000")]
    url: String,
    /// Its process id; of several nodes with commas
    #[arg(long, value_delimiter = ',')]
    pid: Vec<u32>,
    /// What works beside it and is measured, too, with the processes it starts: postgres=PID,nats=PID
    #[arg(long, value_delimiter = ',', value_parser = beside)]
    beside: Vec<(String, u32)>,
    /// The binary of a server to be started, and stopped at the end
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "pid"])]
    server: Option<PathBuf>,
    /// The server's data folder, if it is one that `fill` has filled, or if a new one is to be kept
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// A PostgreSQL database for the server to be started
    #[arg(long, value_name = "URL", requires = "server")]
    database: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Scenario(Scenario),
    /// The same without rim: what the disk and the network of this machine do
    #[command(subcommand)]
    Bare(Bare),
    /// Fills a data folder for a server to be measured on
    Fill(Fill),
    /// Runs the standard set and writes docs/BENCHMARKS.md; needs --server
    Standard(standard::Options),
}

#[derive(Subcommand)]
enum Bare {
    /// Appends to a file and syncs it
    Append(append::Options),
    /// `chats` over a server that only passes bytes on
    Chats(chats::Options),
    /// `fanout` over a server that only passes bytes on
    Fanout(fanout::Options),
    /// `files` over a server that keeps bytes and asks nothing
    Files(files::Options),
    /// The server that passes bytes on; the others start it
    #[command(hide = true)]
    Relay,
    /// The server that keeps them
    #[command(hide = true)]
    FileServer { folder: PathBuf },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let Arguments { subject, json, command } = Arguments::parse();
    process::raise_open_files()?;
    let report = match command {
        Command::Scenario(scenario) => {
            let mut bench = subject.bench().await?;
            let report = scenario.run(&mut bench).await?;
            bench.server.stop().await?;
            report
        }
        Command::Bare(Bare::Append(options)) => append::run(&options)?.of("bare append"),
        Command::Bare(Bare::Chats(options)) => relay::chats(options).await?.of("bare chats"),
        Command::Bare(Bare::Fanout(options)) => relay::fanout(options).await?.of("bare fanout"),
        Command::Bare(Bare::Files(options)) => bare::files::files(options, None).await?.of("bare files"),
        Command::Bare(Bare::FileServer { folder }) => {
            bare::files::serve(folder).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Bare(Bare::Relay) => {
            relay::serve().await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Fill(fill) => {
            fill.run().await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Standard(options) => {
            let binary = subject.server.context("--server: the binary to measure is needed")?;
            standard::run(&binary, &options).await?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    if json {
        writeln!(stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        write!(stdout(), "{report}")?;
    }
    // A server that loses messages is not a fast one.
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn beside(text: &str) -> Result<(String, u32), String> {
    let named = text.split_once('=').and_then(|(name, pid)| Some((name.to_owned(), pid.parse().ok()?)));
    named.ok_or_else(|| "a name and a process id, such as postgres=123".to_owned())
}

impl Subject {
    async fn bench(self) -> anyhow::Result<Bench> {
        let cores = Cores::divide()?;
        let server = match &self.server {
            Some(binary) => {
                let settings = self.database.iter().flat_map(|url| ["--database".to_owned(), url.clone()]);
                let settings = Settings { words: settings.collect(), beside: self.beside };
                Server::start(binary, self.data.as_deref(), cores, settings).await?
            }
            None => {
                ensure!(!self.pid.is_empty(), "--server, or --url with --pid, is needed");
                Server::running(&self.url, Process::of_all(self.pid, self.beside))
            }
        };
        let manifest = self.data.as_deref().map(Manifest::read).transpose()?.flatten();
        let target = Arc::new(Target::new(server.url(), manifest).await?);
        Ok(Bench { server, target })
    }
}
