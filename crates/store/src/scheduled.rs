//! Messages that are to be sent later.

use crate::table::{Table, integer, optional, text};

pub(crate) const TABLE: Table = Table {
    name: "scheduled",
    key: 1,
    columns: &[
        integer("id"),
        integer("user_id"),
        integer("group_id"),
        integer("send_at"),
        integer("created_at"),
        text("body"),
        optional(text("failed")),
    ],
};
