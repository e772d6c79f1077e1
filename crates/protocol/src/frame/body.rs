//! The body of a client's frame: its keys as they were found, and what an event makes of them.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::field::Field;
use crate::limits::{self, Invalid};

/// Its reader is written by hand: the one that serde derives is slower with each key there is, and every message pays.
#[derive(Default)]
pub(super) struct WireBody<'a> {
    pub(super) kind: Field<Cow<'a, str>>,
    pub(super) uid: Field<u64>,
    pub(super) gid: Field<u64>,
    pub(super) content: Field<Cow<'a, str>>,
    pub(super) client_msg_id: Field<Cow<'a, str>>,
    pub(super) msg_id: Field<u64>,
    pub(super) more: More,
}

/// What few frames have; in a box where there is any of it.
#[derive(Default)]
pub(super) struct More(Option<Box<Seldom>>);

#[derive(Default)]
pub(super) struct Seldom {
    pub(super) echo: Field<bool>,
    pub(super) uids: Field<Vec<u64>>,
    pub(super) reply_to: Field<u64>,
    pub(super) mentions: Field<Vec<u64>>,
    pub(super) mention_all: Field<bool>,
}

impl More {
    /// Whether there is nothing of it.
    pub(super) const fn is_absent(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn take(&mut self) -> Seldom {
        self.0.take().map_or_else(Seldom::default, |seldom| *seldom)
    }

    fn put(&mut self) -> &mut Seldom {
        self.0.get_or_insert_default()
    }
}

/// The keys that mean something. Names and numbers of those that are there twice, which no frame may have.
macro_rules! keys {
    ($($number:literal $key:ident $name:literal;)*) => {
        #[derive(Clone, Copy)]
        enum Key { $($key,)* Other }

        impl Key {
            fn of(name: &str) -> Self {
                match name { $($name => Self::$key,)* _ => Self::Other }
            }

            /// A bit of its own, and the name.
            const fn bit(self) -> Option<(u16, &'static str)> {
                match self { $(Self::$key => Some((1 << $number, $name)),)* Self::Other => None }
            }
        }
    };
}
keys! {
    0 Kind "kind";
    1 Uid "uid";
    2 Gid "gid";
    3 Content "content";
    4 ClientMsgId "clientMsgId";
    5 MsgId "msgId";
    6 Echo "echo";
    7 Uids "uids";
    8 ReplyTo "replyTo";
    9 Mentions "mentions";
    10 MentionAll "mentionAll";
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, name: &str) -> Result<Key, E> {
                Ok(Key::of(name))
            }
        }

        deserializer.deserialize_identifier(KeyVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for WireBody<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BodyVisitor;

        impl<'de> Visitor<'de> for BodyVisitor {
            type Value = WireBody<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WireBody<'de>, A::Error> {
                let (mut body, mut seen) = (WireBody::default(), 0);
                while let Some(key) = map.next_key::<Key>()? {
                    if let Some((bit, name)) = key.bit() {
                        if seen & bit != 0 {
                            return Err(A::Error::duplicate_field(name));
                        }
                        seen |= bit;
                    }
                    match key {
                        Key::Kind => body.kind = map.next_value()?,
                        Key::Uid => body.uid = map.next_value()?,
                        Key::Gid => body.gid = map.next_value()?,
                        Key::Content => body.content = map.next_value()?,
                        Key::ClientMsgId => body.client_msg_id = map.next_value()?,
                        Key::MsgId => body.msg_id = map.next_value()?,
                        Key::Echo => body.more.put().echo = map.next_value()?,
                        Key::Uids => body.more.put().uids = map.next_value()?,
                        Key::ReplyTo => body.more.put().reply_to = map.next_value()?,
                        Key::Mentions => body.more.put().mentions = map.next_value()?,
                        Key::MentionAll => body.more.put().mention_all = map.next_value()?,
                        Key::Other => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(body)
            }
        }

        deserializer.deserialize_map(BodyVisitor)
    }
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
