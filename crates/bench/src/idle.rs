//! Memory: logged-in connections that do nothing.

use std::time::Duration;

use futures_util::future::try_join_all;

use crate::people::{Target, message};
use crate::process::Process;
use crate::report::row;

/// Connections of one user; the server's default allows 100.
const DEVICES: usize = 100;

pub(crate) async fn run(target: &Target, server: &Process, connections: usize) -> anyhow::Result<()> {
    let people = target.people(connections.div_ceil(DEVICES)).await?;
    let uids: Vec<u64> = people.iter().map(|person| person.uid).collect();
    let gid = people[0].api.create_group(2, "all", &uids).await?;
    // The hashing of passwords leaves memory that has nothing to do with connections.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = server.resident()?;

    let mut open = Vec::with_capacity(connections);
    for _ in 0..DEVICES {
        for person in &people {
            if open.len() < connections {
                open.push(target.connect(person).await?);
            }
        }
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = server.resident()?;
    let each = |resident: u64| format!("{} bytes", resident.saturating_sub(before) / connections as u64);
    row("connections", connections);
    row("server resident before", format!("{} KiB", before / 1024));
    row("a connection, idle", each(idle));

    let large = "x".repeat(64 * 1024);
    open[0].send_text(message(&people[0], gid, &large, "large")).await?;
    try_join_all(open.iter_mut().map(|connection| connection.next_text())).await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    row("a connection, after 64 KiB received", each(server.resident()?));

    // A bare Heart padded to 64 KiB: everything that a connection can be made to buffer, and no message.
    let padded =
        format!("{{\"event\":\"Heart\",\"body\":{{\"clientMsgId\":\"h\",\"content\":\"{large}\"}}}}");
    for connection in &mut open {
        connection.send_text(padded.clone()).await?;
        connection.next_text().await?;
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    row("a connection, after 64 KiB sent", each(server.resident()?));
    let cpu = server.cpu()?;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let share = (server.cpu()? - cpu).as_secs_f64() / 10.0 * 100.0;
    row("CPU while idle", format!("{share:.1} % of a core"));
    Ok(())
}
