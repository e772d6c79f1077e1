//! The body of a client's frame: its keys as they were found, and what an event makes of them.

use std::borrow::Cow;

use serde::Deserialize;

use crate::field::Field;
use crate::limits::{self, Invalid};

#[derive(Deserialize)]
pub(super) struct WireBody<'a> {
    #[serde(borrow, default)]
    pub(super) kind: Field<Cow<'a, str>>,
    #[serde(default)]
    pub(super) uid: Field<u64>,
    #[serde(default)]
    pub(super) gid: Field<u64>,
    #[serde(borrow, default)]
    pub(super) content: Field<Cow<'a, str>>,
    #[serde(borrow, default, rename = "clientMsgId")]
    pub(super) client_msg_id: Field<Cow<'a, str>>,
    #[serde(default, rename = "msgId")]
    pub(super) msg_id: Field<u64>,
    #[serde(default)]
    pub(super) echo: Field<bool>,
    #[serde(default)]
    pub(super) uids: Field<Vec<u64>>,
    #[serde(default, rename = "replyTo")]
    pub(super) reply_to: Field<u64>,
    #[serde(default)]
    pub(super) mentions: Field<Vec<u64>>,
    #[serde(default, rename = "mentionAll")]
    pub(super) mention_all: Field<bool>,
}

pub(super) fn text<'a>(name: &'static str, field: Field<Cow<'a, str>>) -> Result<Cow<'a, str>, Invalid> {
    match field {
        Field::Value(text) => Ok(text),
        Field::Absent => Err(Invalid::new(name, "required, a string")),
        Field::Wrong => Err(Invalid::new(name, "must be a string")),
    }
}

pub(super) fn id(name: &'static str, field: &Field<u64>) -> Result<u64, Invalid> {
    match field {
        Field::Value(number) => Ok(*number),
        Field::Absent => Err(Invalid::new(name, "required, a whole number below 2^53")),
        Field::Wrong => Err(Invalid::new(name, "must be a whole number below 2^53")),
    }
}

/// A flag that may be left out.
pub(super) fn flag(name: &'static str, field: &Field<bool>) -> Result<bool, Invalid> {
    match field {
        Field::Value(value) => Ok(*value),
        Field::Absent => Ok(false),
        Field::Wrong => Err(Invalid::new(name, "must be true or false")),
    }
}

pub(super) fn mentions(field: Field<Vec<u64>>) -> Result<Vec<u64>, Invalid> {
    match field {
        Field::Value(uids) => limits::mentions(&uids).map(|()| uids),
        Field::Absent => Ok(Vec::new()),
        Field::Wrong => Err(limits::wrong_mentions()),
    }
}

pub(super) fn watched(field: Field<Vec<u64>>) -> Result<Vec<u64>, Invalid> {
    let allowed = format!("a list of at most {} ids of users", limits::MAX_WATCHED);
    match field {
        Field::Value(uids) => Ok(uids),
        Field::Absent => Err(Invalid::new("uids", format!("required, {allowed}"))),
        Field::Wrong => Err(Invalid::new("uids", format!("must be {allowed}"))),
    }
}
