//! What fields accept is kept as it is; of everything else the field is named.

use serde_json::{Value, json};

use super::bystanders::Bystanders;
use super::socket::{self, Socket};
use crate::world::{Person, TestServer};

const ODD: &[&str] = &[
    "",
    " ",
    "\0",
    "a\0b\u{1}\u{1f}\u{7f}",
    "'; DROP TABLE messages; --",
    "\" OR 1=1; /* \\",
    "%s %n {{x}} ${x} $(x) `x`",
    "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;",
    "👋🏽 👨‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 e\u{301}\u{301}\u{301}",
    "\u{202e}rtl\u{200f} \u{feff}\u{fffe}\u{ffff}\u{10ffff}\u{2028}\u{2029}",
    "null",
    r#"{"event":"Msg"}"#,
    "line\nline\r\n\ttab",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_text_is_delivered_and_given_back_as_it_was_sent() {
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut from, mut to) = (anna.connect().await, bob.connect_to(&server.old_ws()).await);
    let mut texts: Vec<String> = ODD.iter().map(|text| (*text).to_owned()).collect();
    texts.push("x".repeat(64 * 1024));
    texts.push("\0".repeat(64 * 1024));
    texts.push("😀".repeat(16 * 1024));
    // As a Text it is what it is.
    texts.push(">".repeat(65_000));
    for (n, text) in texts.iter().enumerate() {
        // The name of the message is as odd, where it can be.
        let id = if text.is_empty() || text.len() > 60 { format!("{n}") } else { format!("{n}{text}") };
        from.send(gid, text, &id).await;
        let heard = to.message().await;
        assert_eq!((&heard.content, &heard.client_msg_id), (text, &id));
    }
    let stored: Vec<String> = bob
        .api
        .history(gid, 1, 200)
        .await
        .expect("a page")
        .into_iter()
        .map(|item| item.msg.content)
        .collect();
    assert_eq!(stored, texts);
    let synced = bob.api.sync(&Default::default()).await.expect("synced");
    assert!(synced.groups[0].messages.iter().map(|message| &message.content).eq(&texts));
    bystanders.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_of_any_letters_are_kept_and_sought_as_text() {
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    for name in
        ODD.iter().filter(|name| (1..=64).contains(&name.trim().len()) && !name.chars().any(char::is_control))
    {
        let mut body =
            json!({"name": name, "avatar": name, "account": name, "email": name, "password": name});
        let mut account = *name;
        if name.contains('\u{202e}') {
            // What turns the direction of text is a name, and no account.
            let refused = server.ask("POST", "/api/user/create", &body.to_string()).await;
            refused.complains(200, 500, "overrides of direction");
            account = "another";
            body["account"] = json!(account);
        }
        let uid = server.ask("POST", "/api/user/create", &body.to_string()).await.data();
        let api = server.api().login(account, name).await.expect("the password is taken as it is");
        let me = api.me().await.expect("oneself");
        assert_eq!(json!(me.id), uid);
        let kept = name.trim();
        assert_eq!([&me.name, &me.avatar, &me.email], [kept; 3]);
        assert_eq!(me.account, account.trim());
        let gid = api.create_group(2, name, &[]).await.expect("a group");
        let group = api.groups().await.expect("groups").pop().expect("this one");
        assert_eq!((group.id, group.name.as_str()), (gid, kept));
    }
    let longest = "😀".repeat(64);
    let uid = server.api().register("longest", "secret").await.expect("registered");
    let anna = server.login(uid, "longest").await;
    assert_eq!(anna.post("/api/user/update", json!({"name": longest})).await.data()["name"], longest);
    assert_eq!(anna.api.me().await.expect("oneself").name, longest);
    bystanders.noticed_nothing().await;
}

/// What is wrong, as a body of a frame; the code; and the word that the reason begins with.
fn wrong_frames(uid: u64, gid: u64) -> Vec<(String, u16, &'static str)> {
    let msg = |changes: Value| {
        let mut body = json!({"kind": "Text", "uid": uid, "gid": gid, "content": "x", "clientMsgId": "c"});
        for (key, value) in changes.as_object().expect("an object") {
            body[key] = value.clone();
        }
        json!({"event": "Msg", "body": body}).to_string()
    };
    let raw = |field: &str, value: &str| {
        let mut body = json!({"kind": "Text", "uid": uid, "gid": gid, "content": "x", "clientMsgId": "c"});
        body[field] = json!("HERE");
        json!({"event": "Msg", "body": body}).to_string().replace("\"HERE\"", value)
    };
    let mut wrong = vec![
        (msg(json!({"content": "x".repeat(64 * 1024 + 1)})), 413, "content: "),
        (msg(json!({"clientMsgId": ""})), 422, "clientMsgId: "),
        (msg(json!({"clientMsgId": "x".repeat(65)})), 422, "clientMsgId: "),
        (msg(json!({"clientMsgId": "😀".repeat(17)})), 422, "clientMsgId: "),
        (msg(json!({"kind": "text"})), 422, "kind: "),
        (msg(json!({"kind": "Image", "content": ""})), 422, "content: "),
        (msg(json!({"kind": "File", "content": "[".repeat(60_000)})), 422, "content: "),
        (msg(json!({"kind": "RichText", "content": ">".repeat(65_000)})), 422, "content: "),
        (msg(json!({"kind": "RichText", "content": "1. ".repeat(21_800)})), 422, "content: "),
        (
            msg(json!({"kind": "RichText", "content": format!("http://x/{}", ")".repeat(65_000))})),
            422,
            "content: ",
        ),
        (msg(json!({"gid": gid + 1000})), 404, "no such group"),
        (msg(json!({"uid": uid + 1})), 403, "uid: "),
        (raw("x", "1").replace("Msg\"", "Nothing\""), 422, "event: "),
        (raw("content", r#""\ud800""#), 400, "not a frame"),
        (raw("content", "\"a\nb\""), 400, "not a frame"),
        (raw("x", &"[".repeat(100_000)), 400, "not a frame"),
        (raw("gid", &format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))), 422, "gid: "),
        (raw("uid", &"{\"a\":".repeat(80_000)), 400, "not a frame"),
        (raw("uid", "1e999"), 400, "not a frame"),
        (raw("uid", &format!("{uid},\"uid\":{uid}")), 400, "not a frame"),
        (r#"{"event":"Msg","body":null}"#.to_owned(), 400, "not a frame"),
        (r#"{"event":"Msg","body":[]}"#.to_owned(), 400, "not a frame"),
        (r#"{"event":"Msg"}"#.to_owned(), 400, "not a frame"),
        (String::new(), 400, "not a frame"),
        ("null".to_owned(), 400, "not a frame"),
        ("[".repeat(500_000), 400, "not a frame"),
    ];
    for field in ["uid", "gid"] {
        let name = if field == "uid" { "uid: " } else { "gid: " };
        for value in
            ["-1", "-0", "1.5", "1e3", "9007199254740992", "18446744073709551616", "\"1\"", "[1]", "true"]
        {
            wrong.push((raw(field, value), 422, name));
        }
        wrong.push((raw(field, "null"), 422, name));
    }
    for value in ["null", "1", "true", "{}", "[\"x\"]"] {
        wrong.push((raw("content", value), 422, "content: "));
        wrong.push((raw("clientMsgId", value), 422, "clientMsgId: "));
        wrong.push((raw("kind", value), 422, "kind: "));
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_frame_is_answered_with_the_field_and_what_it_accepts() {
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    let anna = server.user("anna").await;
    let gid = anna.group_with(&[]).await;
    for door in [server.address, server.old_address] {
        let mut socket = Socket::login(door, &anna).await;
        for (frame, code, reason) in wrong_frames(anna.uid, gid) {
            let shown = &frame[..frame.len().min(200)];
            socket.put(&socket::text(&frame)).await;
            let answer: Value = serde_json::from_str(&socket.answer().await).expect("JSON");
            assert_eq!(answer["code"], code, "{shown}: {answer}");
            assert!(answer["content"].as_str().expect("text").starts_with(reason), "{shown}: {answer}");
        }
    }
    assert_eq!(anna.api.history(gid, 1, 10).await.expect("a page"), [], "nothing of it was stored");
    bystanders.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_body_is_answered_with_the_field_and_what_it_accepts() {
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    let anna = server.user("anna").await;
    let gid = anna.group_with(&[]).await;
    let user = |field: &str, value: Value| {
        let mut body = json!({"name": "n", "avatar": "", "account": "new", "email": "", "password": "p"});
        body[field] = value;
        ("/api/user/create", body.to_string())
    };
    for ((path, body), word) in [
        (user("account", json!("")), "account"),
        (user("account", json!(" \t ")), "account"),
        (user("account", json!("a\0b")), "account"),
        (user("account", json!("x".repeat(65))), "account"),
        (user("name", json!("")), "name"),
        (user("name", json!("😀".repeat(65))), "name"),
        (user("name", json!("a\nb")), "name"),
        (user("avatar", json!("x".repeat(2049))), "avatar"),
        (user("email", json!("x".repeat(255))), "email"),
        (user("password", json!("")), "password"),
        (user("password", json!("x".repeat(1025))), "password"),
        (("/api/group/update", json!({"id": gid, "name": "x".repeat(65), "avatar": ""}).to_string()), "name"),
    ] {
        anna.ask("POST", path, &body).await.complains(200, 500, word);
    }
    for (path, body, word) in [
        (
            "/api/user/create",
            user("account", Value::Null).1,
            "account: invalid type: null, expected a string",
        ),
        ("/api/user/create", r#"{"name":"n","avatar":""}"#.to_owned(), "account"),
        ("/api/friend/add", "{}".to_owned(), "missing field `fid`"),
        ("/api/friend/add", r#"{"fid":null}"#.to_owned(), "fid: invalid type: null, expected a whole number"),
        (
            "/api/friend/add",
            r#"{"fid":-1}"#.to_owned(),
            "fid: invalid type: integer `-1`, expected a whole number from 0",
        ),
        ("/api/friend/add", r#"{"fid":1.5}"#.to_owned(), "fid: invalid type: floating point `1.5`"),
        (
            "/api/friend/add",
            r#"{"fid":9007199254740992}"#.to_owned(),
            "fid: number 9007199254740992 is out of range",
        ),
        ("/api/friend/add", r#"{"fid":"1"}"#.to_owned(), "fid: invalid type: string"),
        ("/api/friend/add", r#"{"fid":1e999}"#.to_owned(), "fid: number out of range"),
        ("/api/friend/add", "[]".to_owned(), "object"),
        ("/api/friend/add", "null".to_owned(), "object"),
        ("/api/message/history", format!(r#"{{"gid":{gid},"page":-1,"size":1}}"#), "page: "),
        ("/api/message/history", format!(r#"{{"gid":{gid},"page":1,"size":4294967296}}"#), "size: "),
        (
            "/api/group/user/change",
            format!(r#"{{"gid":{gid},"uids":[],"opType":3}}"#),
            "opType: opType 3 is out of range: 1 add, 2 remove",
        ),
        ("/api/group/user/change", format!(r#"{{"gid":{gid},"uids":[1,"x"],"opType":1}}"#), "uids[1]: "),
    ] {
        anna.ask("POST", path, &body).await.complains(422, 422, word);
    }
    for body in [
        String::new(),
        " ".to_owned(),
        "{".to_owned(),
        "fid=1".to_owned(),
        r#"{"fid":1"#.to_owned(),
        "[".repeat(100_000),
        format!(r#"{{"fid":1,"x":{}"#, "[".repeat(100_000)),
        format!(r#"{{"fid":1,"x":{}"#, r#"{"a":"#.repeat(100_000)),
    ] {
        anna.ask("POST", "/api/friend/add", &body).await.complains(400, 400, "");
    }
    // Half of a letter of two halves.
    anna.ask("POST", "/api/user/update", r#"{"name":"\ud800"}"#).await.complains(400, 400, "");
    let huge = format!(r#"{{"fid":1,"x":"{}"}}"#, "x".repeat(1024 * 1024));
    anna.ask("POST", "/api/friend/add", &huge).await.complains(413, 413, "1048576");
    for path in
        ["/api/user/get?uid=x", "/api/group/user/get", "/api/group/user/get?gid=-1", "/api/%00", "/api/../x"]
    {
        anna.get(path).await.invalid_request();
    }
    for account in ["%00", "%ff", "'%20OR%201=1", "%F0%9F%98%80"] {
        let found = anna.get(&format!("/api/user/search?account={account}")).await;
        assert!(found.body.contains(r#""ok":false"#), "{account}: {}", found.body);
    }
    not_a_field_too_many(&anna).await;
    bystanders.noticed_nothing().await;
}

/// Lists have an end, too.
async fn not_a_field_too_many(anna: &Person) {
    let many: Vec<u64> = (0..10_001).collect();
    let body = json!({"gid": 1, "uids": many, "opType": 1});
    anna.post("/api/group/user/change", body).await.complains(200, 500, "uids");
    let groups: Vec<Value> = many.iter().map(|gid| json!({"gid": gid, "rev": 0})).collect();
    anna.post("/api/sync", json!({"rev": 0, "groups": groups})).await.complains(200, 500, "groups");
}
