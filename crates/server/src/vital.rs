//! The tasks and threads that a server needs for as long as it runs.
//!
//! A task or a thread that has died makes no noise: its server goes on, and tells nobody anything. So each that is vital
//! is started here. If it panics, or ends before it should, the log says which, the server is not ready any more, sends its
//! clients away to come back, and ends with an error: whoever runs it starts it anew. What belongs to one connection or one
//! request is not vital: if that panics it ends alone, and the log says so, too.

use std::sync::{Arc, OnceLock};
use std::{io, thread};

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Ends when [`crate::gateway::dispatch`] or the follower hears no more of what is committed.
pub const WRITER: &str = "the store's writer";
/// Ends when the follower hears no more of other nodes.
pub const BUS: &str = "the bus";

/// A vital task. What it returns is what has ended: itself, or something that it cannot go on without.
pub type Task = BoxFuture<'static, &'static str>;
/// What a vital thread does.
pub type Work = Box<dyn FnOnce() + Send>;

/// What stands around each of them. Tests have them panic.
pub trait Around: Send + Sync + 'static {
    fn task(&self, _name: &'static str, task: Task) -> Task {
        task
    }

    fn thread(&self, _name: &'static str, work: Work) -> Work {
        work
    }
}

/// Nothing.
impl Around for () {}

#[derive(Clone)]
pub struct Vitals(Arc<Shared>);

struct Shared {
    shutdown: CancellationToken,
    /// What has failed first.
    fault: OnceLock<String>,
    around: Arc<dyn Around>,
}

impl Vitals {
    /// `shutdown` ends the server: until it is cancelled nothing vital may end, and if it does, this cancels it.
    pub fn new(shutdown: CancellationToken, around: Arc<dyn Around>) -> Self {
        Self(Arc::new(Shared { shutdown, fault: OnceLock::new(), around }))
    }

    /// What has failed first, and how.
    pub fn fault(&self) -> Option<&str> {
        self.0.fault.get().map(String::as_str)
    }

    /// Spawns a task that is needed until the server ends.
    pub fn spawn(
        &self,
        tasks: &TaskTracker,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        self.spawn_until(tasks, name, async move {
            task.await;
            name
        });
    }

    /// The same of a task that says what has ended when it does.
    pub fn spawn_until(
        &self,
        tasks: &TaskTracker,
        name: &'static str,
        task: impl Future<Output = &'static str> + Send + 'static,
    ) {
        let task = self.0.around.task(name, Box::pin(task));
        tasks.spawn(self.watch(name).run(task));
    }

    /// Starts a thread that is needed until the server ends. The system sees it as `short`.
    ///
    /// # Errors
    /// The system gives no more threads.
    pub fn start_thread(
        &self,
        short: &str,
        name: &'static str,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let work = self.0.around.thread(name, Box::new(work));
        let vital = self.watch(name);
        thread::Builder::new().name(short.to_owned()).spawn(move || {
            let _vital = vital;
            work();
        })?;
        Ok(())
    }

    fn watch(&self, name: &'static str) -> Vital {
        Vital { name, vitals: self.clone() }
    }
}

/// Is dropped when its task or thread ends, in whatever way.
struct Vital {
    name: &'static str,
    vitals: Vitals,
}

impl Vital {
    async fn run(mut self, task: Task) {
        self.name = task.await;
    }
}

impl Drop for Vital {
    fn drop(&mut self) {
        let Shared { shutdown, fault, .. } = &*self.vitals.0;
        let how = if thread::panicking() { "panicked" } else { "ended" };
        if shutdown.is_cancelled() && !thread::panicking() {
            return;
        }
        let what = format!("{} has {how}", self.name);
        tracing::error!("{what}: the server cannot go on without it, and stops to be started anew");
        // Later ones may follow from the first.
        let _ = fault.set(what);
        shutdown.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vitals() -> (Vitals, CancellationToken, TaskTracker) {
        let shutdown = CancellationToken::new();
        (Vitals::new(shutdown.clone(), Arc::new(())), shutdown, TaskTracker::new())
    }

    #[tokio::test]
    async fn what_ends_or_panics_ends_the_server_and_is_named() {
        let panics = async { panic!("as a fault in it does") };
        for (task, fault) in [
            (Box::pin(async { "a task" }) as Task, "a task has ended"),
            (Box::pin(async { WRITER }), "the store's writer has ended"),
            (Box::pin(panics), "a task has panicked"),
        ] {
            let (vitals, shutdown, tasks) = vitals();
            vitals.spawn_until(&tasks, "a task", task);
            shutdown.cancelled().await;
            assert_eq!(vitals.fault(), Some(fault));
        }
        let (vitals, shutdown, _) = vitals();
        vitals.start_thread("rim-test", "a thread", || panic!("as a fault in it does")).expect("a thread");
        shutdown.cancelled().await;
        assert_eq!(vitals.fault(), Some("a thread has panicked"));
    }

    #[tokio::test]
    async fn what_ends_with_the_server_is_no_fault_unless_it_panics() {
        let (vitals, shutdown, tasks) = vitals();
        vitals.spawn(&tasks, "a task", shutdown.clone().cancelled_owned());
        shutdown.cancel();
        tasks.close();
        tasks.wait().await;
        assert_eq!(vitals.fault(), None);
        vitals.spawn(&tasks, "another", async { panic!("as a fault in it does") });
        tasks.wait().await;
        assert_eq!(vitals.fault(), Some("another has panicked"));
    }
}
