//! Messages that expire.

use crate::table::{Table, integer};

pub(crate) const EXPIRING: Table = Table {
    name: "expiring",
    key: 2,
    columns: &[integer("group_id"), integer("seq"), integer("message_id"), integer("expires_at")],
};

pub(crate) const EXPIRED: Table = Table {
    name: "expired",
    key: 2,
    columns: &[integer("group_id"), integer("after_seq"), integer("to_seq"), integer("rev")],
};
