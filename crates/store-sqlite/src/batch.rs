//! What happens inside one transaction: many writes, each of which stands or falls by itself, unless the
//! database itself fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rim_core::UserId;
use rim_core::event::Change;
use rim_core::message::Write;
use rim_store::{Committed, Done, StoreError};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::ended::EndedSessions;
use crate::failure::{Failure, Result};
use crate::heads::Heads;
use crate::published_heads::PublishedHeads;
use crate::statements::Statements;
use crate::tail::Tail;

/// The writer's transactions, one after the other, and what it remembers from one to the next.
pub(crate) struct Batch<'c> {
    pub(crate) db: &'c Connection,
    pub(crate) statements: Statements<'c>,
    pub(crate) heads: Heads,
    pub(crate) tail: Tail,
    /// Those that ended while this process ran.
    pub(crate) ended: EndedSessions,
    /// Whether heads and tail say what the tables say: not while a transaction is open, nor after one that
    /// failed.
    certain: bool,
    /// For the feed, once it is committed.
    out: Vec<Committed>,
}

impl<'c> Batch<'c> {
    pub(crate) fn new(db: &'c Connection, tail: Tail) -> Result<Self> {
        let (statements, heads) = (Statements::prepare(db)?, Heads::load(db)?);
        let ended = EndedSessions::default();
        Ok(Self { db, statements, heads, tail, ended, certain: true, out: Vec::new() })
    }

    pub(crate) fn begin(&mut self) -> Result<()> {
        self.statements.begin.execute([])?;
        if !std::mem::replace(&mut self.certain, false) {
            self.heads = Heads::load(self.db)?;
            self.tail.rolled_back(self.heads.next_message());
        }
        Ok(())
    }

    /// Tells users of a change, once it is committed; and refuses what comes from sessions that end with it.
    pub(crate) fn tell(&mut self, change: Change) {
        if let Change::SessionsEnded { sessions, why, .. } = &change {
            self.ended.note(sessions, *why);
        }
        self.out.push(Committed::Change(change));
    }

    /// Carries out a write of the message path. It needs no savepoint: every check precedes its first
    /// statement.
    ///
    /// # Errors
    /// What the whole batch fails of: how far the write came is not known.
    pub(crate) fn write(&mut self, write: Write, done: Done) -> Result<()> {
        let told = self.out.len();
        let written = guarded(|| match write {
            Write::Append(new) => self.append(new),
            Write::Mark(mark) => self.mark(mark),
        });
        let (result, change, failed) = match written {
            Ok((written, change)) => (Ok(written), change, Ok(())),
            // Both are found before anything is written.
            Err(failure @ (Failure::Refused(_) | Failure::Corrupt { .. })) => {
                (Err(failure.into()), None, Ok(()))
            }
            Err(failure) => (Err(StoreError::Fault(failure.to_string())), None, Err(failure)),
        };
        // Before what it answers for: a message may have told who came back for it.
        self.out.insert(told, Committed::Answer { done, result });
        self.out.extend(change.map(Committed::Change));
        failed
    }

    /// Runs a use case in a savepoint: if it fails it has changed and published nothing.
    ///
    /// # Errors
    /// What the whole batch fails of.
    pub(crate) fn call(&mut self, call: &mut dyn Call) -> Result<()> {
        // The use case reads tables, so what the heads hold back has to be there.
        self.heads.flush(&mut self.statements)?;
        let (published, ending) = (self.out.len(), self.ended.noted());
        let (moved, appended) = (self.heads.mark(), self.tail.mark());
        self.statement("SAVEPOINT use_case")?;
        if call.run(self) {
            self.heads.flush(&mut self.statements)?;
        } else {
            self.out.truncate(published);
            self.ended.take_back(ending);
            self.heads.take_back(moved);
            self.tail.take_back(appended);
            // Fails if SQLite itself has rolled back everything, as it does when the disk is full. Then
            // the batch is lost, as it must be.
            self.statement("ROLLBACK TO use_case")?;
        }
        self.statement("RELEASE use_case")
    }

    /// Makes it durable.
    pub(crate) fn commit(&mut self) -> Result<()> {
        self.heads.flush(&mut self.statements)?;
        self.tail.before_commit(self.db)?;
        self.statements.commit.execute([])?;
        Ok(())
    }

    /// Shows the readers where the groups are now; gives back what to tell after that.
    pub(crate) fn committed(&mut self, published: &PublishedHeads) -> Vec<Committed> {
        self.heads.publish(published);
        self.tail.committed();
        self.ended.committed();
        self.certain = true;
        std::mem::take(&mut self.out)
    }

    /// Rolls back what is open, and gives back who is still owed an answer when nothing of it came to be.
    pub(crate) fn failed(&mut self) -> Vec<Done> {
        self.ended.take_back(0);
        // Some failures make SQLite roll back by itself.
        if !self.db.is_autocommit()
            && let Err(error) = self.db.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "cannot roll back");
        }
        let answers = self.out.drain(..).filter_map(|entry| match entry {
            Committed::Answer { done, .. } => Some(done),
            Committed::Change(_) => None,
        });
        answers.collect()
    }

    fn statement(&self, sql: &str) -> Result<()> {
        crate::row::execute(self.db, sql, []).map(|_| ())
    }
}

/// A use case other than those of the message path.
pub(crate) trait Call: Send {
    /// Who asks for it.
    fn by(&self) -> UserId;

    /// How long it takes, in rows that are written; of one in pieces, the next of them.
    fn cost(&self) -> usize;

    /// Whether nobody waits for it any more, and it has not begun.
    fn is_abandoned(&self) -> bool;

    /// Carries it out, or the next piece of it, and keeps the result; `false` if it failed.
    fn run(&mut self, batch: &mut Batch<'_>) -> bool;

    /// Whether there is another piece to be carried out before it is answered.
    fn has_more(&self) -> bool;

    /// Tells the caller; `fault` is what the batch failed of.
    fn answer(self: Box<Self>, fault: Option<&str>);
}

/// A use case, and where its result comes out.
pub(crate) fn awaited<T, F>(
    by: UserId,
    cost: usize,
    work: F,
) -> (Box<dyn Call>, oneshot::Receiver<rim_store::Result<T>>)
where
    T: Send + 'static,
    F: FnOnce(&mut Batch<'_>) -> Result<T> + Send + 'static,
{
    let mut work = Some(work);
    in_pieces(by, cost, move |batch| {
        let work = work.take().expect("a use case of one piece runs once");
        work(batch).map(Piece::Last)
    })
}

/// What came of a piece of a use case.
pub(crate) enum Piece<T> {
    /// Others have their turn, and then a piece that takes so long.
    More {
        cost: usize,
    },
    /// The same; nothing is written yet.
    Looked {
        cost: usize,
    },
    Last(T),
}

/// A use case that is carried out in pieces, each in a transaction of its own, between which others have their turns.
/// Once its first piece has succeeded all the others come, whatever becomes of its caller.
pub(crate) fn in_pieces<T, F>(
    by: UserId,
    cost: usize,
    work: F,
) -> (Box<dyn Call>, oneshot::Receiver<rim_store::Result<T>>)
where
    T: Send + 'static,
    F: FnMut(&mut Batch<'_>) -> Result<Piece<T>> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (
        Box::new(Awaited {
            by,
            cost,
            work,
            begun: false,
            has_written: false,
            in_part: false,
            result: None,
            reply,
        }),
        answer,
    )
}

struct Awaited<T, F> {
    by: UserId,
    cost: usize,
    work: F,
    begun: bool,
    /// Whether the pieces that have run, if their batches were committed, have written something.
    has_written: bool,
    /// Whether a piece of it that wrote is committed, and others were to come.
    in_part: bool,
    result: Option<Result<T>>,
    reply: oneshot::Sender<rim_store::Result<T>>,
}

impl<T, F> Call for Awaited<T, F>
where
    T: Send,
    F: FnMut(&mut Batch<'_>) -> Result<Piece<T>> + Send,
{
    fn by(&self) -> UserId {
        self.by
    }

    fn cost(&self) -> usize {
        self.cost
    }

    fn is_abandoned(&self) -> bool {
        !self.begun && self.reply.is_closed()
    }

    fn run(&mut self, batch: &mut Batch<'_>) -> bool {
        self.in_part = self.has_written;
        self.begun = true;
        match guarded(|| (self.work)(batch)) {
            Ok(Piece::More { cost }) => {
                (self.cost, self.has_written) = (cost, true);
                true
            }
            Ok(Piece::Looked { cost }) => {
                self.cost = cost;
                true
            }
            Ok(Piece::Last(result)) => self.result.insert(Ok(result)).is_ok(),
            Err(failure) => self.result.insert(Err(failure)).is_ok(),
        }
    }

    fn has_more(&self) -> bool {
        self.begun && self.result.is_none()
    }

    fn answer(self: Box<Self>, fault: Option<&str>) {
        let answer = match (fault, self.result) {
            // A part of it is there, so "refused" would not be true.
            (None, Some(Err(failure))) if self.in_part => {
                if !matches!(failure, Failure::Refused(_)) {
                    tracing::error!(%failure, "a large change ended in its midst");
                }
                Err(StoreError::Unsure)
            }
            (Some(_), _) if self.in_part => Err(StoreError::Unsure),
            (None, Some(result)) => result.map_err(StoreError::from),
            (fault, _) => Err(StoreError::Fault(fault.unwrap_or("the use case did not run").to_owned())),
        };
        // A caller who has gone away does not want to know.
        let _ = self.reply.send(answer);
    }
}

/// Turns a panic into a failure: a fault in one use case must not end the writer.
///
/// Unwind safety: after a panic the savepoint or the batch is rolled back, the heads are dropped, and the tail
/// forgets what the batch inserted.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Failure::Panicked))
}
