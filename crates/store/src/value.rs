//! What goes into statements and comes out of rows.

use std::borrow::Cow;
use std::fmt;

use rim_core::file::{FileId, Hash, Thumbs, TransferId};
use rim_core::friend::Friendship;
use rim_core::gallery::Part;
use rim_core::group::{Role, Who};
use rim_core::note::NoteKind;
use rim_core::{GroupId, MessageId, Rev, Seq, SessionId, Timestamp, UserId};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value<'v> {
    Null,
    /// Also what is true (1) or false (0), and what stands for something.
    Integer(i64),
    /// Any Unicode, U+0000 included.
    Text(Cow<'v, str>),
    Bytes(Cow<'v, [u8]>),
}

impl fmt::Display for Value<'_> {
    /// For the log: of texts and bytes only that they are some.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("a value of type Null"),
            Self::Integer(number) => write!(out, "{number}"),
            Self::Text(_) => out.write_str("a value of type Text"),
            Self::Bytes(_) => out.write_str("a value of type Blob"),
        }
    }
}

/// Parameters of a statement, whatever can be one.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { [$($crate::Value::from($value)),*] };
}

/// What a column may hold.
pub trait Column: Sized {
    /// `None` if it means nothing.
    fn of(value: &Value<'_>) -> Option<Self>;
}

impl<T: Column> Column for Option<T> {
    fn of(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            some => T::of(some).map(Some),
        }
    }
}

impl<'v, T: Into<Value<'v>>> From<Option<T>> for Value<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<u64> for Value<'_> {
    /// One beyond the range of databases matches no row, as it should.
    fn from(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl Column for u64 {
    fn of(value: &Value<'_>) -> Option<Self> {
        let Value::Integer(number) = value else { return None };
        Self::try_from(*number).ok()
    }
}

impl From<u8> for Value<'_> {
    fn from(number: u8) -> Self {
        Self::Integer(number.into())
    }
}

impl Column for u8 {
    fn of(value: &Value<'_>) -> Option<Self> {
        u64::of(value)?.try_into().ok()
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Integer(value.into())
    }
}

impl Column for bool {
    fn of(value: &Value<'_>) -> Option<Self> {
        match u64::of(value)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(text.into())
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(text: &'v String) -> Self {
        text.as_str().into()
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl Column for String {
    fn of(value: &Value<'_>) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        Some(text.to_string())
    }
}

impl<'v> From<&'v [u8]> for Value<'v> {
    fn from(bytes: &'v [u8]) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl Column for Vec<u8> {
    fn of(value: &Value<'_>) -> Option<Self> {
        let Value::Bytes(bytes) = value else { return None };
        Some(bytes.to_vec())
    }
}

impl<const N: usize> Column for [u8; N] {
    fn of(value: &Value<'_>) -> Option<Self> {
        let Value::Bytes(bytes) = value else { return None };
        bytes.as_ref().try_into().ok()
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(time: Timestamp) -> Self {
        Self::Integer(time.0)
    }
}

impl Column for Timestamp {
    fn of(value: &Value<'_>) -> Option<Self> {
        let Value::Integer(time) = value else { return None };
        Some(Self(*time))
    }
}

macro_rules! numbers {
    ($($id:ident)*) => { $(
        impl From<$id> for Value<'_> {
            fn from(id: $id) -> Self {
                id.0.into()
            }
        }

        impl Column for $id {
            fn of(value: &Value<'_>) -> Option<Self> {
                u64::of(value).map(Self)
            }
        }
    )* };
}
numbers!(UserId GroupId MessageId SessionId Seq Rev);

/// What is written as a text of its own form.
macro_rules! texts {
    ($($id:ident)*) => { $(
        impl From<$id> for Value<'_> {
            fn from(id: $id) -> Self {
                Self::Text(id.to_string().into())
            }
        }

        impl Column for $id {
            fn of(value: &Value<'_>) -> Option<Self> {
                let Value::Text(text) = value else { return None };
                Self::parse(text)
            }
        }
    )* };
}
texts!(FileId TransferId Hash);

impl From<Thumbs> for Value<'_> {
    fn from(thumbs: Thumbs) -> Self {
        thumbs.bits().into()
    }
}

impl Column for Thumbs {
    fn of(value: &Value<'_>) -> Option<Self> {
        u8::of(value).map(Self::from_bits)
    }
}

/// What stands for something, and by which number.
macro_rules! codes {
    ($kind:ident: $($code:literal $variant:ident),*) => {
        impl From<$kind> for Value<'_> {
            fn from(value: $kind) -> Self {
                Self::Integer(match value { $($kind::$variant => $code),* })
            }
        }

        impl Column for $kind {
            fn of(value: &Value<'_>) -> Option<Self> {
                match value {
                    $(Value::Integer($code) => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}
codes!(Role: 1 Common, 2 Admin);
codes!(Who: 1 All, 2 Admins);

impl From<NoteKind> for Value<'_> {
    fn from(kind: NoteKind) -> Self {
        kind.code().into()
    }
}

impl From<Part> for Value<'_> {
    fn from(part: Part) -> Self {
        part.code().into()
    }
}

impl Column for NoteKind {
    fn of(value: &Value<'_>) -> Option<Self> {
        Self::from_code(u8::of(value)?)
    }
}
codes!(Friendship: 0 None, 1 Incoming, 2 Outgoing, 3 Friends);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back_as_what_was_written() {
        for role in [Role::Common, Role::Admin] {
            assert_eq!(Role::of(&role.into()), Some(role));
        }
        for state in [Friendship::None, Friendship::Incoming, Friendship::Outgoing, Friendship::Friends] {
            assert_eq!(Friendship::of(&state.into()), Some(state));
        }
        assert_eq!((Role::of(&Value::Integer(3)), Role::of(&Value::Null)), (None, None));
    }

    #[test]
    fn a_number_that_is_none_of_rims_means_nothing() {
        assert_eq!((u64::of(&Value::Integer(-1)), u8::of(&Value::Integer(256))), (None, None));
        assert_eq!((bool::of(&Value::Integer(2)), Option::<u64>::of(&Value::Null)), (None, Some(None)));
        assert_eq!(Value::from(u64::MAX), Value::Integer(i64::MAX));
    }
}
