//! What the kernel says of processes, cores and sockets.

use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// What is measured: a server of one process or of several nodes, and what works for it beside.
pub(crate) struct Process {
    pids: Vec<u32>,
    /// Such as its database, by name: a process and all that it has started.
    beside: Vec<(String, u32)>,
}

impl Process {
    pub(crate) fn new(pid: u32) -> Self {
        Self::of_all(vec![pid], Vec::new())
    }

    /// Of so many nodes, with what works beside them.
    pub(crate) const fn of_all(pids: Vec<u32>, beside: Vec<(String, u32)>) -> Self {
        Self { pids, beside }
    }

    /// The bench itself.
    pub(crate) fn own() -> Self {
        Self::new(std::process::id())
    }

    /// User and system time that it has used.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        self.pids.iter().map(|pid| cpu(*pid)).sum()
    }

    /// The same of each of those beside it, by name.
    fn cpu_beside(&self) -> anyhow::Result<Vec<(String, Duration)>> {
        let of_one = |(name, root): &(String, u32)| {
            let cpu = family(*root)?.into_iter().map(cpu).sum::<anyhow::Result<Duration>>()?;
            Ok((name.clone(), cpu))
        };
        self.beside.iter().map(of_one).collect()
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        self.sum(|pid| Ok(field(pid, "status", "VmRSS:")?.parse::<u64>()? * 1024))
    }

    /// The most it has had resident, in bytes: ever, or since that was forgotten.
    pub(crate) fn peak_resident(&self) -> anyhow::Result<u64> {
        self.sum(|pid| Ok(field(pid, "status", "VmHWM:")?.parse::<u64>()? * 1024))
    }

    /// Has [`Self::peak_resident`] tell of what comes from now on.
    pub(crate) fn forget_peak(&self) -> anyhow::Result<()> {
        for pid in &self.pids {
            let path = format!("/proc/{pid}/clear_refs");
            fs::write(&path, "5").with_context(|| format!("cannot write {path}"))?;
        }
        Ok(())
    }

    /// Bytes it has had written to disk.
    pub(crate) fn written(&self) -> anyhow::Result<u64> {
        self.sum(|pid| Ok(field(pid, "io", "write_bytes:")?.parse()?))
    }

    /// The cores it may run on, as `0` or `0-3`.
    pub(crate) fn cores(&self) -> anyhow::Result<String> {
        field(*self.pids.first().context("a process")?, "status", "Cpus_allowed_list:")
    }

    fn sum(&self, of: impl Fn(u32) -> anyhow::Result<u64>) -> anyhow::Result<u64> {
        self.pids.iter().map(|pid| of(*pid)).sum()
    }
}

/// User and system time that a process has used.
fn cpu(pid: u32) -> anyhow::Result<Duration> {
    let ticks: u64 = stat(pid, [11, 12])?.iter().map(|field| field.parse::<u64>()).sum::<Result<u64, _>>()?;
    // The kernel reports in hundredths of a second, whatever its own clock.
    Ok(Duration::from_millis(ticks * 10))
}

/// A process and all that it has started, and those that these have.
fn family(root: u32) -> anyhow::Result<Vec<u32>> {
    let mut members = vec![root];
    let processes = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    // One that has ended meanwhile has no parent any more.
    let parent = |pid| stat(pid, [1]).ok().and_then(|[parent]| parent.parse::<u32>().ok());
    let parents: Vec<(u32, u32)> = processes.filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut next = 0;
    while let Some(member) = members.get(next).copied() {
        members.extend(parents.iter().filter(|(_, parent)| *parent == member).map(|(pid, _)| *pid));
        next += 1;
    }
    Ok(members)
}

/// Some fields of `/proc/PID/stat`, counted behind the name.
fn stat<const N: usize>(pid: u32, wanted: [usize; N]) -> anyhow::Result<[String; N]> {
    let stat = read(pid, "stat")?;
    // The name, in parentheses, may hold blanks.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let found = wanted.map(|index| fields.get(index).map(|field| (*field).to_owned()));
    if found.iter().any(Option::is_none) {
        anyhow::bail!("/proc/{pid}/stat has too few fields");
    }
    Ok(found.map(Option::unwrap_or_default))
}

fn field(pid: u32, file: &str, name: &str) -> anyhow::Result<String> {
    let text = read(pid, file)?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next());
    value.map(str::to_owned).with_context(|| format!("/proc/{pid}/{file} has no {name}"))
}

fn read(pid: u32, file: &str) -> anyhow::Result<String> {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path).with_context(|| format!("cannot read {path}: is the server running?"))
}

/// What one stretch of time cost.
pub(crate) struct Spent {
    pub(crate) elapsed: Duration,
    /// Of the server.
    pub(crate) cpu: Duration,
    /// Of what works beside it, by name.
    pub(crate) cpu_beside: Vec<(String, Duration)>,
    /// Bytes the server has had written to disk.
    pub(crate) written: u64,
    /// Of the bench.
    pub(crate) own_cpu: Duration,
}

impl Spent {
    /// How busy the bench was, in percent of a core. Near 100 it was the limit and not the server.
    pub(crate) fn own_busy(&self) -> f64 {
        self.own_cpu.as_secs_f64() / self.elapsed.as_secs_f64().max(1e-9) * 100.0
    }

    /// How busy the server was, in percent of a core.
    pub(crate) fn busy(&self) -> f64 {
        self.cpu.as_secs_f64() / self.elapsed.as_secs_f64().max(1e-9) * 100.0
    }

    /// `count` in a second.
    pub(crate) fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// The server's CPU for one of `count`, in microseconds.
    pub(crate) fn cpu_each(&self, count: u64) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / count.max(1) as f64
    }
}

/// The beginning of a stretch of time.
pub(crate) struct Meter {
    start: Instant,
    cpu: Duration,
    cpu_beside: Vec<(String, Duration)>,
    written: u64,
    own_cpu: Duration,
}

impl Meter {
    pub(crate) fn start(measured: &Process) -> anyhow::Result<Self> {
        let (cpu, written, own_cpu) = (measured.cpu()?, measured.written()?, Process::own().cpu()?);
        let cpu_beside = measured.cpu_beside()?;
        Ok(Self { start: Instant::now(), cpu, cpu_beside, written, own_cpu })
    }

    pub(crate) fn stop(self, measured: &Process) -> anyhow::Result<Spent> {
        Ok(Spent {
            elapsed: self.start.elapsed(),
            cpu: measured.cpu()?.saturating_sub(self.cpu),
            cpu_beside: measured
                .cpu_beside()?
                .into_iter()
                .zip(self.cpu_beside)
                .map(|((name, now), (_, before))| (name, now.saturating_sub(before)))
                .collect(),
            written: measured.written()?.saturating_sub(self.written),
            own_cpu: Process::own().cpu()?.saturating_sub(self.own_cpu),
        })
    }
}

/// What the buffers of the machine's TCP sockets hold, in bytes. It is in no process's resident memory.
pub(crate) fn socket_memory() -> anyhow::Result<u64> {
    let text = fs::read_to_string("/proc/net/sockstat").context("cannot read /proc/net/sockstat")?;
    pages(&text)
        .map(|pages| pages * rustix::param::page_size() as u64)
        .context("/proc/net/sockstat has no TCP mem")
}

/// The kernel counts them in pages.
fn pages(sockstat: &str) -> Option<u64> {
    let line = sockstat.lines().find_map(|line| line.strip_prefix("TCP:"))?;
    let fields: Vec<&str> = line.split_whitespace().collect();
    fields.chunks_exact(2).find(|pair| pair[0] == "mem")?[1].parse().ok()
}

/// Lets this process, and those it starts, have as many sockets as the system allows.
pub(crate) fn raise_open_files() -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
        .context("cannot raise the limit on open files")
}

/// A core for the server and one for the bench, so that neither takes the other's time.
#[derive(Clone, Copy)]
pub(crate) struct Cores {
    server: CpuSet,
    own: CpuSet,
}

impl Cores {
    /// The first two this process may run on, and keeps the bench on the second; none where there is only
    /// one.
    pub(crate) fn divide() -> anyhow::Result<Option<Self>> {
        // Once: from then on this process may run on its own alone.
        static DIVIDED: Mutex<Option<Option<Cores>>> = Mutex::new(None);
        let mut divided = DIVIDED.lock().expect("nothing panics while it is held");
        if let Some(cores) = *divided {
            return Ok(cores);
        }
        let allowed = sched_getaffinity(None).context("cannot ask for the cores of this process")?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).map(|core| {
            let mut set = CpuSet::new();
            set.set(core);
            set
        });
        let cores = cores.next().zip(cores.next()).map(|(server, own)| Self { server, own });
        if let Some(cores) = &cores {
            cores.keep_own()?;
        }
        *divided = Some(cores);
        Ok(cores)
    }

    fn keep_own(&self) -> anyhow::Result<()> {
        sched_setaffinity(None, &self.own).context("cannot pin the bench to a core")
    }

    /// Runs `start` on the server's core: a process inherits the core of whoever starts it.
    pub(crate) fn on_the_servers<T>(&self, start: impl FnOnce() -> T) -> anyhow::Result<T> {
        sched_setaffinity(None, &self.server).context("cannot pin the server to a core")?;
        let started = start();
        self.keep_own()?;
        Ok(started)
    }
}
