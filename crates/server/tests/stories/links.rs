//! Link previews: what the server finds at the addresses in a message, and where it does not look.

use std::net::Ipv4Addr;
use std::sync::Arc;

use parking_lot::Mutex;
use rim_client::protocol::frame::Notice;
use rim_client::protocol::rest::Link;
use rim_core::message::{MessageKind, NewMessage, Write};
use rim_core::{ConnectionId, GroupId, UserId};
use rim_store::callback;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::place::MAY_GO;
use crate::world::{Device, Person, TestServer};

/// A machine within the server's own network, where it must not go.
const INSIDE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

const PAGE: &str = "<!doctype html><title>no</title><meta property=og:title content='Rim &amp; friends'>
    <meta property=og:description content='A chat server'>";

/// One pixel.
const COVER: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0;";

/// Web servers: one that may be asked, and one inside.
struct Web {
    port: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    /// The heads of all requests.
    heads: Mutex<Vec<String>>,
    /// Somebody waits for an answer that never comes.
    waits: Notify,
}

impl Seen {
    /// Whether this was asked for once.
    fn is_first(&self, path: &str) -> bool {
        let heads = self.heads.lock();
        heads.iter().filter(|head| head.split(' ').nth(1) == Some(path)).count() == 1
    }
}

impl Web {
    async fn start() -> Self {
        let outside = TcpListener::bind((MAY_GO, 0)).await.expect("bound");
        let port = outside.local_addr().expect("bound").port();
        let inside = TcpListener::bind((INSIDE, port)).await.expect("bound");
        let seen = Arc::new(Seen::default());
        for listener in [outside, inside] {
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(answer(stream, port, Arc::clone(&seen)));
                }
            });
        }
        Self { port, seen }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{MAY_GO}:{}{path}", self.port)
    }

    fn inside(&self) -> String {
        format!("http://{INSIDE}:{}/secret", self.port)
    }

    /// What was asked for, in its order.
    fn asked(&self) -> Vec<String> {
        let heads = self.seen.heads.lock();
        heads.iter().map(|head| head.split(' ').nth(1).unwrap_or_default().to_owned()).collect()
    }
}

async fn answer(mut stream: TcpStream, port: u16, seen: Arc<Seen>) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).expect("text");
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    seen.heads.lock().push(head);
    let page = |page: &str| {
        let length = page.len();
        format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {length}\r\n\r\n{page}")
    };
    let sends_on = |to: &str| format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
    let text = match path.as_str() {
        "/page" => page(PAGE),
        "/secret" => page("<title>secret</title>"),
        "/to-page" => sends_on("/page"),
        "/to-inside" => sends_on(&format!("http://{INSIDE}:{port}/secret")),
        "/to-file" => sends_on("file:///etc/passwd"),
        "/around" => sends_on("/around"),
        "/text" => "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nhi".to_owned(),
        "/illustrated" => page(&format!("{PAGE}<meta property=og:image content='cover.gif'>")),
        "/cover.gif" => {
            let length = COVER.len();
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-type: image/gif\r\ncontent-length: {length}\r\n\r\n");
            return stream.write_all(&[head.as_bytes(), COVER].concat()).await.ok();
        }
        "/no-picture" => page(&format!("{PAGE}<meta property=og:image content=/page>")),
        "/picture-inside" => {
            page(&format!("{PAGE}<meta property=og:image content='http://{INSIDE}:{port}/secret'>"))
        }
        "/late" if seen.is_first("/late") => {
            seen.waits.notify_one();
            return std::future::pending().await;
        }
        "/late" => page(PAGE),
        "/silent" => {
            seen.waits.notify_one();
            return std::future::pending().await;
        }
        "/endless" => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<title>long</title>")
                .await
                .ok()?;
            loop {
                stream.write_all(&[b' '; 4096]).await.ok()?;
            }
        }
        _ => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
    };
    stream.write_all(text.as_bytes()).await.ok()
}

async fn two_of(server: &TestServer) -> (Person, Person, u64) {
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    (anna, bob, gid)
}

/// What is found of a message that is sent now.
async fn found(by: &mut Device, gid: u64, content: &str, id: &str) -> Vec<Link> {
    let sent = by.send(gid, content, id).await;
    let notice = by.notice(Notice::Linked).await;
    assert_eq!(notice.msg_id, Some(sent));
    notice.msg.expect("the message").links
}

fn page_at(url: &str) -> Link {
    let (title, text) = ("Rim & friends".into(), "A chat server".into());
    Link { url: url.to_owned(), title, text, picture: None }
}

async fn newest(of: &Person, gid: u64) -> Value {
    let page =
        of.post("/api/message/history", json!({"gid": gid, "uid": of.uid, "page": 1, "size": 1})).await;
    page.data()[0]["msg"].clone()
}

#[tokio::test]
async fn a_message_shows_what_is_at_its_addresses_until_it_says_something_else() {
    let (server, web) = (TestServer::start_with(&["--link-previews=on"]).await, Web::start().await);
    let (anna, bob, gid) = two_of(&server).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let url = web.url("/page");
    assert_eq!(found(&mut of_anna, gid, &format!("see {url}, and"), "a1").await, [page_at(&url)]);
    of_bob.message().await;
    let notice = of_bob.notice(Notice::Linked).await;
    assert_eq!((notice.uid, notice.msg.expect("it").links), (anna.uid, vec![page_at(&url)]));
    let shown = json!([{"url": url, "title": "Rim & friends", "text": "A chat server"}]);
    let message = newest(&bob, gid).await;
    assert_eq!(message["links"], shown);
    let head = web.seen.heads.lock()[0].to_ascii_lowercase();
    assert!(head.contains("user-agent: rim/") && !head.contains("cookie"), "{head}");

    let sent_on = web.url("/to-page");
    let edit = json!({"gid": gid, "msgId": message["id"], "content": sent_on, "clientMsgId": "a2"});
    let edited = anna.post("/api/message/edit", edit).await.data();
    assert_eq!(edited["links"], Value::Null, "they were those of other words");
    of_anna.notice(Notice::Edited).await;
    let notice = of_anna.notice(Notice::Linked).await;
    assert_eq!(notice.msg.expect("it").links, [page_at(&sent_on)]);
    assert_eq!(web.asked(), ["/page", "/to-page", "/page"]);
}

#[tokio::test]
async fn the_picture_of_a_page_is_kept_and_shown_to_those_who_see_the_message() {
    let (server, web) = (TestServer::start_with(&["--link-previews=on"]).await, Web::start().await);
    let (anna, bob, gid) = two_of(&server).await;
    let stranger = server.user("stranger").await;
    let mut device = anna.connect().await;
    let mut pictures = Vec::new();
    for (number, path) in ["/illustrated", "/cover.gif"].into_iter().enumerate() {
        let links = found(&mut device, gid, &web.url(path), &format!("a{number}")).await;
        pictures.push(links[0].picture.clone().expect("a picture"));
    }
    for picture in pictures {
        let url = format!("{}/media/files/{picture}", server.url());
        let get = async |who: &Person| {
            let asking = reqwest::Client::new().get(&url).bearer_auth(who.token());
            asking.send().await.expect("an answer")
        };
        for member in [&anna, &bob] {
            let answer = get(member).await;
            assert_eq!(answer.status(), 200);
            assert_eq!(answer.bytes().await.expect("a picture"), COVER);
        }
        assert_eq!(get(&stranger).await.status(), 404);
    }
    let without = web.url("/no-picture");
    assert_eq!(found(&mut device, gid, &without, "b1").await, [page_at(&without)]);
}

#[tokio::test]
async fn the_server_does_not_go_where_strangers_could_not() {
    let (server, web) = (TestServer::start_with(&["--link-previews=on"]).await, Web::start().await);
    let (anna, _bob, gid) = two_of(&server).await;
    let mut device = anna.connect().await;
    let good = web.url("/page");
    let port = web.port;
    for (number, bad) in [
        web.inside(),
        web.url("/to-inside"),
        web.url("/to-file"),
        web.url("/around"),
        web.url("/text"),
        web.url("/missing"),
        format!("http://[::1]:{port}/secret"),
        format!("http://[::ffff:127.0.0.2]:{port}/secret"),
        format!("http://2130706434:{port}/secret"),
        format!("http://anna:password@{MAY_GO}:{port}/page"),
    ]
    .into_iter()
    .enumerate()
    {
        let links = found(&mut device, gid, &format!("{bad} {good}"), &format!("a{number}")).await;
        assert_eq!(links, [page_at(&good)], "nothing of {bad}");
    }
    let of_inside = web.url("/picture-inside");
    assert_eq!(found(&mut device, gid, &of_inside, "b1").await, [page_at(&of_inside)], "without its picture");
    let asked = web.asked();
    assert!(!asked.contains(&"/secret".to_owned()), "{asked:?}");
    assert_eq!(asked.iter().filter(|path| *path == "/around").count(), 5, "it gives up");
}

#[tokio::test]
async fn a_page_without_an_end_is_read_as_far_as_its_head_and_one_that_is_silent_is_given_up() {
    let (server, web) = (TestServer::start_with(&["--link-previews=on"]).await, Web::start().await);
    let (anna, _bob, gid) = two_of(&server).await;
    let mut device = anna.connect().await;
    let endless = found(&mut device, gid, &web.url("/endless"), "a1").await;
    assert_eq!(endless[0].title, "long");

    let good = web.url("/page");
    let sent = device.send(gid, &format!("{} {good}", web.url("/silent")), "a2").await;
    web.seen.waits.notified().await;
    let notice = server.time_passes_until(device.notice(Notice::Linked)).await;
    assert_eq!((notice.msg_id, notice.msg.expect("it").links), (Some(sent), vec![page_at(&good)]));
}

#[tokio::test]
async fn nobody_is_asked_unless_the_setting_says_so() {
    let (server, web) = (TestServer::start().await, Web::start().await);
    let (anna, bob, gid) = two_of(&server).await;
    anna.connect().await.send(gid, &web.url("/page"), "a1").await;
    server.everything_is_committed(&bob).await;
    assert_eq!(newest(&bob, gid).await["links"], Value::Null);
    server.stop().await;
    assert!(web.asked().is_empty());
}

#[tokio::test]
async fn what_was_not_looked_at_when_the_server_ended_is_looked_at_by_the_next() {
    let (server, web) = (TestServer::start_with(&["--link-previews=on"]).await, Web::start().await);
    let (anna, bob, gid) = two_of(&server).await;
    let mut device = anna.connect().await;
    device.send(gid, &web.url("/late"), "a1").await;
    web.seen.waits.notified().await;
    drop(device);
    let server = server.restart().await;
    let shown = async {
        loop {
            let message = newest(&bob, gid).await;
            if message["links"] != Value::Null {
                return message;
            }
        }
    };
    let message = server.time_passes_until(shown).await;
    assert_eq!(message["links"][0]["title"], "Rim & friends");
    assert_eq!(web.asked(), ["/late", "/late"]);

    // What was written long ago is not.
    let server = server.stop().await;
    let store = server.store().await;
    let text = |id: &str, now| NewMessage {
        extras: None,
        group: GroupId(gid),
        sender: UserId(anna.uid),
        client_msg_id: id.into(),
        kind: MessageKind::Text,
        content: web.url("/page"),
        session: None,
        now,
        connection: ConnectionId(0),
    };
    for id in ["old", "young"] {
        let (sent, done) = tokio::sync::oneshot::channel();
        let write = Write::Append(text(id, server.now()));
        store
            .submit(
                write,
                callback(move |result| {
                    let _ = sent.send(result.is_ok());
                }),
            )
            .expect("room");
        assert!(done.await.expect("an answer"));
        server.sleeps(2 * 60 * 60 * u64::from(id == "old")).await;
    }
    store.close().await;
    let server = server.start().await;
    let shown = async { while newest(&bob, gid).await["links"] == Value::Null {} };
    server.time_passes_until(shown).await;
    assert_eq!(web.asked(), ["/late", "/late", "/page"], "one of the two");
}
