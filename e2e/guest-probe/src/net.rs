//! Frames on file descriptor 3: just enough of ARP, IPv4 and UDP to answer on port 7.

use std::io::{Error, ErrorKind};
use std::os::fd::{FromRawFd, OwnedFd};

use tokio::io::unix::AsyncFd;

const ADDRESS: [u8; 4] = [10, 0, 2, 15];
const MAC: [u8; 6] = [2, 0, 0, 0, 0, 15];
const ECHO: [u8; 2] = [0, 7];

/// Answers until a datagram says `exit`.
pub async fn echo() {
    let device = device();
    println!("probe: echo");
    let mut frame = [0; 2048];
    loop {
        let length = device.async_io(tokio::io::Interest::READABLE, |_| read(&mut frame)).await.unwrap();
        let answer = answer_arp(&frame[..length]).or_else(|| answer_udp(&frame[..length]));
        if let Some(answer) = answer {
            device.async_io(tokio::io::Interest::WRITABLE, |_| write(&answer)).await.unwrap();
        }
        if frame[..length].get(42..46) == Some(b"exit") {
            return;
        }
    }
}

/// Sends `count` numbered frames to nobody as fast as it goes. Returns how often there was no room.
pub async fn burst(count: usize) -> usize {
    let device = device();
    let mut blocked = 0;
    for number in 0..count {
        let mut frame = [0; 64];
        frame[..6].copy_from_slice(&[0xff; 6]);
        frame[6..12].copy_from_slice(&MAC);
        // An EtherType for local experiments.
        frame[12..14].copy_from_slice(&[0x88, 0xb5]);
        frame[14..22].copy_from_slice(&(number as u64).to_be_bytes());
        if let Err(error) = write(&frame) {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            blocked += 1;
            device.async_io(tokio::io::Interest::WRITABLE, |_| write(&frame)).await.unwrap();
        }
    }
    // A second descriptor of the same number must not close it.
    std::mem::forget(device);
    blocked
}

fn device() -> AsyncFd<OwnedFd> {
    // SAFETY: the kernel has it open from the start, and nobody else here uses it; an OwnedFd stays the same
    // descriptor.
    unsafe { AsyncFd::register(OwnedFd::from_raw_fd(3)) }.unwrap()
}

fn read(frame: &mut [u8]) -> std::io::Result<usize> {
    // SAFETY: the buffer is that long.
    let length = unsafe { libc::read(3, frame.as_mut_ptr().cast(), frame.len()) };
    usize::try_from(length).map_err(|_| Error::last_os_error())
}

fn write(frame: &[u8]) -> std::io::Result<usize> {
    // SAFETY: the buffer is that long.
    let length = unsafe { libc::write(3, frame.as_ptr().cast(), frame.len()) };
    usize::try_from(length).map_err(|_| Error::last_os_error())
}

fn answer_arp(frame: &[u8]) -> Option<Vec<u8>> {
    let request = frame.get(..42)?;
    if request[12..14] != [8, 6] || request[20..22] != [0, 1] || request[38..42] != ADDRESS {
        return None;
    }
    let mut answer = request.to_vec();
    answer[..6].copy_from_slice(&request[6..12]);
    answer[6..12].copy_from_slice(&MAC);
    answer[21] = 2;
    answer[22..28].copy_from_slice(&MAC);
    answer[28..32].copy_from_slice(&ADDRESS);
    answer[32..42].copy_from_slice(&request[22..32]);
    Some(answer)
}

/// Addresses and ports are exchanged, so that the sums over them stay what they were.
fn answer_udp(frame: &[u8]) -> Option<Vec<u8>> {
    let request = frame.get(..42)?;
    if request[12..14] != [8, 0] || request[14] != 0x45 || request[23] != 17 || request[36..38] != ECHO {
        return None;
    }
    let mut answer = frame.to_vec();
    answer[..6].copy_from_slice(&request[6..12]);
    answer[6..12].copy_from_slice(&MAC);
    answer[26..30].copy_from_slice(&request[30..34]);
    answer[30..34].copy_from_slice(&request[26..30]);
    answer[34..36].copy_from_slice(&request[36..38]);
    answer[36..38].copy_from_slice(&request[34..36]);
    Some(answer)
}
