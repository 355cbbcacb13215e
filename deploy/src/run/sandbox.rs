//! Everything given up before the service runs: its own namespaces, an empty file system, no capability, small limits.
//!
//! Works for root, and for anybody whom the kernel lets make user namespaces.

use std::ffi::{CStr, CString};
use std::fs;
use std::io;
use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, sigprocmask};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{self, ForkResult, Gid, Pid, Uid};
use rustix::process::Signal as DeathSignal;

use super::RunError;
use super::program::Program;

/// Number of the frame device in the service.
const FRAMES: i32 = 3;
/// The service's ELF, until it is executed.
const PROGRAM: i32 = 4;
const OUT_OF_THE_WAY: i32 = 16;
/// Files that the service may have open: the console, the frames, and what its runtime waits with.
const OPEN_FILES: u64 = 32;
/// Address space beside the service's memory: the ELF, stacks, what the C library reserves.
const BESIDE_MEMORY: u64 = 64 << 20;
const LAST_CAPABILITY: u32 = 63;

/// Whom the service runs as.
#[derive(Clone, Copy, Debug)]
pub(super) struct User {
    uid: Uid,
    gid: Gid,
}

impl User {
    pub(super) fn find(name: &str) -> Result<User, RunError> {
        let found = match name.parse() {
            Ok(number) => Some(User { uid: Uid::from_raw(number), gid: Gid::from_raw(number) }),
            Err(_) => unistd::User::from_name(name).ok().flatten().map(|user| User { uid: user.uid, gid: user.gid }),
        };
        found.filter(|user| !user.uid.is_root()).ok_or_else(|| RunError::User(name.to_owned()))
    }
}

/// Runs the service until it ends; its exit code, or 128 and the number of the signal that killed it.
#[expect(unsafe_code, reason = "fork")]
pub(super) fn run(
    program: Program,
    frames: OwnedFd,
    line: &[CString],
    user: User,
    memory: u64,
) -> Result<u8, RunError> {
    let signals = hold_signals().map_err(at("hold signals back"))?;
    namespaces().map_err(at("make namespaces"))?;
    // SAFETY: this program has one thread, so that the child has all of what it had.
    match unsafe { unistd::fork() }.map_err(at("fork"))? {
        ForkResult::Parent { child } => {
            drop((program, frames));
            Ok(wait(child, &signals))
        }
        ForkResult::Child => {
            let Err(error) = confine(program, frames, user, memory).and_then(|program| execute(&program, line));
            complain(&error);
            std::process::exit(1)
        }
    }
}

#[expect(clippy::print_stderr, reason = "the child has no other way to say it")]
fn complain(error: &RunError) {
    eprintln!("gitstead: {error}");
}

fn at<E: Into<io::Error>>(step: &'static str) -> impl Fn(E) -> RunError {
    move |reason| RunError::Sandbox { step, reason: reason.into() }
}

/// Signals to pass on. The child keeps them held back until it reads them.
fn hold_signals() -> nix::Result<SigSet> {
    let signals = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT, Signal::SIGCHLD]);
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&signals), None)?;
    Ok(signals)
}

/// Namespaces of its own for everything, and where this is not root, a user namespace that makes the rest possible.
fn namespaces() -> io::Result<()> {
    let all = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS;
    let (uid, gid) = (Uid::effective(), Gid::effective());
    if uid.is_root() {
        return Ok(unshare(all)?);
    }
    unshare(all | CloneFlags::CLONE_NEWUSER)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"))
}

/// Gives up everything but the console, the frames and the program.
fn confine(program: Program, frames: OwnedFd, user: User, memory: u64) -> Result<OwnedFd, RunError> {
    empty_file_system().map_err(at("empty the file system"))?;
    let program = descriptors(program, frames).map_err(at("arrange file descriptors"))?;
    limits(memory).map_err(at("set limits"))?;
    become_nobody(user).map_err(at("drop privileges"))?;
    Ok(program)
}

/// A root without a single file, which nothing can be written to.
fn empty_file_system() -> nix::Result<()> {
    const NONE: Option<&str> = None;
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("none"), "/tmp", Some("tmpfs"), flags, Some("size=4k,nr_inodes=2,mode=555"))?;
    unistd::chdir("/tmp")?;
    // The old root comes to lie over the new one, and is taken away.
    unistd::pivot_root(".", ".")?;
    umount2(".", MntFlags::MNT_DETACH)?;
    unistd::chdir("/")?;
    mount(NONE, "/", NONE, flags | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY, NONE)
}

/// The frames at 3, the program at 4 until it is executed, nothing else behind the console.
#[expect(unsafe_code, reason = "numbers of file descriptors that are to be")]
fn descriptors(program: Program, frames: OwnedFd) -> io::Result<OwnedFd> {
    let (program, frames) = (program.0.into_raw_fd(), frames.into_raw_fd());
    // SAFETY: both numbers were ours alone a moment ago. Whoever else has one of those that are overwritten or closed
    // is not asked any more: from here on this process only executes the program.
    unsafe {
        // Copies out of the way first, so that neither is overwritten by the other.
        let program = libc::fcntl(program, libc::F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
        let frames = libc::fcntl(frames, libc::F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
        let arranged = program != -1
            && frames != -1
            && libc::dup2(frames, FRAMES) != -1
            && libc::dup3(program, PROGRAM, libc::O_CLOEXEC) != -1
            && libc::close_range(PROGRAM as u32 + 1, u32::MAX, 0) != -1;
        if arranged { Ok(OwnedFd::from_raw_fd(PROGRAM)) } else { Err(io::Error::last_os_error()) }
    }
}

fn limits(memory: u64) -> nix::Result<()> {
    let all = memory + BESIDE_MEMORY;
    setrlimit(Resource::RLIMIT_AS, all, all)?;
    setrlimit(Resource::RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    setrlimit(Resource::RLIMIT_MEMLOCK, 0, 0)
}

/// No capability, now or ever again; another user, where this was root.
fn become_nobody(user: User) -> io::Result<()> {
    use rustix::thread::{CapabilitySet, CapabilitySets};
    for capability in (0..=LAST_CAPABILITY).map(|number| CapabilitySet::from_bits_retain(1 << number)) {
        // The kernel knows fewer than there is room for.
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            Ok(()) | Err(rustix::io::Errno::INVAL) => (),
            Err(error) => return Err(error.into()),
        }
    }
    if Uid::effective().is_root() {
        unistd::setgroups(&[])?;
        unistd::setresgid(user.gid, user.gid, user.gid)?;
        unistd::setresuid(user.uid, user.uid, user.uid)?;
    }
    rustix::thread::clear_ambient_capability_set()?;
    let none = CapabilitySet::empty();
    rustix::thread::set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    rustix::thread::set_no_new_privs(true)?;
    // After the change of user, which would forget it.
    rustix::process::set_parent_process_death_signal(Some(DeathSignal::KILL))?;
    Ok(())
}

fn execute(program: &OwnedFd, line: &[CString]) -> Result<std::convert::Infallible, RunError> {
    let environment: [&CStr; 0] = [];
    unistd::execveat(program, c"", line, &environment, nix::fcntl::AtFlags::AT_EMPTY_PATH)
        .map_err(at("execute the service"))
}

/// Passes signals on until the service has ended.
fn wait(child: Pid, signals: &SigSet) -> u8 {
    loop {
        match signals.wait() {
            Ok(Signal::SIGCHLD) => match waitpid(child, None) {
                Ok(WaitStatus::Exited(_, code)) => return code as u8,
                Ok(WaitStatus::Signaled(_, signal, _)) => return 128 + signal as u8,
                _ => (),
            },
            // One that has ended needs no signal.
            Ok(signal) => drop(kill(child, signal)),
            Err(_) => (),
        }
    }
}
