//! The threads that hash passwords.
//!
//! Hashing is slow by design, so it gets threads of its own: few, at a lower priority, behind a bounded
//! queue. A flood of logins then costs neither the chats their time nor the server its memory.

use std::collections::VecDeque;
use std::sync::Arc;
use std::{io, thread};

use parking_lot::{Condvar, Mutex};
use prometheus_client::metrics::gauge::Gauge;
use rim_store::StoreError;
use tokio::sync::oneshot;

use super::password::{self, Memory, Verdict};
use crate::vital::Vitals;

/// Jobs that may wait, each a password and a place to answer to. A full queue is answered "busy".
const QUEUE_LENGTH: usize = 256;

/// Who waits for a hash. Taken in turn, so that a rush of new users does not keep the others from
/// logging in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    Registration,
    Login,
}

/// The threads. They end when it is dropped, and jobs still waiting are answered "busy".
pub struct Hasher {
    queue: Arc<Queue>,
    /// Jobs that wait or run.
    jobs: Gauge,
}

impl Hasher {
    /// Starts half as many threads as there are cores: the other half is for those who chat. `jobs` shows
    /// how many passwords wait or are hashed.
    ///
    /// # Errors
    /// The system gives no more threads.
    pub fn start(jobs: Gauge, vitals: &Vitals) -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::with_threads((cores / 2).max(1), jobs, vitals)
    }

    fn with_threads(count: usize, jobs: Gauge, vitals: &Vitals) -> io::Result<Self> {
        let hasher = Self { queue: Arc::default(), jobs };
        for _ in 0..count {
            let queue = Arc::clone(&hasher.queue);
            vitals.start_thread("rim-password", "a thread that hashes passwords", move || work(&queue))?;
        }
        Ok(hasher)
    }

    /// Hashes a password into a PHC string.
    ///
    /// # Errors
    /// `Busy` if too many are waiting; `Fault`.
    pub async fn hash(&self, lane: Lane, password: String) -> Result<String, StoreError> {
        self.run(lane, move |memory| password::hash(&password, memory)).await
    }

    /// Checks a password against a PHC string.
    ///
    /// # Errors
    /// `Busy` if too many are waiting; `Fault` if the string is not one of argon2.
    pub async fn verify(&self, password: String, hash: String) -> Result<Verdict, StoreError> {
        self.run(Lane::Login, move |memory| password::verify(&password, &hash, memory)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce(&mut Memory) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let counted = Counted::new(self.jobs.clone());
        self.queue.push(
            lane,
            Box::new(move |memory| {
                let _counted = counted;
                // Who asked has hung up: old clients do after a second. The work would be for nobody.
                if answer.is_closed() {
                    return;
                }
                let _ = answer.send(work(memory));
            }),
        )?;
        answered.await.unwrap_or(Err(StoreError::Busy))
    }
}

impl Drop for Hasher {
    fn drop(&mut self) {
        self.queue.close();
    }
}

type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// Counts a job for as long as there is one, whether it runs or is dropped.
struct Counted(Gauge);

impl Counted {
    fn new(jobs: Gauge) -> Self {
        jobs.inc();
        Self(jobs)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn work(queue: &Queue) {
    step_back();
    let mut memory = Memory::default();
    loop {
        let job = match queue.try_pop() {
            Some(job) => job,
            None => {
                // Nothing to do: the memory goes back until there is.
                memory = Memory::default();
                match queue.pop() {
                    Some(job) => job,
                    None => return,
                }
            }
        };
        // A job that panics has dropped its answer, which the one who asked hears as "busy".
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(&mut memory)));
    }
}

/// Lowers the priority of this thread. While every core is busy, five steps leave hashing about a quarter
/// of one core against a thread that serves chats; on an idle machine they change nothing.
fn step_back() {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: no memory is involved. On Linux "process 0" means the calling thread.
        let result = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 5) };
        if result != 0 {
            tracing::debug!(error = %io::Error::last_os_error(), "password thread keeps its priority");
        }
    }
}

/// Jobs on their way to the threads. A plain mutex, held for a push or a pop and never across an `.await`;
/// a condition variable, because those who wait are threads.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    registrations: VecDeque<Job>,
    logins: VecDeque<Job>,
    /// Whose turn it is when both wait.
    login_was_last: bool,
    closed: bool,
}

impl Queue {
    fn push(&self, lane: Lane, job: Job) -> Result<(), StoreError> {
        let mut waiting = self.waiting.lock();
        let lane = match lane {
            Lane::Registration => &mut waiting.registrations,
            Lane::Login => &mut waiting.logins,
        };
        if lane.len() >= QUEUE_LENGTH {
            return Err(StoreError::Busy);
        }
        lane.push_back(job);
        self.changed.notify_one();
        Ok(())
    }

    fn try_pop(&self) -> Option<Job> {
        self.waiting.lock().next()
    }

    /// Waits for a job; `None` once the queue is closed.
    fn pop(&self) -> Option<Job> {
        let mut waiting = self.waiting.lock();
        loop {
            if waiting.closed {
                return None;
            }
            if let Some(job) = waiting.next() {
                return Some(job);
            }
            self.changed.wait(&mut waiting);
        }
    }

    fn close(&self) {
        let mut waiting = self.waiting.lock();
        *waiting = Waiting { closed: true, ..Waiting::default() };
        self.changed.notify_all();
    }
}

impl Waiting {
    fn next(&mut self) -> Option<Job> {
        let login = !self.logins.is_empty() && (self.registrations.is_empty() || !self.login_was_last);
        self.login_was_last = login;
        if login { self.logins.pop_front() } else { self.registrations.pop_front() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_full_lane_is_busy_and_the_other_is_not() {
        let queue = Queue::default();
        for _ in 0..QUEUE_LENGTH {
            queue.push(Lane::Registration, Box::new(|_| ())).expect("room");
        }
        let refused = queue.push(Lane::Registration, Box::new(|_| ()));
        assert!(matches!(refused, Err(StoreError::Busy)));
        queue.push(Lane::Login, Box::new(|_| ())).expect("a lane of its own");
    }

    #[test]
    fn the_lanes_take_turns() {
        let order = Arc::new(Mutex::new(String::new()));
        let queue = Queue::default();
        for (lane, name) in [(Lane::Registration, 'r'), (Lane::Login, 'l')] {
            for _ in 0..3 {
                let order = Arc::clone(&order);
                queue.push(lane, Box::new(move |_| order.lock().push(name))).expect("room");
            }
        }
        while let Some(job) = queue.try_pop() {
            job(&mut Memory::default());
        }
        assert_eq!(*order.lock(), "lrlrlr");
    }

    #[tokio::test]
    async fn a_hash_comes_back_from_the_threads() {
        let hasher = Hasher::with_threads(2, Gauge::default(), &fixture::vitals()).expect("threads");
        let hash = hasher.hash(Lane::Registration, "secret".to_owned()).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=12288,t=3,p=1$"), "{hash}");
        let verdict = hasher.verify("secret".to_owned(), hash).await.expect("checked");
        assert!(verdict.matches);
    }

    #[tokio::test]
    async fn work_for_one_who_hung_up_is_not_done() {
        let hasher = Hasher { queue: Arc::default(), jobs: Gauge::default() };
        let asked = hasher.hash(Lane::Login, "secret".to_owned());
        assert!(futures_util::FutureExt::now_or_never(asked).is_none(), "no thread answers");
        let job = hasher.queue.try_pop().expect("the job is still queued");
        let mut memory = Memory::default();
        job(&mut memory);
        assert!(memory.is_untouched());
        assert_eq!(hasher.jobs.get(), 0);
    }

    #[tokio::test]
    async fn those_who_wait_when_it_ends_are_told() {
        let hasher = Hasher { queue: Arc::default(), jobs: Gauge::default() };
        let queue = Arc::clone(&hasher.queue);
        let asked = hasher.verify("secret".to_owned(), password::DECOY.to_owned());
        let (answer, ()) = tokio::join!(asked, async { queue.close() });
        assert!(matches!(answer, Err(StoreError::Busy)));
    }
}
