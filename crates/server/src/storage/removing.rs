//! Objects that go, by whoever has marked that they are leaving.

use std::io::{self, ErrorKind};
use std::time::Duration;

use rim_core::Timestamp;
use rim_core::file::LEAVING_MS;

use super::{Key, Storage};
use crate::life::Life;

/// Objects that are removed together, so that the clock is looked at often.
const AT_ONCE: usize = 100;

/// Removes objects that have been marked since then. It ends long before the mark is worth nothing any more: what was put there anew by
/// then must not be removed by one who comes late.
///
/// # Errors
/// The storage's, or it takes too long.
pub async fn remove_marked(
    storage: &dyn Storage,
    keys: &[Key],
    since: Timestamp,
    life: &Life,
) -> io::Result<()> {
    let late = || io::Error::new(ErrorKind::TimedOut, "what nothing names is not removed in time");
    let allowed = LEAVING_MS / 3;
    for keys in keys.chunks(AT_ONCE) {
        // A machine may have slept.
        if life.clock.now() > since.plus_ms(allowed as i64) {
            return Err(late());
        }
        let removing = life.time.within(Duration::from_millis(allowed), storage.remove(keys));
        removing.await.unwrap_or_else(|| Err(late()))?;
    }
    Ok(())
}
