//! Waiting for several files at once.

use guest::epoll::{Event, InterestError};
use guest::files::File;

use super::{Errno, Result};
use crate::kernel::Kernel;
use crate::wait;

const MOST_EVENTS: usize = 16;
const MOST_POLLED: u64 = 16;
const MILLISECOND: u64 = 1_000_000;
const EVENT_SIZE: u64 = 12;

pub fn epoll_wait(kernel: &mut Kernel, epoll: u64, out: u64, most: u64, timeout: u64) -> Result<u64> {
    if kernel.files.get(epoll) != Some(&mut File::Epoll) || most == 0 {
        return Err(Errno::BadDescriptor);
    }
    let mut events = [Event::default(); MOST_EVENTS];
    let room = &mut events[..most.min(MOST_EVENTS as u64) as usize];
    let count = wait::until(kernel, nanoseconds(timeout), |kernel| wait::events(kernel, room)).unwrap_or(0);
    for (index, event) in events[..count].iter().enumerate() {
        let mut octets = [0; EVENT_SIZE as usize];
        octets[..4].copy_from_slice(&event.events.to_le_bytes());
        octets[4..].copy_from_slice(&event.data.to_le_bytes());
        kernel.space.write(out.wrapping_add(index as u64 * EVENT_SIZE), &octets)?;
    }
    Ok(count as u64)
}

pub fn epoll_ctl(kernel: &mut Kernel, [epoll, operation, descriptor, event]: [u64; 4]) -> Result<u64> {
    if kernel.files.get(epoll) != Some(&mut File::Epoll) || kernel.files.get(descriptor).is_none() {
        return Err(Errno::BadDescriptor);
    }
    let mut wanted = || -> Result<Event> {
        let mut octets = [0; EVENT_SIZE as usize];
        kernel.space.read(event, &mut octets)?;
        let number = |part: &[u8]| part.iter().rev().fold(0u64, |sum, octet| sum << 8 | u64::from(*octet));
        Ok(Event { events: number(&octets[..4]) as u32, data: number(&octets[4..]) })
    };
    match operation {
        1 => kernel.interests.add(descriptor, wanted()?)?,
        2 => kernel.interests.remove(descriptor)?,
        3 => kernel.interests.modify(descriptor, wanted()?)?,
        _ => return Err(Errno::Invalid),
    }
    Ok(0)
}

pub fn poll(kernel: &mut Kernel, list: u64, count: u64, timeout: u64) -> Result<u64> {
    if count > MOST_POLLED {
        return Err(Errno::Invalid);
    }
    let ready = wait::until(kernel, nanoseconds(timeout), |kernel| {
        let ready = look(kernel, list, count);
        (ready != Ok(0)).then_some(ready)
    });
    ready.unwrap_or(Ok(0))
}

/// Writes what is so into the list; how many entries have something.
fn look(kernel: &mut Kernel, list: u64, count: u64) -> Result<u64> {
    let mut ready = 0;
    for index in 0..count {
        let address = list.wrapping_add(8 * index);
        let mut entry = [0; 8];
        kernel.space.read(address, &mut entry)?;
        let descriptor = u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]);
        let wanted = u32::from(u16::from_le_bytes([entry[4], entry[5]]));
        // POLLNVAL for what is not open.
        let found = wait::state(kernel, u64::from(descriptor)).map_or(0x20, |state| state.events(wanted));
        kernel.space.write(address.wrapping_add(6), &(found as u16).to_le_bytes())?;
        ready += u64::from(found != 0);
    }
    Ok(ready)
}

/// A timeout in milliseconds, as an `int`; a negative one is none.
fn nanoseconds(timeout: u64) -> Option<u64> {
    u64::try_from(timeout as u32 as i32).ok().map(|timeout| timeout * MILLISECOND)
}

impl From<InterestError> for Errno {
    fn from(error: InterestError) -> Errno {
        match error {
            InterestError::Exists => Errno::Exists,
            InterestError::Missing => Errno::NoEntry,
            InterestError::TooMany => Errno::NoMemory,
        }
    }
}
