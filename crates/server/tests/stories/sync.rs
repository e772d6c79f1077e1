//! Sync: who was away asks once what they missed, and is then exactly up to date.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use rim_client::protocol::Kind;
use rim_client::protocol::frame::{Incoming, IncomingEvent, Notice};
use rim_client::{Client, ClientEvent};
use serde_json::{Value, json};

use crate::world::{Device, PATIENCE, Person, TestServer};

/// What a client keeps, merged from answers as the document says.
#[derive(Default)]
struct Copy {
    rev: u64,
    /// By group: its `rev`, and its messages by `seq`.
    groups: BTreeMap<u64, (u64, BTreeMap<u64, String>)>,
    rounds: usize,
}

impl Copy {
    fn request(&self, more: &Value) -> Value {
        let groups: Vec<_> =
            self.groups.iter().map(|(gid, (rev, _))| json!({"gid": gid, "rev": rev})).collect();
        let mut request = json!({"rev": self.rev, "groups": groups});
        for (key, value) in more.as_object().into_iter().flatten() {
            request[key] = value.clone();
        }
        request
    }

    /// Asks until nothing is missing, and returns the answers.
    async fn catch_up(&mut self, of: &Person, more: Value) -> Vec<Value> {
        let mut answers = Vec::new();
        loop {
            let answer = of.post("/api/sync", self.request(&more)).await.data();
            self.rounds += 1;
            self.rev = answer["rev"].as_u64().expect("a rev");
            for delta in answer["groups"].as_array().expect("a list") {
                let gid = delta["gid"].as_u64().expect("a gid");
                let (rev, messages) = self.groups.entry(gid).or_default();
                *rev = delta["rev"].as_u64().expect("a rev");
                for message in delta["messages"].as_array().expect("a list") {
                    let content = message["content"].as_str().expect("text").to_owned();
                    let seq = message["seq"].as_u64().expect("a seq");
                    assert_eq!(messages.insert(seq, content), None, "{seq} came twice");
                }
            }
            let done = answer["more"] == false;
            answers.push(answer);
            if done {
                return answers;
            }
        }
    }

    fn contents(&self, gid: u64) -> Vec<&str> {
        self.groups[&gid].1.values().map(String::as_str).collect()
    }
}

/// Sends `from..=to`, all at once.
async fn send_range(device: &mut Device, gid: u64, range: std::ops::RangeInclusive<usize>) {
    for number in range.clone() {
        device.put("Msg", gid, &number.to_string(), &format!("n{number}"), None).await;
    }
    for _ in range {
        assert_eq!(device.answer().await.code, None);
    }
}

fn texts(range: std::ops::RangeInclusive<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[tokio::test]
async fn who_was_away_is_up_to_date_after_one_question() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let carl = server.user("carl").await;
    let chat = anna.chat_with(&bob).await;
    let mut of_anna = anna.connect().await;
    of_anna.send(chat, "before", "a0").await;
    let mut copy = Copy::default();
    copy.catch_up(&bob, json!({})).await;
    assert_eq!(copy.contents(chat), ["before"]);
    assert_eq!(copy.rounds, 1);

    // Bob is away, and the world goes on.
    send_range(&mut of_anna, chat, 1..=20).await;
    let group = anna.group_with(&[&bob, &carl]).await;
    of_anna.send(group, "welcome", "w").await;
    let change = json!({"id": group, "name": "new name", "avatar": ""});
    anna.post("/api/group/update", change).await.ok(true);
    carl.post("/api/friend/add", json!({"fid": bob.uid})).await.ok(true);

    let answer = copy.catch_up(&bob, json!({})).await.remove(0);
    assert_eq!(copy.rounds, 2, "one question");
    let mut expected = vec!["before".to_owned()];
    expected.extend(texts(1..=20));
    assert_eq!(copy.contents(chat), expected);
    assert_eq!(copy.contents(group), ["welcome"]);
    assert_eq!(answer["friends"], json!([{"uid": carl.uid, "state": "incoming"}]));
    let of_group = answer["groups"].as_array().expect("a list").iter().find(|delta| delta["gid"] == group);
    let of_group = of_group.expect("the new group");
    assert_eq!(of_group["group"]["name"], "new name");
    assert_eq!(
        (&of_group["member"], &of_group["lastSeq"], &of_group["unread"]),
        (&json!(true), &json!(1), &json!(1))
    );
    let members: Vec<_> = of_group["members"].as_array().expect("a list").iter().map(|m| &m["uid"]).collect();
    assert_eq!(members.len(), 3);
    let known: Vec<_> = answer["users"].as_array().expect("a list").iter().map(|user| &user["id"]).collect();
    assert!(known.contains(&&json!(carl.uid)) && known.contains(&&json!(anna.uid)));
    assert!(!answer.to_string().contains("\"password\":\"s"));

    let nothing = copy.catch_up(&bob, json!({})).await.remove(0);
    assert_eq!(
        (&nothing["groups"], &nothing["friends"], &nothing["users"]),
        (&json!([]), &json!([]), &json!([]))
    );
    assert_eq!((&nothing["me"], &nothing["more"]), (&Value::Null, &json!(false)));
}

#[tokio::test]
async fn what_is_pushed_and_what_is_synced_are_the_same() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_bob = bob.connect().await;
    let mut of_anna = anna.connect().await;
    of_anna.send(gid, "hi", "a1").await;
    let pushed = of_bob.message().await;
    let answer = bob.post("/api/sync", json!({})).await.data();
    let delta = &answer["groups"][0];
    let synced = &delta["messages"][0];
    assert_eq!(synced["id"], pushed.msg_id);
    assert_eq!((&synced["seq"], &synced["rev"]), (&json!(pushed.seq), &json!(pushed.rev)));
    assert_eq!((&synced["createdAt"], &delta["rev"]), (&json!(pushed.created_at), &json!(pushed.rev)));
    let row = bob.post("/api/message/history", json!({"gid": gid, "page": 1, "size": 1})).await.data();
    assert_eq!(row[0]["msg"], *synced);
}

#[tokio::test]
async fn a_long_absence_is_paged_and_every_message_comes_once() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let groups = [anna.chat_with(&bob).await, anna.group_with(&[&bob]).await, anna.group_with(&[&bob]).await];
    let mut of_anna = anna.connect().await;
    for gid in groups {
        send_range(&mut of_anna, gid, 1..=45).await;
    }
    for limit in [1, 7, 45, 1000] {
        let mut copy = Copy::default();
        let answers = copy.catch_up(&bob, json!({"limit": limit})).await;
        for gid in groups {
            assert_eq!(copy.contents(gid), texts(1..=45), "limit {limit}");
        }
        for answer in &answers {
            let rows = answer["groups"].as_array().expect("a list").iter().map(|delta| {
                delta["messages"].as_array().map_or(0, Vec::len)
                    + delta["members"].as_array().map_or(0, Vec::len)
            });
            assert!(rows.sum::<usize>() <= limit, "at most {limit} rows");
        }
        assert_eq!(answers.len() > 1, limit < 1000);
    }
}

#[tokio::test]
async fn a_window_gives_the_newest_and_tells_where_they_begin() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_anna = anna.connect().await;
    send_range(&mut of_anna, gid, 1..=30).await;
    let mut copy = Copy::default();
    let answer = copy.catch_up(&bob, json!({"window": 10})).await.remove(0);
    assert_eq!(copy.contents(gid), texts(21..=30));
    assert_eq!(answer["groups"][0]["skippedTo"], 21);
    let body = json!({"gid": gid, "page": 1, "size": 200, "beforeSeq": 21});
    let rest = bob.post("/api/message/history", body).await.data();
    let rest: Vec<_> =
        rest.as_array().expect("a list").iter().map(|item| item["msg"]["content"].clone()).collect();
    assert_eq!(rest, texts(1..=20));

    send_range(&mut of_anna, gid, 31..=35).await;
    let answer = copy.catch_up(&bob, json!({"window": 10})).await.remove(0);
    assert_eq!(copy.contents(gid), texts(21..=35));
    assert_eq!(answer["groups"][0]["skippedTo"], Value::Null, "nothing was skipped");
}

#[tokio::test]
async fn who_was_removed_hears_it_once_and_gets_their_part_and_no_more() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.group_with(&[&bob]).await;
    let mut of_anna = anna.connect().await;
    of_anna.send(gid, "one", "1").await;
    let mut copy = Copy::default();
    copy.catch_up(&bob, json!({})).await;
    of_anna.send(gid, "two", "2").await;
    anna.change(gid, 2, &[&bob]).await.ok(true);
    of_anna.send(gid, "not for them", "3").await;

    let answer = copy.catch_up(&bob, json!({})).await.remove(0);
    assert_eq!(copy.contents(gid), ["one", "two"]);
    let delta = &answer["groups"][0];
    assert_eq!(
        (&delta["member"], &delta["lastSeq"], &delta["unread"]),
        (&json!(false), &json!(2), &json!(2))
    );
    let members = delta["members"].as_array().expect("a list");
    assert!(members.iter().all(|member| member["uid"] == bob.uid && member["left"] == true), "{members:?}");
    of_anna.send(gid, "nor that", "4").await;
    assert_eq!(copy.catch_up(&bob, json!({})).await[0]["groups"], json!([]));

    anna.change(gid, 1, &[&bob]).await.ok(true);
    of_anna.send(gid, "five", "5").await;
    copy.catch_up(&bob, json!({})).await;
    assert_eq!(copy.contents(gid), ["one", "two", "five"], "never the gap");
    let mut anew = Copy::default();
    anew.catch_up(&bob, json!({"limit": 1})).await;
    assert_eq!(anew.contents(gid), ["one", "two", "five"]);
}

#[tokio::test]
async fn strangers_learn_nothing_of_a_group_they_name() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let carl = server.user("carl").await;
    let gid = anna.chat_with(&bob).await;
    anna.connect().await.send(gid, "not for Carl", "1").await;
    for gid in [gid, 4711] {
        let answer =
            carl.post("/api/sync", json!({"rev": 0, "groups": [{"gid": gid, "rev": 0}]})).await.data();
        assert_eq!(answer["groups"], json!([]));
        assert!(!answer.to_string().contains("anna"), "{answer}");
    }
}

#[tokio::test]
async fn every_change_of_a_group_takes_the_next_rev() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.group_with(&[&bob]).await;
    let carl = server.user("carl").await;
    let (mut of_anna, mut watcher) = (anna.connect().await, bob.connect().await);
    let mut copy = Copy::default();
    copy.catch_up(&bob, json!({})).await;
    let mut rev = copy.groups[&gid].0;

    let id = of_anna.send(gid, "x", "1").await;
    of_anna.put("Read", gid, "", "r", Some(id)).await;
    assert_eq!(of_anna.answer().await.client_msg_id, "r");
    anna.post("/api/group/update", json!({"id": gid, "name": "n", "avatar": ""})).await.ok(true);
    anna.change(gid, 1, &[&carl]).await.ok(true);
    let role = json!({"gid": gid, "uid": carl.uid, "role": 2});
    anna.post("/api/group/role/modify", role).await.ok(true);
    anna.change(gid, 2, &[&carl]).await.ok(true);
    of_anna.send(gid, "y", "2").await;
    loop {
        let next = match watcher.frame().await.expect("a frame") {
            Incoming::Event(IncomingEvent::Msg(message)) if message.content == "y" => break,
            Incoming::Event(IncomingEvent::Msg(message)) => message.rev,
            Incoming::Event(IncomingEvent::Notify(notice)) => notice.rev.expect("a rev"),
            Incoming::Answer(answer) => panic!("{answer:?}"),
        };
        assert_eq!(next, rev + 1);
        rev = next;
    }
    copy.catch_up(&bob, json!({})).await;
    assert_eq!(copy.groups[&gid].0, rev + 1);
}

/// The next message a client is told of.
async fn next_message(client: &mut Client) -> (u64, String) {
    loop {
        let event = tokio::time::timeout(PATIENCE, client.next()).await.expect("an event in time");
        if let ClientEvent::Message(message) = event.expect("the client goes on") {
            return (message.seq, message.content);
        }
    }
}

#[tokio::test]
async fn a_client_goes_on_over_a_restart_with_every_message_once_and_in_order() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let of_anna = Client::start(anna.api.clone(), server.ws()).await.expect("started");
    let mut of_bob = Client::start(bob.api.clone(), server.ws()).await.expect("started");
    let send = |number: usize| of_anna.send(gid, Kind::Text, number.to_string(), format!("c{number}"));
    for number in 1..=5 {
        send(number).await.expect("stored");
    }

    // All of these are on their way while there is no server.
    let stopped = server.stop().await;
    let (sent, server) = tokio::join!(join_all((6..=30).map(send)), stopped.start());
    let ids: Vec<u64> = sent.into_iter().map(|id| id.expect("stored")).collect();
    assert!(ids.is_sorted());
    for number in 1..=30 {
        assert_eq!(next_message(&mut of_bob).await, (number, number.to_string()));
    }
    let server = server.restart().await;
    send(31).await.expect("stored");
    assert_eq!(next_message(&mut of_bob).await, (31, "31".to_owned()), "and none of the others again");
    let history = bob.api.history(gid, 1, 99).await.expect("history");
    assert!(history.iter().map(|item| item.msg.content.clone()).eq(texts(1..=31)));
    drop(server);
}

#[tokio::test]
async fn a_client_without_a_session_ends_and_says_why() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let mut client = Client::start(anna.api.clone(), server.ws()).await.expect("started");
    while !matches!(client.next().await, Some(ClientEvent::Ready)) {}
    anna.post("/api/user/logout", json!({})).await.ok(true);
    loop {
        match client.next().await.expect("an event") {
            ClientEvent::Ended { code, .. } => break assert_eq!(code, 4501),
            ClientEvent::Notice(notice) => assert_ne!(notice.kind, Notice::Read),
            other => panic!("{other:?}"),
        }
    }
    assert!(client.next().await.is_none());
}
