//! A foreign program that runs beside the test: started with its output in a file, ended by process id.
//!
//! Servers fork, and OpenSSH gives each connection a session of its own, so that a process group does not hold them
//! together: whatever ends or pauses a program goes by the tree of parent ids in `/proc`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::wait;

/// A running program; dropping it ends it and everything it started.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with what it prints in the file `log`.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Process {
        let file = File::create(log).unwrap_or_else(|error| panic!("cannot create {}: {error}", log.display()));
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a file can be opened twice"))
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name} ({command:?}): {error}; `cargo e2e` installs it"));
        Process { name: name.to_owned(), child, log: log.to_owned() }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Waits until what it printed satisfies `look`; fails early when it ends instead.
    pub fn wait_for_output(&mut self, what: &str, look: impl Fn(&str) -> bool) {
        wait::until(&format!("{} prints {what}", self.name), || {
            let ended = self.ended();
            let found = look(&self.output());
            assert!(found || ended.is_none(), "{} ended before it printed {what}: {ended:?}", self.name);
            found
        });
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be waited for")
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let name = self.name.clone();
        wait::find(&format!("{name} ends"), || self.ended())
    }

    /// SIGTERM, then waits until it has ended.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// SIGKILL to it and to everything it started.
    pub fn kill(&mut self) {
        if self.ended().is_none() {
            signal_all(&family(self.id()), Signal::KILL);
        }
        self.child.wait().expect("a child can be waited for");
    }

    /// SIGSTOP to it and to everything it started: it is there, holds its connections, and does nothing.
    pub fn pause(&self) {
        signal_all(&family(self.id()), Signal::STOP);
    }

    /// Undoes [`Process::pause`].
    pub fn resume(&self) {
        signal_all(&family(self.id()), Signal::CONT);
    }

    /// Processor time that it has used so far, its threads included.
    pub fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        let ticks: u64 = fields_after_name(&stat).skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Processor time of the threads that it has, to the nanosecond.
    pub fn thread_time(&self) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.id())).into_iter().flatten().flatten();
        let time = |thread: fs::DirEntry| {
            let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<u64>().ok()
        };
        Duration::from_nanos(threads.filter_map(time).sum())
    }

    /// Processor time of it and of everything it started so far, ended or not.
    pub fn family_time(&self) -> ProcessorTime {
        let times = family(self.id()).into_iter().map(|id| {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            let ticks: Vec<u64> =
                fields_after_name(&stat).skip(11).take(4).filter_map(|tick| tick.parse().ok()).collect();
            // User, system, and the same of children that ended.
            let [user, system, ended_user, ended_system] = ticks[..] else { return ProcessorTime::default() };
            let time = |ticks: u64| Duration::from_millis(ticks * 10);
            ProcessorTime { user: time(user + ended_user), system: time(system + ended_system) }
        });
        times.fold(ProcessorTime::default(), |sum, time| ProcessorTime {
            user: sum.user + time.user,
            system: sum.system + time.system,
        })
    }

    /// Most memory that it ever held, in kB.
    pub fn peak_memory(&self) -> u64 {
        peak_memory(self.id())
    }

    /// The same, of the largest of its processes.
    pub fn peak_family_memory(&self) -> u64 {
        family(self.id()).into_iter().map(peak_memory).max().unwrap_or(0)
    }

    /// Memory of all its processes, in kB, what several share counted once.
    pub fn family_memory(&self) -> u64 {
        family(self.id()).into_iter().map(memory).sum()
    }

    fn signal(&mut self, signal: Signal) {
        if self.ended().is_none() {
            signal_all(&[self.id()], signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("---- output of {} ----\n{}", self.name, tail(&self.output()));
        }
    }
}

/// How long processors worked for a program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProcessorTime {
    /// In the program's own code.
    pub user: Duration,
    /// In the kernel, on its behalf.
    pub system: Duration,
}

impl ProcessorTime {
    /// Both together.
    pub fn total(&self) -> Duration {
        self.user + self.system
    }

    /// What was used since `earlier`.
    pub fn since(&self, earlier: ProcessorTime) -> ProcessorTime {
        ProcessorTime {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }
}

/// A program that ran to its end.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// It exited with 0.
    pub success: bool,
    /// What it printed, standard output before standard error.
    pub output: String,
}

/// Runs `command` to its end with `input`; kills it and panics when it does not end.
pub fn run(command: &mut Command, input: &str) -> Outcome {
    run_within(Duration::from_secs(120), command, input)
}

/// As [`run`], for what may take longer.
pub fn run_within(patience: Duration, command: &mut Command, input: &str) -> Outcome {
    use std::io::Write;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}; `cargo e2e` installs it"));
    // A program may end without reading its input; what it says about that is the better complaint.
    let _ = child.stdin.take().expect("standard input was asked for").write_all(input.as_bytes());
    let id = child.id();
    let (done, is_done) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let output = child.wait_with_output();
        let _ = done.send(());
        output
    });
    if is_done.recv_timeout(patience).is_err() {
        signal_all(&family(id), Signal::KILL);
        panic!("{command:?} does not end");
    }
    let output = reader.join().expect("the reader does not panic").expect("a child can be waited for");
    let text = [output.stdout, output.stderr].concat();
    Outcome { success: output.status.success(), output: String::from_utf8_lossy(&text).into_owned() }
}

/// Waits until no process of `ids` is there any more.
pub fn wait_until_gone(ids: &[u32]) {
    let deadline = Instant::now() + wait::PATIENCE;
    while ids.iter().any(|id| Path::new(&format!("/proc/{id}")).exists()) {
        assert!(Instant::now() < deadline, "processes {ids:?} do not go away");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// `id` and all its descendants, parents first.
pub fn family(id: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
        .expect("/proc is mounted")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|process| Some((process, parent(process)?)))
        .collect();
    let mut members = vec![id];
    let mut next = 0;
    while next < members.len() {
        let of = members[next];
        members.extend(parents.iter().filter(|(_, parent)| *parent == of).map(|(process, _)| *process));
        next += 1;
    }
    members
}

fn peak_memory(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// The proportional set size.
fn memory(id: u32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn parent(id: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    fields_after_name(&stat).nth(1)?.parse().ok()
}

/// The fields of `/proc/PID/stat` from the state on; the name before them may hold blanks and parentheses.
fn fields_after_name(stat: &str) -> impl Iterator<Item = &str> {
    stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace()
}

fn signal_all(ids: &[u32], signal: Signal) {
    for id in ids {
        let pid = i32::try_from(*id).ok().and_then(Pid::from_raw);
        // One that ended in the meantime needs no signal.
        let _ = pid.map(|pid| kill_process(pid, signal));
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(80)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::Folder;

    #[test]
    fn what_a_program_started_ends_with_it() {
        let folder = Folder::new();
        let mut shell = Command::new("sh");
        let mut process =
            Process::start("shell", shell.args(["-c", "setsid sleep 600 & echo up; wait"]), &folder.join("log"));
        process.wait_for_output("up", |text| text.contains("up"));
        let members = wait::find("two processes", || Some(family(process.id())).filter(|ids| ids.len() >= 2));
        drop(process);
        wait_until_gone(&members[..1]);
        // The orphan is reaped by whoever adopted it; dead is enough.
        wait::until("the child is dead", || {
            let stat = fs::read_to_string(format!("/proc/{}/stat", members[1])).unwrap_or_default();
            fields_after_name(&stat).next().is_none_or(|state| state == "Z")
        });
    }
}
