//! What the figures were measured on: the machine, the versions, and what else kept the processors busy.

use std::fs;
use std::process::Command;

use e2e::process::run;
use e2e::sshd::program;
use rustix::thread::{CpuSet, sched_setaffinity};

/// The core that servers run on.
pub const SERVERS: usize = 0;
/// The core that puts load on them, where there are two.
pub const CLIENTS: usize = 1;

/// Prints machine and versions.
pub fn print() {
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cores = information.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    println!("{cores} × {}, Linux {}", model.trim_start_matches([' ', '\t', ':']), kernel.trim());
    let versions = [("named", "-v"), ("knotd", "-V"), ("nsd", "-v"), ("git", "--version"), ("sshd", "-V")].map(
        |(name, option)| {
            let output = run(Command::new(program(name)).arg(option), "").output;
            // NSD and sshd say more than their version, sshd in its second line when it does not know the option.
            let says = |line: &&str| line.contains(|letter: char| letter.is_ascii_digit());
            output.lines().find(says).unwrap_or("unknown").chars().take(60).collect::<String>()
        },
    );
    println!("{}", versions.join(" · "));
}

/// Runs `start` with this thread, and whatever it starts, on one core.
pub fn on_core<T>(core: usize, start: impl FnOnce() -> T) -> T {
    pin(&[core]);
    let result = start();
    pin(&(0..cores()).collect::<Vec<_>>());
    result
}

fn pin(to: &[usize]) {
    let mut set = CpuSet::new();
    to.iter().map(|core| core % cores()).for_each(|core| set.set(core));
    sched_setaffinity(None, &set).expect("a thread can be pinned to a core that is there");
}

fn cores() -> usize {
    let present = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    present.lines().filter(|line| line.starts_with("processor")).count().max(1)
}

/// Jiffies of all processors: busy and in total.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    busy: u64,
    total: u64,
}

impl Load {
    /// Until now, since the machine was started.
    pub fn now() -> Load {
        let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
        let first = stat.lines().next().unwrap_or_default();
        let jiffies: Vec<u64> =
            first.split_whitespace().skip(1).take(8).filter_map(|field| field.parse().ok()).collect();
        let total = jiffies.iter().sum();
        Load { busy: total - jiffies.get(3).unwrap_or(&0) - jiffies.get(4).unwrap_or(&0), total }
    }

    /// A sentence about how busy the machine was, the benchmark included.
    pub fn until_now(&self) -> String {
        let now = Load::now();
        let share = 100 * (now.busy - self.busy) / (now.total - self.total).max(1);
        let average = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let average: Vec<&str> = average.split_whitespace().take(2).collect();
        format!("Processors {share} % busy meanwhile, this benchmark included; load average {}.", average.join(", "))
    }
}
