//! What an administrator does to accounts, by `rim user`, to the index of words, by `rim search`, and to bytes that no file
//! names, by `rim files`.
//!
//! A [`Request`] is applied to a [`Store`] by [`apply`], and there are two ways to it: where no server runs,
//! the command opens the store itself; where one does, the request goes to it over a Unix socket in the data
//! folder ([`socket`]), so that it takes effect at once and the store keeps a single writer.

pub mod socket;

use rim_core::file::{Blob, Hash, Thumbs};
use rim_core::user::NewUser;
use rim_core::{Clock, Refusal, UserId};
use rim_store::search::IndexStatus;
use rim_store::{Store, StoreError};
use serde::{Deserialize, Serialize};

/// Users of one answer.
pub const USERS_PER_PAGE: u32 = 500;

/// Blobs of one request.
pub const BLOBS_AT_ONCE: usize = 200;

/// What to do. Passwords come hashed: they stay in the process they were typed into.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    AddUser {
        account: String,
        name: String,
        password_hash: Option<String>,
    },
    /// Also ends every session of the user.
    SetPassword {
        account: String,
        password_hash: String,
    },
    /// Disabling also ends every session of the user.
    SetDisabled {
        account: String,
        disabled: bool,
    },
    /// The users above `after` by id, at most [`USERS_PER_PAGE`].
    ListUsers {
        after: u64,
    },
    IndexStatus,
    /// The index of words is made anew.
    RebuildIndex,
    /// These blobs are in the storage, and go from there unless somebody names them; up to [`BLOBS_AT_ONCE`].
    AdoptBlobs(Vec<BlobLine>),
}

/// A blob.
#[derive(Debug, Serialize, Deserialize)]
pub struct BlobLine {
    hash: String,
    size_bytes: u64,
    thumbs: u8,
}

impl From<&Blob> for BlobLine {
    fn from(blob: &Blob) -> Self {
        Self { hash: blob.hash.to_string(), size_bytes: blob.size_bytes, thumbs: blob.thumbs.bits() }
    }
}

impl BlobLine {
    fn blob(&self) -> Option<Blob> {
        let (hash, thumbs) = (Hash::parse(&self.hash)?, Thumbs::from_bits(self.thumbs));
        Some(Blob { hash, size_bytes: self.size_bytes, thumbs })
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It was done, to the user of this id.
    Done {
        uid: u64,
    },
    Users(Vec<UserLine>),
    Index(IndexLine),
    /// So many blobs nobody knew.
    Adopted(u64),
    /// Nothing was done, for this reason.
    Failed(String),
}

/// How far the index of words has come.
#[derive(Debug, Serialize, Deserialize)]
pub struct IndexLine {
    pub messages: u64,
    pub waiting: u64,
    /// 0 of a server that does not count them.
    #[serde(default)]
    pub passed_over: u64,
    pub bytes: u64,
}

/// A user as the list shows them.
#[derive(Debug, Serialize, Deserialize)]
pub struct UserLine {
    pub uid: u64,
    pub account: String,
    pub name: String,
    /// Unix milliseconds.
    pub created_at: i64,
    pub disabled: bool,
}

/// Carries out a request.
pub async fn apply(store: &dyn Store, clock: &dyn Clock, request: Request) -> Answer {
    carry_out(store, clock, request).await.unwrap_or_else(|error| Answer::Failed(error.to_string()))
}

async fn carry_out(store: &dyn Store, clock: &dyn Clock, request: Request) -> Result<Answer, StoreError> {
    let user = match request {
        Request::AddUser { account, name, password_hash } => {
            let user = NewUser { account, name, avatar: String::new(), email: String::new(), password_hash };
            store.create_user(user, clock.now()).await?
        }
        Request::SetPassword { account, password_hash } => {
            let user = user_of(store, &account).await?;
            store.set_password(user, password_hash, None).await?;
            user
        }
        Request::SetDisabled { account, disabled } => {
            let user = user_of(store, &account).await?;
            store.set_disabled(user, disabled, clock.now()).await?;
            user
        }
        Request::ListUsers { after } => return list(store, UserId(after)).await,
        Request::AdoptBlobs(lines) => {
            let blobs = lines.iter().take(BLOBS_AT_ONCE).filter_map(BlobLine::blob).collect();
            return Ok(Answer::Adopted(store.adopt_blobs(blobs, clock.now()).await?));
        }
        Request::IndexStatus => return index(store).await,
        Request::RebuildIndex => {
            store.rebuild_index(true).await?;
            return index(store).await;
        }
    };
    Ok(Answer::Done { uid: user.0 })
}

async fn index(store: &dyn Store) -> Result<Answer, StoreError> {
    let IndexStatus { messages, waiting, passed_over, bytes } = store.index_status().await?;
    Ok(Answer::Index(IndexLine { messages, waiting, passed_over, bytes }))
}

async fn user_of(store: &dyn Store, account: &str) -> Result<UserId, StoreError> {
    Ok(store.user_by_account(account).await?.ok_or(Refusal::NoSuchUser)?.id)
}

async fn list(store: &dyn Store, after: UserId) -> Result<Answer, StoreError> {
    let records = store.list_users(after, USERS_PER_PAGE).await?;
    let lines = records.into_iter().map(|record| UserLine {
        uid: record.user.id.0,
        account: record.user.account,
        name: record.user.name,
        created_at: record.created_at.0,
        disabled: record.disabled,
    });
    Ok(Answer::Users(lines.collect()))
}
