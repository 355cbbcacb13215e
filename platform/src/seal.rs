//! Sealing: after boot, what the process can ask of the kernel is a short list. Anything else kills it.
//!
//! No file, no program, no thread, no memory beside what it has. The filter cannot be taken off again.

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

use crate::ArgumentError;

/// What a service needs on a stack of our own: frames, the runtime's waiting, the log, time where the kernel has no page for
/// it, and keys.
pub const OWN_STACK: [i64; 6] = [
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_epoll_wait,
    libc::SYS_clock_gettime,
    libc::SYS_getrandom,
    libc::SYS_exit_group,
];

/// What it needs beside that on the host's sockets: connections, and threads that wait for each other.
pub const HOST_SOCKETS: [i64; 22] = [
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
    libc::SYS_writev,
    libc::SYS_shutdown,
    libc::SYS_close,
    libc::SYS_epoll_ctl,
    libc::SYS_ioctl,
    libc::SYS_futex,
    libc::SYS_sched_yield,
];

/// Refused without being done, not a reason to die: locking keys into memory, which the SSH library tries and can do without.
pub const REFUSED: [i64; 2] = [libc::SYS_mlock, libc::SYS_munlock];

/// Seals the process, all its threads.
pub(crate) fn seal(own_stack: bool) -> Result<(), ArgumentError> {
    let allowed = OWN_STACK.iter().chain(HOST_SOCKETS.iter().filter(|_| !own_stack));
    let failed = |error: &dyn std::fmt::Display| ArgumentError(format!("the process cannot be sealed: {error}"));
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
