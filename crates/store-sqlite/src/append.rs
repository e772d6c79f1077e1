//! The message path: appending a message, and marking how far one was delivered or read.

use std::sync::Arc;

use rim_core::event::Change;
use rim_core::message::{Mark, Message, NewMessage, Receipt, Written};
use rim_core::note;
use rim_core::{ConnectionId, GroupId, MessageId, Rev, Seq, Timestamp, UserId};
use rim_core::{file, group};
use rim_store::database::Stored;
use rim_store::files::Named;
use rusqlite::{Connection, Statement, params};

use crate::batch::Batch;
use crate::client_ids::{self, Found};
use crate::failure::{Failure, Result};
use crate::heads::Kind;
use crate::row::{self, Sql};
use crate::tail::Entry;
use crate::{checksum, uploads};

impl Batch<'_> {
    pub(crate) fn append(&mut self, new: NewMessage) -> Result<(Written, Option<Change>)> {
        self.ended.must_go_on(new.session)?;
        let (mut head, Kind { is_half, expire_seconds }) =
            self.heads.group_of_a_message(self.db, new.group)?;
        let (group, sender) = (new.group, new.sender);
        let client_hash = match self.find_client_id(client_ids::hash, group, sender, &new.client_msg_id)? {
            // Also to one who has left since: they are told the truth, not that they may not send.
            Found::Sent(first) => {
                let Stored { id, seq } = place_of(self.db, first)?;
                return Ok((Written::Appended { id, seq }, None));
            }
            Found::New(hash) => hash,
        };
        group::may_write(self.heads.standing(self.db, new.group, new.sender)?.member)?;
        let created_at = self.heads.time_in(self.db, group, new.now)?;
        let state = if new.extras.is_some() {
            // The tables are read now, so what is held back has to be there.
            self.heads.flush(&mut self.statements)?;
            rim_store::notes::admit(self, &new, created_at)?
        } else {
            note::plain_state(expire_seconds, created_at)
        };
        let named = self.named_files(&new)?;
        if is_half {
            // They are read and written.
            self.heads.flush(&mut self.statements)?;
            rim_store::groups::bring_back(self, group, sender, new.now)?;
            head = *self.heads.group(self.db, group)?;
        }

        let mut message = Message {
            state,
            id: self.heads.next_message(),
            group: new.group,
            seq: Seq(head.last_seq.0 + 1),
            rev: Rev(head.last_rev.0 + 1),
            sender: new.sender,
            client_msg_id: new.client_msg_id,
            kind: new.kind,
            content: new.content,
            created_at,
        };
        let files = named.map_or_else(Vec::new, |Named { content, files }| {
            message.content = content.unwrap_or_else(|| std::mem::take(&mut message.content));
            files
        });
        insert(&mut self.statements.insert_message, &message, client_hash)?;
        if let Some(state) = &mut message.state {
            state.rev = message.rev;
            rim_store::notes::store_extras(self, &message)?;
        }
        if !files.is_empty() {
            rim_store::files::store_uses(self, &files, group, message.seq)?;
        }
        uploads::pin(self.db, &message.content)?;
        rim_store::gallery::list(self, &message)?;

        // Taken only now that the row is there: neither places nor revs have gaps.
        self.heads.took_message();
        self.tail.insert(Entry { message: message.id, group, seq: message.seq, sender, client_hash });
        self.heads.group(self.db, message.group)?.appended(&message);
        self.heads.standing(self.db, message.group, message.sender)?.sent(message.seq);
        let written = Written::Appended { id: message.id, seq: message.seq };
        let change = Change::Message { message: Arc::new(message), connection: new.connection };
        Ok((written, Some(change)))
    }

    /// Looks at the files that a message names. Most kinds name none.
    fn named_files(&mut self, new: &NewMessage) -> Result<Option<Named>> {
        if !file::may_name(new.kind) {
            return Ok(None);
        }
        let named = file::named_files(new.kind, &new.content)?;
        if named.is_empty() {
            return Ok(None);
        }
        // The tables are read now, so what is held back has to be there.
        self.heads.flush(&mut self.statements)?;
        Ok(Some(rim_store::files::admit(self, new.sender, new.kind, &new.content, &named)?))
    }

    /// Where the message is that the sender calls so, if it is stored.
    pub(crate) fn stored(&mut self, group: GroupId, sender: UserId, id: &str) -> Result<Option<Stored>> {
        match self.find_client_id(client_ids::hash, group, sender, id)? {
            Found::Sent(first) => place_of(self.db, first).map(Some),
            Found::New(_) => Ok(None),
        }
    }

    pub(crate) fn mark(&mut self, mark: Mark) -> Result<(Written, Option<Change>)> {
        self.ended.must_go_on(mark.session)?;
        self.heads.group(self.db, mark.group)?;
        group::may_write(self.heads.standing(self.db, mark.group, mark.user)?.member)?;
        let Some(seq) = seq_of(&mut self.statements.find_place, mark.group, mark.message)? else {
            return Ok((Written::Marked, None));
        };
        Ok((Written::Marked, self.move_receipt(mark, seq)?))
    }

    pub(crate) fn mark_all_read(&mut self, user: UserId, group: GroupId, now: Timestamp) -> Result<()> {
        let head = *self.heads.group(self.db, group)?;
        if !self.heads.standing(self.db, group, user)?.member {
            return Ok(rim_store::chats::read_after_leaving(self, user, group, now)?);
        }
        let (message, seq) = (head.last_message, head.last_seq);
        let mark = Mark {
            group,
            user,
            message,
            receipt: Receipt::Read,
            session: None,
            now,
            connection: ConnectionId(0),
        };
        if let Some(change) = self.move_receipt(mark, seq)? {
            self.tell(change);
        }
        Ok(())
    }

    /// Moves the receipt on to `seq`, the place of the mark's message; never back.
    fn move_receipt(&mut self, mark: Mark, seq: Seq) -> Result<Option<Change>> {
        let standing = self.heads.standing(self.db, mark.group, mark.user)?;
        let behind = match mark.receipt {
            Receipt::Delivered => standing.delivered_seq,
            Receipt::Read => standing.read_seq,
        };
        if seq <= behind {
            return Ok(None);
        }
        let rev = self.heads.group(self.db, mark.group)?.next_rev();
        self.heads.standing(self.db, mark.group, mark.user)?.marked(mark.receipt, seq, rev);
        Ok(Some(Change::Receipt {
            group: mark.group,
            rev,
            user: mark.user,
            receipt: mark.receipt,
            message: mark.message,
            seq,
            at: self.heads.time_in(self.db, mark.group, mark.now)?,
            connection: mark.connection,
        }))
    }
}

fn insert(insert: &mut Statement<'_>, message: &Message, client_hash: i64) -> Result<()> {
    insert.execute(params![
        message.id.sql(),
        message.group.sql(),
        message.seq.sql(),
        message.rev.sql(),
        message.sender.sql(),
        message.client_msg_id,
        client_hash,
        message.kind.code(),
        message.content,
        message.created_at.0,
        checksum::of(message),
    ])?;
    Ok(())
}

/// Where a message is that was stored before.
fn place_of(db: &Connection, message: MessageId) -> Result<Stored> {
    let sql = "SELECT id, seq FROM messages WHERE id = ?1";
    let place = row::first(db, sql, [message.sql()], row::behind_key("messages"))?;
    let seq = place.ok_or_else(|| Failure::Corrupt {
        table: "client_ids".into(),
        column: "message_id".into(),
        row: "of a resent message".into(),
        value: message.to_string(),
    })?;
    Ok(Stored { id: message, seq })
}

fn seq_of(find: &mut Statement<'_>, group: GroupId, message: MessageId) -> Result<Option<Seq>> {
    row::first_of(find, [message.sql(), group.sql()], row::behind_key("messages"))
}
