//! What users take out of their own sight, and what they star: for themselves alone.

use crate::table::{Table, integer};

pub(crate) const CLEARED: Table = Table {
    name: "cleared",
    key: 2,
    columns: &[integer("user_id"), integer("group_id"), integer("seq"), integer("rev")],
};

pub(crate) const HIDDEN: Table = Table {
    name: "hidden",
    key: 3,
    columns: &[
        integer("user_id"),
        integer("group_id"),
        integer("seq"),
        integer("message_id"),
        integer("rev"),
    ],
};

pub(crate) const STARRED: Table = Table {
    name: "starred",
    key: 3,
    columns: &[
        integer("user_id"),
        integer("group_id"),
        integer("seq"),
        integer("message_id"),
        integer("is_starred"),
        integer("rev"),
        integer("at"),
    ],
};
