//! What the measurements share: a server on a core of its own, a stub of Slack, and a generator of
//! signed requests.

pub mod bare;
pub mod bed;
pub mod load;
pub mod seed;
pub mod signed;
pub mod slack;

use std::process::{Command, Stdio};
use std::time::Duration;

use countersign::domain::time::Timestamp;

/// The core of the server; the load runs on the other.
pub const SERVER_CORE: usize = 0;
/// The core of the load, of the stub of Slack and of everything else.
pub const LOAD_CORE: usize = 1;

/// Keeps this thread, and those that it starts, on one core. Needs `taskset`; without it the
/// threads go where the system puts them, and the figures are rougher.
pub fn stay_on(core: usize) {
    if let Some(tid) = own_thread() {
        pin(&["-p", "-c", &core.to_string(), &tid]);
    }
}

/// Keeps a process with all its threads on one core: it was started by one that is kept elsewhere.
pub fn keep_on(core: usize, process: u32) {
    pin(&["-a", "-p", "-c", &core.to_string(), &process.to_string()]);
}

fn pin(arguments: &[&str]) {
    let pinned = Command::new("taskset")
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !pinned.is_ok_and(|status| status.success()) {
        println!("(taskset is missing: nothing is pinned to a core)");
    }
}

/// The number of this thread, as the system counts.
pub fn own_thread() -> Option<String> {
    let link = std::fs::read_link("/proc/thread-self").ok()?;
    Some(link.file_name()?.to_string_lossy().into_owned())
}

/// The machine's time.
pub fn now() -> Timestamp {
    use countersign::clock::{Clock, SystemClock};
    SystemClock.now()
}

/// The processor time that this process has used, without the thread given.
pub fn processor_time(without: &str) -> Duration {
    let mut nanos = 0;
    for task in std::fs::read_dir("/proc/self/task").expect("threads").flatten() {
        if task.file_name().to_string_lossy() == without {
            continue;
        }
        let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        nanos += text.split(' ').next().and_then(|n| n.parse::<u64>().ok()).unwrap_or_default();
    }
    Duration::from_nanos(nanos)
}

/// The value so far up the sorted list: 0.5 is the median.
pub fn percentile(sorted: &[Duration], at: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * at).round() as usize).copied().unwrap_or_default()
}

/// In milliseconds, with as many digits as matter.
pub fn ms(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    if ms < 10.0 { format!("{ms:.2} ms") } else { format!("{ms:.0} ms") }
}

/// The median of some rounds.
pub fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or_default()
}

/// The machine, in one line.
pub fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|l| l.strip_prefix("model name")?.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.lines().next().and_then(|l| l.split_whitespace().nth(1)?.parse::<f64>().ok());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    format!(
        "{}, {cores} cores, {:.0} GB; load before the start {load}",
        model.unwrap_or("unknown processor").trim(),
        kib.unwrap_or_default() / 1048576.0,
    )
}
