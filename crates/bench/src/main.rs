//! Measures a running rim server from outside, over the real protocol.
//!
//! Start the server with `--limits off`, pin it and this to a core each, and give this the server's process
//! id: CPU and memory are read from `/proc`. `docs/performance.md` has the commands and what they gave.

mod chats;
mod fanout;
mod idle;
mod people;
mod process;
mod registrations;
mod report;

use clap::{Parser, Subcommand};

use crate::people::Target;
use crate::process::Process;

/// Measures a running rim server.
#[derive(Parser)]
struct Arguments {
    /// Where the server listens.
    #[arg(long, default_value = "http://127.0.0.1:8000")]
    url: String,
    /// The server's process id.
    #[arg(long)]
    pid: u32,
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Subcommand)]
enum Scenario {
    /// Single chats: one of two sends, with so many messages in flight.
    Chats {
        #[arg(long, default_value_t = 50)]
        chats: usize,
        #[arg(long, default_value_t = 16)]
        in_flight: usize,
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// Logged-in connections that do nothing, and then each receive one message of 64 KiB.
    Idle {
        #[arg(long, default_value_t = 10_000)]
        connections: usize,
    },
    /// One group, each member connected, one message after the other.
    Fanout {
        #[arg(long, default_value_t = 1000)]
        members: usize,
        #[arg(long, default_value_t = 50)]
        messages: usize,
    },
    /// A chat goes on while so many people register at once.
    Registrations {
        #[arg(long, default_value_t = 100)]
        registrations: usize,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    process::raise_open_files()?;
    let target = Target::new(&arguments.url);
    let server = Process::new(arguments.pid);
    match arguments.scenario {
        Scenario::Chats { chats, in_flight, seconds } => {
            chats::run(&target, &server, chats, in_flight, seconds).await
        }
        Scenario::Idle { connections } => idle::run(&target, &server, connections).await,
        Scenario::Fanout { members, messages } => fanout::run(&target, &server, members, messages).await,
        Scenario::Registrations { registrations } => registrations::run(&target, registrations).await,
    }
}
