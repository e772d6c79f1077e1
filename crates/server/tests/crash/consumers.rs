//! A consumer that is killed again and again: it sees every message at least once and in order, and what it writes of each is there
//! once.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use async_trait::async_trait;
use rim_core::contact::Bounds;
use rim_core::group::NewGroup;
use rim_core::message::{MessageKind, NewMessage, Write};
use rim_core::user::NewUser;
use rim_core::{Clock as _, ConnectionId, GroupId, UserId};
use rim_server::clock::SystemClock;
use rim_server::config::Database;
use rim_server::consumers::{Consumer, Runner};
use rim_server::life::Life;
use rim_server::metrics::OfConsumer;
use rim_server::store::{self, Unobserved};
use rim_server::time::Time;
use rim_store::consumers::{Begin, InStore, Portion, Room};
use rim_store::{Committed, Store, callback, params};
use tokio_util::sync::CancellationToken;

use super::chance::{Chance, seeds};
use super::program::folder;

const KILLS: usize = 16;
const GROUPS: u64 = 3;
/// Names the folder to the process that is killed, and says whether it sends.
const CHILD: &str = "CRASH_OF_A_CONSUMER";
const THIS: &str = "consumers::what_was_committed_is_seen_at_least_once_and_written_once";

#[test]
fn what_was_committed_is_seen_at_least_once_and_written_once() {
    if let Some(child) = std::env::var_os(CHILD) {
        return live(&PathBuf::from(child));
    }
    let seed = seeds(1)[0];
    println!("RIM_SEED={seed}");
    let mut chance = Chance::new(seed);
    let folder = folder();
    let mut seen: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for _ in 0..KILLS {
        let wanted = 1 + chance.below(300);
        watch(folder.path(), wanted, &mut seen);
    }
    std::fs::write(folder.path().join("finish"), "").expect("written");
    watch(folder.path(), usize::MAX, &mut seen);

    let db = rusqlite::Connection::open(folder.path().join("rim.db")).expect("the database");
    let number =
        |sql: &str, group: u64| db.query_row(sql, [group], |row| row.get::<_, u64>(0)).expect("a row");
    for group in 1..=GROUPS {
        let last = number("SELECT last_seq FROM groups WHERE id = ?1", group);
        let seen = &seen[&group];
        let mut once = seen.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once, Vec::from_iter(1..=last), "each at least once");
        let back = seen.windows(2).filter(|two| two[1] <= two[0]).count();
        assert!(back <= KILLS, "it goes back only when it was killed: {back} times");
        assert_eq!(number("SELECT bytes FROM file_days WHERE user_id = ?1", group), last, "written once");
        assert_eq!(number("SELECT seq FROM consumer_positions WHERE group_id = ?1", group), last);
    }
}

/// Starts it, and kills it once it has seen so much.
fn watch(folder: &Path, wanted: usize, seen: &mut BTreeMap<u64, Vec<u64>>) {
    let mut child = Command::new(std::env::current_exe().expect("this"))
        .args([THIS, "--exact", "--nocapture"])
        .env(CHILD, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let mut count = 0;
    for line in lines {
        let Some((group, seq)) = line.strip_prefix("seen ").and_then(|line| line.split_once(' ')) else {
            continue;
        };
        let (Ok(group), Ok(seq)) = (group.parse(), seq.parse()) else { continue };
        seen.entry(group).or_default().push(seq);
        count += 1;
        if count == wanted {
            child.kill().expect("killed");
        }
    }
    let ended = child.wait().expect("ended");
    assert_eq!(ended.success(), wanted == usize::MAX, "{ended}");
}

struct Counting;

#[async_trait]
impl Consumer for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }

    fn begin(&self) -> Begin {
        Begin::First
    }

    fn room(&self) -> Room {
        Room { rows: 12, bytes: 1 << 20 }
    }

    async fn consume(&self, portions: &Arc<Vec<Portion>>) -> anyhow::Result<InStore> {
        let mut out = std::io::stdout().lock();
        for message in portions.iter().flat_map(|portion| &portion.messages) {
            writeln!(out, "seen {} {}", message.group, message.seq)?;
        }
        out.flush()?;
        let counts: Vec<_> =
            portions.iter().map(|portion| (portion.group, portion.messages.len() as u64)).collect();
        let work = move |tx: &mut dyn rim_store::Tx| {
            let sql = "INSERT INTO file_days (user_id, day, bytes) VALUES ($1, 0, $2)
                       ON CONFLICT (user_id) DO UPDATE SET bytes = file_days.bytes + $2";
            counts.iter().try_for_each(|(group, count)| tx.execute(sql, &params![*group, *count]).map(drop))
        };
        Ok(InStore { rows: portions.len(), work: Box::new(work) })
    }
}

/// Sends without a pause, and reads along; or reads to the end.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn live(folder: &Path) {
    let database = Database::Sqlite(folder.join("rim.db"));
    let mut opened = store::open(&database, 1, Arc::new(Unobserved)).await.expect("a store");
    tokio::spawn(async move {
        while let Some(commit) = opened.feed.recv().await {
            for entry in commit {
                if let Committed::Answer { done, result } = entry {
                    done(result).wake();
                }
            }
        }
    });
    let store = opened.store;
    let groups: Vec<_> = (1..=GROUPS).map(GroupId).collect();
    found(&store).await;
    let shutdown = CancellationToken::new();
    let runner = Runner {
        consumer: Arc::new(Counting),
        store: Arc::clone(&store),
        shared: None,
        alone: true,
        holder: 1,
        metrics: OfConsumer::default(),
        life: Life::new(Arc::new(SystemClock), Time::default(), &shutdown, Arc::new(())),
    };
    let running = tokio::spawn(runner.run());
    if !folder.join("finish").exists() {
        let begun = SystemClock.now().0;
        for number in 0.. {
            send(&store, groups[number % groups.len()], format!("{begun}-{number}")).await;
        }
    }
    loop {
        let seen = store.consumed("counting", groups.clone()).await.expect("read");
        let chats =
            store.chats(UserId(1), rim_core::message::Page { number: 1, size: 10 }).await.expect("read");
        let last = |group: GroupId| {
            let chat = chats.iter().find(|chat| chat.group.id == group).expect("there");
            chat.last.seq
        };
        if groups.iter().zip(&seen).all(|(group, seen)| seen.seq == last(*group)) {
            break;
        }
    }
    shutdown.cancel();
    running.await.expect("it ends");
    store.close().await;
}

async fn found(store: &Arc<dyn Store>) {
    let now = SystemClock.now();
    let user = NewUser {
        account: "anna".into(),
        name: "Anna".into(),
        avatar: String::new(),
        email: String::new(),
        password_hash: None,
    };
    // It is there from the second start on.
    let _ = store.create_user(user, now).await;
    while (store.groups_of(UserId(1)).await.expect("read").len() as u64) < GROUPS {
        let group = NewGroup {
            name: "group".into(),
            avatar: String::new(),
            mode: 2,
            creator: UserId(1),
            members: Vec::new(),
        };
        store.create_group(group, Bounds::of_members(10), now).await.expect("a group");
    }
}

async fn send(store: &Arc<dyn Store>, group: GroupId, client_msg_id: String) {
    let message = NewMessage {
        extras: None,
        group,
        sender: UserId(1),
        client_msg_id,
        kind: MessageKind::Text,
        content: "hi".into(),
        session: None,
        now: SystemClock.now(),
        connection: ConnectionId(0),
    };
    let (sent, done) = tokio::sync::oneshot::channel();
    let told = callback(move |result| {
        let _ = sent.send(result.is_ok());
    });
    store.submit(Write::Append(message), told).expect("room");
    assert!(done.await.expect("an answer"));
}
