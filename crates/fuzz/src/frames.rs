//! Frames: what is taken is what a plain reader of JSON finds in it, and keeps to its bounds.

use rim_protocol::frame::{Act, Command, Extras, Rejection, Request};
use rim_protocol::limits::{MAX_CLIENT_MSG_ID_BYTES, MAX_CONTENT_BYTES, MAX_MENTIONS, MAX_WATCHED};
use rim_protocol::{ErrorCode, Kind};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::spelled::texts;

const WORDS: &[&str] = &[
    "{\"event\":\"",
    "Msg",
    "Login",
    "Read",
    "Ack",
    "Watch",
    "Heart",
    "Logout",
    "Edit",
    "Recall",
    "React",
    "Unreact",
    "Pin",
    "Unpin",
    "Open",
    "Typing",
    "\",\"body\":{",
    "\"kind\":\"Text\",",
    "\"kind\":\"RichText\",",
    "\"kind\":\"Location\",",
    "\"uid\":1,",
    "\"gid\":2,",
    "\"msgId\":3,",
    "\"uids\":[1,2],",
    "\"echo\":true,",
    "\"replyTo\":3,",
    "\"mentions\":[4,5],",
    "\"mentionAll\":true,",
    "\"content\":\"",
    "\",",
    "\"clientMsgId\":\"c\"",
    "}}",
    "{\\\"latitude\\\":1,\\\"longitude\\\":2}",
    "null",
    "9007199254740991",
    "9007199254740992",
    "-1",
    "1e9",
    "\\u0000",
    "\\ud83d\\ude00",
    "\\ud800",
    "[",
    "]",
    "{",
    "}",
    "\"",
    ":",
    ",",
    "号",
    "👍",
    "\u{2764}",
    "\u{FE0F}",
    "\u{200D}",
    "Custom",
    "Card",
];

pub fn frame(bytes: &[u8]) {
    for text in texts(bytes, WORDS) {
        match Request::parse(&text) {
            Ok(request) => is_what_stands_there(&text, &request),
            Err(rejection) => is_told(&text, &rejection),
        }
    }
}

fn is_what_stands_there(text: &str, request: &Request<'_>) {
    let Some(frame) = json(text) else { return };
    let body = &frame["body"];
    assert_eq!(frame["event"], request.command.event());
    assert_eq!(body["clientMsgId"], *request.client_msg_id);
    assert!((1..=MAX_CLIENT_MSG_ID_BYTES).contains(&request.client_msg_id.len()));
    match &request.command {
        Command::Login { uid, token, echo } => {
            assert_eq!(body["uid"], *uid);
            assert_eq!(body["content"], **token);
            assert_eq!(body["echo"] == true, *echo);
        }
        Command::Msg { uid, gid, kind, content, extras } => {
            assert_eq!((&body["uid"], &body["gid"]), (&(*uid).into(), &(*gid).into()));
            let Extras { reply_to, mentions, mention_all } = extras.as_deref().cloned().unwrap_or_default();
            assert_eq!(body["replyTo"].as_u64(), reply_to);
            names_them(body, &mentions, mention_all);
            assert_eq!((&body["kind"], &body["content"]), (&kind.name().into(), &content.as_ref().into()));
            assert!(content.len() <= MAX_CONTENT_BYTES && kind.check(content).is_ok());
        }
        Command::Read { uid, gid, msg_id } | Command::Ack { uid, gid, msg_id } => {
            assert_eq!((&body["uid"], &body["gid"]), (&(*uid).into(), &(*gid).into()));
            assert_eq!(body["msgId"], *msg_id);
        }
        Command::Watch { uid, uids } => {
            assert_eq!((&body["uid"], &body["uids"]), (&(*uid).into(), &uids.clone().into()));
            assert!(uids.len() <= MAX_WATCHED);
        }
        Command::Act { uid, gid, msg_id, act } => {
            assert_eq!((&body["uid"], &body["gid"]), (&(*uid).into(), &(*gid).into()));
            assert_eq!(body["msgId"], *msg_id);
            match &**act {
                Act::Edit { kind, content, mentions, mention_all } => {
                    assert_eq!(body["content"], **content);
                    assert_eq!(body["kind"].as_str(), kind.map(Kind::name));
                    assert!(Kind::check_edited(*kind, content).is_ok());
                    names_them(body, mentions, *mention_all);
                }
                Act::React(emoji) | Act::Unreact(emoji) => {
                    let bare = |text: &str| text.replace(['\u{FE0E}', '\u{FE0F}'], "");
                    assert_eq!(bare(body["content"].as_str().expect("a text")), bare(emoji.as_str()));
                }
                Act::Recall | Act::Pin | Act::Unpin | Act::Open => {}
            }
        }
        Command::Typing { uid, gid } => {
            assert_eq!((&body["uid"], &body["gid"]), (&(*uid).into(), &(*gid).into()));
        }
        Command::Heart => {}
        Command::Logout { uid } => assert!(uid.is_none_or(|uid| body["uid"] == uid)),
    }
}

fn names_them(body: &Value, mentions: &[u64], mention_all: bool) {
    assert!(mentions.len() <= MAX_MENTIONS);
    assert_eq!(body["mentions"].as_array().map_or(&[][..], Vec::as_slice), mentions);
    assert_eq!(body["mentionAll"] == true, mention_all);
}

/// What is taken is JSON. `None` where half of a letter is in a key that nobody reads, which a plain reader refuses.
fn json(text: &str) -> Option<Value> {
    serde_json::from_str::<IgnoredAny>(text).expect("it is JSON");
    serde_json::from_str(text).ok()
}

fn is_told(text: &str, rejection: &Rejection<'_>) {
    assert!(!rejection.reason.is_empty());
    assert!(rejection.client_msg_id.len() <= MAX_CLIENT_MSG_ID_BYTES);
    match rejection.code {
        // No JSON, or none of the shape; a key that is there twice is not, either.
        ErrorCode::NotUnderstood => assert_eq!(rejection.client_msg_id, ""),
        ErrorCode::WrongField | ErrorCode::TooLarge => {
            assert!(json(text).is_none_or(|frame| frame["body"].is_object()));
        }
        other => panic!("a frame alone is never refused with {other:?}"),
    }
}

const MARKS: &[&str] = &[
    "> ", "- ", "1. ", "\n", "\n\n", "  ", "\t", "[", "](", ")", "|", "|-|", "---", "```", "*", "~~", "a",
    "![", "<",
];

pub fn rich_text(bytes: &[u8]) {
    for text in texts(bytes, MARKS) {
        // What is refused alone is refused behind something else, too.
        if Kind::RichText.check(&text).is_err() {
            assert!(Kind::RichText.check(&format!("a\n\n{text}")).is_err(), "{text:?}");
        }
    }
}
