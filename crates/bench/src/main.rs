//! Measures a rim server from outside, over the real protocol.
//!
//! `rim-bench --server target/release/rim chats` starts a server on a core of its own and a store of its
//! own, and stops it at the end. `--url` and `--pid` measure one that runs already; start it with
//! `--limits off`. CPU and memory are read from `/proc`, so server and bench share a machine, and it is
//! Linux.

mod audience;
mod bare;
mod frames;
mod latency;
mod ledger;
mod metrics;
mod pace;
mod people;
mod process;
mod report;
mod scenario;
mod server;
mod standard;
mod store;
mod wire;

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};

use crate::bare::{append, relay};
use crate::people::Target;
use crate::process::Cores;
use crate::scenario::{Bench, Scenario, chats, fanout};
use crate::server::Server;
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
    /// Where a server runs already
    #[arg(long, default_value = "http://127.0.0.1:8000")]
    url: String,
    /// Its process id
    #[arg(long)]
    pid: Option<u32>,
    /// The binary of a server to be started, and stopped at the end
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "pid"])]
    server: Option<PathBuf>,
    /// The server's data folder, if it is one that `fill` has filled, or if a new one is to be kept
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
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
    /// That server; the others start it
    #[command(hide = true)]
    Relay,
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

impl Subject {
    async fn bench(self) -> anyhow::Result<Bench> {
        let server = match &self.server {
            Some(binary) => Server::start(binary, self.data.as_deref(), Cores::divide()?).await?,
            None => Server::running(&self.url, self.pid.context("--server, or --url with --pid, is needed")?),
        };
        let manifest = self.data.as_deref().map(Manifest::read).transpose()?.flatten();
        let target = Arc::new(Target::new(server.url(), manifest).await?);
        Ok(Bench { server, target })
    }
}
