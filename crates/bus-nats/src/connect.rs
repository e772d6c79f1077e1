//! The connection, which makes itself again for as long as it takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::Duration;

use async_nats::ConnectOptions;
use rim_core::bus::{Hearing, Teller, hearing};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::interest::Interest;
use crate::pump::Pump;
use crate::status::Status;
use crate::subjects::Subjects;
use crate::{NatsBus, Options, OptionsError, QUEUE_HINTS};

/// What one subscription holds until the pump takes it, which is at once; what finds it full is missed.
const SUBSCRIPTION_HINTS: usize = 4096;

/// A server that has been silent for three of them is taken for gone.
const PING_INTERVAL: Duration = Duration::from_secs(2);

/// The longest time between two attempts to connect.
const LONGEST_DELAY: Duration = Duration::from_secs(2);

/// The client knows no way to end while its server is away but to wait longer than anybody lives.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

impl NatsBus {
    /// Connects, now or when the server is there, and says with a first `Missed` that it has: from then on
    /// everything is heard that was subscribed to before.
    ///
    /// # Errors
    /// Only what is wrong with the options themselves.
    pub async fn connect(options: Options) -> Result<(Arc<Self>, Hearing), OptionsError> {
        let (servers, client) = options.resolve().await?;
        let subjects = Arc::new(Subjects::new(&options.prefix));
        let interest = Arc::new(Interest::default());
        let status = Arc::new(Status::default());
        let (teller, hearing) = hearing(options.room);

        let client = configure(client, &subjects, &status, &teller).connect(servers).await;
        let client = client.expect("it fails for addresses alone, which are parsed");
        let pump = Pump::new(
            client.clone(),
            Arc::clone(&subjects),
            Arc::clone(&interest),
            Arc::clone(&status),
            teller.clone(),
        );
        let (tasks, cancelled) = (TaskTracker::new(), CancellationToken::new());
        let cancels = cancelled.clone().drop_guard();
        let until = cancelled.clone();
        tasks.spawn(
            teller.clone().while_running(async move { _ = until.run_until_cancelled(pump.run()).await }),
        );
        let bus = Self {
            client,
            subjects,
            interest,
            status,
            teller,
            queued_bytes: Arc::new(AtomicUsize::new(0)),
            lost: AtomicU64::new(0),
            tasks,
            cancelled,
            _cancels: cancels,
        };
        Ok((Arc::new(bus), hearing))
    }
}

fn configure(
    client: ConnectOptions,
    subjects: &Subjects,
    status: &Arc<Status>,
    teller: &Teller,
) -> ConnectOptions {
    let (noting, delaying, teller) = (Arc::clone(status), Arc::clone(status), teller.clone());
    client
        .no_echo()
        .retry_on_initial_connect()
        .ping_interval(PING_INTERVAL)
        .client_capacity(QUEUE_HINTS)
        .subscription_capacity(SUBSCRIPTION_HINTS)
        .skip_subject_validation(true)
        .custom_inbox_prefix(subjects.inbox())
        .reconnect_delay_callback(move |attempts| if delaying.is_closed() { NEVER } else { delay(attempts) })
        .event_callback(move |event| {
            noting.note(event, &teller);
            std::future::ready(())
        })
}

/// 0, 20, 40, 80 ms and so on.
fn delay(attempts: usize) -> Duration {
    match attempts {
        0 | 1 => Duration::ZERO,
        more => LONGEST_DELAY.min(Duration::from_millis(5 << more.min(16))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_become_rarer_and_never_end() {
        let delays: Vec<_> = [1, 2, 3, 9, 10, usize::MAX].map(delay).map(|delay| delay.as_millis()).into();
        assert_eq!(delays, [0, 20, 40, 2000, 2000, 2000]);
    }
}
