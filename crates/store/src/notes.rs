//! What happens to messages after they were sent, and what they are sent with beside their content.

use crate::table::{Table, integer, text};

/// What messages have beside their content: the fold of their notes.
pub(crate) const STATES: Table = Table {
    name: "states",
    key: 2,
    columns: &[integer("group_id"), integer("seq"), integer("rev"), text("body")],
};

pub(crate) const NOTES: Table = Table {
    name: "notes",
    key: 5,
    columns: &[
        integer("group_id"),
        integer("kind"),
        integer("seq"),
        text("key"),
        integer("by_id"),
        integer("rev"),
        integer("at"),
        text("body"),
    ],
};

pub(crate) const MENTIONS: Table = Table {
    name: "mentions",
    key: 3,
    columns: &[integer("user_id"), integer("group_id"), integer("seq"), integer("message_id")],
};

pub(crate) const REPLIES: Table = Table {
    name: "replies",
    key: 3,
    columns: &[integer("group_id"), integer("root_seq"), integer("seq"), integer("parent_seq")],
};
