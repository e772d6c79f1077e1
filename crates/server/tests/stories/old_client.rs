//! A day of an old client, byte for byte: what it was written against years ago still holds.

use rim_client::Connection;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::raw;
use crate::world::{Device, Person, TestServer};

/// A connection on which nobody has logged in.
async fn stranger(url: &str) -> Device {
    Device { uid: 0, socket: Connection::open(url).await.expect("connected") }
}

fn login(person: &Person, id: &str) -> String {
    let (uid, token) = (person.uid, person.token());
    format!(
        r#"{{"event":"Login","body":{{"kind":"Text","uid":{uid},"gid":null,"content":"{token}","clientMsgId":"{id}","msgId":null}}}}"#
    )
}

fn msg(uid: u64, gid: u64, content: &str, id: &str) -> String {
    format!(
        r#"{{"event":"Msg","body":{{"kind":"Text","uid":{uid},"gid":{gid},"content":"{content}","clientMsgId":"{id}","msgId":null}}}}"#
    )
}

fn ack(id: &str) -> String {
    format!(r#"{{"clientMsgId":"{id}","serverMsgId":null,"kind":"Ack","content":"Ok"}}"#)
}

fn ack_of(id: &str, message: u64) -> String {
    format!(r#"{{"clientMsgId":"{id}","serverMsgId":{message},"kind":"Ack","content":"Ok"}}"#)
}

fn error(id: &str, reason: &str, code: u16) -> String {
    format!(
        r#"{{"clientMsgId":"{id}","serverMsgId":null,"kind":"Error","content":"{reason}","code":{code}}}"#
    )
}

/// The start of an Error whose words are free.
fn is_error(frame: &str, id: &str, code: u16, word: &str) {
    let start = format!(r#"{{"clientMsgId":"{id}","serverMsgId":null,"kind":"Error","content":""#);
    let end = format!(r#"","code":{code}}}"#);
    let reason = frame.strip_prefix(&start).and_then(|rest| rest.strip_suffix(&end));
    let reason = reason.unwrap_or_else(|| panic!("{frame} should be {start}…{end}"));
    assert!(reason.contains(word), "{frame} should speak of {word}");
}

impl Device {
    /// The next frame that an old client reads: it passes over each Notify. On several nodes one may come of what was done
    /// before the Login.
    async fn read(&mut self) -> String {
        loop {
            let text = self.text().await;
            if !text.starts_with(r#"{"event":"Notify","#) {
                return text;
            }
        }
    }

    /// Checks that the next frame that it reads is this, byte for byte.
    #[track_caller]
    fn reads(&mut self, frame: impl AsRef<str>) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move { assert_eq!(self.read().await, frame.as_ref(), "{place}") }
    }
}

/// Checks the keys of JSON text and their order, all the way down.
fn has_keys(value: &Value, keys: &[&str]) {
    let found: Vec<_> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(found[..keys.len()], *keys);
}

/// On any path of the old port, and at `/ws` of the other.
async fn on_both_ports(server: &TestServer) -> [String; 4] {
    let old = server.old_address;
    [format!("ws://{old}"), format!("ws://{old}/"), format!("ws://{old}/a/b?c=d"), server.ws()]
}

#[tokio::test]
async fn a_conversation_has_the_fixed_bytes_on_both_ports_and_every_path() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (a, b) = (anna.uid, bob.uid);
    for (round, url) in on_both_ports(&server).await.iter().enumerate() {
        let (mut of_anna, mut of_bob) = (stranger(url).await, stranger(url).await);
        of_anna.say(login(&anna, "l")).await;
        of_anna.reads(ack("l")).await;
        of_bob.say(login(&bob, "l")).await;
        of_bob.reads(ack("l")).await;

        let id = format!("m{round}");
        of_anna.say(msg(a, gid, "naïve 👋 \\\"quoted\\\" \\u0000", &id)).await;
        let answer: Value = serde_json::from_str(&of_anna.read().await).expect("JSON");
        let message = answer["serverMsgId"].as_u64().expect("an id");
        assert_eq!(answer.to_string(), ack_of(&id, message));
        let delivered = of_bob.read().await;
        let start = format!(
            r#"{{"event":"Msg","body":{{"kind":"Text","uid":{a},"gid":{gid},"content":"naïve 👋 \"quoted\" \u0000","clientMsgId":"{id}","msgId":{message},"seq":{},"#,
            round + 1
        );
        assert!(delivered.starts_with(&start), "{delivered} should begin with {start}");

        of_bob
            .say(format!(
                r#"{{"event":"Ack","body":{{"kind":"Text","uid":{b},"gid":{gid},"content":"","clientMsgId":"d","msgId":{message}}}}}"#
            ))
            .await;
        of_bob.reads(ack("d")).await;
        of_bob
            .say(format!(
                r#"{{"event":"Read","body":{{"kind":"Text","uid":{b},"gid":{gid},"content":"","clientMsgId":"r","msgId":{message}}}}}"#
            ))
            .await;
        of_bob.reads(ack_of("r", message)).await;
    }
}

#[tokio::test]
async fn a_heart_beats_before_login_and_needs_nothing_but_its_id() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let mut device = stranger(&server.old_ws()).await;
    for heart in [
        r#"{"event":"Heart","body":{"clientMsgId":"h"}}"#,
        r#"{"event":"Heart","body":{"kind":"Text","uid":0,"gid":0,"content":"","clientMsgId":"h","msgId":0}}"#,
        r#"{"event":"Heart","body":{"kind":7,"uid":"x","gid":[],"content":{},"clientMsgId":"h","msgId":-1}}"#,
        r#" { "body" : { "clientMsgId" : "h" , "more" : [ { } ] } , "event" : "Heart" , "more" : null } "#,
    ] {
        device.say(heart).await;
        device.reads(ack("h")).await;
    }
    device.say(login(&anna, "l")).await;
    device.reads(ack("l")).await;
    device.say(format!(r#"{{"event":"Heart","body":{{"uid":{},"clientMsgId":"h"}}}}"#, anna.uid + 7)).await;
    device.reads(ack("h")).await;
}

#[tokio::test]
async fn a_binary_frame_that_holds_json_is_taken_and_binary_rubbish_is_answered() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let mut device = stranger(&server.old_ws()).await;
    device.socket.send_binary(login(&anna, "l")).await.expect("sent");
    device.reads(ack("l")).await;
    for rubbish in [
        &b"\xff\xfe\x00"[..],
        b"",
        b"null",
        b"{\"event\":\"Heart\",\"body\":{\"clientMsgId\":\"\xff\"}}",
        // Also in a key that nobody reads.
        b"{\"event\":\"Heart\",\"own\":\"\xff\",\"body\":{\"clientMsgId\":\"h\"}}",
    ] {
        device.socket.send_binary(rubbish.to_vec()).await.expect("sent");
        is_error(&device.read().await, "", 400, "");
    }
    device.socket.send_binary(r#"{"event":"Heart","body":{"clientMsgId":"h"}}"#).await.expect("sent");
    device.reads(ack("h")).await;
}

#[tokio::test]
async fn before_login_nothing_is_done_and_the_refusal_says_so() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut device = stranger(&server.ws()).await;
    for event in ["Msg", "Read", "Ack"] {
        let frame = json!({"event": event, "body": {
            "kind": "Text", "uid": anna.uid, "gid": gid, "content": "x", "clientMsgId": event, "msgId": 1,
        }});
        device.say(frame.to_string()).await;
        device.reads(error(event, "login required", 401)).await;
    }
    assert!(anna.api.history(gid, 1, 9).await.expect("a list").is_empty());
}

#[tokio::test]
async fn a_login_is_refused_without_the_right_token_and_the_socket_lives_on() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let mut device = stranger(&server.ws()).await;
    for (uid, token, code) in [
        (anna.uid, "rubbish".to_owned(), 401),
        (anna.uid, String::new(), 401),
        (anna.uid, format!("rim_{}", "A".repeat(43)), 401),
        (anna.uid, format!("Bearer {}", anna.token()), 401),
        (anna.uid, bob.token().to_owned(), 403),
        (4711, anna.token().to_owned(), 403),
    ] {
        let frame = json!({"event": "Login", "body": {"uid": uid, "content": token, "clientMsgId": "l"}});
        device.say(frame.to_string()).await;
        is_error(&device.read().await, "l", code, "");
    }
    // Whatever `gid` and `kind` hold.
    let frame = json!({"event": "Login", "body": {
        "kind": "Nonsense", "uid": anna.uid, "gid": "?", "content": anna.token(), "clientMsgId": "l",
    }});
    device.say(frame.to_string()).await;
    device.reads(ack("l")).await;
    device.say(login(&anna, "again")).await;
    device.reads(ack("again")).await;
}

#[tokio::test]
async fn a_login_on_a_bound_connection_binds_it_to_the_new_user_alone() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let carl = server.user("carl").await;
    let (of_anna, of_bob) = (anna.chat_with(&carl).await, bob.chat_with(&carl).await);
    let mut sender = carl.connect().await;
    let mut device = stranger(&server.old_ws()).await;
    device.say(login(&anna, "l1")).await;
    device.reads(ack("l1")).await;
    device.say(login(&bob, "l2")).await;
    device.reads(ack("l2")).await;

    sender.send(of_anna, "to Anna", "c1").await;
    sender.send(of_bob, "to Bob", "c2").await;
    device.uid = bob.uid;
    assert_eq!(device.message().await.content, "to Bob");
    device.say(msg(anna.uid, of_anna, "as Anna", "x")).await;
    is_error(&device.read().await, "x", 403, "uid");
    device.send(of_bob, "as Bob", "y").await;
}

#[tokio::test]
async fn after_a_logout_the_socket_is_open_and_nobody_s_and_a_second_one_is_acked() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut sender = bob.connect().await;
    let mut device = anna.connect().await;
    let logout = |id: &str| {
        format!(
            r#"{{"event":"Logout","body":{{"kind":"Text","uid":{},"content":"","clientMsgId":"{id}"}}}}"#,
            anna.uid
        )
    };
    for id in ["o1", "o2", "o3"] {
        device.say(logout(id)).await;
        device.reads(ack(id)).await;
    }
    sender.send(gid, "are you there?", "b1").await;
    device.say(msg(anna.uid, gid, "no", "m")).await;
    device.reads(error("m", "login required", 401)).await;
    device.say(login(&anna, "l")).await;
    device.reads(ack("l")).await;
    // Nothing is pushed at a Login by itself.
    device.nothing_came("h").await;
    device.send(gid, "now I am", "a1").await;
    // The token is as good as before: a Logout unbinds a connection and ends no session.
    anna.get("/api/user/get").await.ok(anna.card());
}

#[tokio::test]
async fn every_error_echoes_the_id_of_the_frame_where_there_is_one() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let carl = server.user("carl").await;
    let gid = anna.chat_with(&bob).await;
    let others = bob.chat_with(&carl).await;
    let mut device = anna.connect_to(&server.old_ws()).await;
    let good = json!({
        "kind": "Text", "uid": anna.uid, "gid": gid, "content": "x", "clientMsgId": "c", "msgId": null,
    });
    let with = |key: &str, value: Value| {
        let mut body = good.clone();
        body[key] = value;
        body
    };
    let without = |key: &str| {
        let mut body = good.clone();
        body.as_object_mut().expect("an object").remove(key);
        body
    };
    let two_to_the_53 = json!(9_007_199_254_740_992_u64);
    for (event, body, code, word) in [
        (json!("Msg"), without("uid"), 422, "uid"),
        (json!("Msg"), without("gid"), 422, "gid"),
        (json!("Msg"), without("kind"), 422, "kind"),
        (json!("Msg"), without("content"), 422, "content"),
        (json!("Msg"), with("gid", Value::Null), 422, "gid"),
        (json!("Msg"), with("gid", json!("1")), 422, "gid"),
        (json!("Msg"), with("gid", json!(1.5)), 422, "gid"),
        (json!("Msg"), with("gid", two_to_the_53), 422, "gid"),
        (json!("Msg"), with("gid", json!(4711)), 404, "group"),
        (json!("Msg"), with("gid", json!(others)), 403, "member"),
        (json!("Msg"), with("uid", json!(bob.uid)), 403, "uid"),
        (json!("Msg"), with("content", json!(7)), 422, "content"),
        (json!("Msg"), with("content", Value::Null), 422, "content"),
        (json!("Msg"), with("content", json!("x".repeat(65537))), 413, "65536"),
        (json!("Msg"), with("kind", json!("Notify")), 422, "kind"),
        (json!("Msg"), with("kind", json!("text")), 422, "kind"),
        (json!("Read"), good.clone(), 422, "msgId"),
        (json!("Ack"), good.clone(), 422, "msgId"),
        (json!("Read"), with("msgId", json!(-1)), 422, "msgId"),
        (json!("Login"), with("content", json!(1)), 422, "content"),
        (json!("login"), good.clone(), 422, "event"),
        (json!("Notify"), good.clone(), 422, "event"),
        (json!(7), good.clone(), 422, "event"),
        (Value::Null, good.clone(), 422, "event"),
    ] {
        device.say(json!({"event": event, "body": body}).to_string()).await;
        is_error(&device.read().await, "c", code, word);
    }
    for (id, word) in [
        (Value::Null, "clientMsgId"),
        (json!(""), "64"),
        (json!("i".repeat(65)), "64"),
        (json!(7), "clientMsgId"),
    ] {
        device.say(json!({"event": "Msg", "body": with("clientMsgId", id)}).to_string()).await;
        is_error(&device.read().await, "", 422, word);
    }
    device.say(json!({"body": good}).to_string()).await;
    is_error(&device.read().await, "c", 422, "event");
    for rubbish in [
        "",
        "x",
        "{",
        "[]",
        "null",
        "7",
        r#"{"event":"Heart"}"#,
        r#"{"event":"Heart","body":null}"#,
        r#"{"event":"Heart","body":[]}"#,
        r#"["Heart",{"clientMsgId":"h"}]"#,
        r#"{"event":"Heart","body":{"clientMsgId":"h"}}{}"#,
    ] {
        device.say(rubbish).await;
        is_error(&device.read().await, "", 400, "");
    }
    device.send(gid, "the connection lives on", "c").await;
    assert_eq!(anna.api.history(gid, 1, 9).await.expect("a list").len(), 1, "nothing else was stored");
}

#[tokio::test]
async fn the_longest_content_and_the_longest_id_are_taken() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let (content, id) = ("é".repeat(32 * 1024), "i".repeat(64));
    of_anna.send(gid, &content, &id).await;
    let message = of_bob.message().await;
    assert_eq!((message.content, message.client_msg_id), (content, id));
}

#[tokio::test]
async fn text_may_be_empty_and_an_image_may_not() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut device = anna.connect().await;
    let mut say = async |kind: &str, content: &str| {
        let body = json!({"kind": kind, "uid": anna.uid, "gid": gid, "content": content,
            "clientMsgId": format!("{kind}{content}").chars().take(60).collect::<String>()});
        device.say(json!({"event": "Msg", "body": body}).to_string()).await;
        let answer: Value = serde_json::from_str(&device.read().await).expect("JSON");
        answer["code"].as_u64().unwrap_or(200)
    };
    assert_eq!(say("Text", "").await, 200);
    assert_eq!(say("RichText", "").await, 200);
    assert_eq!(say("Image", "").await, 422);
    assert_eq!(say("Image", "http://example.org/a.png").await, 200);
    assert_eq!(say("Image", "not an address, as old clients sent it").await, 200);
    assert_eq!(say("Audio", "a.mp3").await, 422);
    assert_eq!(say("Audio", r#"{"url":"a.mp3","durationMs":5}"#).await, 200);
    assert_eq!(say("File", r#"{"url":"a.zip"}"#).await, 422);
    assert_eq!(say("File", r#"{"url":"a.zip","name":"a","size":1,"mime":"x"}"#).await, 200);
    assert_eq!(say("Custom", "[]").await, 422);
    assert_eq!(say("Custom", "{}").await, 200);
}

#[tokio::test]
async fn what_happens_to_messages_leaves_all_shapes_as_they_were_and_a_recalled_one_is_empty() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_anna = anna.connect().await;
    let mut old = bob.connect_to(&server.old_ws()).await;
    let id = of_anna.send(gid, "secret", "c1").await;
    old.message().await;
    of_anna.does("Edit", gid, id, "less secret", "c2").await;
    of_anna.does("Recall", gid, id, "", "c3").await;
    for _ in 0..2 {
        // Which it passes over, as every Notify.
        let frame: Value = serde_json::from_str(&old.text().await).expect("JSON");
        assert_eq!(frame["event"], "Notify");
        has_keys(&frame["body"], &["kind", "uid", "gid", "content", "clientMsgId", "msgId"]);
    }
    for (path, body) in [
        ("/api/message/history", json!({"gid": gid, "uid": anna.uid, "page": 1, "size": 20})),
        ("/api/message/chat/list", json!({"uid": bob.uid, "page": 1, "size": 20})),
    ] {
        let answer = bob.post(path, body).await;
        let start = format!(
            r#""msg":{{"id":{id},"kind":"Text","content":"","gid":{gid},"uid":{},"client_msg_id":"c1","createTime":""#,
            anna.uid
        );
        assert!(answer.body.contains(&start), "{}", answer.body);
        assert!(!answer.body.contains("secret"), "{}", answer.body);
    }
    let next = of_anna.send(gid, "next", "c4").await;
    let delivered = old.read().await;
    let start = format!(
        r#"{{"event":"Msg","body":{{"kind":"Text","uid":{},"gid":{gid},"content":"next","clientMsgId":"c4","msgId":{next},"seq":2,"rev":"#,
        anna.uid
    );
    assert!(delivered.starts_with(&start), "{delivered}");
}

#[tokio::test]
async fn lists_have_the_fixed_keys_in_the_fixed_order() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (a, b) = (anna.uid, bob.uid);
    let message = anna.connect().await.send(gid, "hi", "c1").await;
    let group = format!(r#"{{"id":{gid},"name":"","avatar":"","mode":1,"creatorUid":{a}}}"#);

    // The old client sends the partner's uid here.
    let history =
        bob.post("/api/message/history", json!({"gid": gid, "uid": a, "page": 1, "size": 20})).await;
    let start = format!(
        r#"{{"ok":true,"code":200,"msg":null,"data":[{{"group":{group},"msg":{{"id":{message},"kind":"Text","content":"hi","gid":{gid},"uid":{a},"client_msg_id":"c1","createTime":""#
    );
    assert!(history.body.starts_with(&start), "{} should begin with {start}", history.body);
    let end = format!(r#"}},"user":{},"unread":null}}]}}"#, anna.card());
    assert!(history.body.ends_with(&end), "{} should end with {end}", history.body);

    let chats = bob.post("/api/message/chat/list", json!({"uid": b, "page": 1, "size": 20})).await;
    assert!(chats.body.starts_with(&start), "{}", chats.body);
    let end = format!(r#"}},"user":{},"unread":1}}]}}"#, anna.card());
    assert!(chats.body.ends_with(&end), "{}", chats.body);

    for answer in [history, chats] {
        let item = answer.data()[0].take();
        has_keys(&item, &["group", "msg", "user", "unread"]);
        let fixed = ["id", "kind", "content", "gid", "uid", "client_msg_id", "createTime", "updateTime"];
        has_keys(&item["msg"], &fixed);
        for time in ["createTime", "updateTime"] {
            // As old clients split it: at blank, `-` and `:`.
            let text = item["msg"][time].as_str().expect("text");
            let parts: Vec<&str> = text.split([' ', '-', ':']).collect();
            let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
            assert_eq!(lengths, [4, 2, 2, 2, 2, 2], "{text}");
            assert!(parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit())), "{text}");
        }
    }
    anna.get("/api/group/get").await.ok(format!("[{group}]"));
    anna.get(&format!("/api/group/user/get?gid={gid}")).await.ok(format!(
        r#"[{{"role":2,"user":{}}},{{"role":1,"user":{}}}]"#,
        anna.card(),
        bob.card()
    ));
}

#[tokio::test]
async fn times_are_in_the_zone_of_the_settings() {
    for (zone, offset_hours) in [("UTC", 0), ("Asia/Shanghai", 8), ("Asia/Kolkata", 5)] {
        let server = TestServer::start_with(&[&format!("--time-zone={zone}")]).await;
        let (anna, bob) = (server.user("anna").await, server.user("bob").await);
        let gid = anna.chat_with(&bob).await;
        anna.connect().await.send(gid, "hi", "c1").await;
        let message = anna.api.history(gid, 1, 1).await.expect("a list").remove(0).msg;
        let at = jiff::Timestamp::from_millisecond(message.created_at).expect("a time");
        let local = at.to_zoned(jiff::tz::TimeZone::get(zone).expect("a zone"));
        assert_eq!(message.create_time, local.strftime("%Y-%m-%d %H:%M:%S").to_string());
        assert_eq!(message.update_time, message.create_time);
        assert_eq!(local.offset().seconds() / 3600, offset_hours);
    }
}

#[tokio::test]
async fn frames_that_came_with_the_handshake_in_one_packet_are_taken() {
    let server = TestServer::start().await;
    for (address, path) in [(server.address, "/ws"), (server.old_address, "/x")] {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        let mut bytes = format!(
            "GET {path} HTTP/1.1\r\nHost: rim\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        .into_bytes();
        let heart = br#"{"event":"Heart","body":{"clientMsgId":"h"}}"#;
        // A masked text frame whose mask is nothing.
        bytes.extend([0x81, 0x80 | heart.len() as u8, 0, 0, 0, 0]);
        bytes.extend(heart);
        stream.write_all(&bytes).await.expect("sent");

        let expected = ack("h");
        let mut received = Vec::new();
        while !received.ends_with(expected.as_bytes()) {
            let read = tokio::io::AsyncReadExt::read_buf(&mut stream, &mut received);
            let read = tokio::time::timeout(crate::world::PATIENCE, read).await.expect("in time");
            assert!(read.expect("bytes") > 0, "{}", String::from_utf8_lossy(&received));
        }
        let text = String::from_utf8_lossy(&received).into_owned();
        assert!(text.starts_with("HTTP/1.1 101 "), "{text}");
        let head = text.to_ascii_lowercase();
        assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{text}");
        assert!(!head.contains("sec-websocket-protocol"), "{text}");
    }
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_is_not_let_in_and_a_listed_one_is() {
    let server = TestServer::start_with(&["--allowed-origins=https://chat.example"]).await;
    for (origin, status) in [
        (None, 101),
        (Some("https://chat.example"), 101),
        (Some("http://localhost:5173"), 101),
        (Some("tauri://localhost"), 101),
        (Some("https://evil.example"), 403),
        (Some("null"), 403),
    ] {
        for (address, path) in [(server.address, "/ws"), (server.old_address, "/")] {
            let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 {origin}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            );
            let stream = TcpStream::connect(address).await.expect("connected");
            assert_eq!(raw::exchange(stream, request.as_bytes()).await.status, status, "{request}");
        }
    }
}
