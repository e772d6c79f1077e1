//! Fan-out: one group, every member connected.

use std::time::Instant;

use anyhow::Context;
use futures_util::future::try_join_all;

use crate::people::{Target, message};
use crate::process::Process;
use crate::report::{Latencies, microseconds_each, row};

/// Members of one user each would have to be registered one by one; devices of fewer users are as many
/// connections, and the server treats them alike.
const DEVICES: usize = 10;

pub(crate) async fn run(
    target: &Target,
    server: &Process,
    members: usize,
    messages: usize,
) -> anyhow::Result<()> {
    let people = target.people(members.div_ceil(DEVICES)).await?;
    let uids: Vec<u64> = people.iter().map(|person| person.uid).collect();
    let gid = people[0].api.create_group(2, "all", &uids).await?;
    let mut open = Vec::with_capacity(members);
    for index in 0..members {
        open.push(target.connect(&people[index % people.len()]).await?);
    }

    let mut latencies = Latencies::default();
    let cpu = server.cpu()?;
    for number in 0..messages {
        let text = message(&people[0], gid, "to everybody", &number.to_string());
        let start = Instant::now();
        open.first_mut().context("a member")?.send_text(text).await?;
        try_join_all(open.iter_mut().map(|connection| connection.next_text())).await?;
        latencies.add(start.elapsed());
    }
    let deliveries = (members * messages) as u64;
    row("connected members", members);
    row("send to last delivery", latencies.summary());
    row("server CPU a delivery", format!("{:.1} us", microseconds_each(server.cpu()? - cpu, deliveries)));
    Ok(())
}
