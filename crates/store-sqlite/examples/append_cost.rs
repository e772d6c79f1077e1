//! What an appended message costs: CPU and time, for commits of about 1, 16 and 256 messages.
//!
//! `cargo run --release -p rim-store-sqlite --example append_cost`
//!
//! Messages of 160 bytes, from 20 members a group. How many groups they spread over is what counts most:
//! each group that a commit touches costs it a page of each index. They come in bursts, the next
//! when the last is answered; of a burst the writer makes two commits or so. CPU is that of the whole process:
//! checkpoints and this program included.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rim_core::event::{Committed, Feed};
use rim_core::group::{NewGroup, Role};
use rim_core::message::{Kind, NewMessage, Write};
use rim_core::store::{CommitObserver, Store};
use rim_core::user::NewUser;
use rim_core::{GroupId, Origin, Timestamp, UserId};
use rim_store_sqlite::{Options, SqliteStore};
use tokio::sync::Semaphore;

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
    for groups in [1, 10, 200] {
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
    let drained = tokio::spawn(drain(feed));
    let (users, groups) = people(&store, groups).await;

    let in_flight = Arc::new(Semaphore::new(burst));
    let (commits_before, cpu_before, began) = (commits.0.load(Ordering::Relaxed), cpu_time(), Instant::now());
    let mut sent = 0;
    while sent < messages {
        let permits = Arc::clone(&in_flight).acquire_many_owned(burst as u32).await.expect("never closed");
        let permits = Arc::new(permits);
        for _ in 0..burst {
            let (permits, number) = (Arc::clone(&permits), sent);
            let write = Write::Append(message(number, &users, &groups));
            let done = Box::new(move |result: Result<_, _>| {
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
    // Spreads over groups and members without a pattern that caches would like.
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let group = mixed % groups.len() as u64;
    let sender = (group + (mixed >> 16) % MEMBERS) % USERS;
    NewMessage {
        group: groups[group as usize],
        sender: users[sender as usize],
        client_msg_id: format!("{number:032x}"),
        kind: Kind::Text,
        content: "m".repeat(160),
        now: Timestamp(1_790_000_000_000),
        origin: Origin(1),
    }
}

async fn people(store: &SqliteStore, count: u64) -> (Vec<UserId>, Vec<GroupId>) {
    let (mut users, mut groups) = (Vec::new(), Vec::new());
    for number in 0..USERS {
        let user = NewUser {
            account: format!("user{number}"),
            name: "name".into(),
            avatar: String::new(),
            email: String::new(),
            password_hash: None,
        };
        users.push(store.create_user(user, Timestamp(0)).await.expect("a user"));
    }
    for group in 0..count {
        let members = (0..MEMBERS).map(|n| (users[((group + n) % USERS) as usize], Role::Common)).collect();
        let group = NewGroup {
            creator: users[group as usize],
            name: "group".into(),
            avatar: String::new(),
            mode: 2,
            members,
        };
        groups.push(store.create_group(group, 1000, Timestamp(0)).await.expect("a group"));
    }
    (users, groups)
}

async fn drain(mut feed: Feed) {
    while let Some(commit) = feed.recv().await {
        for entry in commit {
            if let Committed::Answer { done, result } = entry {
                done(result);
            }
        }
    }
}

/// User and system time of the process so far.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    // The second field is the name, in parentheses, and may hold anything.
    let fields: Vec<&str> = stat.rsplit(')').next().expect("a name").split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().expect("utime") + fields[12].parse::<u64>().expect("stime");
    // A hundredth of a second on every Linux.
    Duration::from_millis(ticks * 10)
}
