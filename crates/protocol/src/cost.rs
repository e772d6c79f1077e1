//! What reading a frame costs, in instructions: counted and held to a baseline by `make bench-check`.

#[path = "../../../benches/count.rs"]
mod count;

use std::hint::black_box;

use self::count::count;
use crate::frame::Request;

const FRAMES: usize = 1000;

fn parse(frame: &str) {
    let parse = || {
        for _ in 0..FRAMES {
            black_box(Request::parse(black_box(frame)).expect("a frame of the protocol"));
        }
    };
    parse();
    count(FRAMES, parse);
}

#[test]
#[ignore = "counted by make bench-check"]
fn parse_a_message_of_100_bytes() {
    let content = "m".repeat(100);
    parse(&format!(
        r#"{{"event":"Msg","body":{{"kind":"Text","uid":1001,"gid":2001,"content":"{content}","clientMsgId":"0b6f2d8e51c94a7ab3e0c1d2f3a4b5c6","msgId":null}}}}"#
    ));
}

/// Line breaks and quotes are escaped, which is the other way through the parser.
#[test]
#[ignore = "counted by make bench-check"]
fn parse_a_message_with_escapes() {
    let content = r#"She said: \"yes\",\nand left. "#.repeat(4);
    parse(&format!(
        r#"{{"event":"Msg","body":{{"kind":"Text","uid":1001,"gid":2001,"content":"{content}","clientMsgId":"0b6f2d8e51c94a7ab3e0c1d2f3a4b5c6","msgId":null}}}}"#
    ));
}

#[test]
#[ignore = "counted by make bench-check"]
fn parse_a_receipt() {
    parse(
        r#"{"event":"Read","body":{"kind":"Text","uid":1001,"gid":2001,"content":"","clientMsgId":"r17","msgId":30001}}"#,
    );
}
