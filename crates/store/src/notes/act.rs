//! Doing something with a message.

use std::sync::Arc;

use rim_core::event::Change;
use rim_core::message::{Message, MessageState, without_words};
use rim_core::note::{Act, NoteKind, Row, Scene, Windows, Written};
use rim_core::sight::EVERYBODY;
use rim_core::{ConnectionId, GroupId, MessageId, Refusal, SessionId, Timestamp, UserId};

use super::ledger::Book;
use super::seen::seen;
use crate::database::{Read, Tx};
use crate::failure::{Failure, Result as Step};
use crate::former::{self, Place};
use crate::groups::{self, Room};
use crate::{files, gallery, membership, params, search, sessions, sights, uploads};

/// So many who may not see a message are told of each change that there was one, and of nothing else. Are they more, nobody
/// is told: all learn it by sync.
const MAX_BLIND: usize = 500;

/// So many edits of a message are kept with what they made it say, the newest; the others are only known.
pub const KEPT_EDITS: u64 = 20;

/// Somebody does something with a message.
#[derive(Debug, Clone)]
pub struct Acting {
    pub user: UserId,
    pub group: GroupId,
    pub message: MessageId,
    pub act: Act,
    pub windows: Windows,
    /// The session it comes from, if it comes from one: it is refused once that has ended.
    pub session: Option<SessionId>,
    pub now: Timestamp,
    pub connection: ConnectionId,
}

pub(super) fn act(tx: &mut dyn Tx, acting: &Acting) -> Step<Message> {
    let Acting { user, group, windows, connection, .. } = *acting;
    let mut room = Room::lock(tx, group).map_err(|failure| match failure {
        Failure::Refused(Refusal::NoSuchGroup) => Refusal::NoSuchMessage.into(),
        failure => failure,
    })?;
    sessions::must_go_on(tx, user, acting.session)?;
    let Some(caller) = groups::current(tx, group, user)? else {
        return Err(not_a_member(tx, group, user)?.into());
    };
    let mut message = seen(tx, user, group, acting.message)?;
    let before = message.state.clone().unwrap_or_default();
    let now = room.head.time(acting.now);
    let book = Book { db: tx.reader(), group, seq: message.seq, single: room.group.single };
    let scene = Scene {
        group: &room.group,
        settings: room.group.settings,
        caller,
        sender: groups::current(tx, group, message.sender)?,
        windows,
        now,
    };
    let place = Place { group, single: room.group.single, seq: message.seq };
    match acting.act.apply(&scene, &book, &mut message)? {
        None => {}
        Some(Written { row, what: None }) => write(tx, user, &message, row, place, now)?,
        Some(Written { row, what: Some(what) }) => {
            let rev = room.head.next_rev();
            message.state.get_or_insert_default().rev = rev;
            place.keep_state(tx, &what)?;
            write(tx, user, &message, row, place, now)?;
            write_state(tx, &message, &before, place)?;
            write_pictures(tx, &message, &before)?;
            if message.says_what_its_state_has() {
                uploads::pin(tx, &message.content, now)?;
                gallery::list(tx, &message)?;
            }
            tx.moved_on(room.head)?;
            let blind = blind(tx, &message)?;
            let message = Arc::new(message.clone());
            tx.publish(Change::Noted { message, rev, actor: user, what, blind, at: now, connection });
        }
    }
    sights::mine(tx, user, std::slice::from_mut(&mut message))?;
    Ok(message)
}

/// What is said to somebody who is no member.
fn not_a_member(db: &dyn Read, group: GroupId, user: UserId) -> Step<Refusal> {
    let was_one =
        !groups::ever_among(db, group, &[user])?.is_empty() || membership::is_forgotten(db, group, user)?;
    Ok(if was_one { Refusal::NotMember } else { Refusal::NoSuchMessage })
}

fn write(tx: &mut dyn Tx, by: UserId, message: &Message, row: Row, place: Place, at: Timestamp) -> Step<()> {
    let (group, seq, rev) = (message.group, message.seq, message.latest_rev());
    match row {
        Row::Put { kind, key, body, words } => {
            put(tx, by, message, (kind, &key, &body), at)?;
            if let Some(words) = words {
                let sql = "INSERT INTO words (group_id, seq, rev, content) VALUES ($1, $2, $3, $4)";
                tx.execute(sql, &params![group, seq, rev, words])?;
                search::forget_words(tx, group, message.id, seq, KEPT_EDITS)?;
                let sql = "UPDATE words SET content = '' WHERE group_id = $1 AND seq = $2 AND content <> ''
                           AND rev <= (SELECT rev FROM words WHERE group_id = $1 AND seq = $2
                                       ORDER BY rev DESC LIMIT 1 OFFSET $3)";
                tx.execute(sql, &params![group, seq, KEPT_EDITS])?;
            }
        }
        Row::Remove { kind, key } => {
            place.keep_note(tx, kind, &key, by, rev)?;
            let sql = "DELETE FROM notes WHERE group_id = $1 AND kind = $2 AND seq = $3 AND key = $4
                       AND (by_id = $5 OR $6)";
            tx.execute(sql, &params![group, kind, seq, key, by, kind.is_shared()])?;
        }
        Row::Wipe { kind } => {
            search::wipe(tx, group, &[(message.id, seq)])?;
            files::unuse(tx, group, &[seq])?;
            former::forget(tx, group, &[seq])?;
            gallery::forget(tx, group, &[seq])?;
            let gone = NoteKind::ALL.into_iter().filter(|kind| !kind.outlives_recall());
            let gone: Vec<_> = gone.map(|kind| params![group, kind, seq].to_vec()).collect();
            tx.execute_each("DELETE FROM notes WHERE group_id = $1 AND kind = $2 AND seq = $3", &gone)?;
            put(tx, by, message, (kind, "", ""), at)?;
        }
    }
    Ok(())
}

fn put(
    tx: &dyn Tx,
    by: UserId,
    message: &Message,
    (kind, key, body): (NoteKind, &str, &str),
    at: Timestamp,
) -> Step<()> {
    let sql = "INSERT INTO notes (group_id, kind, seq, key, by_id, rev, at, body)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let params = params![message.group, kind, message.seq, key, by, message.latest_rev(), at, body];
    tx.execute(sql, &params).map(drop)
}

/// The row of its state, and whom it mentions where that is another than `before`.
fn write_state(tx: &dyn Tx, message: &Message, before: &MessageState, place: Place) -> Step<()> {
    let (group, seq, id) = (message.group, message.seq, message.id);
    let sql = "INSERT INTO states (group_id, seq, rev, body) VALUES ($1, $2, $3, $4)
               ON CONFLICT (group_id, seq) DO UPDATE SET rev = excluded.rev, body = excluded.body";
    let text = message.state_text().unwrap_or_default();
    tx.execute(sql, &params![group, seq, message.latest_rev(), without_words(&text)])?;
    let (was, is) = (mentioned(Some(before)), mentioned(message.state.as_deref()));
    let gone: Vec<_> = was.iter().filter(|user| !is.contains(user)).collect();
    if !message.is_recalled() {
        gone.iter().try_for_each(|user| place.keep_mention(tx, **user, message.rev))?;
    }
    let gone: Vec<_> = gone.into_iter().map(|user| params![*user, group, seq].to_vec()).collect();
    tx.execute_each("DELETE FROM mentions WHERE user_id = $1 AND group_id = $2 AND seq = $3", &gone)?;
    let new = is.iter().filter(|user| !was.contains(user));
    let new: Vec<_> = new.map(|user| params![*user, group, seq, id].to_vec()).collect();
    tx.execute_each(MENTION, &new).map(drop)
}

/// The pictures of its links are used by it, and those of `before` no more.
fn write_pictures(tx: &dyn Tx, message: &Message, before: &MessageState) -> Step<()> {
    let is = message.state.as_deref().map(MessageState::pictures).unwrap_or_default();
    let was = before.pictures();
    if is == was || message.is_recalled() {
        return Ok(());
    }
    if !was.is_empty() && !former::has_states(tx.reader(), message.group, message.seq)? {
        // A text uses no other files. Who has left since sees what it was, with its pictures.
        files::unuse(tx, message.group, &[message.seq])?;
    }
    files::hold(tx.reader(), &is)?;
    files::store_uses(tx, &is, message.group, message.seq)
}

pub(super) const MENTION: &str =
    "INSERT INTO mentions (user_id, group_id, seq, message_id) VALUES ($1, $2, $3, $4)";

/// Of whom there is a row.
pub fn mentioned(state: Option<&MessageState>) -> Vec<UserId> {
    let Some(state) = state else { return Vec::new() };
    state.mentions.iter().copied().chain(state.mention_all.then_some(EVERYBODY)).collect()
}

/// The members who do not see the message: they joined later and were not there before, have cleared the chat, or have
/// hidden it. Of too many it is [`EVERYBODY`].
fn blind(db: &dyn Read, message: &Message) -> Step<Vec<UserId>> {
    let sql = "SELECT user_id FROM (
                   SELECT m.user_id FROM members AS m
                   WHERE m.group_id = $1 AND m.left_rev IS NULL AND m.join_rev > $3
                     AND NOT EXISTS (SELECT 1 FROM earlier_spans AS e
                                     WHERE e.group_id = m.group_id AND e.user_id = m.user_id
                                       AND e.after_seq < $2 AND e.to_seq >= $2) LIMIT $4) AS joined
               UNION
               SELECT user_id FROM (
                   SELECT c.user_id FROM cleared AS c JOIN members AS m ON m.group_id = $1 AND m.user_id = c.user_id
                   WHERE c.group_id = $1 AND c.seq >= $2 AND m.left_rev IS NULL LIMIT $4) AS cleared
               UNION
               SELECT user_id FROM (
                   SELECT h.user_id FROM hidden AS h JOIN members AS m ON m.group_id = $1 AND m.user_id = h.user_id
                   WHERE h.group_id = $1 AND h.seq = $2 AND m.left_rev IS NULL LIMIT $4) AS hidden";
    let most = MAX_BLIND as u64 + 1;
    let blind: Vec<UserId> =
        db.all(sql, &params![message.group, message.seq, message.rev, most], |row| row.get("user_id"))?;
    Ok(if blind.len() > MAX_BLIND { vec![EVERYBODY] } else { blind })
}
