//! Files that users have uploaded: who may see them, what uses them, and what is left of them when nothing does.
//!
//! A message that names a file *uses* it: the row of `file_uses` comes with the message, in the same transaction, and goes
//! with what it said. Whoever adds a use or takes one away has the row of `files` locked meanwhile, and whoever adds or
//! removes a file has that of `blobs`: files first, each in the order of their names, so nobody waits for one who waits for
//! them. The bytes are elsewhere, and the caller's: claimed before they are put there, forgotten after they are gone.

mod add;
mod avatars;
mod row;
mod sweep;
mod transfers;
mod uses;
mod visible;

use async_trait::async_trait;
use rim_core::file::{
    Blob, Claim, Facts, File, FileId, FileLimits, Hash, Hold, NewFile, NewTransfer, Stock, Transfer,
    TransferId,
};
use rim_core::{Timestamp, UserId};

pub(crate) use self::avatars::{Shown, show};
pub use self::transfers::Progress;
pub use self::uses::{Named, admit, describe, hold, store_uses};
pub(crate) use self::uses::{SCHEDULED, unuse};
pub use self::visible::visible;
use crate::database::{Database, THE_SERVER};
use crate::table::{Table, bytes, integer, optional, text};
use crate::{Result, params};

pub(crate) const BLOBS: Table = Table {
    name: "blobs",
    key: 1,
    columns: &[
        text("hash"),
        integer("size_bytes"),
        integer("thumbs"),
        optional(integer("claimed_at")),
        optional(integer("leaving_at")),
    ],
};

pub(crate) const FILES: Table = Table {
    name: "files",
    key: 1,
    columns: &[
        text("id"),
        integer("user_id"),
        text("hash"),
        optional(text("picture")),
        text("name"),
        integer("size_bytes"),
        text("mime"),
        text("facts"),
        integer("created_at"),
        optional(integer("unused_at")),
    ],
};

pub(crate) const USES: Table =
    Table { name: "file_uses", key: 3, columns: &[text("file_id"), integer("group_id"), integer("seq")] };

pub(crate) const AVATARS: Table = Table {
    name: "file_avatars",
    key: 2,
    columns: &[integer("user_id"), integer("group_id"), text("file_id")],
};

pub(crate) const DAYS: Table =
    Table { name: "file_days", key: 1, columns: &[integer("user_id"), integer("day"), integer("bytes")] };

pub(crate) const SECRETS: Table = Table { name: "secrets", key: 1, columns: &[text("name"), bytes("value")] };

/// Which files there are, and who may see them.
#[async_trait]
pub trait Files: Send + Sync {
    /// Somebody is about to put bytes in their place, and the previews that they have. From now on until an hour has passed
    /// they are not removed, whatever else happens; and then not if a file names them.
    async fn claim_blob(&self, blob: Blob, now: Timestamp) -> Result<Claim>;

    /// Of these blobs, which are in their places, those that no row knows are known from now on, as if somebody had claimed them who
    /// never comes to name them; of one that has only previews nobody knows how large it was, which is 0 then. How many they are.
    async fn adopt_blobs(&self, blobs: Vec<Blob>, now: Timestamp) -> Result<u64>;

    /// Makes a file of a blob that was claimed and is in its place, and finishes the transfer that it came by. A transfer that
    /// is finished gives the file that it has made. `None` if the claim has lapsed and the blob was removed: claim it again
    /// and put it there anew. Files of user 0 are the server's, which has no limits. One that was added is the same again.
    ///
    /// # Errors
    /// Those of [`rim_core::file::may_upload`].
    async fn add_file(&self, file: NewFile, limits: FileLimits, now: Timestamp) -> Result<Option<File>>;

    /// A file, whoever asks.
    async fn file(&self, id: FileId) -> Result<Option<File>>;

    /// A file if the user may see it: their own; one that a message in their sight names ([`crate::sights::of`]), or what was
    /// forwarded in one; or the picture of a user, or of a group that they are a member of. Of a file that very many messages
    /// name, a thousand in groups of theirs are looked at.
    async fn visible_file(&self, user: UserId, id: FileId) -> Result<Option<File>>;

    /// Whether the user may upload a file of this size now.
    ///
    /// # Errors
    /// Those of [`rim_core::file::may_upload`].
    async fn may_upload(
        &self,
        user: UserId,
        size_bytes: u64,
        limits: FileLimits,
        now: Timestamp,
    ) -> Result<()>;

    /// Says of the user's video what is known by its poster, whose blob was claimed and is in its place. A second poster
    /// changes nothing. `None` as of [`Self::add_file`].
    ///
    /// # Errors
    /// `NoSuchFile`, `FileOfAnotherKind` of what is no video.
    async fn set_poster(&self, user: UserId, id: FileId, poster: Facts) -> Result<Option<File>>;

    /// Begins an upload. A user may have begun [`rim_core::file::MAX_OPEN_TRANSFERS`], and as many as there is room for within
    /// `limits`: for one more those give way that nobody holds, the one that has rested for the longest first.
    ///
    /// # Errors
    /// Those of [`rim_core::file::may_upload`]; `TooManyTransfers` and `QuotaExceeded` where others are held.
    async fn begin_transfer(&self, transfer: NewTransfer, limits: FileLimits, now: Timestamp) -> Result<()>;

    /// An upload of the user, if it has not expired.
    async fn transfer(&self, user: UserId, id: TransferId, now: Timestamp) -> Result<Option<Transfer>>;

    /// Whether there is an upload of this id, whoever's, so that what of it is in the storage is needed.
    async fn has_transfer(&self, id: TransferId) -> Result<bool>;

    /// The holder, by a number of its own, goes on with an upload, and until a time nobody else does. It may ask again. A user
    /// has so many held at a time, at the most.
    ///
    /// # Errors
    /// `TooManyTransfers`.
    async fn hold_transfer(
        &self,
        user: UserId,
        id: TransferId,
        holder: u64,
        until: Timestamp,
        most_held: u64,
        now: Timestamp,
    ) -> Result<Option<Hold>>;

    /// So many bytes of it are durable, and the storage says this of them. `false` if the holder holds it no more: then nothing
    /// is noted.
    async fn advance_transfer(&self, progress: Progress) -> Result<bool>;

    /// Others may go on with it.
    async fn let_go_of_transfer(&self, id: TransferId, holder: u64) -> Result<()>;

    /// It is forgotten, and what of it is in the storage is the caller's to discard.
    async fn drop_transfer(&self, user: UserId, id: TransferId) -> Result<Option<Transfer>>;

    /// Those that have expired, finished ones as well.
    async fn expired_transfers(&self, now: Timestamp, limit: u32) -> Result<Vec<Transfer>>;

    /// Removes files that nothing has used for [`rim_core::file::KEPT_UNUSED_MS`], and those whose last use was taken away; so
    /// many at the most. Returns how many.
    async fn unused_files(&self, now: Timestamp, limit: u32) -> Result<u64>;

    /// Blobs that nobody has claimed for an hour, and no file names: from now on they are leaving, and the caller removes what
    /// is in their places, and then forgets them. For [`rim_core::file::LEAVING_MS`] nobody else has them; then whoever claims one has
    /// it, and puts there what is missing.
    async fn leaving_blobs(&self, now: Timestamp, limit: u32) -> Result<Vec<Blob>>;

    /// What was in their places is gone; of those that have been leaving since that time, and are nobody else's by now.
    async fn forget_blobs(&self, hashes: Vec<Hash>, since: Timestamp) -> Result<()>;

    /// The blobs that there are behind one, in the order of their hashes; not those that are leaving.
    async fn blobs(&self, above: Option<Hash>, limit: u32) -> Result<Vec<Blob>>;

    /// How many blobs there are and how many bytes they have; those that are leaving are not counted. All rows are read.
    async fn stock(&self) -> Result<Stock>;

    /// What the nodes have in common and nobody else knows, by its name: what the first of them has drawn.
    async fn secret(&self, name: &'static str, drawn: [u8; 32]) -> Result<[u8; 32]>;
}

#[async_trait]
impl<D: Database> Files for D {
    async fn claim_blob(&self, blob: Blob, now: Timestamp) -> Result<Claim> {
        self.write(THE_SERVER, move |tx| add::claim(tx, blob, now)).await
    }

    async fn adopt_blobs(&self, blobs: Vec<Blob>, now: Timestamp) -> Result<u64> {
        self.write(THE_SERVER, move |tx| add::adopt(tx, blobs, now)).await
    }

    async fn add_file(&self, file: NewFile, limits: FileLimits, now: Timestamp) -> Result<Option<File>> {
        self.write(file.owner, move |tx| add::add(tx, file, limits, now)).await
    }

    async fn file(&self, id: FileId) -> Result<Option<File>> {
        self.read(move |db| row::find(db, id)).await
    }

    async fn visible_file(&self, user: UserId, id: FileId) -> Result<Option<File>> {
        self.read_at_once(move |db| {
            let Some(file) = row::find(db, id)? else { return Ok(None) };
            Ok(visible(db, user, &file)?.then_some(file))
        })
        .await
    }

    async fn may_upload(
        &self,
        user: UserId,
        size_bytes: u64,
        limits: FileLimits,
        now: Timestamp,
    ) -> Result<()> {
        self.read(move |db| add::may_upload(db, user, size_bytes, limits, now)).await
    }

    async fn set_poster(&self, user: UserId, id: FileId, poster: Facts) -> Result<Option<File>> {
        self.write(user, move |tx| add::set_poster(tx, user, id, poster)).await
    }

    async fn begin_transfer(&self, transfer: NewTransfer, limits: FileLimits, now: Timestamp) -> Result<()> {
        self.write(transfer.user, move |tx| transfers::begin(tx, transfer, limits, now)).await
    }

    async fn transfer(&self, user: UserId, id: TransferId, now: Timestamp) -> Result<Option<Transfer>> {
        self.read(move |db| transfers::find(db, user, id, now)).await
    }

    async fn has_transfer(&self, id: TransferId) -> Result<bool> {
        self.read(move |db| db.exists("SELECT id FROM transfers WHERE id = $1", &params![id])).await
    }

    async fn hold_transfer(
        &self,
        user: UserId,
        id: TransferId,
        holder: u64,
        until: Timestamp,
        most_held: u64,
        now: Timestamp,
    ) -> Result<Option<Hold>> {
        self.write(user, move |tx| transfers::hold(tx, (user, id), holder, until, most_held, now)).await
    }

    async fn advance_transfer(&self, progress: Progress) -> Result<bool> {
        self.write(THE_SERVER, move |tx| transfers::advance(tx, &progress)).await
    }

    async fn let_go_of_transfer(&self, id: TransferId, holder: u64) -> Result<()> {
        self.write(THE_SERVER, move |tx| transfers::let_go(tx, id, holder)).await
    }

    async fn drop_transfer(&self, user: UserId, id: TransferId) -> Result<Option<Transfer>> {
        self.write(user, move |tx| transfers::forget(tx, user, id)).await
    }

    async fn expired_transfers(&self, now: Timestamp, limit: u32) -> Result<Vec<Transfer>> {
        self.read(move |db| transfers::expired(db, now, limit)).await
    }

    async fn unused_files(&self, now: Timestamp, limit: u32) -> Result<u64> {
        self.write(THE_SERVER, move |tx| sweep::unused_files(tx, now, limit)).await
    }

    async fn leaving_blobs(&self, now: Timestamp, limit: u32) -> Result<Vec<Blob>> {
        self.write(THE_SERVER, move |tx| sweep::leaving_blobs(tx, now, limit)).await
    }

    async fn forget_blobs(&self, hashes: Vec<Hash>, since: Timestamp) -> Result<()> {
        self.write(THE_SERVER, move |tx| sweep::forget_blobs(tx, hashes, since)).await
    }

    async fn stock(&self) -> Result<Stock> {
        self.read(|db| {
            let sql =
                "SELECT count(*) AS count, CAST(coalesce(sum(size_bytes), 0) AS bigint) AS bytes FROM blobs
                       WHERE leaving_at IS NULL";
            let stock =
                db.first(sql, &[], |row| Ok(Stock { blobs: row.get("count")?, bytes: row.get("bytes")? }))?;
            Ok(stock.unwrap_or_default())
        })
        .await
    }

    async fn blobs(&self, above: Option<Hash>, limit: u32) -> Result<Vec<Blob>> {
        self.read(move |db| {
            let sql = "SELECT hash, size_bytes, thumbs FROM blobs WHERE hash > $1 AND leaving_at IS NULL
                       ORDER BY hash LIMIT $2";
            let above = above.map_or_else(String::new, |hash| hash.to_string());
            db.all(sql, &params![above, u64::from(limit)], sweep::blob)
        })
        .await
    }

    async fn secret(&self, name: &'static str, drawn: [u8; 32]) -> Result<[u8; 32]> {
        self.write(THE_SERVER, move |tx| {
            let sql = "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
            tx.execute(sql, &params![name, &drawn[..]])?;
            let sql = "SELECT name, value FROM secrets WHERE name = $1";
            let kept = tx.reader().first(sql, &params![name], |row| row.get("value"))?;
            Ok(kept.unwrap_or(drawn))
        })
        .await
    }
}
