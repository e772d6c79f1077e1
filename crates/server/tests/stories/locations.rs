//! Where a film or a picture was taken: what is kept does not say so, unless whoever sends it wants it to, and then they are told.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::NODES;
use crate::filer::{Fetched, bytes, metadata};
use crate::world::TestServer;

const WHERE: &[u8] = b"+52.3740+004.8897/";

fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes()[..], name, content].concat()
}

/// A film of a telephone: its pixels come first, of which there are as many as are sent in several pieces.
fn film() -> Vec<u8> {
    let place = boxed(b"udta", &boxed(b"\xa9xyz", &[b"\0\x12\x15\xc7", WHERE].concat()));
    let handlers = boxed(b"free", b"vide soun");
    [
        boxed(b"ftyp", b"isom\0\0\x02\0isom"),
        handlers,
        boxed(b"mdat", &bytes(7, 300_000)),
        boxed(b"moov", &place),
    ]
    .concat()
}

/// The same of a browser, or of who converts films: it does not know how long it becomes, and tags come last.
fn webm() -> Vec<u8> {
    let element = |id: &[u8], content: &[u8]| {
        [id, &(content.len() as u64 | 1 << 56).to_be_bytes()[..], content].concat()
    };
    let endless = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let place =
        [element(b"\x45\xa3", b"LOCATION"), element(b"\x44\x87", &[WHERE, b" by the sea"].concat())].concat();
    [
        element(b"\x1a\x45\xdf\xa3", b"\x42\x82\x84webm"),
        [b"\x18\x53\x80\x67", &endless[..]].concat(),
        element(b"\x16\x54\xae\x6b", b"V_VP8 A_OPUS"),
        [b"\x1f\x43\xb6\x75", &endless[..]].concat(),
        element(b"\xa3", &bytes(8, 300_000)),
        element(b"\x12\x54\xc3\x67", &element(b"\x73\x73", &element(b"\x67\xc8", &place))),
    ]
    .concat()
}

/// A picture that is not developed yet, as cameras write it.
fn raw_picture() -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value.to_be_bytes()].concat()
    };
    let directory = |entry: Vec<u8>| [&[0, 1], &entry[..], &[0; 4]].concat();
    // Behind a header of 8 bytes, and directories of 18.
    let (first, second) =
        (directory(entry(0x8825, 4, 1, 26)), directory(entry(2, 2, WHERE.len() as u32, 44)));
    [b"MM\0*\0\0\0\x08", &first[..], &second, WHERE, b"and pixels"].concat()
}

fn says_where(bytes: &[u8]) -> bool {
    bytes.windows(WHERE.len()).any(|window| window == WHERE)
}

fn id_of(file: &Value) -> String {
    file["id"].as_str().expect("an id").to_owned()
}

fn is_refused(answer: &Fetched, status: u16, words: &str) {
    assert!(answer.status == status && answer.text().contains(words), "{} {}", answer.status, answer.text());
}

#[tokio::test]
async fn a_film_does_not_say_where_it_was_taken_however_it_is_sent() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let filer = anna.filer();
    let films = [("sea.mp4", "video/mp4", film()), ("sea.webm", "video/webm", webm())];
    let mut begun = Vec::new();
    for (name, mime, film) in &films {
        let at_once = filer.upload(name, film).await;
        assert_eq!((&at_once["mime"], &at_once["hasLocation"]), (&json!(mime), &Value::Null));
        // It breaks off within what says where, and goes on from nowhere.
        let place = filer.begin(name, film.len()).await;
        let cut = film.len() - 12;
        assert_eq!(filer.patch(&place, 0, &film[..cut]).await.status, 204);
        begun.push((at_once, place, cut, film));
    }
    let server = server.restart().await;
    for (at_once, place, cut, film) in begun {
        let done = filer.patch(&place, cut, &film[cut..]).await;
        let in_two = done.header("rim-file").to_owned();
        for id in [id_of(&at_once), in_two] {
            let kept = filer.get(&format!("/media/files/{id}")).await;
            assert_eq!((kept.status, kept.body.len()), (200, film.len()));
            let pixels = ..300_000;
            assert!(kept.body[pixels] == film[pixels], "all before is as it was");
            assert!(!says_where(&kept.body) && says_where(film));
            let hash: String = Sha256::digest(&kept.body).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(kept.header("etag"), format!("\"{hash}\""), "the name of what is kept");
            let about = filer.get(&format!("/api/file/get?id={id}")).await.data();
            assert_eq!(about["hasLocation"], Value::Null);
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn who_sends_bytes_as_they_are_is_told_that_they_name_a_location_and_nobody_else_is() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (filer, of_bob) = (anna.filer(), bob.filer());
    let film = film();
    let file = filer.try_upload("sea.mp4", "&asFile=1", &film).await.data();
    assert_eq!(file["hasLocation"], true);
    let id = id_of(&file);
    assert!(filer.get(&format!("/media/files/{id}")).await.body == film);
    let content = json!({"file": id}).to_string();
    let sent = anna.post("/api/message/send", json!({"gid": gid, "kind": "File", "content": content})).await;
    assert!(!sent.data()["content"].as_str().expect("text").contains("hasLocation"));
    let about = format!("/api/file/get?id={id}");
    assert_eq!(filer.get(&about).await.data()["hasLocation"], true);
    assert_eq!(of_bob.get(&about).await.data().get("hasLocation"), None);

    let raw = filer.try_upload("raw.dng", "&asFile=1", &raw_picture()).await.data();
    assert_eq!(raw["hasLocation"], true);
    let of_a_browser = filer.try_upload("sea.webm", "&asFile=1", &webm()).await.data();
    assert_eq!(of_a_browser["hasLocation"], true);
    let plain = filer.try_upload("plan.bin", "&asFile=1", &bytes(1, 100)).await.data();
    assert_eq!(plain.get("hasLocation"), None);
    server.stop().await;
}

#[tokio::test]
async fn a_picture_that_no_browser_shows_does_not_say_where_it_was_taken_either() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let filer = anna.filer();
    let picture = raw_picture();
    let file = filer.upload("raw.dng", &picture).await;
    assert_eq!((&file["size"], file.get("hasLocation")), (&json!(picture.len()), None));
    let kept = filer.get(&format!("/media/files/{}", id_of(&file))).await.body;
    assert!(says_where(&picture) && !says_where(&kept) && kept.ends_with(b"and pixels"));
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_lose_its_location_is_sent_as_a_file_or_not_at_all() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let filer = anna.filer();
    // Of a camera in a car, which writes where it is between the pixels.
    let drive = [boxed(b"ftyp", b"isom\0\0\x02\0isom"), boxed(b"moov", &boxed(b"gps ", &[0; 16]))].concat();
    let words = "says where it was taken";
    is_refused(&filer.try_upload("drive.mp4", "", &drive).await, 422, words);
    assert_eq!(filer.try_upload("drive.mp4", "&asFile=1", &drive).await.data()["hasLocation"], true);
    let length = drive.len().to_string();
    let headers = [
        ("upload-length", length.as_str()),
        ("upload-metadata", &metadata(&[("filename", "drive.mp4")])),
        ("content-type", "application/offset+octet-stream"),
    ];
    is_refused(&filer.tus("POST", "/api/file/tus", &headers, &drive).await, 422, words);

    if NODES == 1 {
        let mut large = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        large.resize((48 << 20) + 1, 0);
        is_refused(
            &filer.try_upload("map.png", "", &large).await,
            413,
            "a picture has at most 50331648 bytes",
        );
        let as_file = filer.try_upload("map.png", "&asFile=1", &large).await.data();
        assert_eq!((&as_file["size"], as_file.get("hasLocation")), (&json!(large.len()), None));
    }
    server.stop().await;
}
