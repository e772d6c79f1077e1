//! Throughput: single chats in which one sends and the other listens.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use rim_client::Connection;

use crate::people::{Person, Target, message};
use crate::process::Process;
use crate::report::{Latencies, microseconds_each, row};

/// What people write: 100 bytes.
const CONTENT: &str =
    "The quick brown fox jumps over the lazy dog, and then goes home to write a hundred bytes about it.!!";

pub(crate) async fn run(
    target: &Target,
    server: &Process,
    chats: usize,
    in_flight: usize,
    seconds: u64,
) -> anyhow::Result<()> {
    let mut pairs = Vec::new();
    for two in target.people(chats * 2).await?.chunks_exact(2) {
        let gid = two[0].api.create_group(1, "", &[two[1].uid]).await?;
        let (sender, listener) = (target.connect(&two[0]).await?, target.connect(&two[1]).await?);
        pairs.push((two[0].clone(), gid, sender, listener));
    }

    let (cpu, written, start) = (server.cpu()?, server.written()?, Instant::now());
    let until = start + Duration::from_secs(seconds);
    let running = pairs.into_iter().map(|(person, gid, sender, listener)| async move {
        // The listener hears how many there will be when the sender is done.
        let (said, total) = tokio::sync::oneshot::channel();
        let sending = async {
            let sent = send(sender, &person, gid, in_flight, until).await?;
            let _ = said.send(sent.0);
            anyhow::Ok(sent)
        };
        let (sent, delivered) = tokio::try_join!(sending, listen(listener, total))?;
        ensure!(sent.0 == delivered, "{} acknowledged, {delivered} delivered", sent.0);
        anyhow::Ok(sent)
    });
    let results = try_join_all(running).await?;
    let elapsed = start.elapsed();

    let mut latencies = Latencies::default();
    let mut messages = 0;
    for (sent, latency) in results {
        messages += sent;
        latencies.extend(latency);
    }
    row("messages acknowledged, delivered", messages);
    row("a second", format!("{:.0}", messages as f64 / elapsed.as_secs_f64()));
    row("send to ack", latencies.summary());
    row("server CPU a message", format!("{:.1} us", microseconds_each(server.cpu()? - cpu, messages)));
    row("written to disk a message", format!("{} bytes", (server.written()? - written) / messages.max(1)));
    row("server resident", format!("{} KiB", server.resident()? / 1024));
    Ok(())
}

async fn send(
    mut connection: Connection,
    person: &Person,
    gid: u64,
    in_flight: usize,
    until: Instant,
) -> anyhow::Result<(u64, Latencies)> {
    let mut latencies = Latencies::default();
    let mut waiting: VecDeque<Instant> = VecDeque::new();
    let (mut sent, mut acknowledged) = (0_u64, 0_u64);
    loop {
        while waiting.len() < in_flight && Instant::now() < until {
            connection.send_text(message(person, gid, CONTENT, &sent.to_string())).await?;
            waiting.push_back(Instant::now());
            sent += 1;
        }
        let Some(at) = waiting.pop_front() else { return Ok((acknowledged, latencies)) };
        let text = connection.next_text().await?;
        ensure!(text.starts_with("{\"clientMsgId\"") && text.contains("\"Ack\""), "not an Ack: {text}");
        ensure!(text.contains(&format!("\"{acknowledged}\"")), "out of order: {text}");
        latencies.add(at.elapsed());
        acknowledged += 1;
    }
}

async fn listen(
    mut connection: Connection,
    mut total: tokio::sync::oneshot::Receiver<u64>,
) -> anyhow::Result<u64> {
    let mut delivered = 0;
    let mut expected = None;
    while expected.is_none_or(|expected| delivered < expected) {
        tokio::select! {
            text = connection.next_text() => {
                let text = text?;
                ensure!(text.contains("\"event\":\"Msg\""), "not a message: {text}");
                ensure!(text.contains(&format!("\"clientMsgId\":\"{delivered}\"")), "out of order: {text}");
                delivered += 1;
            }
            total = &mut total, if expected.is_none() => expected = Some(total.context("the sender failed")?),
        }
    }
    Ok(delivered)
}
