//! The columns of a row, read in their order by the reads that a store has tuned for itself.
//!
//! A tuple names them where it is taken apart, beside the statement; what is read as one, such as a message, says its
//! columns here. All of it is known to the compiler: nothing is looked up by a name.

use rim_core::file::{Facts, File, FileId, Hash};
use rim_core::friend::Friendship;
use rim_core::group::{Group, Role, Settings, Who};
use rim_core::group_event::{EventKind, GroupEvent};
use rim_core::message::{Message, MessageKind};
use rim_core::session::Session;
use rim_core::user::User;
use rim_core::{GroupId, MessageId, Rev, Seq, SessionId, Timestamp, UserId};

use crate::value::{Column, Value};

/// A row as a database has it: what is in the column at a place.
pub trait Row: Copy {
    type Failure;

    fn is_null(self, at: usize) -> bool;

    /// # Errors
    /// Something else is there.
    fn number(self, at: usize) -> Result<u64, Self::Failure>;

    /// # Errors
    /// Something else is there.
    fn signed(self, at: usize) -> Result<i64, Self::Failure>;

    /// # Errors
    /// Something else is there.
    fn bool(self, at: usize) -> Result<bool, Self::Failure>;

    /// # Errors
    /// Something else is there.
    fn text(self, at: usize) -> Result<String, Self::Failure>;

    /// A small number, or one that stands for something.
    ///
    /// # Errors
    /// Something else is there.
    fn code(self, at: usize) -> Result<u8, Self::Failure>;

    /// What is there means nothing.
    fn corrupt(self, at: usize) -> Self::Failure;
}

/// What columns of a row hold.
pub trait Columns<R: Row>: Sized {
    /// How many they are.
    const COUNT: usize = 1;

    /// Of the columns from `first` on.
    ///
    /// # Errors
    /// Something else is there.
    fn read(row: R, first: usize) -> Result<Self, R::Failure>;
}

macro_rules! column {
    ($($kind:ty: |$row:ident, $at:ident| $read:expr;)*) => { $(
        impl<R: Row> Columns<R> for $kind {
            #[inline]
            fn read($row: R, $at: usize) -> Result<Self, R::Failure> {
                $read
            }
        }
    )* };
}
column! {
    u8: |row, at| row.code(at);
    u64: |row, at| row.number(at);
    i64: |row, at| row.signed(at);
    bool: |row, at| row.bool(at);
    String: |row, at| row.text(at);
    UserId: |row, at| row.number(at).map(Self);
    GroupId: |row, at| row.number(at).map(Self);
    MessageId: |row, at| row.number(at).map(Self);
    SessionId: |row, at| row.number(at).map(Self);
    Seq: |row, at| row.number(at).map(Self);
    Rev: |row, at| row.number(at).map(Self);
    Timestamp: |row, at| row.signed(at).map(Self);
    MessageKind: |row, at| Self::from_code(row.code(at)?).ok_or_else(|| row.corrupt(at));
    EventKind: |row, at| Self::from_code(row.code(at)?).ok_or_else(|| row.corrupt(at));
    Role: |row, at| Self::of(&Value::from(row.code(at)?)).ok_or_else(|| row.corrupt(at));
    Who: |row, at| Self::of(&Value::from(row.code(at)?)).ok_or_else(|| row.corrupt(at));
    Friendship: |row, at| Self::of(&Value::from(row.code(at)?)).ok_or_else(|| row.corrupt(at));
    FileId: |row, at| Self::parse(&row.text(at)?).ok_or_else(|| row.corrupt(at));
    Hash: |row, at| Self::parse(&row.text(at)?).ok_or_else(|| row.corrupt(at));
    Named: |row, at| GroupEvent::users_from_text(&row.text(at)?).map(Self).ok_or_else(|| row.corrupt(at));
}

/// The column `user_ids` of an event.
struct Named(Vec<UserId>);

impl<R: Row, T: Columns<R>> Columns<R> for Option<T> {
    const COUNT: usize = T::COUNT;

    #[inline]
    fn read(row: R, first: usize) -> Result<Self, R::Failure> {
        if row.is_null(first) { Ok(None) } else { T::read(row, first).map(Some) }
    }
}

macro_rules! tuples {
    ($($($part:ident)*;)*) => { $(
        impl<R: Row, $($part: Columns<R>),*> Columns<R> for ($($part,)*) {
            const COUNT: usize = 0 $(+ $part::COUNT)*;

            #[inline]
            fn read(row: R, first: usize) -> Result<Self, R::Failure> {
                let mut next = first;
                let mut at = |count| {
                    let at = next;
                    next += count;
                    at
                };
                Ok(($($part::read(row, at($part::COUNT))?,)*))
            }
        }
    )* };
}
tuples! {
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
    A B C D E F G H I;
}

/// Of `id, account, name, avatar, email`.
impl<R: Row> Columns<R> for User {
    const COUNT: usize = 5;

    #[inline]
    fn read(row: R, first: usize) -> Result<Self, R::Failure> {
        let (id, account, name, avatar, email) = Columns::read(row, first)?;
        Ok(Self { id, account, name, avatar, email })
    }
}

/// Of `id, user_id, device, address, created_at, last_seen_at, expires_at`.
impl<R: Row> Columns<R> for Session {
    const COUNT: usize = 7;

    #[inline]
    fn read(row: R, first: usize) -> Result<Self, R::Failure> {
        let (id, user, device, address, created_at, last_seen_at, expires_at) = Columns::read(row, first)?;
        Ok(Self { id, user, device, address, created_at, last_seen_at, expires_at })
    }
}

/// Of `who_pins, who_mentions_all, expire_seconds`.
impl<R: Row> Columns<R> for Settings {
    const COUNT: usize = 3;

    #[inline]
    fn read(row: R, first: usize) -> Result<Self, R::Failure> {
        let (who_pins, who_mentions_all, expire_seconds) = Columns::read(row, first)?;
        Ok(Self { who_pins, who_mentions_all, expire_seconds })
    }
}

/// Of `id, name, avatar, mode, creator_id, single, who_pins, who_mentions_all, expire_seconds`.
impl<R: Row> Columns<R> for Group {
    const COUNT: usize = 9;

    #[inline]
    fn read(row: R, first: usize) -> Result<Self, R::Failure> {
        let (id, name, avatar, mode, creator, single, settings) = Columns::read(row, first)?;
        Ok(Self { id, name, avatar, mode, creator, single, settings })
    }
}

/// Of `id, group_id, seq, rev, sender_id, client_msg_id, kind, content, created_at`.
/// `id, user_id, hash, picture, name, size_bytes, mime, facts, created_at`.
impl<R: Row> Columns<R> for File {
    const COUNT: usize = 9;

    fn read(row: R, first: usize) -> Result<Self, R::Failure> {
        let picture = Option::read(row, first + 3)?;
        let facts = Facts::of(&row.text(first + 7)?, picture).ok_or_else(|| row.corrupt(first + 7))?;
        Ok(Self {
            id: FileId::read(row, first)?,
            owner: UserId::read(row, first + 1)?,
            hash: Hash::read(row, first + 2)?,
            name: row.text(first + 4)?,
            size_bytes: row.number(first + 5)?,
            mime: row.text(first + 6)?,
            facts,
            created_at: Timestamp::read(row, first + 8)?,
        })
    }
}

impl<R: Row> Columns<R> for Message {
    const COUNT: usize = 9;

    #[inline]
    fn read(row: R, first: usize) -> Result<Self, R::Failure> {
        let (id, group, seq, rev, sender, client_msg_id, kind, content, created_at) =
            Columns::read(row, first)?;
        Ok(Self { id, group, seq, rev, sender, client_msg_id, kind, content, created_at, state: None })
    }
}

/// Of `place, seq, kind, actor_id, user_ids, user_count, name, created_at`. The column `place` is its `seen_rev`.
impl<R: Row> Columns<R> for GroupEvent {
    const COUNT: usize = 8;

    #[inline]
    fn read(row: R, first: usize) -> Result<Self, R::Failure> {
        let (seen_rev, seq, kind, actor, Named(users), count, name, at) = Columns::read(row, first)?;
        Ok(Self { rev: Self::rev_of(kind, seen_rev, count), seq, kind, actor, users, count, name, at })
    }
}
