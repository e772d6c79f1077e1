//! Delivery: durably stored, acknowledged, in one order, once, to every other connection of every member.

use rim_client::Connection;
use rim_client::protocol::frame::{Incoming, IncomingEvent};

use crate::world::{Device, TestServer};

#[tokio::test]
async fn every_other_connection_of_every_member_hears_a_message_once() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let carl = server.user("carl").await;
    let gid = anna.group_with(&[&bob]).await;
    let annas_phone = server.login(anna.uid, "anna").await;
    let mut sender = anna.connect().await;
    let mut hearers = vec![
        anna.connect().await,
        annas_phone.connect_to(&server.old_ws()).await,
        bob.connect().await,
        bob.connect_to(&server.old_ws()).await,
    ];
    let mut stranger = carl.connect().await;
    let mut nobody = Device { uid: 0, socket: Connection::open(&server.ws()).await.expect("a socket") };

    let id = sender.send(gid, "hello", "a1").await;
    for device in &mut hearers {
        let message = device.message().await;
        assert_eq!((message.msg_id, message.seq, message.uid, message.gid), (id, 1, anna.uid, gid));
        assert_eq!((message.content.as_str(), message.client_msg_id.as_str()), ("hello", "a1"));
        device.nothing_came("h").await;
    }
    sender.nothing_came("the sender has their Ack").await;
    stranger.nothing_came("h").await;
    nobody.nothing_came("h").await;
}

#[tokio::test]
async fn what_is_sent_to_who_is_offline_is_stored_and_not_pushed_at_their_login() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_anna = anna.connect().await;
    let ids = [of_anna.send(gid, "one", "1").await, of_anna.send(gid, "two", "2").await];
    let mut of_bob = bob.connect().await;
    of_bob.nothing_came("h").await;
    let chat = bob.api.chats(bob.uid, 1, 9).await.expect("chats").remove(0);
    assert_eq!((chat.msg.id, chat.unread), (ids[1], Some(2)));
    of_anna.send(gid, "three", "3").await;
    assert_eq!(of_bob.message().await.seq, 3);
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_frames_whatever_each_of_them_is() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut device = anna.connect().await;
    let mut expected = Vec::new();
    for round in 0..40 {
        let id = |kind: &str| format!("{kind}{round}");
        device.put("Msg", gid, "x", &id("m"), None).await;
        device.put("Heart", gid, "", &id("h"), None).await;
        device.put("Msg", 4711, "x", &id("no"), None).await;
        device.put("Read", gid, "", &id("r"), Some(1)).await;
        device.put("Dance", gid, "", &id("d"), None).await;
        expected.extend(
            [("m", None), ("h", None), ("no", Some(404)), ("r", None), ("d", Some(422))]
                .map(|(kind, code)| (id(kind), code)),
        );
    }
    for expected in expected {
        let answer = device.answer().await;
        assert_eq!((answer.client_msg_id, answer.code), expected);
    }
}

#[tokio::test]
async fn everybody_sees_one_order_however_many_send_and_listen_at_once() {
    const SENDERS: usize = 5;
    const EACH: usize = 40;
    // Of each: together a crowd, which is woken in portions.
    const WATCHERS: usize = 40;
    let server = TestServer::start().await;
    let mut people = Vec::new();
    for i in 0..SENDERS {
        people.push(server.user(&format!("user{i}")).await);
    }
    let gid = people[0].group_with(&people[1..].iter().collect::<Vec<_>>()).await;
    let mut watching = Vec::new();
    for person in people.iter().flat_map(|person| std::iter::repeat_n(person, WATCHERS)) {
        let mut watcher = person.connect_to(&server.old_ws()).await;
        watching.push(tokio::spawn(async move {
            let mut seen = Vec::new();
            while seen.len() < SENDERS * EACH {
                let message = watcher.message().await;
                seen.push((message.seq, message.msg_id, message.content));
            }
            watcher.nothing_came("h").await;
            seen
        }));
    }
    let mut senders = Vec::new();
    for person in &people {
        senders.push(person.connect().await);
    }
    let mut sending = Vec::new();
    for (number, mut device) in senders.into_iter().enumerate() {
        sending.push(tokio::spawn(async move {
            for i in 0..EACH {
                device.put("Msg", gid, &format!("{number}:{i}"), &i.to_string(), None).await;
            }
            let (mut acks, mut heard) = (Vec::new(), Vec::new());
            while acks.len() < EACH || heard.len() < (SENDERS - 1) * EACH {
                match device.frame().await.expect("a frame") {
                    Incoming::Answer(answer) => {
                        assert_eq!(answer.client_msg_id, acks.len().to_string());
                        acks.push(answer.server_msg_id.expect("an id"));
                    }
                    Incoming::Event(IncomingEvent::Msg(message)) => heard.push(message.msg_id),
                    Incoming::Event(other) => panic!("{other:?}"),
                }
            }
            assert!(acks.is_sorted() && heard.is_sorted());
            device.nothing_came("h").await;
        }));
    }
    for sender in sending {
        sender.await.expect("it does not panic");
    }
    let first = watching.remove(0).await.expect("it does not panic");
    for watcher in watching {
        assert_eq!(watcher.await.expect("it does not panic"), first);
    }
    let seqs: Vec<u64> = first.iter().map(|(seq, ..)| *seq).collect();
    assert_eq!(seqs, (1..=200).collect::<Vec<u64>>(), "without a gap");
    assert!(first.is_sorted_by_key(|(_, id, _)| *id));
    for number in 0..SENDERS {
        let prefix = format!("{number}:");
        let of_one = first.iter().filter_map(|(.., content)| content.strip_prefix(&prefix));
        assert!(of_one.map(|i| i.parse::<usize>().expect("a number")).eq(0..EACH), "in the order of sending");
    }
    let history = people[3].api.history(gid, 1, 200).await.expect("history");
    assert!(history.iter().map(|item| item.msg.id).eq(first.iter().map(|(_, id, _)| *id)));
}

#[tokio::test]
async fn a_resent_message_gets_the_first_ack_and_is_delivered_once() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_bob = bob.connect().await;
    let mut device = anna.connect().await;
    let first = device.send(gid, "hello", "a1").await;
    assert_eq!(device.send(gid, "hello", "a1").await, first, "on the same connection");
    assert_eq!(device.send(gid, "other words", "a1").await, first, "the first words stand");
    drop(device);
    let mut device = anna.connect_to(&server.old_ws()).await;
    assert_eq!(device.send(gid, "hello", "a1").await, first, "after a reconnect");
    let phone = server.login(anna.uid, "anna").await;
    assert_eq!(phone.connect().await.send(gid, "hello", "a1").await, first, "from another device");
    assert_eq!(of_bob.message().await.msg_id, first);
    of_bob.nothing_came("h").await;

    drop((device, of_bob));
    let server = server.restart().await;
    let (mut of_bob, mut device) = (bob.connect().await, anna.connect().await);
    assert_eq!(device.send(gid, "hello", "a1").await, first, "after a restart");
    of_bob.nothing_came("h").await;
    let history = bob.api.history(gid, 1, 9).await.expect("history");
    assert_eq!(history.len(), 1);
    assert_eq!((history[0].msg.content.as_str(), history[0].unread), ("hello", None));

    bob.change(gid, 2, &[&bob]).await.ok(true);
    anna.change(gid, 2, &[&anna]).await.ok(true);
    device.put("Msg", gid, "hello", "a1", None).await;
    assert_eq!(device.answer().await.server_msg_id, Some(first), "also after leaving");
    drop(server);
}

#[tokio::test]
async fn resent_twice_in_one_breath_it_is_stored_once() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut one, mut other) = (anna.connect().await, anna.connect().await);
    for device in [&mut one, &mut other] {
        for i in 0..100 {
            device.put("Msg", gid, "x", &format!("id{}", i % 10), None).await;
        }
    }
    let mut ids = std::collections::HashMap::new();
    for device in [&mut one, &mut other] {
        for i in 0..100 {
            let answer = device.answer().await;
            let id = answer.server_msg_id.expect("an id");
            assert_eq!(*ids.entry(i % 10).or_insert(id), id);
        }
    }
    assert_eq!(bob.api.history(gid, 1, 99).await.expect("history").len(), 10);
}

#[tokio::test]
async fn an_id_names_a_message_of_one_sender_in_one_group() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let (gid, other) = (anna.chat_with(&bob).await, anna.group_with(&[&bob]).await);
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let ids = std::collections::HashSet::from([
        of_anna.send(gid, "x", "same").await,
        of_anna.send(other, "x", "same").await,
        of_bob.send(gid, "x", "same").await,
        of_bob.send(gid, "x", "SAME").await,
        of_bob.send(gid, "x", "same ").await,
    ]);
    assert_eq!(ids.len(), 5);
}

#[tokio::test]
async fn a_connection_that_wants_the_echo_hears_itself_after_its_ack() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let socket = Connection::login_with(&server.ws(), anna.uid, anna.token(), true).await.expect("connected");
    let mut device = Device { uid: anna.uid, socket };
    device.put("Msg", gid, "hello", "a1", None).await;
    let Incoming::Answer(ack) = device.frame().await.expect("a frame") else { panic!("the Ack is first") };
    let Incoming::Event(IncomingEvent::Msg(message)) = device.frame().await.expect("a frame") else {
        panic!("then the message")
    };
    assert_eq!(ack.server_msg_id, Some(message.msg_id));
    device.nothing_came("h").await;
}

#[tokio::test]
async fn a_group_hears_of_a_message_with_every_place_and_time_in_its_keys() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let mut last_rev = 0;
    for seq in 1..=3 {
        let id = of_anna.send(gid, "x", &seq.to_string()).await;
        let text = of_bob.text().await;
        let body: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let keys: Vec<_> = body["body"].as_object().expect("a body").keys().collect();
        let fixed = ["kind", "uid", "gid", "content", "clientMsgId", "msgId", "seq", "rev", "createdAt"];
        assert_eq!(keys, fixed);
        assert_eq!((&body["body"]["msgId"], &body["body"]["seq"]), (&id.into(), &seq.into()));
        let rev = body["body"]["rev"].as_u64().expect("a rev");
        assert!(rev > last_rev);
        last_rev = rev;
        let row = bob.api.history(gid, 1, 1).await.expect("history").remove(0).msg;
        assert_eq!(
            (row.seq, row.rev, row.created_at),
            (seq, rev, body["body"]["createdAt"].as_i64().expect("ms"))
        );
    }
}

#[tokio::test]
async fn a_message_reaches_its_own_group_and_no_other() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let groups = [anna.chat_with(&bob).await, anna.group_with(&[&bob]).await, anna.group_with(&[]).await];
    let mut of_bob = bob.connect().await;
    let mut of_anna = anna.connect().await;
    for (number, gid) in groups.iter().enumerate() {
        of_anna.send(*gid, &number.to_string(), "m").await;
    }
    let heard = [of_bob.message().await, of_bob.message().await].map(|message| message.gid);
    assert_eq!(heard, [groups[0], groups[1]]);
    of_bob.nothing_came("h").await;
}
