//! Responsiveness: a chat goes on while many register.

use std::time::{Duration, Instant};

use crate::people::{Target, message};
use crate::report::{Latencies, row};

pub(crate) async fn run(target: &Target, registrations: usize) -> anyhow::Result<()> {
    let people = target.people(2).await?;
    let gid = people[0].api.create_group(1, "", &[people[1].uid]).await?;
    let mut connection = target.connect(&people[0]).await?;

    let registering = async {
        let start = Instant::now();
        let waves = (0..registrations).map(|_| async {
            let start = Instant::now();
            target.person().await.map(|_| start.elapsed())
        });
        let mut latencies = Latencies::default();
        futures_util::future::try_join_all(waves).await?.into_iter().for_each(|took| latencies.add(took));
        anyhow::Ok((start.elapsed(), latencies))
    };
    tokio::pin!(registering);
    let mut chatting = Latencies::default();
    let mut number = 0;
    let (elapsed, registered) = loop {
        let round_trip = async {
            let start = Instant::now();
            connection.send_text(message(&people[0], gid, "still here", &number.to_string())).await?;
            connection.next_text().await?;
            let took = start.elapsed();
            tokio::time::sleep(Duration::from_millis(5)).await;
            anyhow::Ok(took)
        };
        tokio::select! {
            // The one who is cancelled is the last message of the chat.
            done = &mut registering => break done?,
            took = round_trip => chatting.add(took?),
        }
        number += 1;
    };
    row("registered and logged in", format!("{registrations} in {:.1} s", elapsed.as_secs_f64()));
    row("register and log in", registered.summary());
    row("send to ack meanwhile", chatting.summary());
    Ok(())
}
