//! A backup that takes the place of a database while people talk: the real binary, and the Rust client.

mod program;

use std::path::Path;
use std::time::Duration;

use program::{Server, folder, rim};
use rim_client::protocol::Kind;
use rim_client::protocol::sync::{StoreState, SyncRequest};
use rim_client::{Api, Client, ClientEvent, Connection, SendError};

/// How long a story waits for what must come.
const PATIENCE: Duration = Duration::from_secs(300);

fn run(folder: &Path, args: &[&str]) -> Result<String, String> {
    let output = rim(folder, args).output().expect("rim can be started");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// Stops the server in order, and starts it again at the same address when `meanwhile` is over.
fn stop_and_start(mut server: Server, folder: &Path, meanwhile: impl FnOnce()) -> Server {
    let address = server.address.clone();
    server.terminate();
    server.process.wait().expect("it ends");
    meanwhile();
    Server::start_at(folder, &address, &[])
}

async fn store_of(api: &Api) -> StoreState {
    api.sync(&SyncRequest::default()).await.expect("synced").store
}

async fn next(client: &mut Client) -> ClientEvent {
    tokio::time::timeout(PATIENCE, client.next()).await.expect("in time").expect("the client lives")
}

/// The contents of the messages up to the next time that the client is up to date, and whether it started anew.
async fn until_ready(client: &mut Client) -> (Vec<String>, bool) {
    let (mut contents, mut anew) = (Vec::new(), false);
    loop {
        match next(client).await {
            ClientEvent::Message(message) => contents.push(message.content),
            ClientEvent::StartedAnew => {
                anew = true;
                contents.clear();
            }
            ClientEvent::Ready => return (contents, anew),
            ClientEvent::Changed(_) | ClientEvent::Notice(_) | ClientEvent::Disconnected => {}
            ClientEvent::Ended { code, reason } => panic!("ended with {code}: {reason}"),
        }
    }
}

#[tokio::test]
async fn after_a_restore_a_client_starts_anew_and_sees_what_is_new() {
    let folder = folder();
    let at = folder.path();
    let server = Server::start(at, &[]);
    let (url, ws) = (format!("http://{}", server.address), format!("ws://{}/ws", server.address));
    let api = Api::new(url.clone());
    api.register("anna", "secret").await.expect("registered");
    let bob = api.register("bob", "secret").await.expect("registered");
    let anna = api.login("anna", "secret").await.expect("logged in");
    let gid = anna.create_group(1, "", &[bob]).await.expect("a chat");
    let mut client = Client::start(anna.clone(), ws.clone()).await.expect("started");
    assert_eq!(until_ready(&mut client).await, (vec![], false));
    client.send(gid, Kind::Text, "one", "1").await.expect("stored");
    run(at, &["backup", "copy.db"]).expect("a backup");
    for (content, id) in [("two", "2"), ("three", "3")] {
        client.send(gid, Kind::Text, content, id).await.expect("stored");
    }
    let before = store_of(&anna).await;
    assert!(
        run(at, &["restore", "copy.db", "--replace"]).expect_err("it runs").contains("uses the data folder")
    );

    // While it is away somebody writes what the restored store must not get under a number of the lost one.
    let sender = client.sender();
    let mut unsent = None;
    let server = stop_and_start(server, at, || {
        let refused = run(at, &["restore", "copy.db"]).expect_err("there is one already");
        assert!(refused.contains("--replace"), "{refused}");
        let told = run(at, &["restore", "copy.db", "--replace"]).expect("restored");
        assert!(told.contains("rim.db.before-restore-1"), "{told}");
        unsent = Some(tokio::spawn(async move { sender.send(gid, Kind::Text, "unsent", "4").await }));
    });

    let (contents, anew) = until_ready(&mut client).await;
    assert!(anew, "the Ack of the Login tells");
    assert_eq!(contents, ["one"]);
    let after = store_of(&anna).await;
    assert_eq!(after.id, before.id);
    assert_ne!(after.epoch, before.epoch);
    let unsent = unsent.expect("it was sent").await.expect("no panic");
    // It may have been taken from its queue after the client had heard of the other store.
    assert!(matches!(unsent, Err(SendError::OtherStore) | Ok(_)), "{unsent:?}");

    // A place below that of a message that the client had seen.
    let ben = api.login("bob", "secret").await.expect("logged in");
    let mut bobs = Connection::login(&ws, bob, ben.token().expect("a token")).await.expect("connected");
    let frame = format!(
        r#"{{"event":"Msg","body":{{"kind":"Text","uid":{bob},"gid":{gid},"content":"new","clientMsgId":"b"}}}}"#
    );
    bobs.send_text(frame).await.expect("sent");
    loop {
        match next(&mut client).await {
            ClientEvent::Message(message) if message.content == "new" => break,
            ClientEvent::Message(message) => assert_eq!(message.content, "unsent"),
            ClientEvent::Notice(_) => {}
            other => panic!("{other:?}"),
        }
    }
    drop(server);
}

#[tokio::test]
async fn a_sync_that_knows_another_store_gets_everything() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let api = Api::new(format!("http://{}", server.address));
    api.register("anna", "secret").await.expect("registered");
    let anna = api.login("anna", "secret").await.expect("logged in");
    let gid = anna.create_group(2, "group", &[]).await.expect("a group");
    let whole = anna.sync(&SyncRequest::default()).await.expect("synced");
    assert_eq!(whole.groups.len(), 1);

    let known = |store: Option<StoreState>| SyncRequest {
        rev: Some(whole.rev.try_into().expect("a rev")),
        groups: vec![rim_client::protocol::sync::GroupRev {
            gid: gid.try_into().expect("an id"),
            rev: whole.groups[0].rev.try_into().expect("a rev"),
            recalled_to: None,
        }],
        store,
        ..SyncRequest::default()
    };
    let same = whole.store.clone();
    for store in [None, Some(same.clone())] {
        let answer = anna.sync(&known(store)).await.expect("synced");
        assert!(answer.groups.is_empty() && answer.me.is_none());
    }
    let strange = [
        StoreState { id: "another".into(), ..same.clone() },
        StoreState { epoch: same.epoch - 1, ..same.clone() },
    ];
    for store in strange {
        let answer = anna.sync(&known(Some(store))).await.expect("synced");
        assert_eq!((answer.groups.len(), answer.me.is_some()), (1, true));
        assert_eq!(answer.store, same);
    }
}

#[test]
fn restore_says_what_it_needs() {
    let folder = folder();
    let at = folder.path();
    let said = |args: &[&str]| run(at, args).expect_err("it is refused");
    assert!(said(&["restore"]).contains("needs the file"));
    assert!(said(&["restore", "missing.db"]).contains("there is no file missing.db"));
    std::fs::write(at.join("text.db"), "This is text, and no database, though it is longer than a header.")
        .expect("written");
    assert!(said(&["restore", "text.db"]).contains("not a database"));
    let on_postgres = said(&["restore", "text.db", "--database", "postgres://127.0.0.1:1/rim"]);
    assert!(on_postgres.contains("its own tools"), "{on_postgres}");
    assert!(!at.join("data/rim.db").exists(), "nothing was made");
}

#[tokio::test]
async fn what_was_restored_to_postgres_becomes_another_epoch() {
    let folder = folder();
    let postgres = rim_testbed::postgres();
    let url = postgres.url();
    let empty = run(folder.path(), &["restore", "--database", &url]).expect_err("there is nothing");
    assert!(empty.contains("there is no rim in it"), "{empty}");

    let settings = ["--database", url.as_str()];
    let server = Server::start(folder.path(), &settings);
    let api = Api::new(format!("http://{}", server.address));
    api.register("anna", "secret").await.expect("registered");
    let before = store_of(&api.login("anna", "secret").await.expect("logged in")).await;
    let running = run(folder.path(), &["restore", "--database", &url]).expect_err("a server runs on it");
    assert!(running.contains("servers run on it"), "{running}");
    let mut server = server;
    server.terminate();
    server.process.wait().expect("it ends");

    run(folder.path(), &["restore", "--database", &url]).expect("another epoch");
    let server = Server::start(folder.path(), &settings);
    let api = Api::new(format!("http://{}", server.address));
    let after = store_of(&api.login("anna", "secret").await.expect("logged in")).await;
    assert_eq!(after.id, before.id);
    assert_ne!(after.epoch, before.epoch);
}
