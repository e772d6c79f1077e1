//! Fields of a frame, read without ever failing the frame.
//!
//! A frame with one wrong field must still be answered with its `clientMsgId`. So each field is read
//! on its own: absent, wrong, or a value; what a field of the wrong type means is decided by the event.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::limits::MAX_WATCHED;

/// A field as it was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// Not there, or null.
    #[default]
    Absent,
    /// There, and of another type.
    Wrong,
    /// There.
    Value(T),
}

/// What a [`Field`] may hold.
pub trait FromJson<'de>: Sized {
    fn from_text(_: Cow<'de, str>) -> Field<Self> {
        Field::Wrong
    }

    fn from_number(_: u64) -> Field<Self> {
        Field::Wrong
    }

    fn from_bool(_: bool) -> Field<Self> {
        Field::Wrong
    }

    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Wrong)
    }
}

impl<'de: 'a, 'a> FromJson<'de> for Cow<'a, str> {
    fn from_text(text: Cow<'de, str>) -> Field<Self> {
        Field::Value(text)
    }
}

impl FromJson<'_> for u64 {
    fn from_number(number: u64) -> Field<Self> {
        if number < crate::id::ID_END { Field::Value(number) } else { Field::Wrong }
    }
}

impl FromJson<'_> for bool {
    fn from_bool(value: bool) -> Field<Self> {
        Field::Value(value)
    }
}

/// Ids, of which none but a Watch has a list.
impl<'de> FromJson<'de> for Vec<u64> {
    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        let mut field = Field::Value(Self::new());
        while let Some(id) = list.next_element::<Field<u64>>()? {
            match (&mut field, id) {
                (Field::Value(ids), Field::Value(id)) if ids.len() < MAX_WATCHED => ids.push(id),
                _ => field = Field::Wrong,
            }
        }
        Ok(field)
    }
}

impl<'de, T: FromJson<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyVisitor<T>(PhantomData<T>);

        impl<'de, T: FromJson<'de>> Visitor<'de> for AnyVisitor<T> {
            type Value = Field<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON value")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Field::Absent)
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(T::from_text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(T::from_text(Cow::Owned(text.to_owned())))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(T::from_number(number))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Field::Wrong)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Field::Wrong)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(T::from_bool(value))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Field::Wrong)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                T::from_list(seq)
            }
        }

        deserializer.deserialize_any(AnyVisitor(PhantomData))
    }
}
