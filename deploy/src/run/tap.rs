//! The tap: opened, so that each read and each write is one Ethernet frame.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

use super::RunError;

/// Longest name of an interface, with the octet 0 behind it.
const NAME: usize = libc::IFNAMSIZ;

/// An opened tap.
#[derive(Debug)]
pub(super) struct Tap {
    pub(super) frames: OwnedFd,
    pub(super) mtu: u16,
}

impl Tap {
    /// Opens a tap that is there already.
    pub(super) fn open(name: &str) -> Result<Tap, RunError> {
        let failed = |reason: String| RunError::Tap { name: name.to_owned(), reason };
        if name.is_empty() || name.len() >= NAME || name.contains(['/', '\0']) {
            return Err(failed("is no name of an interface".to_owned()));
        }
        let mtu = mtu(name).map_err(|error| failed(format!("{error}; ip tuntap add {name} mode tap makes one")))?;
        let mtu = u16::try_from(mtu).map_err(|_| failed(format!("its MTU is {mtu}")))?;
        let device = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open("/dev/net/tun");
        let device = device.map_err(|error| failed(format!("/dev/net/tun: {error}")))?;
        attach(&device, name).map_err(|error| failed(format!("cannot be opened as a tap: {error}")))?;
        Ok(Tap { frames: device.into(), mtu })
    }
}

/// Octets of the largest packet on an interface of this network namespace, up or not.
#[expect(unsafe_code, reason = "the kernel's interface for interfaces")]
fn mtu(name: &str) -> io::Result<i32> {
    let any = std::net::UdpSocket::bind("0.0.0.0:0")?;
    let mut request = request(name, 0);
    // SAFETY: SIOCGIFMTU takes a pointer to a struct ifreq, which is alive and ours for the time of the call.
    if unsafe { libc::ioctl(any.as_raw_fd(), libc::SIOCGIFMTU, &raw mut request) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has set this field.
    Ok(unsafe { request.ifr_ifru.ifru_mtu })
}

fn request(name: &str, flags: libc::c_int) -> libc::ifreq {
    let ifru = libc::__c_anonymous_ifr_ifru { ifru_flags: flags as libc::c_short };
    let mut request = libc::ifreq { ifr_name: [0; NAME], ifr_ifru: ifru };
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    request
}

#[expect(unsafe_code, reason = "the kernel's interface for taps")]
fn attach(device: &File, name: &str) -> io::Result<()> {
    let mut request = request(name, libc::IFF_TAP | libc::IFF_NO_PI);
    // SAFETY: TUNSETIFF takes a pointer to a struct ifreq, which is alive and ours for the time of the call.
    match unsafe { libc::ioctl(device.as_raw_fd(), libc::TUNSETIFF, &raw mut request) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
