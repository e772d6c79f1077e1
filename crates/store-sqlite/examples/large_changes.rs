//! How long large changes take, and how long others wait for their messages meanwhile.
//!
//! `cargo run --release -p rim-store-sqlite --example large_changes`
//!
//! 50,000 users, each of whom is in some groups, so that their rows are not beside each other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rim_core::contact::Bounds;
use rim_core::group::{NewGroup, Role};
use rim_core::message::Write;
use rim_core::session::NewSession;
use rim_core::user::ProfileChange;
use rim_core::{GroupId, Timestamp, UserId};
use rim_store::{CommitObserver, Store, callback};
use rim_store_sqlite::{Options, SqliteStore};
use tokio::sync::oneshot;

use crate::common::{drain, mixed, new_group, new_message, new_user};

mod common;

const USERS: u64 = 50_000;
const GROUPS: u64 = 10_000;
const MEMBERS: u64 = 20;
const LARGE: u64 = 9_999;
const SESSIONS: u64 = 20_000;
const BOUNDS: Bounds = Bounds::of_members(20_000);
const NOW: Timestamp = Timestamp(1_790_000_000_000);

struct Unobserved;

impl CommitObserver for Unobserved {
    fn committed(&self, _: usize, _: Duration) {}
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { path: folder.path().join("rim.db"), readers: 1, observer: Arc::new(Unobserved) };
    let (store, feed) = SqliteStore::open(options).expect("a store");
    let store: Arc<dyn Store> = Arc::new(store);
    let drained = tokio::spawn(drain(feed));
    let (users, group) = people(&store).await;

    println!("what                                    ms   the longest that a message waited, ms");
    let large: Vec<UserId> = (0..LARGE).map(|n| users[(n * 5 % USERS) as usize + 1]).collect();
    let mut gid = GroupId(0);
    measure("create a group of 9,999", &store, group, users[0], async {
        let members = large.iter().map(|user| (*user, Role::Common)).collect();
        let new = NewGroup { members, ..new_group(&users[..1]) };
        gid = store.create_group(new, BOUNDS, NOW).await.expect("created");
    })
    .await;
    measure("remove 9,998 of them", &store, group, users[0], async {
        store.remove_members(users[0], gid, large[1..].to_vec(), NOW).await.expect("removed");
    })
    .await;
    measure("add 9,998 again", &store, group, users[0], async {
        store.add_members(users[0], gid, large[1..].to_vec(), BOUNDS, NOW).await.expect("added");
    })
    .await;
    measure("dissolve it", &store, group, users[0], async {
        store.dissolve_group(users[0], gid, NOW).await.expect("dissolved");
    })
    .await;
    measure("a new name of one in 2,000 groups", &store, group, users[0], async {
        let change = ProfileChange { name: Some("Anna".into()), ..ProfileChange::default() };
        store.update_profile(users[1], change, NOW).await.expect("changed");
    })
    .await;
    measure("purge 20,000 sessions", &store, group, users[0], async {
        store.purge_sessions(Timestamp(NOW.0 + 2)).await.expect("purged");
    })
    .await;
    measure("20 times a group of 9,999 at once", &store, group, users[0], async {
        let groups = (0..20).map(|_| {
            let members = large.iter().map(|user| (*user, Role::Common)).collect();
            let new = NewGroup { members, ..new_group(&users[..1]) };
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.create_group(new, BOUNDS, NOW).await })
        });
        for group in groups.collect::<Vec<_>>() {
            let _ = group.await.expect("it does not panic");
        }
    })
    .await;
    store.close().await;
    drained.await.expect("the feed ends");
}

/// One sends messages without a pause meanwhile.
async fn measure(
    what: &str,
    store: &Arc<dyn Store>,
    group: GroupId,
    sender: UserId,
    work: impl Future<Output = ()>,
) {
    let began = Instant::now();
    let mut longest = Duration::ZERO;
    let mut work = std::pin::pin!(work);
    let mut number = 0;
    let took = loop {
        number += 1;
        let id = mixed(u64::from(std::process::id()) + began.elapsed().as_nanos() as u64 + number);
        let asked = Instant::now();
        let (done, answer) = oneshot::channel();
        let message = Write::Append(new_message(id, group, sender));
        store.submit(message, callback(|result| drop(done.send(result)))).expect("room");
        let mut answer = std::pin::pin!(answer);
        let mut finished = None;
        loop {
            tokio::select! {
                biased;
                result = &mut answer => {
                    result.expect("answered").expect("stored");
                    break;
                }
                () = &mut work, if finished.is_none() => finished = Some(began.elapsed()),
            }
        }
        longest = longest.max(asked.elapsed());
        if let Some(took) = finished {
            break took;
        }
    };
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    println!("{what:<34}{:>8.0}{:>8.1}", ms(took), ms(longest));
}

async fn people(store: &Arc<dyn Store>) -> (Vec<UserId>, GroupId) {
    let mut users = Vec::new();
    for chunk in 0..USERS / 500 {
        let new = (chunk * 500..(chunk + 1) * 500).map(|number| {
            let store = Arc::clone(store);
            tokio::spawn(async move { store.create_user(new_user(number), NOW).await })
        });
        for user in new.collect::<Vec<_>>() {
            users.push(user.await.expect("it does not panic").expect("created"));
        }
    }
    for chunk in 0..GROUPS / 500 {
        let new = (chunk * 500..(chunk + 1) * 500).map(|number| {
            let at = |n: u64| users[(mixed(number * MEMBERS + n) % USERS) as usize];
            let mut members: Vec<_> = (0..MEMBERS).map(at).collect();
            if number % 5 == 0 {
                members.push(users[1]);
            }
            let (store, group) = (Arc::clone(store), new_group(&members));
            tokio::spawn(async move { store.create_group(group, BOUNDS, NOW).await })
        });
        for group in new.collect::<Vec<_>>() {
            group.await.expect("it does not panic").expect("created");
        }
    }
    for number in 0..SESSIONS {
        let mut token_hash = [0; 32];
        token_hash[..8].copy_from_slice(&mixed(number).to_be_bytes());
        token_hash[8..16].copy_from_slice(&number.to_be_bytes());
        let user = users[(number % USERS) as usize];
        let (device, address) = (String::new(), String::new());
        let expires_at = Timestamp(NOW.0 + 1);
        let new = NewSession {
            user,
            password_hash: None,
            token_hash,
            device,
            address,
            now: NOW,
            expires_at,
            most: u64::MAX,
        };
        if number % 500 == 0 {
            store.create_session(new).await.expect("created");
        } else {
            let store = Arc::clone(store);
            tokio::spawn(async move { store.create_session(new).await });
        }
    }
    let group = store.create_group(new_group(&users[..1]), BOUNDS, NOW).await.expect("created");
    (users, group)
}
