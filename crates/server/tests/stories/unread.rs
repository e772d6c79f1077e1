//! Much more than one can hold: answers that many ask for and nobody reads, and groups without number.
//!
//! The real binary, as its memory is looked at.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use rim_client::protocol::Id;
use rim_client::protocol::limits::MAX_SYNC_GROUPS;
use rim_client::protocol::sync::{GroupDelta, GroupRev, SyncRequest};
use rim_client::{Api, Client, ClientEvent};
use rim_core::contact::Bounds;
use rim_core::group::{NewGroup, Role};
use rim_core::message::{MessageKind, NewMessage, Write};
use rim_core::{ConnectionId, GroupId, Timestamp, UserId};
use rim_server::config::Database;
use rim_store::{Store, callback};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::hostile::bytes::{asks_and_reads_nothing, large_content, post};
use crate::overload::{LoggedIn, users_with};
use crate::world::{PATIENCE, TestServer};
use crate::{place, program, raw};

/// Who asks and does not read: ten connections of each of sixty.
const CLIENTS: usize = 600;
const ASKING: usize = 60;
/// Messages of the group, and groups with a message, the last of which the chat list shows.
const MESSAGES: usize = 30;
const MEMBERS: usize = 1_000;

// What the server promises: see ARCHITECTURE.md.
const UNSENT_BYTES: u64 = 64 << 20;
/// Eight answers are made at a time, each of some 2 MB and some four times that with all that it is made of.
const MADE_BYTES: u64 = 8 * 8_000_000;
/// What hyper and a small answer hold of each connection.
const CONNECTION_BYTES: u64 = (64 + 64 + 32) << 10;
const HELD_BYTES: u64 = UNSENT_BYTES + MADE_BYTES + CLIENTS as u64 * CONNECTION_BYTES;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_hundred_who_ask_for_the_largest_answers_and_read_nothing_cost_little_memory() {
    let folder = program::folder();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    let store = place::open(&Database::Sqlite(data.join("rim.db"))).await;
    let asking = users_with(&*store, "asking", ASKING, "").await;
    // Addresses of pictures of the largest kind, so that a list of members is large, too.
    let others = users_with(&*store, "other", MEMBERS, &"x".repeat(2_000)).await;
    let everybody: Vec<_> = asking.iter().chain(&others).collect();
    let large = group(&*store, &everybody).await;
    let content = large_content();
    for n in 0..MESSAGES {
        say(&*store, large, others[0].uid, &n.to_string(), &content).await;
        let small = group(&*store, &asking.iter().chain(&others[..1]).collect::<Vec<_>>()).await;
        say(&*store, small, others[0].uid, "only", &content).await;
    }
    store.close().await;

    let server = program::Server::start(folder.path(), &[]);
    let address: SocketAddr = server.address.parse().expect("an address");
    let before = server.peak_bytes();
    let gid = large.0;
    let requests = |user: &LoggedIn| {
        let uid = user.uid.0;
        let page = json!({"gid": gid, "uid": uid, "page": 1, "size": 200});
        [
            post("/api/sync", &user.token, &json!({"limit": 1000})),
            post("/api/message/history", &user.token, &page),
            post("/api/message/chat/list", &user.token, &page),
            get(&format!("/api/group/user/get?gid={gid}"), &user.token),
            post("/api/group/user/list", &user.token, &json!({"gid": gid, "size": 200})),
        ]
    };
    let clients = (0..CLIENTS).map(|n| {
        let requests = requests(&asking[n % ASKING]);
        let request = requests[n / ASKING % requests.len()].clone();
        // The same again and again: nothing is to be made before what was made is taken.
        async move { asks_and_reads_nothing(address, &request.repeat(4)).await }
    });
    let clients = join_all(clients).await;

    // Everybody's first request was answered, as far as it goes.
    let answered = async || {
        let page = raw::ask(address, "GET", "/metrics", &[], b"").await.body;
        let lines = page.lines().filter(|line| line.starts_with("rim_http_requests_total"));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum::<usize>()
    };
    let mut looks = 0;
    let all = async {
        while answered().await < CLIENTS + looks {
            looks += 1;
        }
    };
    timeout(PATIENCE, all).await.expect("everybody is answered");

    // Who asks for little, and reads, is served beside them.
    let reader = Api::new(format!("http://{address}")).with_token(&others[1].token);
    for _ in 0..20 {
        reader.me().await.expect("a small answer");
        let little = SyncRequest { limit: Some(1), window: Some(0), ..SyncRequest::default() };
        assert_eq!(reader.sync(&little).await.expect("a small answer").groups.len(), 1);
    }
    let held = server.peak_bytes().saturating_sub(before);
    println!("{CLIENTS} unread answers: {} MiB", held >> 20);
    assert!(held <= HELD_BYTES, "{} MiB, and {} are allowed", held >> 20, HELD_BYTES >> 20);

    // When they are gone there is room again.
    drop(clients);
    let large = async { while reader.sync(&SyncRequest::default()).await.is_err() {} };
    timeout(PATIENCE, large).await.expect("an answer of the usual size");
}

/// With the real number of groups: by the Rust client, which names them in slices, and by one that names none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_with_more_groups_than_a_request_may_name_ends_exactly_up_to_date() {
    let server = TestServer::start_with(&["--limits=off"]).await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let stopped = server.stop().await;
    let store = stopped.store().await;
    let pair = [
        LoggedIn { uid: UserId(anna.uid), token: String::new() },
        LoggedIn { uid: UserId(bob.uid), token: String::new() },
    ];
    let pair: Vec<_> = pair.iter().collect();
    // Of one user only so many may wait for the store.
    let making = (0..MAX_SYNC_GROUPS + 5).map(|_| group(&*store, &pair));
    let groups: Vec<_> = stream::iter(making).buffered(1000).collect().await;
    store.close().await;
    drop(store);
    let server = stopped.start().await;

    let mut client = Client::start(bob.api.clone(), server.ws()).await.expect("a client");
    let told = [0, 1, MAX_SYNC_GROUPS / 2, MAX_SYNC_GROUPS - 1, MAX_SYNC_GROUPS + 4].map(|at| groups[at].0);
    let mut device = anna.connect().await;
    for gid in told {
        device.send(gid, "live", &gid.to_string()).await;
    }
    let mut heard = BTreeSet::new();
    while heard.len() < told.len() {
        let event = timeout(PATIENCE, client.next()).await.expect("in time");
        if let Some(ClientEvent::Message(message)) = event {
            assert!(heard.insert(message.gid));
        }
    }
    assert_eq!(heard, BTreeSet::from(told));

    // One that begins anew and goes on behind the cursor, without naming any.
    let (mut request, mut seen) = (SyncRequest { limit: Some(1000), ..SyncRequest::default() }, 0);
    loop {
        let answer = bob.api.sync(&request).await.expect("an answer");
        seen += answer.groups.iter().filter(|delta| !delta.more).count();
        request.rev = Id::try_from(answer.rev).ok();
        request.groups = answer.groups.iter().filter(|delta| delta.more).map(named).collect();
        request.after = answer.next.and_then(|next| Id::try_from(next).ok());
        if !answer.more {
            break;
        }
    }
    assert_eq!(seen, groups.len(), "each once");
}

fn named(delta: &GroupDelta) -> GroupRev {
    let id = |number| Id::try_from(number).expect("below 2^53");
    GroupRev { gid: id(delta.gid), rev: id(delta.rev), recalled_to: None }
}

async fn group(store: &dyn Store, members: &[&LoggedIn]) -> GroupId {
    let (creator, others) = members.split_first().expect("somebody");
    let members = others.iter().map(|member| (member.uid, Role::Common)).collect();
    let (name, avatar) = (String::new(), String::new());
    let group = NewGroup { creator: creator.uid, name, avatar, mode: 2, members };
    store.create_group(group, Bounds::of_members(100_000), Timestamp(0)).await.expect("a group")
}

async fn say(store: &dyn Store, group: GroupId, sender: UserId, id: &str, content: &str) {
    let message = NewMessage {
        extras: None,
        group,
        sender,
        client_msg_id: id.to_owned(),
        kind: MessageKind::Text,
        content: content.to_owned(),
        session: None,
        now: Timestamp(0),
        connection: ConnectionId(0),
    };
    let (done, stored) = oneshot::channel();
    store.submit(Write::Append(message), callback(move |result| drop(done.send(result)))).expect("room");
    stored.await.expect("an answer").expect("stored");
}

fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: rim\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes()
}
