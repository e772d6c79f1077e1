//! What a read costs: CPU, in a small store and in a large one, for users of few groups and of many.
//!
//! `cargo run --release -p rim-store-sqlite --example read_cost -- [groups] [messages] [users]`
//!
//! Every group has ten members and those who read. A few groups are busy and most are quiet, and messages
//! of all of them come mixed, so that a page of history is scattered over the file. Each read is of another
//! user or page than the one before, so that it does not find all it needs in the cache. CPU is that of
//! the whole process, the way to the reader's thread included.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rim_core::contact::Bounds;
use rim_core::message::{Page, Write};
use rim_core::sync::SyncQuery;
use rim_core::{GroupId, Timestamp, UserId};
use rim_store::{CommitObserver, Store, callback};
use rim_store_sqlite::{Options, SqliteStore};
use tokio::sync::Semaphore;

use crate::common::{cpu_time, drain, mixed, new_group, new_message, new_user};

mod common;

const MEMBERS: u64 = 10;
/// Readers of each kind.
const READERS: usize = 50;
/// Groups of a user of few, which are the busiest, and of a user of many: these, and others of all kinds.
const FEW: u64 = 20;
const MANY: u64 = 1000;
const PAGE: u32 = 20;
/// Use cases that wait in the queue at a time while the store is filled.
const AT_ONCE: usize = 4096;
/// A figure comes of as many reads as take so long: the clock of the process ticks in hundredths.
const MEASURED: Duration = Duration::from_secs(1);

struct Unobserved;

impl CommitObserver for Unobserved {
    fn committed(&self, _: usize, _: Duration) {}
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut sizes = std::env::args().skip(1).map(|size| size.parse().expect("a number"));
    let mut size = |or| sizes.next().unwrap_or(or);
    let (groups, messages, users) = (size(100_000), size(1_000_000), size(100_000));
    println!("  groups   messages  reader in    CPU µs of chats    sync  history");
    for (groups, messages, users) in [(FEW, 20_000, 1000), (groups, messages, users)] {
        measure(groups, messages, users).await;
    }
}

async fn measure(groups: u64, messages: u64, users: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rim.db");
    let open = || {
        let options = Options { path: path.clone(), readers: 1, observer: Arc::new(Unobserved) };
        let (store, feed) = SqliteStore::open(options).expect("a store");
        (Arc::new(store) as Arc<dyn Store>, tokio::spawn(drain(feed)))
    };
    let (store, drained) = open();
    let readers = fill(&store, groups, messages, users).await;
    store.close().await;
    drained.await.expect("drained");

    let began = Instant::now();
    let (store, drained) = open();
    let opened = began.elapsed();
    for (reader_groups, readers) in [(FEW, &readers.few), (MANY, &readers.many)] {
        if reader_groups > groups {
            continue;
        }
        let up_to_date = up_to_date(&*store, readers[0]).await;
        let reader = |n: usize| readers[n % READERS];
        let chats = cost(async |n| {
            let chats = store.chats(reader(n), Page { number: 1, size: PAGE }).await.expect("chats");
            assert_eq!(chats.len(), PAGE as usize);
        });
        let chats = chats.await;
        let sync = cost(async |n| {
            let page = store.sync(reader(n), up_to_date.clone()).await.expect("a page");
            assert!(page.groups.is_empty(), "up to date");
        });
        let sync = sync.await;
        let history = cost(async |n| {
            let (group, number) = (GroupId(n as u64 % FEW + 1), n as u64 / FEW % 10 + 1);
            let page = Page { number, size: PAGE };
            let history = store.history(reader(n), group, page, None).await.expect("a page");
            assert_eq!(history.expect("a member").messages.len(), PAGE as usize, "messages enough");
        });
        let history = history.await;
        println!(
            "{groups:>8} {messages:>10} {reader_groups:>4} groups {chats:>18.0} {sync:>7.0} {history:>8.0}"
        );
    }
    println!("opened in {} ms", opened.as_millis());
    store.close().await;
    drained.await.expect("drained");
}

/// CPU of a read, in µs.
async fn cost(read: impl AsyncFn(usize)) -> f64 {
    for n in 0..READERS {
        read(n).await;
    }
    let (began, mut reads) = (cpu_time(), 0);
    while cpu_time() - began < MEASURED {
        for _ in 0..READERS {
            read(reads).await;
            reads += 1;
        }
    }
    (cpu_time() - began).as_secs_f64() * 1e6 / reads as f64
}

/// What one asks who missed nothing, with every group they are in.
async fn up_to_date(store: &dyn Store, reader: UserId) -> SyncQuery {
    let mut query = SyncQuery { limit: 1000, window: Some(0), ..SyncQuery::default() };
    loop {
        let page = store.sync(reader, query.clone()).await.expect("a page");
        query.rev = page.rev;
        let known: Vec<_> = page.groups.iter().map(|delta| (delta.group_id, delta.rev)).collect();
        query.groups.retain(|(group, _)| known.iter().all(|(again, _)| again != group));
        query.groups.extend(known);
        if !page.more {
            return query;
        }
    }
}

struct Readers {
    few: Vec<UserId>,
    many: Vec<UserId>,
}

async fn fill(store: &Arc<dyn Store>, groups: u64, messages: u64, users: u64) -> Readers {
    let create = async |number| store.create_user(new_user(number), Timestamp(0)).await.expect("a user");
    let mut readers = Vec::new();
    for number in 0..2 * READERS as u64 {
        readers.push(create(number).await);
    }
    let many = readers.split_off(READERS);
    let readers = Readers { few: readers, many };

    let members = together(2 * READERS as u64..2 * READERS as u64 + users, |number| {
        let store = Arc::clone(store);
        async move { store.create_user(new_user(number), Timestamp(0)).await.expect("a user") }
    });
    let members = members.await;
    let member_of = |group: u64, n: u64| members[((group * 7 + n % MEMBERS) % users) as usize];

    let step = (groups / MANY).max(1);
    // One after the other, so that the number of a group is its id.
    let ids = together(0..groups, |group| {
        let mut of_group: Vec<_> = (0..MEMBERS).map(|n| member_of(group, n)).collect();
        if group < FEW {
            of_group.extend(&readers.few);
        }
        if group < FEW || group % step == 0 && group / step < MANY - FEW {
            of_group.extend(&readers.many);
        }
        let store = Arc::clone(store);
        async move {
            store
                .create_group(new_group(&of_group), Bounds::of_members(1000), Timestamp(0))
                .await
                .expect("a group")
        }
    });
    let ids = ids.await;

    let in_queue = Arc::new(Semaphore::new(AT_ONCE));
    for number in 0..messages {
        // Squared, so that there are more of the first groups.
        let chance = mixed(number) as f64 / (1u64 << 32) as f64;
        let group = (chance * chance * groups as f64) as u64;
        let permit = Arc::clone(&in_queue).acquire_owned().await.expect("never closed");
        let message = new_message(number, ids[group as usize], member_of(group, number));
        let done = callback(move |result| {
            result.expect("stored");
            drop(permit);
        });
        store.submit(Write::Append(message), done).expect("room in the queue");
    }
    let _ = in_queue.acquire_many(AT_ONCE as u32).await.expect("never closed");
    readers
}

/// Carries out many use cases, [`AT_ONCE`] at a time, so that they share commits.
async fn together<T, F>(numbers: std::ops::Range<u64>, call: impl Fn(u64) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let (mut results, mut numbers) = (Vec::new(), numbers.peekable());
    while numbers.peek().is_some() {
        let calls: Vec<_> = numbers.by_ref().take(AT_ONCE).map(|n| tokio::spawn(call(n))).collect();
        for call in calls {
            results.push(call.await.expect("no panic"));
        }
    }
    results
}
