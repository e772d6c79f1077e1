//! Too much of it: with the limits that are on where nobody turns them off.

use std::collections::BTreeMap;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::bystanders::Bystanders;
use super::socket::{Heard, Socket, hear, text};
use crate::NODES;
use crate::raw::{self, Answer};
use crate::world::{PATIENCE, TestServer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_frames_before_login_are_each_answered() {
    let server = TestServer::start_with(&["--limits=off"]).await;
    let bystanders = Bystanders::chat(&server).await;
    let msg = r#"{"event":"Msg","body":{"kind":"Text","uid":1,"gid":1,"content":"x","clientMsgId":"c"}}"#;
    let refused =
        r#"{"clientMsgId":"c","serverMsgId":null,"kind":"Error","content":"login required","code":401}"#;
    for door in [server.address, server.old_address] {
        let mut socket = Socket::open(door).await;
        socket.put(&text(msg).repeat(1000)).await;
        for _ in 0..1000 {
            assert_eq!(socket.answer().await, refused);
        }
        socket.put(&text(r#"{"event":"Heart","body":{"clientMsgId":"h"}}"#)).await;
        assert!(socket.answer().await.contains(r#""kind":"Ack""#), "the connection lives on");
    }
    bystanders.noticed_nothing().await;
}

/// Each frame is answered until the connection is closed, in time for its client to see why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_floods_frames_is_closed_with_4029() {
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    let anna = server.user("anna").await;
    let gid = anna.group_with(&[]).await;
    let uid = anna.uid;
    let hearts = r#"{"event":"Heart","body":{"clientMsgId":"c"}}"#.to_owned();
    let body = format!(r#"{{"kind":"Text","uid":{uid},"gid":{gid},"content":"x","clientMsgId":"c"}}"#);
    let errors = format!(r#"{{"event":"Msg","body":{body}}}"#);
    for frame in [hearts, errors, "rubbish".to_owned()] {
        for door in [server.address, server.old_address] {
            let (mut incoming, mut outgoing) = Socket::open(door).await.stream.into_split();
            let frames = text(&frame).repeat(1000);
            let sending = tokio::spawn(async move { while outgoing.write_all(&frames).await.is_ok() {} });
            let code = loop {
                match tokio::time::timeout(PATIENCE, hear(&mut incoming)).await.expect("in time") {
                    Heard::Text(_) => {}
                    Heard::Close(code) => break code,
                    other => panic!("{frame}: {other:?}"),
                }
            };
            assert_eq!(code, 4029, "{frame}");
            sending.abort();
        }
    }
    bystanders.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_floods_messages_is_told_to_slow_down_and_loses_none_that_was_acknowledged() {
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    let anna = server.user("anna").await;
    let gid = anna.group_with(&[]).await;
    let uid = anna.uid;
    let socket = Socket::login(server.address, &anna).await;
    let mut flood = Vec::new();
    for n in 0..3000 {
        let body = format!(r#"{{"kind":"Text","uid":{uid},"gid":{gid},"content":"","clientMsgId":"{n}"}}"#);
        flood.extend(text(&format!(r#"{{"event":"Msg","body":{body}}}"#)));
    }
    let (mut incoming, mut outgoing) = socket.stream.into_split();
    let sending = tokio::spawn(async move { outgoing.write_all(&flood).await });
    let (mut acked, mut refused) = (0, 0);
    let code = loop {
        match tokio::time::timeout(PATIENCE, hear(&mut incoming)).await.expect("in time") {
            Heard::Text(answer) if answer.contains(r#""kind":"Ack""#) => acked += 1,
            Heard::Text(answer) => {
                assert!(answer.contains(r#""code":429"#) && answer.contains("try again in"), "{answer}");
                refused += 1;
            }
            Heard::Close(code) => break code,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, 4029);
    assert_eq!(acked, 2000);
    assert!(refused > 0);
    sending.abort();
    let last = anna.api.history(gid, 1, 1).await.expect("a page").pop().expect("the last");
    assert_eq!(last.msg.seq, acked, "what was acknowledged is there, and nothing else");
    bystanders.noticed_nothing().await;
}

/// Counts the answers by status, and holds those that send one away to their form.
fn count(answers: Vec<Answer>) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        if matches!(answer.status, 429 | 503) {
            let pause: u64 =
                answer.header("retry-after").expect("when to come back").parse().expect("seconds");
            assert!(pause > 0);
            answer.complains(answer.status, answer.status, "");
        }
        *counts.entry(answer.status).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_logins_is_answered_and_disturbs_nobody() {
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    let address = server.address;
    let mut logins = JoinSet::new();
    for n in 0..200 {
        // Carol is one of the bystanders; others do not exist.
        let account = if n % 2 == 0 { "carol".to_owned() } else { format!("nobody{n}") };
        logins.spawn(async move {
            let body = format!(r#"{{"account":"{account}","password":"guess"}}"#);
            raw::ask(address, "POST", "/api/user/login", &[], body.as_bytes()).await
        });
    }
    let counts = count(logins.join_all().await);
    if NODES == 1 {
        assert_eq!(
            counts,
            [(200, 100 + 20), (429, 80)].into(),
            "twenty guesses at one account are looked at"
        );
    } else {
        assert!(counts.keys().all(|status| matches!(status, 200 | 429)), "{counts:?}");
    }
    // Those that came at the same time have all been counted: the account is closed to guessing.
    let guess = r#"{"account":"carol","password":"guess"}"#;
    server.ask("POST", "/api/user/login", guess).await.complains(429, 429, "try again in");
    bystanders.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_requests_and_registrations_is_told_when_to_come_back() {
    if NODES > 1 {
        // Each node counts for itself.
        return;
    }
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    let address = server.address;
    let anna = server.user("anna").await;
    let mut requests = JoinSet::new();
    for _ in 0..8 {
        let anna = anna.clone();
        requests.spawn(async move {
            let mut answers = Vec::new();
            for _ in 0..150 {
                answers.push(anna.get("/api/user/get").await);
            }
            answers
        });
    }
    let counts = count(requests.join_all().await.concat());
    assert_eq!(counts, [(200, 600), (429, 600)].into());
    // The limit is hers and nobody else's.
    server.ask("GET", "/api/user/get", "").await.login_required();
    let mut registrations = JoinSet::new();
    for n in 0..200 {
        registrations.spawn(async move {
            // Without a password, which costs no hash.
            let body = format!(r#"{{"name":"n","avatar":"","account":"new{n}"}}"#);
            raw::ask(address, "POST", "/api/user/create", &[], body.as_bytes()).await
        });
    }
    let counts = count(registrations.join_all().await);
    assert_eq!(counts, [(200, 120 - 3), (429, 80 + 3)].into(), "three were there before");
    bystanders.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_every_place_is_taken_the_next_is_told_and_nobody_falls_out() {
    if NODES > 1 {
        // Each node counts for itself.
        return;
    }
    let server = TestServer::start_with(&["--max-connections=60"]).await;
    let bystanders = Bystanders::chat(&server).await;
    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(TcpStream::connect(server.address).await.expect("the system accepts"));
    }
    let late = raw::exchange(&mut crowd.pop().expect("a hundred"), b"").await;
    assert_eq!((late.status, late.header("retry-after")), (503, Some("10")));
    crowd.clear();
    // Places are free as soon as the server sees who is gone.
    let answered = async {
        loop {
            let mut stream = TcpStream::connect(server.old_address).await.expect("the server listens");
            let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
            let answer = raw::read(&mut stream).await;
            if answer.status != 503 {
                return answer.status;
            }
        }
    };
    assert_eq!(tokio::time::timeout(PATIENCE, answered).await.expect("in time"), 426);
    bystanders.noticed_nothing().await;
}
