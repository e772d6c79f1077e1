//! What a stranger may begin, and for how long; and what is refused at the door.

use std::net::SocketAddr;

use futures_util::FutureExt;
use futures_util::future::select_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::bystanders::Bystanders;
use super::socket::{self, CONTINUATION, Heard, PING, PONG, Socket, TEXT, frame, header, hear, text};
use crate::NODES;
use crate::program;
use crate::raw::{self, Answer};
use crate::world::{PATIENCE, TestServer};

const HEART: &str = r#"{"event":"Heart","body":{"clientMsgId":"h"}}"#;
/// Bytes of a frame before Login, and of a body without a token.
const FRAME_BEFORE_LOGIN: usize = 4 * 1024;
const STRANGERS_BODY: usize = 32 * 1024;

async fn ask(door: SocketAddr, request: &str) -> Answer {
    let stream = TcpStream::connect(door).await.expect("the server listens");
    raw::exchange(stream, request.as_bytes()).await
}

/// What comes although all of a request is sent before anything is read, and the end.
async fn send_all_and_read(door: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(door).await.expect("the server listens");
    stream.write_all(request).await.expect("all of it is taken");
    let answer = timeout(PATIENCE, raw::read(&mut stream)).await.expect("an answer in time");
    let end = timeout(PATIENCE, stream.read_u8()).await.expect("in time");
    assert_eq!(end.expect_err("nothing more").kind(), std::io::ErrorKind::UnexpectedEof, "in order");
    answer
}

fn post(path: &str, token: &str, length: usize) -> String {
    let bearer = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    format!("POST {path} HTTP/1.1\r\nHost: x\r\n{bearer}Content-Length: {length}\r\n\r\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_has_64_kib_and_not_a_byte_more() {
    if NODES > 1 {
        // The balancer in between gives up before it has passed on the answer.
        return;
    }
    let server = TestServer::start().await;
    let head = |bytes: usize| {
        let (start, end) = ("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ", "\r\n\r\n");
        format!("{start}{}{end}", "x".repeat(bytes - start.len() - end.len()))
    };
    for door in [server.address, server.old_address] {
        let fits = ask(door, &head(64 * 1024)).await;
        assert!(matches!(fits.status, 200 | 426), "{fits:?}");
        for bytes in [64 * 1024 + 1, 90_000, 1_000_000] {
            let refused = send_all_and_read(door, head(bytes).as_bytes()).await;
            assert_eq!(refused.status, 431, "{bytes}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_says_once_which_host_it_is_for() {
    let server = TestServer::start().await;
    for door in [server.address, server.old_address] {
        for hosts in
            ["", "Host: a\r\nHost: a\r\n", "Host: a\r\nHost: b\r\n", "Host: a/b\r\n", "Host: a, b\r\n"]
        {
            let answer = ask(door, &format!("GET /healthz HTTP/1.1\r\n{hosts}\r\n")).await;
            answer.complains(400, 400, "Host");
            assert_eq!(answer.header("connection"), Some("close"), "{hosts}");
        }
        let old = ask(door, "GET /healthz HTTP/1.0\r\n\r\n").await;
        assert!(matches!(old.status, 200 | 426), "a health check of an old balancer: {old:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_not_told_through_proxies_and_foreign_names() {
    let server = TestServer::start().await;
    let ask = async |host: &str, header: &str| {
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\n{header}Connection: close\r\n\r\n");
        ask(server.address, &request).await.status
    };
    assert_eq!(ask("localhost:1", "").await, 200);
    assert_eq!(ask("rebound.example:8000", "").await, 404);
    for header in ["Via: 1.1 proxy\r\n", "X-Real-IP: 192.0.2.1\r\n", "X-Forwarded-Proto: https\r\n"] {
        assert_eq!(ask("localhost", header).await, 404, "{header}");
    }
}

/// The server's time stands still: whatever is answered is answered at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_will_be_too_large_is_refused_before_it_comes() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    for (path, token, most) in [
        ("/api/user/login", "", STRANGERS_BODY),
        ("/api/user/create", "", STRANGERS_BODY),
        ("/api/sync", anna.token(), 1024 * 1024),
        ("/api/file/avatar", anna.token(), 512 * 1024),
    ] {
        for length in [most + 1, 2_000_000, usize::MAX >> 1] {
            let answer = ask(server.address, &post(path, token, length)).await;
            answer.complains(413, 413, &format!("{most} bytes"));
            assert_eq!(answer.header("connection"), Some("close"));
        }
    }
    if NODES > 1 {
        // What follows is between the server and those who speak to it.
        return;
    }
    // Whoever sends it all the same learns why it was not taken, and so does who has no session.
    let body = vec![b' '; 2_000_000];
    for (path, token, status) in
        [("/api/user/login", "", 413), ("/api/sync", anna.token(), 413), ("/api/sync", "", 200)]
    {
        let request = [post(path, token, body.len()).as_bytes(), &body].concat();
        assert_eq!(send_all_and_read(server.address, &request).await.status, status, "{path}");
    }
    let chunked = format!(
        "POST /api/user/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n",
        body.len()
    );
    let request = [chunked.as_bytes(), &body].concat();
    send_all_and_read(server.address, &request).await.complains(413, 413, "32768 bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_registers_or_logs_in_may_write_every_field_to_its_limit_and_escape_it() {
    let server = TestServer::start().await;
    let escaped = |count: usize| "\\u0061".repeat(count);
    let (account, password, name, avatar) =
        (escaped(64), escaped(1024), "\\ud83d\\ude00".repeat(64), escaped(2048));
    let create = format!(
        r#"{{"account":"{account}","password":"{password}","name":"{name}","avatar":"{avatar}","email":"{}"}}"#,
        escaped(254)
    );
    assert!(server.ask("POST", "/api/user/create", &create).await.data().is_u64());
    let login = format!(r#"{{"account":"{account}","password":"{password}","device":"{name}"}}"#);
    assert!(server.ask("POST", "/api/user/login", &login).await.data().is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_login_frames_are_small() {
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    let anna = server.user("anna").await;
    let padded = |bytes: usize| format!("{HEART}{}", " ".repeat(bytes - HEART.len()));
    for door in [server.address, server.old_address] {
        let mut socket = Socket::open(door).await;
        socket.put(&text(&padded(FRAME_BEFORE_LOGIN))).await;
        assert!(socket.answer().await.contains(r#""kind":"Ack""#));
        // By its header alone.
        socket.put(&header(0x80 | TEXT, FRAME_BEFORE_LOGIN as u64 + 1)).await;
        assert_eq!(socket.hear().await, Heard::Close(1009));

        let mut socket = Socket::open(door).await;
        let whole = padded(FRAME_BEFORE_LOGIN);
        let (begin, end) = whole.as_bytes().split_at(4000);
        socket.put(&[frame(TEXT, false, begin), frame(PING, true, &[b'p'; 125])].concat()).await;
        socket.put(&frame(CONTINUATION, true, end)).await;
        assert_eq!(socket.hear().await, Heard::Pong(vec![b'p'; 125]));
        assert!(socket.answer().await.contains(r#""kind":"Ack""#));
        socket.put(&frame(TEXT, false, begin)).await;
        socket.put(&header(0x80 | CONTINUATION, 97)).await;
        assert_eq!(socket.hear().await, Heard::Close(1009));

        // From the Login on, even where the client does not wait for its answer.
        let mut socket = Socket::open(door).await;
        let large = text(&padded(512 * 1024));
        socket.put(&[text(&socket::login(&anna)), large].concat()).await;
        for _ in 0..2 {
            assert!(socket.answer().await.contains(r#""kind":"Ack""#));
        }
        socket.put(&text(r#"{"event":"Logout","body":{"clientMsgId":"o"}}"#)).await;
        assert!(socket.answer().await.contains(r#""kind":"Ack""#));
        socket.put(&header(0x80 | TEXT, FRAME_BEFORE_LOGIN as u64 + 1)).await;
        assert_eq!(socket.hear().await, Heard::Close(1009), "it is a stranger again");
    }
    bystanders.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_that_comes_byte_by_byte_is_given_up_although_it_is_heard() {
    // Nobody is silent for so long here.
    let server = TestServer::start_with(&["--request-timeout=30s", "--idle-timeout=1h"]).await;
    let anna = server.user("anna").await;
    let (mut closed, mut slow) = (JoinSet::new(), Vec::new());
    for door in [server.address, server.old_address] {
        for known in [false, true] {
            for in_pieces in [false, true] {
                let socket = if known { Socket::login(door, &anna).await } else { Socket::open(door).await };
                let (mut incoming, outgoing) = socket.stream.into_split();
                closed.spawn(async move {
                    loop {
                        match timeout(PATIENCE, hear(&mut incoming)).await.expect("in time") {
                            Heard::Ping | Heard::Pong(_) => {}
                            end => return end,
                        }
                    }
                });
                slow.push((outgoing, in_pieces));
            }
        }
    }
    // Whole frames are no part of it, however long they go on.
    let mut patient = Socket::open(server.address).await;
    let bytes = text(&" ".repeat(4000));
    let sending = async {
        for at in 0..bytes.len() {
            for (outgoing, in_pieces) in &mut slow {
                let piece = match (*in_pieces, at) {
                    (false, at) => bytes[at..=at].to_vec(),
                    (true, 0) => frame(TEXT, false, b" "),
                    (true, _) => [frame(CONTINUATION, false, b" "), frame(PING, true, b"")].concat(),
                };
                // Some are closed before others.
                let _ = outgoing.write_all(&piece).await;
            }
            patient.put(&text(HEART)).await;
            while patient.hear().await == Heard::Ping {}
            server.seconds_pass(5).await;
        }
    };
    let ends = async {
        while let Some(end) = closed.join_next().await {
            assert_eq!(end.expect("it does not panic"), Heard::Close(4000));
        }
    };
    tokio::select! {
        () = ends => {}
        () = sending => panic!("they are let in for ever"),
    }
    patient.put(&text(HEART)).await;
    assert!(matches!(patient.hear().await, Heard::Text(_) | Heard::Ping), "it is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_comes_byte_by_byte_is_given_up_in_time() {
    let server = TestServer::start_with(&["--request-timeout=30s"]).await;
    let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
    stream.write_all(post("/api/user/login", "", 100).as_bytes()).await.expect("sent");
    let (mut incoming, mut outgoing) = stream.split();
    let bytes = async {
        // The body is longer than the server's patience, and ends no sooner than that.
        for _ in 0..99 {
            let _ = outgoing.write_all(b" ").await;
            server.seconds_pass(5).await;
        }
        // On a busy machine the server has begun to wait only now.
        server.time_passes_until(std::future::pending::<()>()).await;
    };
    let answer = tokio::select! {
        answer = raw::read(&mut incoming) => answer,
        () = bytes => unreachable!("time passes for ever"),
    };
    answer.complains(408, 408, "too long");
}

/// Whoever begins much costs little: the real binary, as its memory is looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_that_begin_something_cost_little() {
    const OF_EACH: usize = 250;
    /// What was begun, twice, as a buffer grows, and what a connection costs by itself.
    const MAX_BYTES_EACH: u64 = 2 * 64 * 1024 + 32 * 1024;
    let folder = program::folder();
    let server = program::Server::start(folder.path(), &[]);
    let door: SocketAddr = server.address.parse().expect("an address");
    let before = server.peak_bytes();
    let begin = async |bytes: Vec<u8>| {
        let mut stream = TcpStream::connect(door).await.expect("the server listens");
        stream.write_all(&bytes).await.expect("sent");
        stream
    };
    let (mut requests, mut frames, mut tails) = (Vec::new(), Vec::new(), Vec::new());
    let pongs = [frame(PONG, true, b"").repeat(9_000), vec![0x80 | TEXT]].concat();
    for _ in 0..OF_EACH {
        let body =
            [post("/api/user/login", "", STRANGERS_BODY).as_bytes(), &[b' '; STRANGERS_BODY - 1]].concat();
        requests.push((begin(body).await, " ", 400));
        let head = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: {}", "x".repeat(60_000));
        requests.push((begin(head.into_bytes()).await, "\r\n\r\n", 200));
        let mut socket = Socket::open(door).await;
        socket.throw(&[header(0x80 | TEXT, 512 * 1024), vec![b' '; 500_000]].concat()).await;
        frames.push(socket);
        let mut socket = Socket::open(door).await;
        socket.put(&pongs).await;
        tails.push(socket);
    }
    // When they go on, all that they had begun was there.
    for (stream, end, status) in &mut requests {
        assert_eq!(raw::exchange(stream, end.as_bytes()).await.status, *status);
    }
    for mut socket in frames {
        assert_eq!(socket.hear().await, Heard::Close(1009));
    }
    for mut socket in tails {
        socket.put(&text(HEART)[1..]).await;
        assert!(socket.answer().await.contains(r#""kind":"Ack""#));
    }
    let cost = server.peak_bytes() - before;
    println!("{} KiB for {} connections", cost / 1024, 4 * OF_EACH);
    assert!(cost < 4 * OF_EACH as u64 * MAX_BYTES_EACH / 2, "{cost} bytes");
}

/// More than there is room for, of one who never ends it: people come and go beside that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_uses_up_the_room_for_what_is_begun_keeps_nobody_out() {
    const ROOM: usize = 64 * 1024 * 1024;
    const HEAD: usize = 60_000;
    let folder = program::folder();
    let server = program::Server::start(folder.path(), &[]);
    let door: SocketAddr = server.address.parse().expect("an address");
    let head = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {}", "x".repeat(HEAD));
    let mut begun = Vec::new();
    for _ in 0..ROOM / HEAD {
        let mut stream = TcpStream::connect(door).await.expect("the server listens");
        stream.write_all(head.as_bytes()).await.expect("sent");
        begun.push(stream);
    }
    // One after the other, until one is turned away.
    let turned_away = async {
        loop {
            let mut stream = TcpStream::connect(door).await.expect("the server listens");
            let _ = stream.write_all(head.as_bytes()).await;
            begun.push(stream);
            // Nothing is said to those who wait, so whatever is heard is the end.
            if begun.iter_mut().any(|stream| stream.read_u8().now_or_never().is_some()) {
                return;
            }
        }
    };
    timeout(PATIENCE, turned_away).await.expect("there is an end to it");
    assert_eq!(raw::ask(door, "GET", "/healthz", &[], b"").await.status, 200);
    let login = br#"{"account":"anna","password":"guess"}"#;
    raw::ask(door, "POST", "/api/user/login", &[], login).await.refused("account not found");
    let mut socket = Socket::open(door).await;
    socket.put(&text(HEART)).await;
    assert!(socket.answer().await.contains(r#""kind":"Ack""#));
}

/// A body that comes in single bytes holds no buffer for each of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_in_single_bytes_costs_no_more_than_one_in_one_piece() {
    const BYTES: usize = 4_000;
    /// What is read into, however little comes.
    const LEAST_BUFFER: usize = 8 * 1024;
    let folder = program::folder();
    let server = program::Server::start(folder.path(), &[]);
    let door: SocketAddr = server.address.parse().expect("an address");
    let mut stream = TcpStream::connect(door).await.expect("the server listens");
    stream.set_nodelay(true).expect("a socket takes it");
    let head = post("/api/user/login", "", BYTES);
    // In one piece: what the first request of a server costs it is no matter of pieces.
    let whole = [head.as_bytes(), &[b' '; BYTES]].concat();
    assert_eq!(raw::exchange(&mut stream, &whole).await.status, 400);
    let before = server.peak_bytes();
    stream.write_all(head.as_bytes()).await.expect("sent");
    for _ in 1..BYTES {
        stream.write_all(b" ").await.expect("sent");
        // The server has its turn, and mostly reads it by itself.
        tokio::task::yield_now().await;
    }
    assert_eq!(raw::exchange(&mut stream, b" ").await.status, 400);
    let cost = server.peak_bytes() - before;
    assert!(cost < (BYTES * LEAST_BUFFER / 3) as u64, "{cost} bytes");
}

/// Of what is large one user can begin so much, and others do not feel it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_user_begins_is_bounded_and_is_no_others_bound() {
    if NODES > 1 {
        // Each node counts for itself.
        return;
    }
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let begun = [header(0x80 | TEXT, 512 * 1024), vec![b' '; 400 * 1024]].concat();
    let mut sockets = Vec::new();
    for _ in 0..12 {
        sockets.push(Socket::login(server.address, &anna).await);
    }
    for socket in &mut sockets {
        socket.throw(&begun).await;
    }
    let first = select_all(sockets.iter_mut().map(|socket| Box::pin(socket.hear()))).await.0;
    assert_eq!(first, Heard::Close(4029), "twelve at once are too many");
    let mut other = Socket::login(server.address, &bob).await;
    other.put(&text(&format!("{HEART}{}", " ".repeat(512 * 1024 - HEART.len())))).await;
    assert!(other.answer().await.contains(r#""kind":"Ack""#), "others have theirs");
    drop(sockets);
    bystanders.noticed_nothing().await;
}
