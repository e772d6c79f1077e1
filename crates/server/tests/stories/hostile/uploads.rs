//! Uploads that are slow, torn, doubled, or too many at a time.

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::bystanders::Bystanders;
use crate::NODES;
use crate::filer::{Filer, bytes};
use crate::raw::{self, Answer};
use crate::world::TestServer;

/// A request of which the head has been sent, and no body yet.
async fn head(filer: &Filer, method: &str, path: &str, more: &str, length: usize) -> TcpStream {
    let address = filer.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Length: {length}\r\n\
         Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n{more}\r\n",
        filer.token()
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream
}

async fn patch(filer: &Filer, place: &str, offset: usize, length: usize) -> TcpStream {
    head(filer, "PATCH", place, &format!("Upload-Offset: {offset}\r\n"), length).await
}

async fn whole(filer: &Filer, length: usize) -> TcpStream {
    head(filer, "POST", "/api/file/upload?name=a.bin", "", length).await
}

async fn answered(server: &TestServer, stream: &mut TcpStream) -> Answer {
    server.time_passes_until(raw::read(stream)).await
}

fn staged(server: &TestServer) -> usize {
    let staged = server.data().join("media/staged");
    std::fs::read_dir(staged).map_or(0, Iterator::count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_a_byte_now_and_then_is_given_up_and_keeps_what_came() {
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    let filer = server.user("anna").await.filer();
    let place = filer.begin("a.bin", 1000).await;
    let (mut slow, mut slower) = (patch(&filer, &place, 0, 1000).await, whole(&filer, 1000).await);
    for stream in [&mut slow, &mut slower] {
        stream.write_all(b"\0abc").await.expect("sent");
    }
    let given_up = answered(&server, &mut slow).await;
    assert_eq!((given_up.status, given_up.header("connection")), (408, Some("close")));
    answered(&server, &mut slower).await.fails(408, 408, "the request took too long");
    assert_eq!(filer.offset(&place).await, Some(4));
    if NODES == 1 {
        assert_eq!(staged(&server), 1, "nothing is left of the one that cannot go on");
    }
    let last = filer.patch(&place, 4, &bytes(1, 996)).await;
    assert_eq!((last.status, last.header("rim-file").len()), (204, 22));
    bystanders.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_comes_for_as_long_as_it_comes_steadily() {
    let server = TestServer::start_with(&["--request-timeout=30s"]).await;
    let filer = server.user("anna").await.filer();
    let sent = bytes(3, 10 * 64 * 1024);
    let mut stream = whole(&filer, sent.len()).await;
    for piece in sent.chunks(64 * 1024) {
        stream.write_all(piece).await.expect("sent");
        server.seconds_pass(20).await;
    }
    let file = raw::read(&mut stream).await.data();
    let id = file["id"].as_str().expect("an id");
    assert!(filer.get(&format!("/media/files/{id}")).await.body == sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_torn_keeps_what_came() {
    let server = TestServer::start().await;
    let filer = server.user("anna").await.filer();
    let sent = bytes(4, 200_000);
    let place = filer.begin("a.bin", sent.len()).await;
    let mut torn = patch(&filer, &place, 0, sent.len()).await;
    torn.write_all(&sent[..150_000]).await.expect("sent");
    torn.shutdown().await.expect("no more is sent");
    assert_eq!(answered(&server, &mut torn).await.status, 400);
    assert_eq!(filer.offset(&place).await, Some(150_000));
    let last = filer.patch(&place, 150_000, &sent[150_000..]).await;
    assert!(filer.get(&format!("/media/files/{}", last.header("rim-file"))).await.body == sent);

    let mut torn = whole(&filer, 1000).await;
    torn.write_all(b"\0abc").await.expect("sent");
    torn.shutdown().await.expect("no more is sent");
    answered(&server, &mut torn).await.complains(400, 400, "the body did not arrive");
    if NODES == 1 {
        assert_eq!(staged(&server), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_again_stops_the_one_before_and_goes_on() {
    if NODES > 1 {
        // On another node they are told to wait.
        return;
    }
    let server = TestServer::start().await;
    let filer = server.user("anna").await.filer();
    let sent = bytes(5, 200_000);
    let place = filer.begin("a.bin", sent.len()).await;
    let mut first = patch(&filer, &place, 0, sent.len()).await;
    first.write_all(&sent[..150_000]).await.expect("sent");
    let mut rounds = 0;
    let file = loop {
        let told = filer.tus("HEAD", &place, &[], b"").await;
        let offset: usize = told.header("upload-offset").parse().expect("a number");
        assert!(offset <= 150_000, "{offset}");
        let next = filer.patch(&place, offset, &sent[offset..]).await;
        if next.status == 204 {
            break next.header("rim-file").to_owned();
        }
        // The first came to its turn only now.
        assert_eq!((next.status, rounds), (409, 0));
        rounds += 1;
    };
    let stopped = answered(&server, &mut first).await.status;
    assert!([423, 409].contains(&stopped), "{stopped}");
    assert!(filer.get(&format!("/media/files/{file}")).await.body == sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_go_on_with_one_upload_make_one_file() {
    if NODES > 1 {
        return;
    }
    let server = TestServer::start_with(&["--transfers=64", "--limits=off"]).await;
    let anna = server.user("anna").await;
    let filer = anna.filer();
    let sent = bytes(6, 300_000);
    let place = filer.begin("a.bin", sent.len()).await;
    let all = (0..4).map(|_| async {
        let filer = anna.filer();
        loop {
            let told = filer.tus("HEAD", &place, &[], b"").await;
            assert_eq!(told.status, 200, "{}", told.text());
            if !told.header("rim-file").is_empty() {
                return told.header("rim-file").to_owned();
            }
            let offset: usize = told.header("upload-offset").parse().expect("a number");
            let end = (offset + 100_000).min(sent.len());
            let next = filer.patch(&place, offset, &sent[offset..end]).await;
            assert!([204, 409, 423].contains(&next.status), "{} {}", next.status, next.text());
        }
    });
    let files = futures_util::future::join_all(all).await;
    assert!(files.iter().all(|file| *file == files[0]), "{files:?}");
    assert!(filer.get(&format!("/media/files/{}", files[0])).await.body == sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_another_node_whoever_comes_again_waits_until_the_first_is_given_up() {
    if NODES == 1 {
        return;
    }
    let server = TestServer::start().await;
    let filer = server.user("anna").await.filer();
    let sent = bytes(7, 200_000);
    let place = filer.begin("a.bin", sent.len()).await;
    let mut first = patch(&filer, &place, 0, sent.len()).await;
    first.write_all(&sent[..100_000]).await.expect("sent");
    // The balancer gives each connection to the next node: one of three meets the first.
    let going_on = async {
        loop {
            let told = filer.tus("HEAD", &place, &[], b"").await;
            if told.status == 200 {
                let offset: usize = told.header("upload-offset").parse().expect("a number");
                let next = filer.patch(&place, offset, &sent[offset..]).await;
                if next.status == 204 {
                    return next.header("rim-file").to_owned();
                }
                assert!([409, 423].contains(&next.status), "{}", next.status);
            } else {
                assert_eq!(told.status, 423, "{}", told.text());
            }
        }
    };
    let file = server.time_passes_until(going_on).await;
    assert!(filer.get(&format!("/media/files/{file}")).await.body == sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_has_so_many_uploads_at_a_time_and_others_have_their_own() {
    if NODES > 1 {
        // Each node counts for itself.
        return;
    }
    let server = TestServer::start_with(&["--transfers=2", "--limits=off"]).await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let filer = anna.filer();
    let mut going_on = Vec::new();
    for _ in 0..2 {
        let mut stream = whole(&filer, 1000).await;
        stream.write_all(b"\0").await.expect("sent");
        going_on.push(stream);
    }
    let refused = loop {
        let answer = filer.try_upload("b.bin", "", b"\0b").await;
        // Until both have begun.
        if answer.status != 200 {
            break answer;
        }
    };
    let envelope: Value = serde_json::from_slice(&refused.body).expect("JSON");
    assert_eq!((refused.status, &envelope["code"]), (429, &Value::from(429)), "{envelope}");
    assert_eq!(envelope["msg"], "2 of your uploads are going on: wait until one has ended");
    assert_eq!(bob.filer().try_upload("b.bin", "", b"\0b").await.status, 200);
    for mut stream in going_on {
        stream.write_all(&bytes(1, 999)).await.expect("sent");
        assert_eq!(raw::read(&mut stream).await.status, 200);
    }
    assert_eq!(filer.try_upload("b.bin", "", b"\0b").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_after_the_end_of_a_session_is_no_file() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let filer = anna.filer();
    let mut stream = whole(&filer, 1000).await;
    stream.write_all(b"\0").await.expect("sent");
    anna.post("/api/user/logout", Value::Null).await.ok(true);
    stream.write_all(&bytes(1, 999)).await.expect("sent");
    answered(&server, &mut stream).await.login_required();
    if NODES == 1 {
        assert_eq!(staged(&server), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_name_is_a_path_or_reads_otherwise_than_it_is() {
    let server = TestServer::start().await;
    let filer = server.user("anna").await.filer();
    for (name, cleaned) in [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system32\\calc.exe", "calc.exe"),
        ("photo\u{202E}gpj.exe", "photogpj.exe"),
        ("a\0b\r\nc.txt", "abc.txt"),
        ("", "file"),
        ("..", "file"),
        ("CON", "_CON"),
        ("a\"; filename=\"b.html", "a_; filename=_b.html"),
    ] {
        let file = filer.upload(name, b"\0abc").await;
        assert_eq!(file["name"], cleaned, "{name:?}");
        let id = file["id"].as_str().expect("an id");
        let fetched = filer.get(&format!("/media/files/{id}")).await;
        let disposition = fetched.header("content-disposition");
        assert_eq!(
            disposition.matches("filename").count() - cleaned.matches("filename").count() * 2,
            2,
            "{disposition}"
        );
        assert!(disposition.is_ascii() && !disposition.contains(['\r', '\n', '\\']), "{disposition}");
    }
    let long = filer.upload(&format!("{}.tar.gz", "ä".repeat(5000)), b"\0abc").await;
    let name = long["name"].as_str().expect("a name");
    assert!(name.len() <= 255 && name.ends_with(".gz"), "{name}");
}
