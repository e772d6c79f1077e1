//! Ids on the wire: JSON numbers that every JavaScript client can hold exactly.

use serde::{Deserialize, Serialize};

/// The first number that a JavaScript client could not tell from its neighbour.
pub const ID_END: u64 = 1 << 53;

/// The id of a user, group, message or session: a whole number from 0 to 2^53 - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
