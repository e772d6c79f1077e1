//! Ids on the wire: JSON numbers that every JavaScript client can hold exactly.

use std::fmt;

use serde::Serialize;
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// The first number that a JavaScript client could not tell from its neighbour.
pub const ID_END: u64 = 1 << 53;
/// The largest id.
pub const ID_LAST: u64 = ID_END - 1;

/// The id of a user, group, message or session: a whole number from 0 to 2^53 - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(maximum = 9007199254740991_u64, example = 101))]
pub struct Id(u64);

impl Id {
    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for Id {
    type Error = String;

    fn try_from(value: u64) -> Result<Self, Self::Error> {
        if value < ID_END {
            Ok(Self(value))
        } else {
            Err(format!("number {value} is out of range: ids are whole numbers below {ID_END}"))
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    /// By hand, for an error that says what an id is.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;

        impl Visitor<'_> for IdVisitor {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from 0 to {ID_LAST}")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Id, E> {
                Id::try_from(number).map_err(E::custom)
            }
        }

        deserializer.deserialize_u64(IdVisitor)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Id {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<u64>()
            .map_err(|_| format!("`{text}` is not a whole number below {ID_END}"))
            .and_then(Self::try_from)
    }
}
