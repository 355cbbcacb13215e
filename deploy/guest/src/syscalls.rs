//! The system calls that are served; README.md says of each why. Every other one is said once, and is ENOSYS.

mod events;
mod memory;
mod process;
mod streams;

use guest::files::FileError;

use crate::kernel::Kernel;
use crate::power::FAULT;
use crate::space::Denied;
use crate::{give_up, say};

/// Why a call fails, as Linux numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errno {
    NoEntry = 2,
    BadDescriptor = 9,
    Again = 11,
    NoMemory = 12,
    Access = 13,
    Fault = 14,
    Exists = 17,
    Invalid = 22,
    TooManyFiles = 24,
    NotATerminal = 25,
    NoSuchCall = 38,
    MessageSize = 90,
    TimedOut = 110,
}

type Result<T> = core::result::Result<T, Errno>;

/// What a sealed application may still call: read, write, epoll_wait, clock_gettime, getrandom, exit_group; and mlock
/// and munlock, which do nothing; and a further filter, which changes nothing.
const SEALED: [u64; 10] = [0, 1, 149, 150, 157, 228, 231, 232, 317, 318];

/// Serves a call.
pub fn serve(kernel: &mut Kernel, number: u64, arguments: [u64; 6]) -> i64 {
    if kernel.sealed && !SEALED.contains(&number) {
        give_up!(FAULT, "the application failed: it is sealed, and made system call {number}");
    }
    match call(kernel, number, arguments) {
        Ok(value) => value as i64,
        Err(error) => -(error as i64),
    }
}

fn call(kernel: &mut Kernel, number: u64, [a, b, c, d, ..]: [u64; 6]) -> Result<u64> {
    match number {
        0 => streams::read(kernel, a, b, c),
        1 => streams::write(kernel, a, b, c),
        3 => streams::close(kernel, a),
        7 => events::poll(kernel, a, b, c),
        9 => memory::mmap(kernel, a, b, c, d),
        10 => memory::mprotect(kernel, a, b, c),
        11 => memory::munmap(kernel, a, b),
        12 => memory::brk(kernel, a),
        13 => process::sigaction(kernel, c),
        14 => process::sigprocmask(kernel, c),
        16 => streams::ioctl(kernel, a, b),
        24 | 149 | 150 | 273 => Ok(0),
        28 => memory::madvise(kernel, a, b, c),
        39 | 186 | 218 => Ok(process::ID),
        53 => streams::socketpair(kernel, d),
        60 | 231 => process::exit(a),
        62 | 234 => process::kill(b, c, number),
        72 => streams::fcntl(kernel, a, b, c),
        89 | 257 => Err(Errno::NoEntry),
        131 => process::sigaltstack(kernel, b),
        157 => process::prctl(a),
        158 => process::arch_prctl(a, b),
        202 => process::futex(kernel, [a, b, c, d]),
        204 => process::sched_getaffinity(kernel, b, c),
        228 => process::clock_gettime(kernel, a, b),
        232 | 281 => events::epoll_wait(kernel, a, b, c, d),
        233 => events::epoll_ctl(kernel, [a, b, c, d]),
        289 => streams::signalfd(kernel),
        290 => streams::eventfd(kernel, a),
        291 => streams::epoll_create(kernel),
        302 => process::prlimit(kernel, b, d),
        317 => process::seccomp(kernel, a),
        318 => process::getrandom(kernel, a, b),
        // Restartable sequences are for those who share a processor; glibc does without.
        334 => Err(Errno::NoSuchCall),
        _ => missing(kernel, number),
    }
}

fn missing(kernel: &mut Kernel, number: u64) -> Result<u64> {
    let (word, bit) = ((number / 64) as usize % kernel.missed.len(), 1 << (number % 64));
    if kernel.missed[word] & bit == 0 {
        kernel.missed[word] |= bit;
        say!("system call {number} is not served");
    }
    Err(Errno::NoSuchCall)
}

impl From<Denied> for Errno {
    fn from(denied: Denied) -> Errno {
        match denied {
            Denied::NoMemory => Errno::NoMemory,
            Denied::NotMapped | Denied::Protected => Errno::Fault,
        }
    }
}

impl From<FileError> for Errno {
    fn from(error: FileError) -> Errno {
        match error {
            FileError::TooMany => Errno::TooManyFiles,
            FileError::NotOpen => Errno::BadDescriptor,
            FileError::NotShared => Errno::Invalid,
        }
    }
}

/// Two numbers as they lie in memory.
fn numbers(octets: &[u8; 16]) -> [u64; 2] {
    let number = |part: &[u8]| part.iter().rev().fold(0, |sum, octet| sum << 8 | u64::from(*octet));
    [number(&octets[..8]), number(&octets[8..])]
}
