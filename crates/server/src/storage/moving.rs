//! From one storage to another.

use std::io;

use futures_util::TryStreamExt;

use super::{Key, Staged, Storage, token};

/// What is smaller is held in memory.
const SMALL_BYTES: u64 = 1 << 20;

/// What has been done.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    pub objects: u64,
    pub bytes: u64,
    /// Those that were there.
    pub there: u64,
}

/// Copies every object that is not there yet. May be broken off at any moment, and called again; objects never change, so a server
/// may run meanwhile, and the next call brings what is new.
///
/// # Errors
/// One of the two fails, or an object is larger than the other one takes.
pub async fn copy_all(
    from: &dyn Storage,
    to: &dyn Storage,
    mut progress: impl FnMut(Copied),
) -> io::Result<Copied> {
    let (mut copied, mut after) = (Copied::default(), None);
    loop {
        let page = from.list(after.as_ref()).await?;
        let Some((last, _)) = page.last() else { return Ok(copied) };
        after = Some(last.clone());
        for (key, size_bytes) in page {
            if to.size(&key).await? == Some(size_bytes) {
                copied.there += 1;
            } else if copy(from, to, &key).await.map_err(|error| of(&key, error))? {
                copied.objects += 1;
                copied.bytes += size_bytes;
            }
        }
        progress(copied);
    }
}

/// Whether it was still there.
async fn copy(from: &dyn Storage, to: &dyn Storage, key: &Key) -> io::Result<bool> {
    let Some(mut object) = from.open(key, None).await? else { return Ok(false) };
    if object.size_bytes <= SMALL_BYTES {
        let mut bytes = Vec::new();
        while let Some(piece) = object.pieces.try_next().await? {
            bytes.extend_from_slice(&piece);
        }
        to.put(key, bytes.into()).await?;
        return Ok(true);
    }
    let staged = Staged::new(format!("moving-{:016x}", token()?));
    let copying = async {
        let mut stage = to.stage(&staged).await?;
        while let Some(piece) = object.pieces.try_next().await? {
            stage.write(piece).await?;
        }
        to.keep(&stage.end().await?, key).await
    };
    let copied = copying.await;
    // Where it was broken off the target's server finds it, once there is one.
    let discarded = to.discard(&staged).await;
    copied.and(discarded).map(|()| true)
}

fn of(key: &Key, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{key}: {error}"))
}
