//! The bytes of files, where the nodes of a store have no other place for them: in chunks, each a row.

use async_trait::async_trait;
use rim_core::Timestamp;

use crate::Result;
use crate::table::{Table, bytes, integer, text};

/// Bytes of a chunk: the last of an object may have less, and an empty object has one without any.
pub const CHUNK_BYTES: usize = 256 * 1024;

/// What the names of pictures of users and groups begin with. They are rows of
/// [`crate::archive::MEDIA`], and are read in chunks as all others.
pub const PICTURES: &str = "avatars/";

/// Those of all other names.
pub const CHUNKS: Table =
    Table { name: "media_chunks", key: 2, columns: &[text("name"), integer("number"), bytes("bytes")] };

/// Objects, each named for ever by what is in it, and uploads that are not whole, each written by one *writer* at a time:
/// what an earlier one still has under way is not carried out.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Keeps an object as these chunks; where there is one of that name it is left as it is.
    async fn put_object(&self, name: String, chunks: Vec<Vec<u8>>) -> Result<()>;

    /// How many bytes it has.
    async fn object_size(&self, name: String) -> Result<Option<u64>>;

    /// One chunk of an object.
    async fn object_chunk(&self, name: String, number: u64) -> Result<Option<Vec<u8>>>;

    /// Removes objects. Those that are not there are no fault.
    async fn remove_objects(&self, names: Vec<String>) -> Result<()>;

    /// The names behind that one with the sizes of their objects, in order: none only where there are none.
    async fn objects(&self, above: String, limit: u32) -> Result<Vec<(String, u64)>>;

    /// From now on only this writer adds to the upload. Chunks from this number on are cut.
    async fn begin_staging(&self, id: String, writer: u64, from: u64, now: Timestamp) -> Result<()>;

    /// Keeps a chunk of an upload, also in the place of one. `false` where somebody else writes it, or it was discarded.
    async fn stage_chunk(
        &self,
        id: String,
        writer: u64,
        number: u64,
        chunk: Vec<u8>,
        now: Timestamp,
    ) -> Result<bool>;

    /// One chunk of an upload.
    async fn staged_chunk(&self, id: String, number: u64) -> Result<Option<Vec<u8>>>;

    /// How many bytes the chunks of an upload have that lie below this number, all together.
    async fn staged_size(&self, id: String, below: u64) -> Result<u64>;

    /// Makes an object of the first bytes of an upload, which stays. Where there is one of that name it is left as it is. Returns
    /// whether there is an object now.
    async fn keep_staged(&self, id: String, name: String, length: u64) -> Result<bool>;

    /// Removes an upload. That there is none is no fault.
    async fn discard_staged(&self, id: String) -> Result<()>;

    /// Uploads to which nothing was added since then.
    async fn stale_staged(&self, before: Timestamp, limit: u32) -> Result<Vec<String>>;
}
