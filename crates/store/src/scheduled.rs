//! Messages that are to be sent later.
//!
//! A message is sent, and gone from here, in one transaction: so whatever ends a node in between, and however many nodes
//! send what is due, it is sent once, and nobody changes or cancels what is on its way.

use async_trait::async_trait;
use rim_core::event::{Change, ChatChange};
use rim_core::message::{Extras, Message, NewMessage};
use rim_core::schedule::{MAX_GONE, MAX_SCHEDULED, Planned, REMEMBERED_MS, Scheduled, Turn};
use rim_core::{ConnectionId, GroupId, Refusal, Seq, SessionId, Timestamp, UserId, file, group};

use crate::database::{Appended, Database, Fields, Tx};
use crate::failure::{Failure, Result as Step};
use crate::files::Named;
use crate::table::{Table, integer, optional, text};
use crate::{Part, Result, files, params, part, people, uploads};

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

/// What was sent or cancelled, so that a request that comes again, late, schedules nothing.
pub(crate) const UNSCHEDULED: Table =
    Table { name: "unscheduled", key: 2, columns: &[integer("user_id"), integer("id"), integer("gone_at")] };

/// What is to be said later.
#[async_trait]
pub trait Schedules: Send + Sync {
    /// Notes a message that is to be sent. The caller chooses its id, by which a repetition is known: that changes nothing,
    /// even if it was sent or cancelled meanwhile, to whichever group; of the last [`MAX_GONE`] of a user that is known for
    /// [`REMEMBERED_MS`]. Told to its user, as all changes of it are.
    ///
    /// # Errors
    /// `NoSuchGroup`, `NotMember`, `TooManyScheduled`, `NoSuchFile`, `FileOfAnotherKind`. Everything else is looked at when it is sent.
    async fn schedule(&self, message: Scheduled, now: Timestamp) -> Result<()>;

    /// Puts another in its place. One that has failed waits again.
    ///
    /// # Errors
    /// `NoSuchScheduled`, where its user has none of this id; `NoSuchGroup`, `NotMember`, and those of files.
    async fn reschedule(&self, message: Scheduled, now: Timestamp) -> Result<()>;

    /// What the user has, in a group or everywhere, in the order in which it is to be sent: as many as fit into so many bytes.
    async fn scheduled_part(
        &self,
        user: UserId,
        group: Option<GroupId>,
        after: Turn,
        bytes: usize,
    ) -> Result<Part<Scheduled, Turn>>;

    /// # Errors
    /// `NoSuchScheduled`.
    async fn cancel_scheduled(&self, user: UserId, id: u64, now: Timestamp) -> Result<()>;

    /// The first `limit` that are due behind a turn, and whose they are.
    async fn due_scheduled(&self, after: Turn, now: Timestamp, limit: u32) -> Result<Vec<(Turn, UserId)>>;

    /// Sends one that is due, as if its user sent it now; or none, if it is not due any more.
    ///
    /// # Errors
    /// `ScheduledTooLate`, `Disabled`, and those of [`crate::Messages::submit`].
    async fn send_scheduled(&self, user: UserId, id: u64, now: Timestamp) -> Result<()>;

    /// Sends one now, as its user asks for from a session.
    ///
    /// # Errors
    /// `NoSuchScheduled`, and those of [`crate::Messages::submit`].
    async fn send_scheduled_now(
        &self,
        user: UserId,
        session: SessionId,
        id: u64,
        now: Timestamp,
    ) -> Result<Message>;

    /// Keeps why one could not be sent that was due, and tells its user.
    async fn fail_scheduled(&self, user: UserId, id: u64, why: String, now: Timestamp) -> Result<()>;
}

#[async_trait]
impl<D: Database> Schedules for D {
    async fn schedule(&self, mut message: Scheduled, now: Timestamp) -> Result<()> {
        self.write(message.user, move |tx| {
            let Scheduled { id, user, group, .. } = message;
            // Of one user one after the other, or more than the last would find room.
            people::lock(tx, &[user])?;
            let sql = "SELECT user_id FROM scheduled WHERE id = $1";
            match tx.reader().first(sql, &params![id], |row| row.get::<UserId>("user_id"))? {
                Some(owner) if owner == user => return Ok(()),
                Some(_) => {
                    return Err(Failure::Overtaken("somebody else has a scheduled message of this id"));
                }
                None => {}
            }
            // Looked for behind the row: it goes and this comes in one commit.
            let sql = "SELECT id FROM unscheduled WHERE user_id = $1 AND id = $2";
            if tx.reader().exists(sql, &params![user, id])? {
                return Ok(());
            }
            if tx.stored_messages(user, &[(group, &Scheduled::client_msg_id(id))])?[0].is_some() {
                return Ok(());
            }
            may_schedule(tx, user, group)?;
            let count = "SELECT CAST(count(*) AS bigint) AS count FROM scheduled WHERE user_id = $1";
            if tx.reader().count(count, &params![user])? >= MAX_SCHEDULED {
                return Err(Refusal::TooManyScheduled(MAX_SCHEDULED).into());
            }
            hold_files(tx, &mut message)?;
            let sql = "INSERT INTO scheduled (id, user_id, group_id, send_at, created_at, body)
                       VALUES ($1, $2, $3, $4, $5, $6)";
            let Scheduled { send_at, created_at, what, .. } = &message;
            tx.execute(sql, &params![id, user, group, *send_at, *created_at, what.text()])?;
            forget_old(tx, user, now)?;
            changed(tx, &message, now)
        })
        .await
    }

    async fn reschedule(&self, mut message: Scheduled, now: Timestamp) -> Result<()> {
        self.write(message.user, move |tx| {
            people::lock(tx, &[message.user])?;
            may_schedule(tx, message.user, message.group)?;
            if find(tx, message.user, message.id)?.is_none() {
                return Err(Refusal::NoSuchScheduled.into());
            }
            hold_files(tx, &mut message)?;
            let sql = "UPDATE scheduled SET group_id = $3, send_at = $4, body = $5, failed = NULL
                       WHERE id = $1 AND user_id = $2";
            let Scheduled { id, user, group, send_at, what, .. } = &message;
            tx.execute(sql, &params![*id, *user, *group, *send_at, what.text()])?;
            changed(tx, &message, now)
        })
        .await
    }

    async fn scheduled_part(
        &self,
        user: UserId,
        group: Option<GroupId>,
        after: Turn,
        bytes: usize,
    ) -> Result<Part<Scheduled, Turn>> {
        self.read(move |db| {
            let sql = "SELECT id, user_id, group_id, send_at, created_at, body, failed FROM scheduled
                       WHERE user_id = $1 AND (send_at, created_at, id) > ($2, $3, $4)
                           AND (group_id = $5 OR $5 = 0)
                       ORDER BY send_at, created_at, id LIMIT $6";
            let Turn { send_at, created_at, id } = after;
            let params = params![user, send_at, created_at, id, group.unwrap_or_default(), part::AT_ONCE];
            part::read(db, sql, &params, bytes, read, Scheduled::turn)
        })
        .await
    }

    async fn cancel_scheduled(&self, user: UserId, id: u64, now: Timestamp) -> Result<()> {
        self.write(user, move |tx| {
            people::lock(tx, &[user])?;
            let group = find(tx, user, id)?.map(|found| found.group).ok_or(Refusal::NoSuchScheduled)?;
            remove(tx, user, id, now)?;
            tell(tx, user, group, ChatChange::Scheduled { id }, now)
        })
        .await
    }

    async fn due_scheduled(&self, after: Turn, now: Timestamp, limit: u32) -> Result<Vec<(Turn, UserId)>> {
        self.read(move |db| {
            let sql = "SELECT id, send_at, created_at, user_id FROM scheduled
                       WHERE failed IS NULL AND send_at <= $1 AND (send_at, created_at, id) > ($2, $3, $4)
                       ORDER BY send_at, created_at, id LIMIT $5";
            let params = params![now, after.send_at, after.created_at, after.id, u64::from(limit)];
            db.all(sql, &params, |row| {
                let (send_at, created_at) = (row.get("send_at")?, row.get("created_at")?);
                Ok((Turn { send_at, created_at, id: row.get("id")? }, row.get("user_id")?))
            })
        })
        .await
    }

    async fn send_scheduled(&self, user: UserId, id: u64, now: Timestamp) -> Result<()> {
        self.write(user, move |tx| {
            let Some(message) = find(tx, user, id)? else { return Ok(()) };
            if message.is_due(now)? { send(tx, message, None, now).map(drop) } else { Ok(()) }
        })
        .await
    }

    async fn send_scheduled_now(
        &self,
        user: UserId,
        session: SessionId,
        id: u64,
        now: Timestamp,
    ) -> Result<Message> {
        self.write(user, move |tx| {
            let message = find(tx, user, id)?.ok_or(Refusal::NoSuchScheduled)?;
            let group = message.group;
            let Appended { stored, message } = send(tx, message, Some(session), now)?;
            match message {
                Some(message) => Ok(Message::clone(&message)),
                None => Ok(tx.reader().message(group, stored.id, None)?.ok_or(Refusal::NoSuchMessage)?),
            }
        })
        .await
    }

    async fn fail_scheduled(&self, user: UserId, id: u64, why: String, now: Timestamp) -> Result<()> {
        self.write(user, move |tx| {
            people::lock(tx, &[user])?;
            // It may have become another meanwhile, or have failed on another node.
            let Some(message) = find(tx, user, id)? else { return Ok(()) };
            if message.is_due(now) == Ok(false) {
                return Ok(());
            }
            tx.execute("UPDATE scheduled SET failed = $2 WHERE id = $1", &params![id, &why])?;
            tell(tx, user, message.group, ChatChange::ScheduleFailed { id, why }, now)
        })
        .await
    }
}

/// One of the user's, which nobody else changes until this transaction has ended.
fn find(db: &dyn Tx, user: UserId, id: u64) -> Step<Option<Scheduled>> {
    let sql = "SELECT id, user_id, group_id, send_at, created_at, body, failed FROM scheduled
               WHERE id = $1 AND user_id = $2 FOR NO KEY UPDATE";
    db.reader().first(sql, &params![id, user], read)
}

fn read(row: Fields<'_>) -> Step<Scheduled> {
    Ok(Scheduled {
        id: row.get("id")?,
        user: row.get("user_id")?,
        group: row.get("group_id")?,
        send_at: row.get("send_at")?,
        created_at: row.get("created_at")?,
        what: row.parse("body", |text: String| Planned::of(&text))?,
        failed: row.get("failed")?,
    })
}

/// # Errors
/// `NoSuchGroup`, `NotMember`.
fn may_schedule(db: &dyn Tx, user: UserId, group: GroupId) -> Step<()> {
    let sql = "SELECT g.id, m.user_id FROM groups AS g
               LEFT JOIN members AS m ON m.group_id = g.id AND m.user_id = $2 AND m.left_rev IS NULL
               WHERE g.id = $1";
    let member = db.reader().first(sql, &params![group, user], |row| row.get::<Option<UserId>>("user_id"))?;
    Ok(group::may_write(member.ok_or(Refusal::NoSuchGroup)?.is_some())?)
}

/// Sends it and forgets it. What it says is looked at as if it came now.
fn send(tx: &mut dyn Tx, message: Scheduled, session: Option<SessionId>, now: Timestamp) -> Step<Appended> {
    let Scheduled { id, user, group, what, .. } = message;
    let kind = what.kind().ok_or(Failure::Overtaken("a kind that a later rim has"))?;
    if people::credentials_of(tx.reader(), user)?.is_none_or(|user| user.disabled) {
        return Err(Refusal::Disabled.into());
    }
    let Planned { content, reply_to, mentions, mention_all, .. } = what;
    let extras = Extras { reply_to, mentions, mention_all, forwarded_from: None };
    let new = NewMessage {
        group,
        sender: user,
        client_msg_id: Scheduled::client_msg_id(id),
        kind,
        content,
        extras: (!extras.is_empty()).then(|| Box::new(extras)),
        session,
        now,
        connection: ConnectionId::default(),
    };
    let appended = tx.append_messages(vec![new])?;
    remove(tx, user, id, now)?;
    Ok(appended.into_iter().next().expect("one for each"))
}

/// The files that it names stay until it is sent, and what is known of them is put in: its user must see them now, and then
/// once more.
///
/// # Errors
/// `NoSuchFile`, `FileOfAnotherKind`.
fn hold_files(tx: &dyn Tx, message: &mut Scheduled) -> Step<()> {
    let Scheduled { id, user, what, .. } = message;
    let kind = what.kind().ok_or(Failure::Overtaken("a kind that a later rim has"))?;
    let named = file::named_files(kind, &what.content)?;
    let admitted = match &named[..] {
        [] => None,
        named => Some(files::admit(tx, *user, kind, &what.content, named)?),
    };
    // Of what it was before.
    files::unuse(tx, files::SCHEDULED, &[Seq(*id)])?;
    let Some(Named { content, files }) = admitted else { return Ok(()) };
    what.content = content.unwrap_or_else(|| std::mem::take(&mut what.content));
    files::store_uses(tx, &files, files::SCHEDULED, Seq(*id))
}

/// It is not scheduled any more, and is remembered.
fn remove(tx: &dyn Tx, user: UserId, id: u64, now: Timestamp) -> Step<()> {
    tx.execute("DELETE FROM scheduled WHERE id = $1", &params![id])?;
    files::unuse(tx, files::SCHEDULED, &[Seq(id)])?;
    let sql = "INSERT INTO unscheduled (user_id, id, gone_at) VALUES ($1, $2, $3)
               ON CONFLICT (user_id, id) DO UPDATE SET gone_at = excluded.gone_at";
    tx.execute(sql, &params![user, id, now]).map(drop)
}

/// Forgets those of the user that have been gone for long, and all but the last. Others of them are added only by what is
/// scheduled now, so there are never many more.
fn forget_old(tx: &dyn Tx, user: UserId, now: Timestamp) -> Step<()> {
    let sql = "DELETE FROM unscheduled WHERE user_id = $1 AND (gone_at < $2 OR gone_at <= (
                   SELECT gone_at FROM unscheduled WHERE user_id = $1 ORDER BY gone_at DESC LIMIT 1 OFFSET $3))";
    tx.execute(sql, &params![user, now.plus_ms(-REMEMBERED_MS), MAX_GONE]).map(drop)
}

/// What it names stays until it is sent, and then for ever.
fn changed(tx: &mut dyn Tx, message: &Scheduled, now: Timestamp) -> Step<()> {
    tell(tx, message.user, message.group, ChatChange::Scheduled { id: message.id }, now)?;
    uploads::pin(tx, &message.what.content, now)
}

fn tell(tx: &mut dyn Tx, user: UserId, group: GroupId, what: ChatChange, at: Timestamp) -> Step<()> {
    let rev = people::next_rev(tx, user)?;
    tx.publish(Change::Chat { user, rev, group, what, at });
    Ok(())
}
