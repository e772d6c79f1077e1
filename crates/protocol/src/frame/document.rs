//! The document of the frames: which events there are, their keys and bounds, and how each is answered.
//!
//! `docs/frames.json` is made of it. A test beside it holds it to the parser, key by key; the stories hold the codes
//! to what a server answers.

use serde_json::{Map, Value, json};

use super::{Command, Notice};
use crate::id::ID_LAST;
use crate::limits::{MAX_CLIENT_MSG_ID_BYTES, MAX_CONTENT_BYTES, MAX_FRAME_BYTES, MAX_WATCHED};
use crate::{ErrorCode, Kind};

/// An event that a client may send.
#[derive(Debug)]
pub struct Event {
    /// On the wire.
    pub name: &'static str,
    pub does: &'static str,
    /// Whether the connection must have logged in.
    pub needs_login: bool,
    /// Beside `clientMsgId`, which every event has. Others are ignored, whatever they hold.
    pub keys: &'static [Key],
    /// `serverMsgId` of its Ack.
    pub acked_with: ServerMsgId,
    /// Of the Errors that it may be answered with.
    pub errors: &'static [ErrorCode],
}

/// A key of an event.
#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    pub holds: Holds,
    /// One that is not may hold anything: what it should not is as if it were not there.
    pub required: bool,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A whole number below 2^53.
    Id,
    /// At most so many of them.
    Ids(usize),
    Kind,
    /// What the kind says, within a limit in bytes.
    Content,
    Token,
    Flag,
}

/// What the Ack of an event has as its `serverMsgId`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerMsgId {
    Null,
    /// The id of the message that was stored.
    New,
    /// The `msgId` of the frame.
    Asked,
}

/// In the order in which the server lists them.
pub const EVENTS: [&Event; 7] = [&LOGIN, &MSG, &READ, &HEART, &LOGOUT, &ACK, &WATCH];

use ErrorCode::{Busy, Failed, LoginRequired, NotAllowed, NotFound, TooFast, TooLarge, Unsure, WrongField};

const LOGIN: Event = Event {
    name: "Login",
    does: "binds the connection to the user of the token; may be repeated",
    needs_login: false,
    keys: &[must("uid", Holds::Id), must("content", Holds::Token), may("echo", Holds::Flag)],
    acked_with: ServerMsgId::Null,
    errors: &[LoginRequired, NotAllowed, WrongField, TooFast, Failed, Busy],
};

const MSG: Event = Event {
    name: "Msg",
    does: "stores a message, acks and delivers it",
    needs_login: true,
    keys: &[
        must("kind", Holds::Kind),
        must("uid", Holds::Id),
        must("gid", Holds::Id),
        must("content", Holds::Content),
    ],
    acked_with: ServerMsgId::New,
    errors: &[LoginRequired, NotAllowed, NotFound, TooLarge, WrongField, TooFast, Failed, Busy, Unsure],
};

const READ: Event = Event {
    name: "Read",
    does: "everything up to the message was read, and so delivered",
    needs_login: true,
    keys: &[must("uid", Holds::Id), must("gid", Holds::Id), must("msgId", Holds::Id)],
    acked_with: ServerMsgId::Asked,
    errors: &[LoginRequired, NotAllowed, NotFound, WrongField, Failed, Busy, Unsure],
};

const ACK: Event = Event {
    name: "Ack",
    does: "everything up to the message was delivered",
    acked_with: ServerMsgId::Null,
    ..READ
};

const WATCH: Event = Event {
    name: "Watch",
    does: "from now on tells when these users come and go, and of nobody else",
    needs_login: true,
    keys: &[must("uid", Holds::Id), must("uids", Holds::Ids(MAX_WATCHED))],
    acked_with: ServerMsgId::Null,
    errors: &[LoginRequired, NotAllowed, WrongField, TooFast, Failed, Busy],
};

const HEART: Event = Event {
    name: "Heart",
    does: "keeps the connection alive",
    needs_login: false,
    keys: &[],
    acked_with: ServerMsgId::Null,
    errors: &[WrongField],
};

const LOGOUT: Event = Event {
    name: "Logout",
    does: "unbinds the connection; the socket stays open",
    needs_login: false,
    keys: &[may("uid", Holds::Id)],
    acked_with: ServerMsgId::Null,
    errors: &[NotAllowed, WrongField],
};

const fn must(name: &'static str, holds: Holds) -> Key {
    Key { name, holds, required: true }
}

const fn may(name: &'static str, holds: Holds) -> Key {
    Key { name, holds, required: false }
}

impl Command<'_> {
    /// What there is to know of the event.
    pub const fn documented(&self) -> &'static Event {
        match self {
            Self::Login { .. } => &LOGIN,
            Self::Msg { .. } => &MSG,
            Self::Read { .. } => &READ,
            Self::Ack { .. } => &ACK,
            Self::Watch { .. } => &WATCH,
            Self::Heart => &HEART,
            Self::Logout { .. } => &LOGOUT,
        }
    }
}

/// The document. Bodies are JSON Schemas; limits in bytes are beside them, as those count characters.
pub fn document() -> Value {
    json!({
        "description": "Frames of the WebSocket: one JSON text each, `{\"event\":…,\"body\":{…}}`. See protocol.md.",
        "version": env!("CARGO_PKG_VERSION"),
        "frameBytes": MAX_FRAME_BYTES,
        "sent": EVENTS.map(sent),
        "notUnderstood": {
            "description": "The answer to what is no frame, or of no event that there is.",
            "errors": [ErrorCode::NotUnderstood.get(), WrongField.get()],
        },
        "received": received(),
    })
}

fn sent(event: &Event) -> Value {
    let mut properties = Map::new();
    properties.insert(
        "clientMsgId".to_owned(),
        json!({"type": "string", "minLength": 1, "maxLength": MAX_CLIENT_MSG_ID_BYTES, "maxBytes": MAX_CLIENT_MSG_ID_BYTES}),
    );
    let mut required = vec!["clientMsgId"];
    for key in event.keys {
        properties.insert(key.name.to_owned(), key.holds.schema());
        if key.required {
            required.push(key.name);
        }
    }
    let acked_with = match event.acked_with {
        ServerMsgId::Null => json!({"type": "null"}),
        ServerMsgId::New => json!({"type": "integer", "description": "The id of the message."}),
        ServerMsgId::Asked => json!({"type": "integer", "description": "The `msgId` of the frame."}),
    };
    json!({
        "event": event.name,
        "does": event.does,
        "needsLogin": event.needs_login,
        "body": {"type": "object", "required": required, "properties": properties},
        "ack": {"serverMsgId": acked_with},
        "errors": event.errors.iter().map(|code| code.get()).collect::<Vec<_>>(),
    })
}

impl Holds {
    fn schema(self) -> Value {
        let id = || json!({"type": "integer", "minimum": 0, "maximum": ID_LAST});
        match self {
            Self::Id => id(),
            Self::Ids(most) => json!({"type": "array", "maxItems": most, "items": id()}),
            Self::Kind => json!({"type": "string", "enum": Kind::ALL.map(Kind::name)}),
            Self::Content => {
                json!({"type": "string", "maxLength": MAX_CONTENT_BYTES, "maxBytes": MAX_CONTENT_BYTES})
            }
            Self::Token => json!({"type": "string"}),
            Self::Flag => json!({"type": "boolean"}),
        }
    }
}

fn received() -> Value {
    let answer = |kind: &str, keys: Value| json!({"keys": ["clientMsgId", "serverMsgId", "kind", "content"], "kind": kind, "further": keys});
    json!([
        {"frame": "Ack", "answers": true, "body": answer("Ack", json!({"store": "of a Login with `echo`"}))},
        {"frame": "Error", "answers": true, "body": answer("Error", json!({"code": "a number, see `errors`"}))},
        {
            "event": "Msg",
            "answers": false,
            "body": {"keys": [
                "kind", "uid", "gid", "content", "clientMsgId", "msgId", "seq", "rev", "createdAt",
            ]},
        },
        {
            "event": "Notify",
            "answers": false,
            "body": {
                "keys": ["kind", "uid", "gid", "content", "clientMsgId", "msgId"],
                "further": "those that apply of seq, rev, uids, role, createdAt, name, user, fromRev, in this order",
                "kinds": Notice::ALL,
            },
        },
    ])
}

#[cfg(test)]
mod tests {
    use super::super::Request;
    use super::*;

    /// A frame with all its keys, as long or large as they may be.
    fn largest(event: &Event) -> Value {
        let mut body = json!({"clientMsgId": "c".repeat(MAX_CLIENT_MSG_ID_BYTES)});
        for key in event.keys {
            body[key.name] = match key.holds {
                Holds::Id => ID_LAST.into(),
                Holds::Ids(most) => vec![ID_LAST; most].into(),
                Holds::Kind => "Text".into(),
                Holds::Content => "x".repeat(MAX_CONTENT_BYTES).into(),
                Holds::Token => "rim_x".into(),
                Holds::Flag => true.into(),
            };
        }
        json!({"event": event.name, "body": body})
    }

    /// What a key must not hold.
    fn beyond(holds: Holds) -> Vec<(Value, ErrorCode)> {
        let mut beyond: Vec<_> = match holds {
            Holds::Id => [json!(ID_LAST + 1), json!(-1), json!(1.5), json!("1"), json!([1])].into(),
            Holds::Ids(most) => [json!(vec![1; most + 1]), json!(["1"]), json!(1)].into(),
            Holds::Kind => [json!("text"), json!(1)].into(),
            Holds::Content | Holds::Token => [json!(1), json!({})].into(),
            Holds::Flag => vec![],
        };
        beyond.push(Value::Null);
        let mut beyond: Vec<_> = beyond.into_iter().map(|value| (value, WrongField)).collect();
        if holds == Holds::Content {
            beyond.push((json!("x".repeat(MAX_CONTENT_BYTES + 1)), TooLarge));
        }
        beyond
    }

    const EVERY_KEY: [&str; 7] = ["kind", "uid", "gid", "content", "msgId", "echo", "uids"];

    #[test]
    fn the_parser_takes_what_the_document_says_and_no_more() {
        for event in EVENTS {
            let frame = largest(event);
            let text = frame.to_string();
            let request = Request::parse(&text).unwrap_or_else(|rejection| panic!("{rejection:?}"));
            assert_eq!(request.command.documented().name, event.name);
            for name in EVERY_KEY {
                let key = event.keys.iter().find(|key| key.name == name && key.required);
                let Some(key) = key else {
                    // Not read at all, or as if it were not there.
                    let mut frame = frame.clone();
                    frame["body"][name] = json!([{"anything": 1}]);
                    assert!(Request::parse(&frame.to_string()).is_ok(), "{}: {name}", event.name);
                    continue;
                };
                for (value, code) in beyond(key.holds) {
                    let mut frame = frame.clone();
                    frame["body"][name] = value;
                    let text = frame.to_string();
                    let rejection = Request::parse(&text).expect_err(name);
                    assert_eq!(rejection.code, code, "{}: {name}", event.name);
                    assert!(rejection.reason.starts_with(&format!("{name}: ")), "{}", rejection.reason);
                    assert!(event.errors.contains(&code), "{}", event.name);
                }
            }
            for id in [json!(""), json!("c".repeat(MAX_CLIENT_MSG_ID_BYTES + 1)), json!(1), Value::Null] {
                let mut frame = frame.clone();
                frame["body"]["clientMsgId"] = id;
                assert_eq!(Request::parse(&frame.to_string()).expect_err("its id").code, WrongField);
            }
        }
    }

    #[test]
    fn an_event_that_there_is_not_is_told_which_there_are() {
        let frame = r#"{"event":"Smell","body":{"clientMsgId":"c"}}"#;
        let told = Request::parse(frame).expect_err("no such event").reason;
        assert_eq!(told, format!("event: one of {}", EVENTS.map(|event| event.name).join(", ")));
    }
}
