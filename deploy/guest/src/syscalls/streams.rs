//! Reading and writing: the console, frames, and what event loops wake themselves with.

use guest::files::File;

use super::{Errno, Result};
use crate::kernel::Kernel;
use crate::{console, net};

const CONSOLE_PIECE: usize = 256;
const FRAME_HEADER: u64 = 14;

/// fcntl: a second descriptor.
const DUPLICATE: u64 = 0;
const DUPLICATE_CLOSE_ON_EXEC: u64 = 1030;
const GET_FLAGS: u64 = 3;
/// O_RDWR and O_NONBLOCK: no read or write here ever waits.
const FLAGS: u64 = 0o4002;
/// ioctl: non-blocking, as everything is.
const NON_BLOCKING: u64 = 0x5421;

pub fn read(kernel: &mut Kernel, descriptor: u64, buffer: u64, length: u64) -> Result<u64> {
    match kernel.files.get(descriptor).ok_or(Errno::BadDescriptor)? {
        File::Console => Ok(0),
        File::Net => read_frame(kernel, buffer, length),
        File::Event { value: 0, .. } | File::Signals => Err(Errno::Again),
        File::Epoll => Err(Errno::Invalid),
        File::Event { value, .. } => {
            let octets = core::mem::take(value).to_le_bytes();
            kernel.space.write(buffer, &octets)?;
            Ok(8)
        }
    }
}

fn read_frame(kernel: &mut Kernel, buffer: u64, length: u64) -> Result<u64> {
    let Kernel { net, space, .. } = kernel;
    let copied = net.receive(|frame| {
        // As of a datagram: what does not fit is lost.
        let fits = frame.len().min(usize::try_from(length).unwrap_or(usize::MAX));
        space.write(buffer, &frame[..fits]).map(|()| fits as u64)
    });
    Ok(copied.ok_or(Errno::Again)??)
}

pub fn write(kernel: &mut Kernel, descriptor: u64, buffer: u64, length: u64) -> Result<u64> {
    match kernel.files.get(descriptor).ok_or(Errno::BadDescriptor)? {
        File::Console => write_console(kernel, buffer, length),
        File::Net => write_frame(kernel, buffer, length),
        File::Epoll | File::Signals => Err(Errno::Invalid),
        File::Event { .. } => {
            let mut octets = [0; 8];
            kernel.space.read(buffer, &mut octets)?;
            if let Some(File::Event { value, changes }) = kernel.files.get(descriptor) {
                *value = value.saturating_add(u64::from_le_bytes(octets));
                *changes = changes.wrapping_add(1);
            }
            Ok(8)
        }
    }
}

fn write_console(kernel: &mut Kernel, buffer: u64, length: u64) -> Result<u64> {
    let mut piece = [0; CONSOLE_PIECE];
    let mut written = 0;
    while written < length {
        let part = &mut piece[..(length - written).min(CONSOLE_PIECE as u64) as usize];
        kernel.space.read(buffer.wrapping_add(written), part)?;
        console::write(part);
        written += part.len() as u64;
    }
    Ok(length)
}

fn write_frame(kernel: &mut Kernel, buffer: u64, length: u64) -> Result<u64> {
    if !(FRAME_HEADER..=net::LONGEST as u64).contains(&length) {
        return Err(Errno::MessageSize);
    }
    let Kernel { net, space, .. } = kernel;
    net.send(length as usize, |frame| space.read(buffer, frame)).ok_or(Errno::Again)??;
    Ok(length)
}

pub fn close(kernel: &mut Kernel, descriptor: u64) -> Result<u64> {
    kernel.files.close(descriptor)?;
    // A file that nobody has interests nobody; that there was no interest is no error.
    let _ = kernel.interests.remove(descriptor);
    Ok(0)
}

pub fn ioctl(kernel: &mut Kernel, descriptor: u64, request: u64) -> Result<u64> {
    kernel.files.get(descriptor).ok_or(Errno::BadDescriptor)?;
    if request == NON_BLOCKING { Ok(0) } else { Err(Errno::NotATerminal) }
}

pub fn fcntl(kernel: &mut Kernel, descriptor: u64, command: u64, argument: u64) -> Result<u64> {
    kernel.files.get(descriptor).ok_or(Errno::BadDescriptor)?;
    match command {
        DUPLICATE | DUPLICATE_CLOSE_ON_EXEC => Ok(kernel.files.duplicate(descriptor, argument)?),
        GET_FLAGS => Ok(FLAGS),
        // Descriptor flags say what happens on exec, which there is not; status flags are as they are.
        1 | 2 | 4 => Ok(0),
        _ => Err(Errno::Invalid),
    }
}

pub fn eventfd(kernel: &mut Kernel, value: u64) -> Result<u64> {
    Ok(kernel.files.open(File::Event { value, changes: 0 }, 0)?)
}

/// There is one set of interests.
pub fn epoll_create(kernel: &mut Kernel) -> Result<u64> {
    if kernel.files.has(File::Epoll) {
        return Err(Errno::TooManyFiles);
    }
    Ok(kernel.files.open(File::Epoll, 0)?)
}

pub fn signalfd(kernel: &mut Kernel) -> Result<u64> {
    Ok(kernel.files.open(File::Signals, 0)?)
}

/// Like `signalfd`: tokio makes a pair to hear of signals.
pub fn socketpair(kernel: &mut Kernel, out: u64) -> Result<u64> {
    let pair = signalfd(kernel)? | signalfd(kernel)? << 32;
    kernel.space.write(out, &pair.to_le_bytes())?;
    Ok(0)
}
