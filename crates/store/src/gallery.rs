//! The gallery of a group: which messages are pictures, voice, files and links.
//!
//! A row says that a message is listed there, or was before it was edited: who has left sees it as it was then. So whoever
//! reads a list (`notes/media.rs`) looks at the messages as well, and leaves out those that are something else to them.

use rim_core::gallery::Part;
use rim_core::message::Message;
use rim_core::{GroupId, Seq};

use crate::database::Tx;
use crate::failure::Result as Step;
use crate::params;
use crate::table::{Table, integer};

pub(crate) const TABLE: Table =
    Table { name: "gallery", key: 3, columns: &[integer("group_id"), integer("what"), integer("seq")] };

/// Lists a message where it belongs, as it is now.
///
/// # Errors
/// Those of the database.
pub fn list(tx: &dyn Tx, message: &Message) -> Step<()> {
    let Some(part) = Part::of(message.kind, &message.content) else { return Ok(()) };
    let sql = "INSERT INTO gallery (group_id, what, seq) VALUES ($1, $2, $3) ON CONFLICT (group_id, what, seq) DO NOTHING";
    tx.execute(sql, &params![message.group, part, message.seq]).map(drop)
}

/// What was at these places is gone for everybody.
pub(crate) fn forget(tx: &dyn Tx, group: GroupId, places: &[Seq]) -> Step<()> {
    let parts = |seq: &Seq| Part::ALL.map(|part| params![group, part, *seq].to_vec());
    let keys: Vec<_> = places.iter().flat_map(parts).collect();
    tx.execute_each("DELETE FROM gallery WHERE group_id = $1 AND what = $2 AND seq = $3", &keys).map(drop)
}
