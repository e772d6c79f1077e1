//! What a transaction of a use case does.

use futures_util::future::try_join_all;
use rim_core::event::Change;
use rim_core::message::NewMessage;
use rim_core::{GroupId, MessageId, Refusal, UserId};
use rim_store::database::{Appended, Head, Stored};
use rim_store::{Tx, Value};

use crate::groups::last_at;
use crate::names::NAMES;
use crate::port::{Result, TOGETHER, Writer, execute};
use crate::row::{self, Sql, array};
use crate::text::Text;
use crate::{append, each};

impl Tx for Writer<'_> {
    fn execute(&self, sql: &'static str, params: &[Value<'_>]) -> Result<u64> {
        Ok(self.patience.wait(execute(&self.db, sql, params)).flatten()?)
    }

    fn execute_each(&self, sql: &'static str, params: &[Vec<Value<'_>>]) -> Result<u64> {
        let mut changed = 0;
        for params in params.chunks(TOGETHER) {
            if params.len() > 1
                && let Some(inserted) = self.patience.wait(each::insert(&self.db, sql, params)).flatten()?
            {
                changed += inserted;
                continue;
            }
            let asked = params.iter().map(|params| execute(&self.db, sql, params));
            changed += self.patience.wait(try_join_all(asked)).flatten()?.into_iter().sum::<u64>();
        }
        Ok(changed)
    }

    fn lock_names(&self, names: &[String]) -> Result<()> {
        let sql = "SELECT pg_advisory_xact_lock($1, hashtext(name)) FROM unnest($2::text[]) AS names (name)";
        let names: Vec<_> = names.iter().map(|name| Text(name)).collect();
        self.patience.wait(row::execute(&self.db, sql, &[&NAMES, &names])).flatten()?;
        Ok(())
    }

    fn newest_message(&self) -> Result<MessageId> {
        let sql = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM message_ids";
        let newest = row::first(&self.db, sql, &[], row::read);
        Ok(self.patience.wait(newest).flatten()?.unwrap_or_default())
    }

    fn new_group(&self) -> Result<GroupId> {
        let next = row::first(&self.db, "SELECT nextval('group_ids')", &[], row::read);
        Ok(self.patience.wait(next).flatten()?.ok_or(Refusal::NoSuchGroup)?)
    }

    fn lock_groups(&mut self, groups: &[GroupId]) -> Result<Vec<Head>> {
        let sql = concat!(
            "SELECT g.id, g.last_seq, g.last_rev, g.last_message_id, ",
            last_at!(),
            " FROM groups AS g WHERE g.id = ANY($1) ORDER BY g.id FOR NO KEY UPDATE OF g"
        );
        let ids = array(groups.iter().copied());
        let params: row::Params<'_> = &[&ids];
        let locked = row::all(&self.db, sql, params, |row| {
            let (group, last_seq, last_rev, last_message, last_at) = row::read(row)?;
            Ok(Head { group, last_seq, last_rev, last_message, last_at })
        });
        let heads = self.patience.wait(locked).flatten()?;
        if heads.len() == groups.len() { Ok(heads) } else { Err(Refusal::NoSuchGroup.into()) }
    }

    fn moved_groups(&mut self, heads: &[Head]) -> Result<()> {
        let sql = "UPDATE groups AS g SET last_rev = moved.last_rev, last_at = moved.last_at
                   FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS moved (id, last_rev, last_at)
                   WHERE g.id = moved.id";
        let ids = array(heads.iter().map(|head| head.group));
        let revs = array(heads.iter().map(|head| head.last_rev));
        let times: Vec<_> = heads.iter().map(|head| head.last_at.0).collect();
        self.patience.wait(row::execute(&self.db, sql, &[&ids, &revs, &times])).flatten()?;
        Ok(())
    }

    fn moved_on(&mut self, head: Head) -> Result<()> {
        self.moved_groups(&[head])
    }

    /// It is gone from the files with VACUUM, which runs by itself, and from the log of writes when that is reused.
    fn wipe_messages(&mut self, group: GroupId, messages: &[MessageId]) -> Result<()> {
        let sql = "UPDATE messages SET kind = 1, content = '' WHERE group_id = $1 AND id = ANY($2)";
        let ids = array(messages.iter().copied());
        self.patience.wait(row::execute(&self.db, sql, &[&group.sql(), &ids])).flatten()?;
        let sql = "UPDATE words AS w SET content = '' FROM messages AS m
                   WHERE m.group_id = $1 AND m.id = ANY($2) AND w.group_id = m.group_id AND w.seq = m.seq";
        self.patience.wait(row::execute(&self.db, sql, &[&group.sql(), &ids])).flatten()?;
        Ok(())
    }

    fn append_messages(&mut self, new: Vec<NewMessage>) -> Result<Vec<Appended>> {
        append::messages(self, new)
    }

    fn stored_messages(&mut self, user: UserId, ids: &[(GroupId, &str)]) -> Result<Vec<Option<Stored>>> {
        append::stored(self, user, ids)
    }

    fn publish(&mut self, change: Change) {
        self.changes.push(change);
    }
}
