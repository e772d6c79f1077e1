//! How much of the machine goes into pictures that people send: memory, threads and time.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use axum::body::Bytes;
use rim_media::{Inspected, MAX_MEMORY_BYTES, MAX_PICTURE_BYTES, Measured, measure};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use crate::time::Time;

/// Bytes of pictures that are in memory at a time, each with its clean copy: one of the largest, or a dozen from telephones.
const BYTES: u64 = 2 * MAX_PICTURE_BYTES;
/// A picture that is not drawn by then is shown as it is. The largest take two seconds on a machine of today.
const DRAWN_WITHIN: Duration = Duration::from_secs(20);
/// What permits stand for.
const KIB: u64 = 1024;

/// Of one server; a clone is the same.
#[derive(Clone)]
pub struct Budget {
    /// For bytes of files. Who has some of these waits for `memory`, and never the other way round.
    bytes: Arc<Semaphore>,
    /// For what is decoded.
    memory: Arc<Semaphore>,
    /// Taken of `memory` at least, so that so many draw at a time that cores are left for messages.
    least_memory_bytes: u64,
    tasks: TaskTracker,
    time: Time,
}

/// Room in memory for the bytes of one picture and its clean copy. To be held for as long as these are.
pub struct Room {
    budget: Budget,
    bytes: Arc<OwnedSemaphorePermit>,
}

impl Budget {
    /// Draws in `tasks`, and gives up by `time`.
    pub fn new(tasks: TaskTracker, time: Time) -> Self {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get) as u64;
        Self {
            bytes: semaphore(BYTES),
            memory: semaphore(MAX_MEMORY_BYTES),
            least_memory_bytes: MAX_MEMORY_BYTES / cores.div_ceil(2),
            tasks,
            time,
        }
    }

    /// Waits for room, which is to be had before the bytes are. None for a file that is too large to be looked at as a picture.
    pub async fn room(&self, size_bytes: u64) -> Option<Room> {
        if size_bytes > MAX_PICTURE_BYTES {
            return None;
        }
        let bytes = Arc::new(take(&self.bytes, 2 * size_bytes).await);
        Some(Room { budget: self.clone(), bytes })
    }
}

impl Room {
    /// Reads a picture and draws its previews, on threads that may block. `as_file`: its bytes stay as they are.
    ///
    /// Should the caller not wait for it, it comes to its end all the same, and its room is taken until then.
    ///
    /// # Errors
    /// It panicked.
    pub async fn inspect(&self, bytes: Bytes, as_file: bool) -> io::Result<Inspected> {
        self.work(bytes, as_file, Measured::draw).await
    }

    /// The square in the middle of a picture, under the same conditions; none where it cannot be drawn.
    ///
    /// # Errors
    /// It panicked.
    pub async fn square(&self, bytes: Bytes, side: u32) -> io::Result<Option<Bytes>> {
        self.work(bytes, false, move |measured, late| measured.square(side, late)).await
    }

    async fn work<T: Send + 'static>(
        &self,
        bytes: Bytes,
        as_file: bool,
        draw: impl FnOnce(Measured, &dyn Fn() -> bool) -> T + Send + 'static,
    ) -> io::Result<T> {
        let Budget { memory, least_memory_bytes, tasks, time, .. } = &self.budget;
        let room = Arc::clone(&self.bytes);
        let measured = tasks.spawn_blocking(move || (measure(&bytes, as_file), room)).await;
        let (measured, room) = measured.map_err(io::Error::other)?;

        let needed_bytes = match measured.memory_bytes() {
            0 => 0,
            needed_bytes => needed_bytes.max(*least_memory_bytes),
        };
        let memory = take(memory, needed_bytes).await;
        let is_late = Arc::new(AtomicBool::new(false));
        let late = Arc::clone(&is_late);
        let mut drawing = tasks.spawn_blocking(move || {
            let _held = (room, memory);
            // Nothing else hangs on it.
            draw(measured, &|| late.load(Ordering::Relaxed))
        });
        let drawn = match time.within(DRAWN_WITHIN, &mut drawing).await {
            Some(drawn) => drawn,
            None => {
                is_late.store(true, Ordering::Relaxed);
                drawing.await
            }
        };
        drawn.map_err(io::Error::other)
    }
}

fn semaphore(bytes: u64) -> Arc<Semaphore> {
    Arc::new(Semaphore::new((bytes / KIB) as usize))
}

async fn take(of: &Arc<Semaphore>, bytes: u64) -> OwnedSemaphorePermit {
    let permits = u32::try_from(bytes.div_ceil(KIB)).expect("no picture has so many bytes");
    Arc::clone(of).acquire_many_owned(permits).await.expect("it is never closed")
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const GIF: &[u8] =
        b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0;";

    fn budget() -> Budget {
        Budget::new(TaskTracker::new(), Time::default())
    }

    #[tokio::test]
    async fn a_picture_waits_until_there_is_room_for_its_bytes() {
        let budget = budget();
        assert!(budget.room(MAX_PICTURE_BYTES + 1).await.is_none());
        let all = budget.room(MAX_PICTURE_BYTES).await.expect("there is room");
        let mut next = Box::pin(budget.room(1));
        assert!(next.as_mut().now_or_never().is_none());
        drop(all);
        assert!(next.await.is_some());
    }

    #[tokio::test]
    async fn a_picture_is_drawn_when_there_is_memory_for_it_and_gives_all_back() {
        let budget = budget();
        let room = budget.room(GIF.len() as u64).await.expect("there is room");
        let all = take(&budget.memory, MAX_MEMORY_BYTES).await;
        let mut inspecting = Box::pin(room.inspect(Bytes::from_static(GIF), false));
        // Whether it waits for the thread that measures it or for memory, it does not come to its end.
        for _ in 0..100 {
            assert!(inspecting.as_mut().now_or_never().is_none());
            tokio::task::yield_now().await;
        }
        drop(all);
        let inspected = inspecting.await.expect("inspected");
        assert_eq!((inspected.width, inspected.thumbhash.is_some()), (Some(1), true));
        drop(room);
        let whole = [(&budget.bytes, BYTES), (&budget.memory, MAX_MEMORY_BYTES)];
        for (semaphore, bytes) in whole {
            assert_eq!(semaphore.available_permits() as u64, bytes / KIB);
        }
    }

    #[tokio::test]
    async fn a_file_that_is_no_picture_takes_no_memory() {
        let budget = budget();
        let room = budget.room(100).await.expect("there is room");
        let _all = take(&budget.memory, MAX_MEMORY_BYTES).await;
        let inspected = room.inspect(Bytes::from_static(b"hello"), false).await.expect("inspected");
        assert_eq!((inspected.mime, inspected.width), (rim_media::TEXT, None));
    }
}
