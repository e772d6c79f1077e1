//! The index of words, killed again and again while it is written: afterwards it is whole, and everything is found once.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::chance::{Chance, seeds};
use super::program::{Server, folder, rim};
use super::{api, start};

const KILLS: usize = 10;
const SENT: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_index_outlives_a_kill_and_everything_is_found_once() {
    let seed = seeds(1)[0];
    println!("RIM_SEED={seed}");
    let mut chance = Chance::new(seed);
    let folder = folder();
    let server = start(folder.path());
    for name in ["anna", "ben"] {
        api(&server).register(name, "secret").await.expect("registered");
    }
    let anna = api(&server).login("anna", "secret").await.expect("logged in");
    let token = anna.token().expect("logged in").to_owned();
    let gid = anna.create_group(2, "chat", &[]).await.expect("a chat");
    drop(server);
    let mut sent = BTreeSet::new();
    for _ in 0..KILLS {
        let mut server = start(folder.path());
        for _ in 0..SENT {
            let text = format!("needle会议 {}", sent.len());
            let answer = post(&server, &token, "send", &json!({"gid": gid, "content": text})).await;
            sent.insert(answer["id"].as_u64().expect("an id"));
        }
        for _ in 0..chance.below(3_000) {
            tokio::task::yield_now().await;
        }
        server.process.kill().expect("killed");
        server.process.wait().expect("ended");
    }
    let server = start(folder.path());
    assert_eq!(found(&server, &token).await, sent);
    let all = format!("{0} of {0} messages", sent.len());
    while !status(folder.path()).contains(&all) {
        tokio::task::yield_now().await;
    }
    assert_eq!(found(&server, &token).await, sent);
    drop(server);
    let db = rusqlite::Connection::open(folder.path().join("data/rim.db")).expect("the database");
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, u64>(0)).expect("a count");
    let entries = count("SELECT sum(entries) FROM search_segments WHERE state = 1");
    assert_eq!(entries, sent.len() as u64, "each is listed once");
    let live = "SELECT segment FROM search_segments WHERE state = 1";
    for table in ["search_segments", "search_blocks", "search_entries"] {
        let left = count(&format!("SELECT count(*) FROM {table} WHERE segment NOT IN ({live})"));
        assert_eq!(left, 0, "{table}: what a kill has left is gone");
    }
}

fn status(folder: &Path) -> String {
    let output = rim(folder, &["search", "status"]).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("a text")
}

async fn post(server: &Server, token: &str, operation: &str, body: &Value) -> Value {
    let path = format!("/api/message/{operation}");
    api(server).with_token(token).post(&path, body).await.expect("an answer")
}

/// All that is found, each once.
async fn found(server: &Server, token: &str) -> BTreeSet<u64> {
    let (mut found, mut before) = (BTreeSet::new(), Value::Null);
    loop {
        let body = json!({"q": "needle 会议", "size": 50, "beforeId": before});
        let page = post(server, token, "search", &body).await;
        for hit in page["hits"].as_array().expect("hits") {
            assert!(found.insert(hit["msg"]["id"].as_u64().expect("an id")), "once: {hit}");
        }
        before = page["next"].clone();
        if before.is_null() {
            return found;
        }
    }
}
