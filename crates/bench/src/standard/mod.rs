//! The standard set: what `make bench` runs, and what it writes.
//!
//! Each run of a scenario has a server and a store of its own. Runs are interleaved, all scenarios one
//! after the other and then all again, each beside its bare machine: a machine that is slower for a
//! minute is slower for both, and in one run of each at the most.

mod chart;
mod machine;
mod markdown;
mod summary;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::Serialize;

use self::summary::{Goal, Summary};
use crate::bare::{self, append, relay};
use crate::people::Target;
use crate::process::Cores;
use crate::report::{Condition, Report, Unit};
use crate::scenario::idle::Connections;
use crate::scenario::{
    Bench, Scenario, chats, crowd, edits, fanout, files, idle, overload, rate, reactions, readers,
    registrations, searches, seek, storm, upload, uploads,
};
use crate::server::{Server, Settings};
use crate::store::{Fill, Plan};

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Which scenarios, separated by commas; all where none is named
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How often each is run
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// How long each that sends is measured
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// The folder that stores are made in; the large one stays there and is used again
    #[arg(long, default_value = "target")]
    folder: PathBuf,
    /// The page that is written
    #[arg(long, default_value = "docs/BENCHMARKS.md")]
    page: PathBuf,
    /// The chart that is written
    #[arg(long, default_value = "docs/images/benchmarks.svg")]
    chart: PathBuf,
    /// All figures for machines, which is written, too
    #[arg(long, default_value = "target/bench.json")]
    figures: PathBuf,
}

/// A scenario as it is run here.
struct Entry {
    /// What `--only` calls it.
    name: &'static str,
    /// The scenario, where those that send are measured for so many seconds.
    scenario: fn(u64) -> Scenario,
    /// Of figures; one that begins with `*` is of all that end so.
    goals: &'static [(&'static str, Goal)],
    store: Store,
    /// Run no more than once: it takes minutes, and what it finds hardly moves with the machine's mood.
    once: bool,
}

/// What a scenario's server runs on.
enum Store {
    /// So many people with a session, and nothing else.
    People(u64),
    /// [`CROWD`].
    Crowd,
    /// [`WORDS`].
    Words,
    /// [`LARGE`], which is filled once: it takes minutes, and what a run adds to it is little.
    Large,
}

const SET: &[Entry] = &[
    Entry {
        name: "chats",
        scenario: |seconds| Scenario::Chats(chats::Options { chats: 50, in_flight: 16, seconds }),
        goals: &[("delivered", Goal::Minimum(40_000.0)), ("server CPU a message", Goal::Maximum(20.0))],
        store: Store::People(100),
        once: false,
    },
    Entry {
        name: "one-in-flight",
        scenario: |seconds| Scenario::Chats(chats::Options { chats: 50, in_flight: 1, seconds }),
        goals: &[("server CPU a message", Goal::Maximum(40.0))],
        store: Store::People(100),
        once: false,
    },
    Entry {
        name: "rate",
        scenario: |seconds| Scenario::Rate(rate_of(10_000, false, seconds)),
        goals: &[("due to Ack, p99", Goal::Maximum(10.0))],
        store: Store::People(100),
        once: false,
    },
    Entry {
        name: "mixed",
        // Each reaches eight on the average.
        scenario: |seconds| Scenario::Rate(rate_of(2_000, true, seconds)),
        goals: &[],
        store: Store::People(100),
        once: false,
    },
    Entry {
        name: "fanout",
        scenario: |seconds| Scenario::Fanout(fanout::Options { members: 1000, in_flight: 4, seconds }),
        goals: &[("deliveries", Goal::ShareOfBare(0.75))],
        store: Store::People(1_001),
        once: false,
    },
    Entry {
        name: "edits",
        scenario: |seconds| Scenario::Edits(edits::Options { chats: 50, seconds }),
        goals: &[],
        store: Store::People(100),
        once: false,
    },
    Entry {
        name: "reactions",
        scenario: |_| Scenario::Reactions(reactions::Options { members: 1000, within_ms: 2000 }),
        goals: &[("frames a connection", Goal::Maximum(20.0))],
        store: Store::People(1_001),
        once: false,
    },
    Entry {
        name: "crowd",
        scenario: |seconds| {
            Scenario::Crowd(crowd::Options { connected: 10_000, messages: 60, seconds: seconds.min(3) })
        },
        goals: &[("send to last delivery, p99", Goal::Maximum(300.0))],
        store: Store::Crowd,
        once: false,
    },
    Entry {
        name: "idle",
        scenario: |_| {
            let connections = Connections::Exactly(18_000);
            Scenario::Idle(idle::Options { connections, settle: 60, watch: 60 })
        },
        goals: &[
            ("a connection, idle", Goal::Maximum(6.0 * KIB)),
            ("a connection, used", Goal::Maximum(7.0 * KIB)),
            ("server, busy while idle", Goal::Maximum(2.0)),
        ],
        store: Store::People(18_000),
        once: true,
    },
    Entry {
        name: "storm",
        scenario: |_| {
            let http = storm::Http::Own;
            let jitter = false;
            Scenario::Storm(storm::Options { clients: 10_000, chats: 20, pause_ms: 50, jitter, http })
        },
        goals: &[("until the last is back", Goal::Maximum(10.0))],
        store: Store::People(10_040),
        once: false,
    },
    Entry {
        name: "registrations",
        scenario: |_| Scenario::Registrations(registrations::Options { registrations: 100 }),
        goals: &[],
        store: Store::People(2),
        once: false,
    },
    Entry {
        name: "overload",
        scenario: |seconds| {
            let (floods, in_flight, slow, behaved) = (75, 256, 10, 20);
            Scenario::Overload(overload::Options { floods, in_flight, slow, behaved, seconds })
        },
        goals: &[],
        store: Store::People(300),
        once: false,
    },
    Entry {
        name: "readers",
        scenario: |seconds| Scenario::Readers(readers::Options { operations: 2000, concurrent: 1, seconds }),
        goals: &[("*: large by small", Goal::Maximum(1.5))],
        store: Store::Large,
        once: true,
    },
    Entry {
        name: "searches",
        scenario: |seconds| Scenario::Searches(searches::Options { rounds: 200, rate: 2_000, seconds }),
        goals: &[
            ("index: CPU a message", Goal::Maximum(40.0)),
            ("index: index by text", Goal::Maximum(3.0)),
            ("*: p99", Goal::Maximum(50.0)),
        ],
        store: Store::Words,
        once: true,
    },
    Entry {
        name: "small-files",
        scenario: |_| Scenario::Files(files::Options { files: 3000, kib: 20, at_once: 8 }),
        goals: &[],
        store: Store::People(9),
        once: false,
    },
    Entry {
        name: "large-files",
        scenario: |_| Scenario::Files(files::Options { files: 6, kib: 256 * 1024, at_once: 2 }),
        goals: &[],
        store: Store::People(3),
        once: false,
    },
    Entry {
        name: "upload",
        scenario: |_| Scenario::Upload(upload::Options { mib: 1024, times: 2 }),
        goals: &[("*: by copy", Goal::Minimum(0.6)), ("*: memory it takes", Goal::Maximum(32.0 * KIB * KIB))],
        store: Store::People(1),
        once: true,
    },
    Entry {
        name: "uploads",
        scenario: |_| Scenario::Uploads(uploads::Options { people: 200, mib: 16 }),
        goals: &[],
        store: Store::People(200),
        once: false,
    },
    Entry {
        name: "seek",
        scenario: |_| Scenario::Seek(seek::Options { pieces: 5000, hidden: 10_000, mib: 256 }),
        goals: &[("CPU of a piece, much hidden : nothing hidden", Goal::Maximum(1.1))],
        store: Store::People(3),
        once: false,
    },
];

const KIB: f64 = 1024.0;

/// The store with the crowd. Only the connected need sessions.
const CROWD: Plan =
    Plan { users: 100_002, groups: 0, messages: 0, heavy: 0, crowd: 100_000, sessions: 10_100, words: false };
/// The large store.
const LARGE: Plan = Plan {
    users: 1_000_000,
    groups: 100_000,
    messages: 10_000_000,
    heavy: 1000,
    crowd: 100_000,
    sessions: 20_000,
    words: false,
};
/// The store in which one searches.
const WORDS: Plan = Plan {
    users: 2200,
    groups: 1020,
    messages: 1_000_000,
    heavy: 1020,
    crowd: 100,
    sessions: 2198,
    words: true,
};

/// What a run of the set has found.
#[derive(Serialize)]
struct Findings {
    conditions: Vec<Condition>,
    runs: usize,
    scenarios: Vec<Summary>,
}

/// Runs the set against servers that are started from `binary`, and writes what it has found.
pub(crate) async fn run(binary: &Path, options: &Options) -> anyhow::Result<()> {
    ensure!(options.runs > 0, "--runs: at least 1");
    ensure!(options.seconds > 0, "--seconds: at least 1");
    let entries = chosen(&options.only)?;
    fs::create_dir_all(&options.folder)
        .with_context(|| format!("--folder: cannot create {}", options.folder.display()))?;
    let conditions = machine::conditions(binary, &options.folder, options.seconds)?;
    let mut found: Vec<(Vec<Report>, Vec<Report>)> = entries.iter().map(|_| Default::default()).collect();
    let mut failures = Vec::new();
    for run in 1..=options.runs {
        for (entry, (rim, bare)) in entries.iter().zip(&mut found) {
            if entry.once && run > 1 {
                continue;
            }
            eprintln!("run {run} of {}: {}", options.runs, entry.name);
            // One that fails does not take the hour of the others with it.
            match entry.both(binary, options).await {
                Ok((of_rim, of_bare)) => {
                    if !of_rim.is_sound() {
                        failures.push(format!("{}: the server is at fault\n\n{of_rim}", entry.name));
                    }
                    rim.push(of_rim);
                    bare.extend(of_bare);
                }
                Err(error) => failures.push(format!("{}: {error:#}", entry.name)),
            }
        }
    }
    let run = entries.iter().zip(&found).filter(|(_, (rim, _))| !rim.is_empty());
    let scenarios = run.map(|(entry, (rim, bare))| Summary::of(entry.name, rim, bare, entry.goals)).collect();
    Findings { conditions, runs: options.runs, scenarios }.write(options)?;
    ensure!(failures.is_empty(), "{} runs have failed\n\n{}", failures.len(), failures.join("\n"));
    Ok(())
}

fn chosen(only: &[String]) -> anyhow::Result<Vec<&'static Entry>> {
    if let Some(unknown) = only.iter().find(|name| SET.iter().all(|entry| entry.name != name.as_str())) {
        let known: Vec<&str> = SET.iter().map(|entry| entry.name).collect();
        bail!("--only: {unknown} is none of {}", known.join(", "));
    }
    let wanted = |entry: &&Entry| only.is_empty() || only.iter().any(|name| name == entry.name);
    Ok(SET.iter().filter(wanted).collect())
}

fn rate_of(rate: u64, mixed: bool, seconds: u64) -> rate::Options {
    rate::Options { rate, chats: 50, mixed, read_every: 4, seconds }
}

impl Entry {
    /// Runs it once, and right after it the same on the bare machine.
    async fn both(&self, binary: &Path, options: &Options) -> anyhow::Result<(Report, Option<Report>)> {
        let rim = self.rim(binary, options).await?;
        summary::check(&rim, self.goals)?;
        let bare = self.bare(&rim, options).await.context("the bare machine")?;
        Ok((rim, bare))
    }

    /// Runs it against a new server.
    async fn rim(&self, binary: &Path, options: &Options) -> anyhow::Result<Report> {
        let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(&options.folder)?;
        let large = options.folder.join("bench-large");
        let (data, plan) = match self.store {
            Store::People(sessions) => {
                let (users, crowd, words) = (sessions + 2, 2, false);
                (folder.path(), Plan { users, groups: 0, messages: 0, heavy: 0, crowd, sessions, words })
            }
            Store::Crowd => (folder.path(), CROWD),
            Store::Words => (folder.path(), WORDS),
            Store::Large => (large.as_path(), LARGE),
        };
        let manifest = Fill::new(data, plan).run().await?;
        let server = Server::start(binary, Some(data), Cores::divide()?, Settings::default()).await?;
        let target = Arc::new(Target::new(server.url(), Some(manifest)).await?);
        let mut bench = Bench { server, target };
        let report = (self.scenario)(options.seconds).run(&mut bench).await?;
        bench.server.stop().await?;
        Ok(report)
    }

    /// Runs the same on the bare machine, where there is such a thing; `rim` says how large commits were.
    async fn bare(&self, rim: &Report, options: &Options) -> anyhow::Result<Option<Report>> {
        Ok(match (self.scenario)(options.seconds) {
            Scenario::Chats(chats) => {
                let seconds = chats.seconds;
                let network = relay::chats(chats).await?;
                let commit = rim.value("messages a commit").context("measured")?.round().max(1.0) as usize;
                let (folder, bytes) = (Some(options.folder.clone()), append::MESSAGE_BYTES);
                let disk = append::run(&append::Options { folder, bytes, commit, seconds })?;
                Some(together(network, &disk)?)
            }
            Scenario::Fanout(fanout) => Some(relay::fanout(fanout).await?),
            Scenario::Files(files) => Some(bare::files::files(files, Some(&options.folder)).await?),
            _ => None,
        })
    }
}

/// A message goes over the network and to the disk: what one costs is the sum of both.
fn together(network: Report, disk: &Report) -> anyhow::Result<Report> {
    const CPU: &str = "server CPU a message";
    let of_disk = |figure: &str| disk.value(figure).with_context(|| format!("{figure} of the disk"));
    let (cpu, synced, written) =
        (of_disk("CPU a message")?, of_disk("messages")?, of_disk("written to disk a message")?);
    let mut report = network;
    for figure in &mut report.figures {
        match figure.name.as_str() {
            CPU => figure.value += cpu,
            "written to disk a message" => figure.value = written,
            _ => {}
        }
    }
    report.conditions.extend(disk.conditions.iter().cloned());
    Ok(report.figure("appended and synced", synced, Unit::PerSecond))
}

impl Findings {
    fn write(&self, options: &Options) -> anyhow::Result<()> {
        let write = |path: &Path, text: &str| {
            let folder = path.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(path, text))
                .with_context(|| format!("cannot write {}", path.display()))
        };
        write(&options.page, &markdown::page(&self.conditions, self.runs, &self.scenarios))?;
        write(&options.figures, &serde_json::to_string_pretty(self)?)?;
        if let Some(chart) = chart::svg(&self.scenarios) {
            write(&options.chart, &chart)?;
        }
        println!("{} is written", options.page.display());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_are_chosen_by_name() {
        let names = |only: &[&str]| -> Vec<&str> {
            let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
            chosen(&only).expect("known").iter().map(|entry| entry.name).collect()
        };
        assert_eq!(names(&["fanout", "chats"]), ["chats", "fanout"]);
        assert_eq!(names(&[]).len(), SET.len());
        let error = chosen(&["speed".to_owned()]).err().expect("unknown").to_string();
        assert!(error.starts_with("--only: speed is none of chats, "), "{error}");
    }

    #[test]
    fn a_message_costs_the_network_and_the_disk() {
        let network = Report::new("network").figure("server CPU a message", 4.0, Unit::Microseconds).figure(
            "written to disk a message",
            0.0,
            Unit::Bytes,
        );
        let disk = Report::new("disk")
            .condition("messages a commit", 300)
            .figure("messages", 100_000.0, Unit::PerSecond)
            .figure("CPU a message", 0.5, Unit::Microseconds)
            .figure("written to disk a message", 310.0, Unit::Bytes);
        let both = together(network, &disk).expect("all figures are there");
        assert_eq!(both.value("server CPU a message"), Some(4.5));
        assert_eq!(both.value("written to disk a message"), Some(310.0));
        assert_eq!(both.value("appended and synced"), Some(100_000.0));
        assert_eq!(both.conditions[0].value, "300");
    }
}
