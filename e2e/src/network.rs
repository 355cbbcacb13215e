//! A network of the test's own: a namespace with taps in it, for services that bring their own stack.
//!
//! The thread that enters it stays in it, and so does everything it starts: clients, the SSH server, other name
//! servers. It has no name and goes away with the last of them, however the test ends. Needs root.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Command;

use nix::sched::{CloneFlags, unshare};

use crate::process::run;

thread_local! {
    static HOST: Cell<Ipv4Addr> = const { Cell::new(Ipv4Addr::LOCALHOST) };
}

/// Where parts of this test listen: loopback, or the host's side of the first tap.
pub fn host() -> IpAddr {
    HOST.get().into()
}

/// The namespace that this thread has entered.
#[derive(Debug)]
pub struct Network {
    taps: Cell<u8>,
}

impl Network {
    /// Makes a namespace and enters it.
    pub fn enter() -> Network {
        unshare(CloneFlags::CLONE_NEWNET).expect("root may make a network namespace");
        ip("link set lo up");
        // Services reach each other through the host.
        for forward in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
            std::fs::write(format!("/proc/sys/net/{forward}"), "1").expect("the namespace is ours");
        }
        Network { taps: Cell::new(0) }
    }

    /// A tap with a network of its own.
    pub fn tap(&self) -> Tap {
        let number = self.taps.replace(self.taps.get() + 1);
        let tap = Tap { name: format!("tap{number}"), number };
        ip(&format!("tuntap add {} mode tap", tap.name));
        ip(&format!("addr add {}/24 dev {}", tap.host(), tap.name));
        ip(&format!("-6 addr add {}/64 dev {} nodad", tap.host6(), tap.name));
        ip(&format!("link set {} up", tap.name));
        if number == 0 {
            HOST.set(tap.host());
        }
        tap
    }
}

/// A tap; the host has one address on it, the service another.
#[derive(Debug, Clone)]
pub struct Tap {
    name: String,
    number: u8,
}

impl Tap {
    /// The interface.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The host's address.
    pub fn host(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 7, self.number, 1)
    }

    /// The service's address.
    pub fn service(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 7, self.number, 2)
    }

    /// The host's IPv6 address.
    pub fn host6(&self) -> std::net::Ipv6Addr {
        format!("fd00:7:{}::1", self.number).parse().expect("an address")
    }

    /// The service's IPv6 address.
    pub fn service6(&self) -> std::net::Ipv6Addr {
        format!("fd00:7:{}::2", self.number).parse().expect("an address")
    }

    /// Where a name server on it answers.
    pub fn dns(&self) -> SocketAddr {
        (self.service(), 53).into()
    }

    /// The arguments that put a service there.
    pub fn arguments(&self) -> [(String, String); 4] {
        let words = [
            ("--ipv4", format!("{}/24", self.service())),
            ("--ipv4-gateway", self.host().to_string()),
            ("--ipv6", format!("{}/64", self.service6())),
            ("--ipv6-gateway", self.host6().to_string()),
        ];
        words.map(|(option, value)| (option.to_owned(), value))
    }

    /// Changes the interface: `ip link set NAME WHAT`.
    pub fn set(&self, what: &str) {
        ip(&format!("link set {} {what}", self.name));
    }
}

/// `ip …` in the namespace of this thread.
pub fn ip(arguments: &str) {
    let outcome = run(Command::new("ip").args(arguments.split_whitespace()), "");
    assert!(outcome.success, "ip {arguments}: {}", outcome.output);
}
