//! Responsiveness: a chat goes on while many register.

use std::time::{Duration, Instant};

use clap::Args;
use futures_util::future::try_join_all;

use crate::latency::Latencies;
use crate::people::message;
use crate::process::Meter;
use crate::report::{Report, Unit};
use crate::scenario::Bench;

/// Between an answer and the next message.
const PAUSE: Duration = Duration::from_millis(5);

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// People who register at once
    #[arg(long, default_value_t = 100)]
    pub(crate) registrations: usize,
}

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    let Bench { server, target } = bench;
    let people = target.people(2).await?;
    let gid = people[0].api.create_group(1, "", &[people[1].uid]).await?;
    let mut connection = target.connect(&people[0]).await?;

    let meter = Meter::start(&server.process)?;
    let registering = async {
        let wave = (0..options.registrations).map(|_| async {
            let start = Instant::now();
            target.register().await.map(|_| start.elapsed())
        });
        let mut latencies = Latencies::new();
        try_join_all(wave).await?.into_iter().for_each(|took| latencies.add(took));
        anyhow::Ok(latencies)
    };
    tokio::pin!(registering);
    let mut chatting = Latencies::new();
    let mut number = 0;
    let registered = loop {
        let round_trip = async {
            let start = Instant::now();
            connection.send_text(message(&people[0], gid, "still here", &number.to_string())).await?;
            connection.next_text().await?;
            let took = start.elapsed();
            tokio::time::sleep(PAUSE).await;
            anyhow::Ok(took)
        };
        tokio::select! {
            // The one who is cancelled is the last message of the chat.
            done = &mut registering => break done?,
            took = round_trip => chatting.add(took?),
        }
        number += 1;
    };
    let spent = meter.stop(&server.process)?;
    Ok(Report::new("A chat goes on while people register")
        .condition("people who register at once", options.registrations)
        .figure("registered and logged in", spent.per_second(options.registrations as u64), Unit::PerSecond)
        .latencies("register and log in", &registered)
        .latencies("send to Ack meanwhile", &chatting)
        .busy(&spent))
}
