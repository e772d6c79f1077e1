//! Frames as RFC 6455 does not have them.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::bystanders::Bystanders;
use super::socket::{
    self, BINARY, CLOSE, CONTINUATION, Heard, PING, PONG, Socket, TEXT, frame, header, text,
};
use crate::world::{PATIENCE, TestServer};

const HEART: &str = r#"{"event":"Heart","body":{"clientMsgId":"h"}}"#;
const HEART_ACK: &str = r#"{"clientMsgId":"h","serverMsgId":null,"kind":"Ack","content":"Ok"}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_frame_ends_its_connection_with_the_code_that_says_why() {
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    let piece = |opcode, fin| frame(opcode, fin, &[b' '; 1000]);
    let too_large = frame(TEXT, true, &vec![b' '; 512 * 1024 + 1]);
    let in_pieces = [frame(TEXT, false, &vec![b' '; 512 * 1024]), piece(CONTINUATION, true)].concat();
    for (what, bytes, code) in [
        ("unmasked", [&[0x81, HEART.len() as u8], HEART.as_bytes()].concat(), 1002),
        ("reserved opcode", frame(0x3, true, b"x"), 1002),
        ("reserved control opcode", frame(0xB, true, b""), 1002),
        ("reserved bit", frame(0x40 | TEXT, true, b"x"), 1002),
        ("ping in pieces", frame(PING, false, b"x"), 1002),
        ("long ping", frame(PING, true, &[0; 126]), 1002),
        ("continuation of nothing", piece(CONTINUATION, true), 1002),
        ("a message inside of another", [piece(TEXT, false), piece(TEXT, true)].concat(), 1002),
        ("close with a wrong code", frame(CLOSE, true, &1005_u16.to_be_bytes()), 1002),
        ("close with half a code", frame(CLOSE, true, &[3]), 1002),
        ("bad UTF-8", frame(TEXT, true, b"\"\xFF\""), 1007),
        ("a surrogate as UTF-8", frame(TEXT, true, b"\"\xED\xA0\x80\""), 1007),
        ("half a letter", frame(TEXT, true, &"號".as_bytes()[..2]), 1007),
        (
            "bad UTF-8 in pieces",
            [frame(TEXT, false, b"\xE8"), frame(CONTINUATION, true, b"x")].concat(),
            1007,
        ),
        ("a byte too many", too_large, 1009),
        ("too many in pieces", in_pieces, 1009),
    ] {
        for door in [server.address, server.old_address] {
            let mut socket = Socket::open(door).await;
            // Answered before the end.
            socket.put(&text(HEART)).await;
            socket.put(&bytes).await;
            assert_eq!(socket.answer().await, HEART_ACK, "{what}");
            assert_eq!(socket.hear().await, Heard::Close(code), "{what}");
            socket.throw(&frame(CLOSE, true, &code.to_be_bytes())).await;
            assert_eq!(socket.hear().await, Heard::End, "{what}");
        }
    }
    // Of these nobody will ever send the rest.
    for length in [17 << 20, u64::MAX >> 1, u64::MAX] {
        let mut socket = Socket::open(server.address).await;
        socket.put(&header(0x80 | BINARY, length)).await;
        assert_eq!(socket.hear().await, Heard::Close(1009), "{length}");
    }
    bystanders.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_still_sending_sees_why_they_should_not() {
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    for door in [server.address, server.old_address] {
        let (mut incoming, mut outgoing) = Socket::open(door).await.stream.into_split();
        let sending = tokio::spawn(async move {
            outgoing.write_all(&frame(BINARY, true, &vec![0; 17 << 20])).await.expect("all of it is taken");
            outgoing.write_all(&frame(CLOSE, true, &1000_u16.to_be_bytes())).await.expect("and the close");
            outgoing
        });
        let heard = tokio::time::timeout(PATIENCE, socket::hear(&mut incoming)).await.expect("in time");
        assert_eq!(heard, Heard::Close(1009));
        let _outgoing = sending.await.expect("it does not panic");
        let end = tokio::time::timeout(PATIENCE, incoming.read_u8()).await.expect("in time");
        assert!(end.is_err(), "the end, in order");
    }
    bystanders.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_in_pieces_is_one_message() {
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    let anna = server.user("anna").await;
    let gid = anna.group_with(&[]).await;
    let uid = anna.uid;
    let message = |id: &str| {
        let body = r#""kind":"Text","content":"piece 號 by piece""#;
        format!(r#"{{"event":"Msg","body":{{{body},"uid":{uid},"gid":{gid},"clientMsgId":"{id}"}}}}"#)
    };
    for (n, door) in [server.address, server.old_address].into_iter().enumerate() {
        let mut socket = Socket::login(door, &anna).await;
        // A byte a frame, letters torn apart, a ping between every two and an empty frame now and then.
        let bytes = message(&format!("frames {n}"));
        let bytes = bytes.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            let (opcode, fin) = (if at == 0 { TEXT } else { CONTINUATION }, at + 1 == bytes.len());
            if at > 0 {
                socket.put(&frame(CONTINUATION, false, b"")).await;
                socket.put(&frame(PING, true, &[*byte])).await;
            }
            socket.put(&frame(PONG, true, b"nobody asked")).await;
            socket.put(&frame(opcode, fin, &[*byte])).await;
        }
        for byte in &bytes[1..] {
            assert_eq!(socket.hear().await, Heard::Pong(vec![*byte]));
        }
        assert!(socket.answer().await.contains(r#""kind":"Ack""#));
        // One frame, but a byte at a time.
        for byte in text(&message(&format!("bytes {n}"))) {
            socket.put(&[byte]).await;
        }
        assert!(socket.answer().await.contains(r#""kind":"Ack""#));
        // As large as may be, in two.
        let large = format!("{HEART}{}", " ".repeat(512 * 1024 - HEART.len()));
        let (begin, end) = large.as_bytes().split_at(256 * 1024);
        socket.put(&frame(TEXT, false, begin)).await;
        socket.put(&frame(CONTINUATION, true, end)).await;
        assert_eq!(socket.answer().await, HEART_ACK);
    }
    let history = anna.api.history(gid, 1, 10).await.expect("a page");
    assert!(history.iter().all(|item| item.msg.content == "piece 號 by piece"));
    assert_eq!(history.len(), 4);
    bystanders.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_asked_before_the_close_is_answered_before_it() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let gid = anna.group_with(&[]).await;
    let uid = anna.uid;
    let mut socket = Socket::login(server.address, &anna).await;
    let mut bytes = Vec::new();
    for n in 0..500 {
        let body = format!(r#""kind":"Text","uid":{uid},"gid":{gid},"content":"{n}","clientMsgId":"{n}""#);
        bytes.extend(text(&format!(r#"{{"event":"Msg","body":{{{body}}}}}"#)));
    }
    bytes.extend(frame(CLOSE, true, &1000_u16.to_be_bytes()));
    // Nothing of what comes after the close is looked at.
    bytes.extend(text(HEART));
    socket.put(&bytes).await;
    for n in 0..500 {
        let answer = socket.answer().await;
        assert!(answer.starts_with(&format!(r#"{{"clientMsgId":"{n}","serverMsgId":"#)), "{n}: {answer}");
    }
    assert_eq!(socket.hear().await, Heard::Close(1000));
}
