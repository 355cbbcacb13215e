//! Sealing: after boot, what the process can ask of the kernel is a short list. Anything else kills it.
//!
//! No file, no program, no thread, no memory beside what it has. The filter cannot be taken off again.

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

use crate::BootError;

/// What a service needs on a stack of our own: frames, the runtime's waiting, the log, time where the kernel has no
/// page for it, and keys.
pub const OWN_STACK: [i64; 6] = [
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_epoll_wait,
    libc::SYS_clock_gettime,
    libc::SYS_getrandom,
    libc::SYS_exit_group,
];

/// What it needs beside that on the host's sockets: connections, and threads that wait for each other.
pub const HOST_SOCKETS: [i64; 21] = [
    libc::SYS_socket,
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_listen,
    libc::SYS_accept4,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_shutdown,
    libc::SYS_close,
    libc::SYS_epoll_ctl,
    libc::SYS_fcntl,
    libc::SYS_futex,
    libc::SYS_sched_yield,
];

/// Refused without being done, not a reason to die: locking keys into memory, which the SSH library tries and can do
/// without.
pub const REFUSED: [i64; 2] = [libc::SYS_mlock, libc::SYS_munlock];

/// Seals the process, all its threads.
pub(crate) fn seal(own_stack: bool) -> Result<(), BootError> {
    let allowed = OWN_STACK.iter().chain(HOST_SOCKETS.iter().filter(|_| !own_stack));
    let failed =
        |error: &dyn std::fmt::Display| BootError::Surroundings(format!("the process cannot be sealed: {error}"));
    // The one that forbids adding filters comes last. Of several the strictest holds.
    let filters = [
        filter(REFUSED.iter(), SeccompAction::Allow, SeccompAction::Errno(libc::EPERM as u32)),
        filter(allowed.chain(&REFUSED), SeccompAction::KillProcess, SeccompAction::Allow),
    ];
    for filter in filters {
        let program = filter.map_err(|error| failed(&error))?;
        seccompiler::apply_filter_all_threads(&program).map_err(|error| failed(&error))?;
    }
    Ok(())
}

fn filter<'a>(
    calls: impl Iterator<Item = &'a i64>,
    others: SeccompAction,
    these: SeccompAction,
) -> Result<BpfProgram, seccompiler::BackendError> {
    let rules: BTreeMap<i64, Vec<_>> = calls.map(|call| (*call, vec![])).collect();
    SeccompFilter::new(rules, others, these, TargetArch::x86_64)?.try_into()
}

/// Ends the process at once, with nothing in between that a seal forbids.
#[expect(unsafe_code, reason = "the C library's exit does more than exit")]
pub(crate) fn exit(code: u8) -> ! {
    // SAFETY: it takes a number and does not return.
    unsafe { libc::_exit(code.into()) }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, ExitStatus};

    use super::*;

    const ACTION: &str = "PLATFORM_SEALED_ACTION";

    /// Runs this test program once more, where [`sealed`] seals itself and then does `action`.
    fn run(action: &str) -> ExitStatus {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "seal::tests::sealed", "--nocapture", "--quiet"]).env(ACTION, action);
        command.output().unwrap().status
    }

    /// Does nothing but in the processes that [`run`] starts: only those can be sealed.
    #[test]
    fn sealed() {
        let Ok(action) = std::env::var(ACTION) else { return };
        let nowhere = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        seal(!action.starts_with("host ")).unwrap();
        match action.trim_start_matches("host ") {
            "nothing" => (),
            "what is needed" => {
                crate::entropy::u64();
                crate::clock::unix_seconds();
                rustix::io::write(std::io::stderr(), b"still here\n").unwrap();
                let _ = rustix::io::read(std::io::stdin(), &mut [0; 1]);
            }
            "lock keys" => {
                let refused = rustix::mm::mlock;
                // SAFETY: it is refused, and does nothing.
                #[expect(unsafe_code, reason = "the call takes a pointer")]
                let answer = unsafe { refused(std::ptr::null_mut(), 1) };
                assert_eq!(answer, Err(rustix::io::Errno::PERM));
            }
            "open a file" => drop(File::open("/dev/null")),
            "start a program" => drop(Command::new("/bin/true").status()),
            "start a thread" => drop(std::thread::spawn(|| ())),
            "get memory" => drop(std::hint::black_box(vec![1_u8; 64 << 20])),
            "open a socket" => drop(std::net::UdpSocket::bind("127.0.0.1:0")),
            "send" => drop(nowhere.send_to(b"x", "127.0.0.1:9")),
            other => panic!("{other}?"),
        }
        exit(0)
    }

    fn dies(action: &str) {
        assert_eq!(run(action).signal(), Some(libc::SIGSYS), "{action}");
    }

    #[test]
    fn what_a_service_needs_is_left() {
        for action in
            ["nothing", "what is needed", "lock keys", "host what is needed", "host open a socket", "host send"]
        {
            assert_eq!(run(action).code(), Some(0), "{action}");
        }
    }

    #[test]
    fn a_sealed_process_that_opens_a_file_dies() {
        dies("open a file");
        dies("host open a file");
    }

    #[test]
    fn a_sealed_process_that_starts_something_dies() {
        dies("start a program");
        dies("host start a program");
        dies("start a thread");
        dies("host start a thread");
    }

    #[test]
    fn a_sealed_process_that_asks_for_memory_or_a_socket_dies() {
        dies("get memory");
        dies("host get memory");
        dies("open a socket");
        dies("send");
    }

    #[test]
    fn eight_at_most() {
        assert!(OWN_STACK.len() <= 8);
    }
}
