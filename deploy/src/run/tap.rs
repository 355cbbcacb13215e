//! The tap: opened, so that each read and each write is one Ethernet frame.

use std::fs::{self, File, OpenOptions};
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
        let mtu = fs::read_to_string(format!("/sys/class/net/{name}/mtu"));
        let mtu = mtu.map_err(|_| failed("there is no such interface (ip tuntap add TAP mode tap)".to_owned()))?;
        let mtu = mtu.trim().parse().map_err(|_| failed(format!("its MTU is {}", mtu.trim())))?;
        let device = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open("/dev/net/tun");
        let device = device.map_err(|error| failed(format!("/dev/net/tun: {error}")))?;
        attach(&device, name).map_err(|error| failed(format!("cannot be opened as a tap: {error}")))?;
        Ok(Tap { frames: device.into(), mtu })
    }
}

#[expect(unsafe_code, reason = "the kernel's interface for taps")]
fn attach(device: &File, name: &str) -> io::Result<()> {
    let mut request = libc::ifreq {
        ifr_name: [0; NAME],
        ifr_ifru: libc::__c_anonymous_ifr_ifru { ifru_flags: (libc::IFF_TAP | libc::IFF_NO_PI) as libc::c_short },
    };
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    // SAFETY: TUNSETIFF takes a pointer to a struct ifreq, which is alive and ours for the time of the call.
    match unsafe { libc::ioctl(device.as_raw_fd(), libc::TUNSETIFF, &raw mut request) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
