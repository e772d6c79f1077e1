//! What new messages have beside their content: as rows of each kind, which are written together.

use deadpool_postgres::GenericClient;
use futures_util::try_join;
use rim_core::message::MessageState;
use rim_core::{GroupId, MessageId, Rev, Seq};
use rim_store::notes::mentioned;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Statement};

use crate::failure::Result;
use crate::row::Sql;
use crate::text::Text;

const STATES: &str = "INSERT INTO states (group_id, seq, rev, body)
                      SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[])";

const MENTIONS: &str = "INSERT INTO mentions (user_id, group_id, seq, message_id)
                        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])";

const REPLIES: &str = "INSERT INTO replies (group_id, root_seq, seq, parent_seq)
                       SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])";

const EXPIRING: &str = "INSERT INTO expiring (group_id, seq, message_id, expires_at)
                        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])";

/// Rows of four numbers, column by column.
type Rows = [Vec<i64>; 4];

#[derive(Default)]
pub(crate) struct Beside {
    /// Their group, `seq` and `rev`.
    states: [Vec<i64>; 3],
    bodies: Vec<String>,
    mentions: Rows,
    replies: Rows,
    expiring: Rows,
}

/// The statements of those kinds of which there are rows.
pub(crate) struct Statements {
    states: Option<Statement>,
    mentions: Option<Statement>,
    replies: Option<Statement>,
    expiring: Option<Statement>,
}

impl Beside {
    pub(crate) fn push(&mut self, id: MessageId, group: GroupId, seq: Seq, rev: Rev, state: &MessageState) {
        push(&mut self.states, [group.sql(), seq.sql(), rev.sql()]);
        self.bodies.push(state.text());
        for user in mentioned(Some(state)) {
            push(&mut self.mentions, [user.sql(), group.sql(), seq.sql(), id.sql()]);
        }
        if let Some(to) = state.reply_to {
            push(&mut self.replies, [group.sql(), to.root.sql(), seq.sql(), to.seq.sql()]);
        }
        if let Some(at) = state.expires_at {
            push(&mut self.expiring, [group.sql(), seq.sql(), id.sql(), at.0]);
        }
    }

    /// Prepares the statements, so that [`Self::insert`] is on its way at once.
    pub(crate) async fn prepare(&self, db: &impl GenericClient) -> Result<Statements> {
        let kinds = [
            (&self.states[0], STATES),
            (&self.mentions[0], MENTIONS),
            (&self.replies[0], REPLIES),
            (&self.expiring[0], EXPIRING),
        ];
        let mut prepared = [const { None }; 4];
        for ((rows, sql), prepared) in kinds.into_iter().zip(&mut prepared) {
            if !rows.is_empty() {
                *prepared = Some(db.prepare_cached(sql).await?);
            }
        }
        let [states, mentions, replies, expiring] = prepared;
        Ok(Statements { states, mentions, replies, expiring })
    }

    pub(crate) async fn insert(
        &self,
        db: &impl GenericClient,
        statements: &Statements,
    ) -> std::result::Result<(), Error> {
        let [groups, seqs, revs] = &self.states;
        let bodies: Vec<_> = self.bodies.iter().map(|body| Text(body)).collect();
        try_join!(
            insert(db, statements.states.as_ref(), [groups, seqs, revs, &bodies]),
            insert_numbers(db, statements.mentions.as_ref(), &self.mentions),
            insert_numbers(db, statements.replies.as_ref(), &self.replies),
            insert_numbers(db, statements.expiring.as_ref(), &self.expiring),
        )?;
        Ok(())
    }
}

fn push<const N: usize>(rows: &mut [Vec<i64>; N], row: [i64; N]) {
    for (column, value) in rows.iter_mut().zip(row) {
        column.push(value);
    }
}

async fn insert_numbers(
    db: &impl GenericClient,
    statement: Option<&Statement>,
    [a, b, c, d]: &Rows,
) -> std::result::Result<(), Error> {
    insert(db, statement, [a, b, c, d]).await
}

async fn insert(
    db: &impl GenericClient,
    statement: Option<&Statement>,
    columns: [&(dyn ToSql + Sync); 4],
) -> std::result::Result<(), Error> {
    if let Some(statement) = statement {
        db.execute(statement, &columns).await?;
    }
    Ok(())
}
