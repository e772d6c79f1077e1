//! What an appended message costs: CPU and time, for commits of about 1, 16 and 256 messages.
//!
//! `cargo run --release -p rim-store-sqlite --example append_cost`
//!
//! Messages of 160 bytes, from 20 members a group. The more groups they spread over, the more rows of groups and
//! members a commit changes, and the more pages those are on. They come in bursts, the next when the last is
//! answered; of a burst the writer makes two commits or so. CPU is that of the whole process: checkpoints and
//! this program included.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rim_core::contact::Bounds;
use rim_core::message::{NewMessage, Write};
use rim_core::{GroupId, Timestamp, UserId};
use rim_store::{CommitObserver, Store, callback};
use rim_store_sqlite::{Options, SqliteStore};
use tokio::sync::Semaphore;

use crate::common::{cpu_time, drain, mixed, new_group, new_message, new_user};

mod common;

const USERS: u64 = 200;
const MEMBERS: u64 = 20;

#[derive(Default)]
struct Commits(AtomicU64);

impl CommitObserver for Commits {
    fn committed(&self, _: usize, _: Duration) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("groups      burst   messages  messages/s  CPU µs/message  messages/commit");
    for groups in [1, 10, 200, 20_000] {
        for (burst, messages) in [(1, 5_000), (32, 50_000), (512, 200_000)] {
            measure(groups, burst, messages).await;
        }
    }
}

async fn measure(groups: u64, burst: usize, messages: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let commits = Arc::new(Commits::default());
    let options =
        Options { path: folder.path().join("rim.db"), readers: 1, observer: Arc::clone(&commits) as _ };
    let (store, feed) = SqliteStore::open(options).expect("a store");
    let store: Arc<dyn Store> = Arc::new(store);
    let drained = tokio::spawn(drain(feed));
    let (users, groups) = people(&*store, groups).await;

    let in_flight = Arc::new(Semaphore::new(burst));
    let (commits_before, cpu_before, began) = (commits.0.load(Ordering::Relaxed), cpu_time(), Instant::now());
    let mut sent = 0;
    while sent < messages {
        let permits = Arc::clone(&in_flight).acquire_many_owned(burst as u32).await.expect("never closed");
        let permits = Arc::new(permits);
        for _ in 0..burst {
            let (permits, number) = (Arc::clone(&permits), sent);
            let write = Write::Append(message(number, &users, &groups));
            let done = callback(move |result| {
                result.expect("stored");
                drop(permits);
            });
            store.submit(write, done).expect("room in the queue");
            sent += 1;
        }
    }
    let _ = in_flight.acquire_many(burst as u32).await.expect("never closed");
    let (elapsed, cpu) = (began.elapsed(), cpu_time() - cpu_before);
    let commits = commits.0.load(Ordering::Relaxed) - commits_before;
    println!(
        "{:>6} {burst:>10} {sent:>10} {:>11.0} {:>15.1} {:>16.1}",
        groups.len(),
        sent as f64 / elapsed.as_secs_f64(),
        cpu.as_secs_f64() * 1e6 / sent as f64,
        sent as f64 / commits as f64,
    );
    store.close().await;
    drained.await.expect("drained");
}

fn message(number: u64, users: &[UserId], groups: &[GroupId]) -> NewMessage {
    let mixed = mixed(number);
    let group = mixed % groups.len() as u64;
    let sender = (group + (mixed >> 16) % MEMBERS) % USERS;
    new_message(number, groups[group as usize], users[sender as usize])
}

async fn people(store: &dyn Store, count: u64) -> (Vec<UserId>, Vec<GroupId>) {
    let (mut users, mut groups) = (Vec::new(), Vec::new());
    for number in 0..USERS {
        users.push(store.create_user(new_user(number), Timestamp(0)).await.expect("a user"));
    }
    for group in 0..count {
        let members: Vec<_> = (0..MEMBERS).map(|n| users[((group + n) % USERS) as usize]).collect();
        groups.push(
            store
                .create_group(new_group(&members), Bounds::of_members(1000), Timestamp(0))
                .await
                .expect("a group"),
        );
    }
    (users, groups)
}
