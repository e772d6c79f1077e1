//! The document of the frames: which there are, their keys and bounds, and how each is answered.
//!
//! `docs/frames.json` is made of it, and the types and checks of the web client of that. Tests beside it hold it to the
//! parser and to what the server writes, key by key; the stories hold the codes to what a server answers.

use serde_json::{Map, Value, json};

use super::{Act, Command, Notice};
use crate::id::ID_LAST;
use crate::limits::{MAX_CLIENT_MSG_ID_BYTES, MAX_CONTENT_BYTES, MAX_FRAME_BYTES, MAX_MENTIONS, MAX_WATCHED};
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
    pub need: Need,
}

/// What becomes of a key that is not there, and of one that holds what it should not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It is refused.
    Must,
    /// It may be left out, or null. What it should not hold is refused.
    May,
    /// It may hold anything: what it should not is as if it were not there.
    Loose,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A whole number below 2^53.
    Id,
    /// At most so many of them.
    Ids(usize),
    Kind,
    /// One that clients may send.
    SentKind,
    /// One emoji.
    Emoji,
    /// What the kind says, within a limit in bytes.
    Content,
    Token,
    Flag,
    /// Any text.
    Text,
    Null,
    /// This text and no other.
    Word(&'static str),
    /// `seq` or `rev`.
    Place,
    /// At least one id.
    SomeIds,
    /// At least one pair of places, from and to.
    Ranges,
    Role,
    /// Unix milliseconds.
    Time,
    /// One of [`ErrorCode`].
    Code,
    Notice,
    /// An object that the REST operations know by this name.
    Object(&'static str),
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

/// A frame that the server sends.
#[derive(Debug)]
struct Told {
    /// Of an event its name, of an answer its `kind`.
    name: &'static str,
    /// Answers have their keys in the frame itself, events in its `body`.
    answers: bool,
    says: &'static str,
    /// In the order in which they are written.
    keys: &'static [ToldKey],
}

/// A key of a frame that the server sends.
#[derive(Debug)]
struct ToldKey {
    name: &'static str,
    holds: Holds,
    there: There,
    /// Empty where the name says it all.
    says: &'static str,
}

/// Whether a key that the server sends has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum There {
    Always,
    /// Null where there is none.
    OrNull,
    /// Left out where there is none.
    OrNot,
}

/// In the order in which the server lists them.
pub const EVENTS: [&Event; 15] = [
    &LOGIN, &MSG, &READ, &HEART, &LOGOUT, &ACK, &WATCH, &EDIT, &RECALL, &REACT, &UNREACT, &PIN, &UNPIN,
    &OPEN, &TYPING,
];

use ErrorCode::{Busy, Failed, LoginRequired, NotAllowed, NotFound, TooFast, TooLarge, Unsure, WrongField};

const LOGIN: Event = Event {
    name: "Login",
    does: "binds the connection to the user of the token; may be repeated",
    needs_login: false,
    keys: &[must("uid", Holds::Id), must("content", Holds::Token), loose("echo", Holds::Flag)],
    acked_with: ServerMsgId::Null,
    errors: &[LoginRequired, NotAllowed, WrongField, TooFast, Failed, Busy],
};

const MSG: Event = Event {
    name: "Msg",
    does: "stores a message, acks and delivers it",
    needs_login: true,
    keys: &[
        must("kind", Holds::SentKind),
        must("uid", Holds::Id),
        must("gid", Holds::Id),
        must("content", Holds::Content),
        may("replyTo", Holds::Id),
        MENTIONS,
        MENTION_ALL,
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

const MENTIONS: Key = may("mentions", Holds::Ids(MAX_MENTIONS));
const MENTION_ALL: Key = may("mentionAll", Holds::Flag);

const EDIT: Event = Event {
    name: "Edit",
    does: "has a message of one's own say something else; its kind stays where it is left out",
    keys: &[
        must("uid", Holds::Id),
        must("gid", Holds::Id),
        must("msgId", Holds::Id),
        must("content", Holds::Content),
        may("kind", Holds::SentKind),
        MENTIONS,
        MENTION_ALL,
    ],
    acked_with: ServerMsgId::Asked,
    ..MSG
};

const RECALL: Event = Event {
    name: "Recall",
    does: "takes a message back: what it said is gone for everybody",
    keys: &[must("uid", Holds::Id), must("gid", Holds::Id), must("msgId", Holds::Id)],
    errors: &[LoginRequired, NotAllowed, NotFound, WrongField, TooFast, Failed, Busy, Unsure],
    ..EDIT
};

const REACT: Event = Event {
    name: "React",
    does: "reacts to a message with an emoji",
    keys: &[
        must("uid", Holds::Id),
        must("gid", Holds::Id),
        must("msgId", Holds::Id),
        must("content", Holds::Emoji),
    ],
    ..RECALL
};

const UNREACT: Event = Event { name: "Unreact", does: "takes a reaction back", ..REACT };

const PIN: Event = Event { name: "Pin", does: "pins a message, for everybody in the group", ..RECALL };

const UNPIN: Event = Event { name: "Unpin", does: "unpins a message", ..RECALL };

const OPEN: Event =
    Event { name: "Open", does: "says that one has played a voice message of somebody else", ..RECALL };

const TYPING: Event = Event {
    name: "Typing",
    does: "tells the others that one is writing; said again every 3 seconds while one does",
    needs_login: true,
    keys: &[must("uid", Holds::Id), must("gid", Holds::Id)],
    acked_with: ServerMsgId::Null,
    errors: &[LoginRequired, NotAllowed, WrongField, Failed, Busy],
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
    keys: &[loose("uid", Holds::Id)],
    acked_with: ServerMsgId::Null,
    errors: &[NotAllowed, WrongField],
};

const fn must(name: &'static str, holds: Holds) -> Key {
    Key { name, holds, need: Need::Must }
}

const fn may(name: &'static str, holds: Holds) -> Key {
    Key { name, holds, need: Need::May }
}

const fn loose(name: &'static str, holds: Holds) -> Key {
    Key { name, holds, need: Need::Loose }
}

/// What comes by itself, and the two answers.
const TOLD: [&Told; 4] = [&ACKED, &ERROR, &DELIVERY, &NOTIFY];

const ACKED: Told = Told {
    name: "Ack",
    answers: true,
    says: "it was done",
    keys: &[
        always("clientMsgId", Holds::Text, "that of the frame"),
        or_null("serverMsgId", Holds::Id, "see `ack` of the frame"),
        always("kind", Holds::Word("Ack"), ""),
        always("content", Holds::Word("Ok"), ""),
        or_not("store", Holds::Object("StoreState"), "of a Login with `echo`"),
    ],
};

const ERROR: Told = Told {
    name: "Error",
    answers: true,
    says: "it was not done",
    keys: &[
        always("clientMsgId", Holds::Text, "that of the frame, or empty where it could not be read"),
        always("serverMsgId", Holds::Null, ""),
        always("kind", Holds::Word("Error"), ""),
        always("content", Holds::Text, "the reason, in words for a person"),
        always("code", Holds::Code, "see `errors` of the frame"),
    ],
};

const DELIVERY: Told = Told {
    name: "Msg",
    answers: false,
    says: "a message on its way to a member",
    keys: &[
        always("kind", Holds::Kind, ""),
        always("uid", Holds::Id, "who sent it"),
        always("gid", Holds::Id, ""),
        always("content", Holds::Content, "what the kind says"),
        always("clientMsgId", Holds::Text, "that of its sender"),
        always("msgId", Holds::Id, ""),
        always("seq", Holds::Place, "place in the group: 1, 2, 3… without a gap"),
        always("rev", Holds::Place, "number among the changes of the group"),
        always("createdAt", Holds::Time, "Unix milliseconds"),
        or_not("replyTo", Holds::Id, "the message that it answers"),
        or_not("mentions", Holds::SomeIds, "whom it mentions"),
        or_not("mentionAll", Holds::Flag, "whether it mentions everybody"),
        or_not("forwardedFrom", Holds::Object("ForwardedFrom"), "where it was written first"),
        or_not("expiresAt", Holds::Time, "when it goes for everybody"),
    ],
};

const NOTIFY: Told = Told {
    name: "Notify",
    answers: false,
    says: "a change that is no message",
    keys: &[
        always("kind", Holds::Notice, ""),
        always("uid", Holds::Id, "who did it"),
        or_null("gid", Holds::Id, "of a change of a group or chat"),
        always("content", Holds::Text, "of a ScheduleFailed why; else empty"),
        always("clientMsgId", Holds::Word(""), ""),
        or_null("msgId", Holds::Id, "of Read and Delivered, and of what happens to a message"),
        or_not("seq", Holds::Place, "as far as it goes, or where it happened"),
        or_not("rev", Holds::Place, "number among the changes of the group; of several the last"),
        or_not("uids", Holds::SomeIds, "whom it concerns"),
        or_not("role", Holds::Role, "1 common, 2 admin"),
        always("createdAt", Holds::Time, "Unix milliseconds"),
        or_not("name", Holds::Text, "of a GroupUpdated: the new name, if it is the name that changed"),
        or_not(
            "user",
            Holds::Object("User"),
            "of a ProfileUpdated, unless this connection was told just before",
        ),
        or_not(
            "fromRev",
            Holds::Place,
            "of a change that took several `rev`s, or of several changes: the first of them",
        ),
        or_not("msg", Holds::Object("Message"), "the message that changed, as it is now"),
        or_not("emoji", Holds::Text, "of Reacted and Unreacted"),
        or_not("msgIds", Holds::SomeIds, "of Hidden"),
        or_not("seqs", Holds::Ranges, "of Hidden and Expired: places, from and to"),
        or_not("id", Holds::Id, "of ScheduleUpdated and ScheduleFailed"),
    ],
};

const fn always(name: &'static str, holds: Holds, says: &'static str) -> ToldKey {
    ToldKey { name, holds, there: There::Always, says }
}

const fn or_null(name: &'static str, holds: Holds, says: &'static str) -> ToldKey {
    ToldKey { name, holds, there: There::OrNull, says }
}

const fn or_not(name: &'static str, holds: Holds, says: &'static str) -> ToldKey {
    ToldKey { name, holds, there: There::OrNot, says }
}

impl Command<'_> {
    /// What there is to know of the event.
    pub fn documented(&self) -> &'static Event {
        match self {
            Self::Login { .. } => &LOGIN,
            Self::Msg { .. } => &MSG,
            Self::Read { .. } => &READ,
            Self::Ack { .. } => &ACK,
            Self::Watch { .. } => &WATCH,
            Self::Act { act, .. } => match **act {
                Act::Edit { .. } => &EDIT,
                Act::Recall => &RECALL,
                Act::React(_) => &REACT,
                Act::Unreact(_) => &UNREACT,
                Act::Pin => &PIN,
                Act::Unpin => &UNPIN,
                Act::Open => &OPEN,
            },
            Self::Typing { .. } => &TYPING,
            Self::Heart => &HEART,
            Self::Logout { .. } => &LOGOUT,
        }
    }
}

/// The document. Bodies are JSON Schemas, whose references lead into `docs/openapi.json`; limits in bytes are beside them,
/// as those count characters.
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
        "received": TOLD.map(received),
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
        if key.need == Need::Must {
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
        let whole = || json!({"type": "integer", "minimum": 0, "maximum": ID_LAST});
        match self {
            Self::Id | Self::Place => whole(),
            Self::Ids(most) => json!({"type": "array", "maxItems": most, "items": whole()}),
            Self::SomeIds => json!({"type": "array", "minItems": 1, "items": whole()}),
            Self::Ranges => {
                let range = json!({"type": "array", "minItems": 2, "maxItems": 2, "items": whole()});
                json!({"type": "array", "minItems": 1, "items": range})
            }
            Self::Kind => json!({"type": "string", "enum": Kind::ALL.map(Kind::name)}),
            Self::SentKind => {
                json!({"type": "string", "enum": Kind::sent().map(Kind::name).collect::<Vec<_>>()})
            }
            Self::Emoji => json!({"type": "string", "description": "One emoji."}),
            Self::Notice => json!({"type": "string", "enum": Notice::ALL}),
            Self::Content => {
                json!({"type": "string", "maxLength": MAX_CONTENT_BYTES, "maxBytes": MAX_CONTENT_BYTES})
            }
            Self::Token | Self::Text => json!({"type": "string"}),
            Self::Null => json!({"type": "null"}),
            Self::Word(word) => json!({"type": "string", "const": word}),
            Self::Flag => json!({"type": "boolean"}),
            Self::Role => json!({"type": "integer", "minimum": 1, "maximum": 2}),
            Self::Time => json!({"type": "integer"}),
            Self::Code => json!({"type": "integer", "minimum": 0}),
            Self::Object(name) => json!({"$ref": format!("openapi.json#/components/schemas/{name}")}),
        }
    }
}

fn received(frame: &Told) -> Value {
    let mut properties = Map::new();
    for key in frame.keys {
        let mut schema = key.holds.schema();
        if key.there == There::OrNull {
            schema["type"] = json!([schema["type"], "null"]);
        }
        if !key.says.is_empty() {
            schema["description"] = key.says.into();
        }
        properties.insert(key.name.to_owned(), schema);
    }
    let required: Vec<_> =
        frame.keys.iter().filter(|key| key.there != There::OrNot).map(|key| key.name).collect();
    let schema = json!({"type": "object", "required": required, "properties": properties});
    if frame.answers {
        json!({"answer": frame.name, "says": frame.says, "frame": schema})
    } else {
        json!({"event": frame.name, "says": frame.says, "body": schema})
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Ack, Beside, Delivery, Failure, LoginAck, Notify, Request};
    use super::*;
    use crate::rest::{ForwardedFrom, Message, User};
    use crate::sync::StoreState;

    /// A frame with all its keys, as long or large as they may be.
    fn largest(event: &Event) -> Value {
        let mut body = json!({"clientMsgId": "c".repeat(MAX_CLIENT_MSG_ID_BYTES)});
        for key in event.keys {
            body[key.name] = match key.holds {
                Holds::Id => ID_LAST.into(),
                Holds::Ids(most) => vec![ID_LAST; most].into(),
                Holds::SentKind => "Text".into(),
                Holds::Emoji => "👍".into(),
                Holds::Content => "x".repeat(MAX_CONTENT_BYTES).into(),
                Holds::Token => "rim_x".into(),
                Holds::Flag => true.into(),
                other => panic!("no client sends {other:?}"),
            };
        }
        json!({"event": event.name, "body": body})
    }

    /// What a key must not hold.
    fn beyond(holds: Holds, need: Need) -> Vec<(Value, ErrorCode)> {
        let mut beyond: Vec<_> = match holds {
            Holds::Id => [json!(ID_LAST + 1), json!(-1), json!(1.5), json!("1"), json!([1])].into(),
            Holds::Ids(most) => [json!(vec![1; most + 1]), json!(["1"]), json!(1)].into(),
            Holds::SentKind => [json!("text"), json!("Merged"), json!(1)].into(),
            Holds::Emoji => [json!("a"), json!("👍👍"), json!(1)].into(),
            Holds::Content | Holds::Token => [json!(1), json!({})].into(),
            Holds::Flag => [json!(1), json!("true")].into(),
            other => panic!("no client sends {other:?}"),
        };
        if need == Need::Must {
            beyond.push(Value::Null);
        }
        let mut beyond: Vec<_> = beyond.into_iter().map(|value| (value, WrongField)).collect();
        if holds == Holds::Content {
            beyond.push((json!("x".repeat(MAX_CONTENT_BYTES + 1)), TooLarge));
        }
        beyond
    }

    const EVERY_KEY: [&str; 10] =
        ["kind", "uid", "gid", "content", "msgId", "echo", "uids", "replyTo", "mentions", "mentionAll"];

    #[test]
    fn the_parser_takes_what_the_document_says_and_no_more() {
        for event in EVENTS {
            let frame = largest(event);
            let text = frame.to_string();
            let request = Request::parse(&text).unwrap_or_else(|rejection| panic!("{rejection:?}"));
            assert_eq!(request.command.documented().name, event.name);
            for name in EVERY_KEY {
                let key = event.keys.iter().find(|key| key.name == name && key.need != Need::Loose);
                let Some(key) = key else {
                    // Not read at all, or as if it were not there.
                    let mut frame = frame.clone();
                    frame["body"][name] = json!([{"anything": 1}]);
                    assert!(Request::parse(&frame.to_string()).is_ok(), "{}: {name}", event.name);
                    continue;
                };
                for (value, code) in beyond(key.holds, key.need) {
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

    fn written(encode: impl FnOnce(&mut Vec<u8>)) -> Value {
        let mut out = Vec::new();
        encode(&mut out);
        serde_json::from_slice(&out).expect("JSON")
    }

    /// Each frame that the server writes, with everything in it that it can have, and with nothing that it need not.
    fn samples() -> Vec<Value> {
        let text = String::new;
        let user =
            User { id: 1, name: text(), avatar: text(), email: text(), account: text(), password: text() };
        let store = StoreState { id: text(), epoch: 7 };
        let message: Message = serde_json::from_value(json!({
            "id": 3, "kind": "Text", "content": "hi", "gid": 2, "uid": 1, "client_msg_id": "c",
            "createTime": "", "updateTime": "", "seq": 4, "rev": 5, "createdAt": 6,
        }))
        .expect("a message");
        let full = Notify {
            kind: Notice::ProfileUpdated,
            uid: 1,
            gid: Some(2),
            content: "",
            client_msg_id: "",
            msg_id: Some(3),
            seq: Some(4),
            rev: Some(5),
            uids: &[6],
            role: Some(1),
            created_at: 8,
            name: Some("Lunch"),
            user: Some(&user),
            from_rev: Some(5),
            msg: Some(&message),
            emoji: Some("👍"),
            msg_ids: &[6],
            seqs: &[[1, 2]],
            id: Some(9),
        };
        let bare = Notify {
            gid: None,
            msg_id: None,
            seq: None,
            rev: None,
            uids: &[],
            role: None,
            name: None,
            user: None,
            from_rev: None,
            msg: None,
            emoji: None,
            msg_ids: &[],
            seqs: &[],
            id: None,
            ..full.clone()
        };
        let beside = Beside {
            reply_to: Some(1),
            mentions: vec![2],
            mention_all: true,
            forwarded_from: Some(ForwardedFrom { uid: 1, name: text(), created_at: 2 }),
            expires_at: Some(3),
        };
        let delivery = Delivery {
            kind: Kind::Text,
            uid: 1,
            gid: 2,
            content: "hi",
            client_msg_id: "c",
            msg_id: 3,
            seq: 4,
            rev: 5,
            created_at: 6,
            beside: Some(&beside),
        };
        let plain = Delivery { beside: None, ..delivery.clone() };
        vec![
            written(|out| Ack { client_msg_id: "c", server_msg_id: Some(1) }.encode(out)),
            written(|out| LoginAck { client_msg_id: "c", store: &store }.encode(out)),
            written(|out| Failure::new("c", NotAllowed, "no").encode(out)),
            written(|out| delivery.encode(out)),
            written(|out| plain.encode(out)),
            written(|out| full.encode(out)),
            written(|out| bare.encode(out)),
        ]
    }

    /// The keys of a frame, if it is this one.
    fn keys_of<'a>(frame: &Told, sample: &'a Value) -> Option<&'a Map<String, Value>> {
        let (name, keys) =
            if frame.answers { (&sample["kind"], sample) } else { (&sample["event"], &sample["body"]) };
        if name == frame.name && sample["event"].is_null() == frame.answers { keys.as_object() } else { None }
    }

    fn fits(holds: Holds, value: &Value) -> bool {
        let is_id = |value: &Value| value.as_u64().is_some_and(|number| number <= ID_LAST);
        let is_one_of = |names: Value| names.as_array().is_some_and(|names| names.contains(value));
        match holds {
            Holds::Id | Holds::Place => is_id(value),
            Holds::SomeIds => value.as_array().is_some_and(|ids| !ids.is_empty() && ids.iter().all(is_id)),
            Holds::Kind => is_one_of(json!(Kind::ALL)),
            Holds::Notice => is_one_of(json!(Notice::ALL)),
            Holds::Content | Holds::Text => value.is_string(),
            Holds::Word(word) => value == word,
            Holds::Null => value.is_null(),
            Holds::Role => value == 1 || value == 2,
            Holds::Time => value.is_i64(),
            Holds::Code => value.is_u64(),
            Holds::Object("User") => serde_json::from_value::<User>(value.clone()).is_ok(),
            Holds::Flag => value.is_boolean(),
            Holds::Ranges => value.as_array().is_some_and(|all| {
                !all.is_empty()
                    && all.iter().all(|range| range.as_array().is_some_and(|ends| ends.len() == 2))
            }),
            Holds::Object("Message") => serde_json::from_value::<Message>(value.clone()).is_ok(),
            Holds::Object("ForwardedFrom") => serde_json::from_value::<ForwardedFrom>(value.clone()).is_ok(),
            Holds::Object("StoreState") => serde_json::from_value::<StoreState>(value.clone()).is_ok(),
            other => panic!("no server sends {other:?}"),
        }
    }

    #[test]
    fn the_server_writes_the_keys_that_the_document_has_in_its_order() {
        let samples = samples();
        let mut known = 0;
        for frame in TOLD {
            let of_it: Vec<_> = samples.iter().filter_map(|sample| keys_of(frame, sample)).collect();
            known += of_it.len();
            assert!(!of_it.is_empty(), "{}", frame.name);
            for sample in &of_it {
                let there = frame.keys.iter().map(|key| key.name).filter(|key| sample.contains_key(*key));
                // `serde_json` keeps the order in which they were written.
                assert_eq!(sample.keys().collect::<Vec<_>>(), there.collect::<Vec<_>>(), "{}", frame.name);
            }
            for key in frame.keys {
                let place = format!("{}: {}", frame.name, key.name);
                let values: Vec<_> = of_it.iter().filter_map(|sample| sample.get(key.name)).collect();
                for value in &values {
                    let nothing = key.there == There::OrNull && value.is_null();
                    assert!(nothing || fits(key.holds, value), "{place} is {value}");
                }
                let is_told = values.iter().any(|value| fits(key.holds, value));
                let is_null = values.iter().any(|value| !fits(key.holds, value));
                let is_not = values.len() < of_it.len();
                let documented = (true, key.there == There::OrNull, key.there == There::OrNot);
                assert_eq!(
                    (is_told, is_null, is_not),
                    documented,
                    "{place}: has a value, is null, is left out"
                );
            }
        }
        assert_eq!(known, samples.len(), "a frame that the document does not have");
    }
}
