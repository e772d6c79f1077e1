//! Frames of the WebSocket: one JSON text each.

use std::borrow::Cow;
use std::fmt::Display;

use serde::{Deserialize, Serialize};

use self::body::{Seldom, WireBody, flag, id, mentions, text, watched};
use crate::field::Field;
use crate::limits::{self, Invalid};
use crate::rest::{ForwardedFrom, Message, User};
use crate::sync::StoreState;
use crate::{ErrorCode, Kind, object};

pub use self::act::Act;
pub use crate::notice::Notice;

mod act;
mod body;
pub mod document;
mod encode;
#[cfg(test)]
mod tests;

/// What a client asks for, checked as far as the frame alone can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<'a> {
    /// Echoed in the answer.
    pub client_msg_id: Cow<'a, str>,
    pub command: Command<'a>,
}

/// The events a client may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command<'a> {
    /// Binds the connection to the user of `token`, who must be `uid`. With `echo` the connection is also
    /// told of what it does itself, so that it sees every `rev` of its groups without a gap.
    Login { uid: u64, token: Cow<'a, str>, echo: bool },
    /// Sends a message. A plain one has no extras.
    Msg { uid: u64, gid: u64, kind: Kind, content: Cow<'a, str>, extras: Option<Box<Extras>> },
    /// Does something with a message.
    Act { uid: u64, gid: u64, msg_id: u64, act: Box<Act<'a>> },
    /// The user is writing something.
    Typing { uid: u64, gid: u64 },
    /// Everything up to `msg_id` was read.
    Read { uid: u64, gid: u64, msg_id: u64 },
    /// Everything up to `msg_id` was delivered.
    Ack { uid: u64, gid: u64, msg_id: u64 },
    /// From now on the connection hears when these users come and go; nobody else any more.
    Watch { uid: u64, uids: Vec<u64> },
    /// Keeps the connection alive.
    Heart,
    /// Unbinds the connection. `uid` is optional here.
    Logout { uid: Option<u64> },
}

/// What a message is sent with beside its content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Extras {
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<u64>,
    /// Whether it mentions everybody.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mention_all: bool,
}

impl Command<'_> {
    /// The name on the wire.
    pub fn event(&self) -> &'static str {
        self.documented().name
    }
}

/// Why a frame was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection<'a> {
    /// Empty where none could be read.
    pub client_msg_id: Cow<'a, str>,
    pub code: ErrorCode,
    pub reason: String,
}

impl Rejection<'_> {
    /// Of what is no frame at all.
    pub fn not_understood(why: impl Display) -> Self {
        Self {
            client_msg_id: Cow::Borrowed(""),
            code: ErrorCode::NotUnderstood,
            reason: format!("not a frame of this protocol: {why}"),
        }
    }
}

impl<'a> Request<'a> {
    /// Reads a frame.
    ///
    /// # Errors
    /// `NotUnderstood` for anything that is not a JSON object with `event` and `body`; `WrongField`
    /// or `TooLarge` for a field that the event needs and that is missing or breaks a limit.
    pub fn parse(text: &'a str) -> Result<Self, Rejection<'a>> {
        let envelope: WireEnvelope<'a> = object(text)
            .and_then(|text| serde_json::from_str(text).map_err(|error| error.to_string()))
            .map_err(Rejection::not_understood)?;
        let body = envelope.body;
        let client_msg_id = match &body.client_msg_id {
            Field::Value(text) => text.clone(),
            _ => Cow::Borrowed(""),
        };
        match Self::read(&envelope.event, body) {
            Ok(request) => Ok(request),
            Err(invalid) => Err(Rejection {
                // An id over its limit is not echoed: what cannot be an id cannot name a frame.
                client_msg_id: if limits::client_msg_id(&client_msg_id).is_ok() {
                    client_msg_id
                } else {
                    Cow::Borrowed("")
                },
                code: if invalid.too_large { ErrorCode::TooLarge } else { ErrorCode::WrongField },
                reason: invalid.to_string(),
            }),
        }
    }

    fn read(event: &Field<Cow<'a, str>>, mut body: WireBody<'a>) -> Result<Self, Invalid> {
        let unknown = || {
            Invalid::new(
                "event",
                "one of Login, Msg, Read, Heart, Logout, Ack, Watch, Edit, Recall, React, Unreact, Pin, Unpin, Open, Typing",
            )
        };
        let Field::Value(event) = event else { return Err(unknown()) };
        let client_msg_id = text("clientMsgId", std::mem::take(&mut body.client_msg_id))?;
        limits::client_msg_id(&client_msg_id)?;
        let command = match event.as_ref() {
            "Login" => Command::Login {
                uid: id("uid", &body.uid)?,
                token: text("content", body.content)?,
                echo: matches!(body.more.take().echo, Field::Value(true)),
            },
            "Msg" => {
                let kind = Kind::from_name(&text("kind", body.kind)?)?;
                let content = text("content", body.content)?;
                kind.check(&content)?;
                let (uid, gid) = (id("uid", &body.uid)?, id("gid", &body.gid)?);
                let extras = if body.more.is_absent() { None } else { extras(body.more.take())? };
                Command::Msg { uid, gid, kind, content, extras }
            }
            "Read" => Command::Read {
                uid: id("uid", &body.uid)?,
                gid: id("gid", &body.gid)?,
                msg_id: id("msgId", &body.msg_id)?,
            },
            "Ack" => Command::Ack {
                uid: id("uid", &body.uid)?,
                gid: id("gid", &body.gid)?,
                msg_id: id("msgId", &body.msg_id)?,
            },
            "Watch" => Command::Watch { uid: id("uid", &body.uid)?, uids: watched(body.more.take().uids)? },
            act if Act::is(act) => {
                let (uid, gid) = (id("uid", &body.uid)?, id("gid", &body.gid)?);
                let msg_id = id("msgId", &body.msg_id)?;
                Command::Act { uid, gid, msg_id, act: Box::new(Act::read(act, &mut body)?) }
            }
            "Typing" => Command::Typing { uid: id("uid", &body.uid)?, gid: id("gid", &body.gid)? },
            "Heart" => Command::Heart,
            "Logout" => Command::Logout {
                uid: match body.uid {
                    Field::Value(uid) => Some(uid),
                    _ => None,
                },
            },
            _ => return Err(unknown()),
        };
        Ok(Self { client_msg_id, command })
    }
}

/// Serde would read a struct from an array, too; the protocol knows objects alone.
fn object(text: &str) -> Result<&str, String> {
    match text.bytes().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => Ok(text),
        _ => Err("expected a JSON object".to_owned()),
    }
}

#[derive(Deserialize)]
struct WireEnvelope<'a> {
    #[serde(borrow, default)]
    event: Field<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "object::one")]
    body: WireBody<'a>,
}

/// `None` where all that is there says nothing.
fn extras(
    Seldom { reply_to, mentions: uids, mention_all, .. }: Seldom,
) -> Result<Option<Box<Extras>>, Invalid> {
    let reply_to = match reply_to {
        Field::Absent => None,
        wanted => Some(id("replyTo", &wanted)?),
    };
    let extras =
        Extras { reply_to, mentions: mentions(uids)?, mention_all: flag("mentionAll", &mention_all)? };
    Ok((extras != Extras::default()).then(|| Box::new(extras)))
}

/// The answer to a frame that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack<'a> {
    pub client_msg_id: &'a str,
    /// Of the message that was stored.
    pub server_msg_id: Option<u64>,
}

/// The Ack of a Login with `echo`, which also tells what the connection is to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginAck<'a> {
    pub client_msg_id: &'a str,
    pub store: &'a StoreState,
}

/// The answer to a frame that was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure<'a> {
    pub client_msg_id: &'a str,
    server_msg_id: Option<u64>,
    kind: &'static str,
    pub content: &'a str,
    pub code: u16,
}

impl<'a> Failure<'a> {
    pub const fn new(client_msg_id: &'a str, code: ErrorCode, reason: &'a str) -> Self {
        Self { client_msg_id, server_msg_id: None, kind: "Error", content: reason, code: code.get() }
    }
}

/// A message on its way to a member: `{"event":"Msg","body":{…}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery<'a> {
    pub kind: Kind,
    pub uid: u64,
    pub gid: u64,
    pub content: &'a str,
    pub client_msg_id: &'a str,
    pub msg_id: u64,
    pub seq: u64,
    pub rev: u64,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Nothing of a plain one.
    pub beside: Option<&'a Beside>,
}

/// What a new message has beside its content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    pub reply_to: Option<u64>,
    pub mentions: Vec<u64>,
    pub mention_all: bool,
    pub forwarded_from: Option<ForwardedFrom>,
    pub expires_at: Option<i64>,
}

/// Everything else that the server sends by itself: `{"event":"Notify","body":{…}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Notify<'a> {
    pub kind: Notice,
    /// Who did it.
    pub uid: u64,
    pub gid: Option<u64>,
    pub content: &'a str,
    pub client_msg_id: &'static str,
    pub msg_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rev: Option<u64>,
    #[serde(skip_serializing_if = "<[u64]>::is_empty")]
    pub uids: &'a [u64],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<u8>,
    pub created_at: i64,
    /// Of a `GroupUpdated`: the new name, if it is the name that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// Of a `ProfileUpdated`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<&'a User>,
    /// Of a change that took several `rev`s, or of several changes: the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_rev: Option<u64>,
    /// The message that changed, as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg: Option<&'a Message>,
    /// Of `Reacted` and `Unreacted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emoji: Option<&'a str>,
    /// Of a `Hidden`.
    #[serde(skip_serializing_if = "<[u64]>::is_empty")]
    pub msg_ids: &'a [u64],
    /// Of a `Hidden` and of an `Expired`: places, from and to.
    #[serde(skip_serializing_if = "<[[u64; 2]]>::is_empty")]
    pub seqs: &'a [[u64; 2]],
    /// Of a `ScheduleUpdated` and a `ScheduleFailed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
}

/// What a client may receive, as a client reads it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "it is read, looked at and dropped")]
pub enum Incoming {
    /// A message or a Notify: `event` tells which.
    Event(IncomingEvent),
    /// An answer to one of the client's own frames.
    Answer(IncomingAnswer),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "event", content = "body")]
pub enum IncomingEvent {
    Msg(IncomingMessage),
    Notify(IncomingNotice),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IncomingMessage {
    pub kind: Kind,
    pub uid: u64,
    pub gid: u64,
    pub content: String,
    pub client_msg_id: String,
    pub msg_id: u64,
    pub seq: u64,
    pub rev: u64,
    pub created_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<u64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mention_all: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded_from: Option<ForwardedFrom>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IncomingNotice {
    pub kind: Notice,
    pub uid: u64,
    pub gid: Option<u64>,
    pub content: String,
    pub msg_id: Option<u64>,
    pub seq: Option<u64>,
    pub rev: Option<u64>,
    #[serde(default)]
    pub uids: Vec<u64>,
    pub role: Option<u8>,
    pub created_at: i64,
    /// Of a `GroupUpdated`: the new name, if it is the name that changed.
    pub name: Option<String>,
    /// Of a `ProfileUpdated`; left out where this connection was told just before.
    pub user: Option<User>,
    /// Of a change that took several `rev`s, or of several changes: the first of them.
    pub from_rev: Option<u64>,
    /// The message that changed, as it is now.
    pub msg: Option<Box<Message>>,
    /// Of `Reacted` and `Unreacted`.
    pub emoji: Option<String>,
    /// Of a `Hidden`.
    #[serde(default)]
    pub msg_ids: Vec<u64>,
    /// Of a `Hidden` and of an `Expired`: places, from and to.
    #[serde(default)]
    pub seqs: Vec<[u64; 2]>,
    /// Of a `ScheduleUpdated` and a `ScheduleFailed`.
    pub id: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IncomingAnswer {
    pub client_msg_id: String,
    pub server_msg_id: Option<u64>,
    /// `Ack` or `Error`.
    pub kind: String,
    pub content: String,
    /// Of an Error.
    pub code: Option<u16>,
    /// Of the Ack of a Login with `echo`.
    pub store: Option<StoreState>,
}

/// A frame of a client, as a client writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outgoing<'a> {
    /// Left out where it is empty.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub kind: &'a str,
    pub uid: u64,
    pub gid: Option<u64>,
    pub content: &'a str,
    pub client_msg_id: &'a str,
    pub msg_id: Option<u64>,
    /// Of a Login.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub echo: bool,
}

impl Outgoing<'_> {
    /// The frame as text.
    pub fn encode(&self, event: &str) -> String {
        encode(event, self)
    }
}

/// A Msg or an Edit with what it has beside its content, as a client writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutgoingBeside<'a> {
    #[serde(flatten)]
    pub frame: Outgoing<'a>,
    #[serde(flatten)]
    pub extras: &'a Extras,
}

impl OutgoingBeside<'_> {
    /// The frame as text.
    pub fn encode(&self, event: &str) -> String {
        encode(event, self)
    }
}

/// A Watch, as a client writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutgoingWatch<'a> {
    pub uid: u64,
    pub client_msg_id: &'a str,
    pub uids: &'a [u64],
}

impl OutgoingWatch<'_> {
    /// The frame as text.
    pub fn encode(&self) -> String {
        encode("Watch", self)
    }
}

fn encode(event: &str, body: &impl Serialize) -> String {
    #[derive(Serialize)]
    struct Envelope<'a, T> {
        event: &'a str,
        body: &'a T,
    }
    serde_json::to_string(&Envelope { event, body }).expect("strings and numbers always have a JSON form")
}
