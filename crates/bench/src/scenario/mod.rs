//! What is measured: one file each.

pub(crate) mod chats;
pub(crate) mod crowd;
pub(crate) mod edits;
pub(crate) mod fanout;
pub(crate) mod files;
pub(crate) mod greedy;
mod ground;
pub(crate) mod idle;
pub(crate) mod overload;
pub(crate) mod rate;
pub(crate) mod reactions;
pub(crate) mod readers;
pub(crate) mod registrations;
pub(crate) mod searches;
pub(crate) mod seek;
pub(crate) mod storm;
pub(crate) mod upload;
pub(crate) mod uploads;

use clap::Subcommand;

pub(crate) use self::ground::{Bench, WARM_UP, stamp};
use crate::process::Process;
use crate::report::Report;

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Scenario {
    /// Chats of two: one sends with so many messages in flight, one listens
    Chats(chats::Options),
    /// Chats of two, or groups too, at a given rate that does not wait for the server
    Rate(rate::Options),
    /// One group, everybody connected, messages back to back
    Fanout(fanout::Options),
    /// Chats of two: one edits a message again and again, one is told
    Edits(edits::Options),
    /// One group, everybody connected, all react to one message at once
    Reactions(reactions::Options),
    /// A very large group of a filled store, many of whose members are connected
    Crowd(crowd::Options),
    /// Logged-in connections that do nothing, before and after each has sent and received 64 KiB
    Idle(idle::Options),
    /// A restart, after which everybody comes back at once
    Storm(storm::Options),
    /// A chat goes on while so many people register at once
    Registrations(registrations::Options),
    /// More is sent than the server bears
    Overload(overload::Options),
    /// One user asks for as much as the limits allow, while others chat
    Greedy(greedy::Options),
    /// Reading and sending on the large store that `fill` makes, and on a small one
    Readers(readers::Options),
    /// Searching a store that `fill --words` has filled, and what its index costs
    Searches(searches::Options),
    /// Files: many people upload and fetch
    Files(files::Options),
    /// One large upload, beside a copy of the same file which is synced, too
    Upload(upload::Options),
    /// Memory: many upload at the same time
    Uploads(uploads::Options),
    /// Pieces of a film are fetched, by who sees all of the chat and by who has hidden much of it
    Seek(seek::Options),
}

impl Scenario {
    pub(crate) async fn run(self, bench: &mut Bench) -> anyhow::Result<Report> {
        let (name, report) = match self {
            Self::Chats(options) => ("chats", chats::run(bench, options).await?),
            Self::Rate(options) => ("rate", rate::run(bench, options).await?),
            Self::Fanout(options) => ("fanout", fanout::run(bench, options).await?),
            Self::Edits(options) => ("edits", edits::run(bench, options).await?),
            Self::Reactions(options) => ("reactions", reactions::run(bench, options).await?),
            Self::Crowd(options) => ("crowd", crowd::run(bench, options).await?),
            Self::Idle(options) => ("idle", idle::run(bench, options).await?),
            Self::Storm(options) => ("storm", storm::run(bench, options).await?),
            Self::Registrations(options) => ("registrations", registrations::run(bench, options).await?),
            Self::Overload(options) => ("overload", overload::run(bench, options).await?),
            Self::Greedy(options) => ("greedy", greedy::run(bench, options).await?),
            Self::Readers(options) => ("readers", readers::run(bench, options).await?),
            Self::Searches(options) => ("searches", searches::run(bench, options).await?),
            Self::Files(options) => ("files", files::run(bench, options).await?),
            Self::Upload(options) => ("upload", upload::run(bench, options).await?),
            Self::Uploads(options) => ("uploads", uploads::run(bench, options).await?),
            Self::Seek(options) => ("seek", seek::run(bench, options).await?),
        };
        let (server, own) = (bench.server.process.cores()?, Process::own().cores()?);
        Ok(report.of(name).condition("cores", format!("server {server}, bench {own}")))
    }
}
