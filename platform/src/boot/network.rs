//! The arguments of a network of our own, spelled as MirageOS spells them. Without any, there are the host's sockets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smoltcp::wire::{Ipv4Cidr, Ipv6Cidr};

use super::ArgumentError;
use crate::entropy;

/// Least octets that a link must carry in a packet where there is IPv6 (RFC 8200 section 5), and where there is none
/// (RFC 791).
const LEAST_MTU: [u16; 2] = [1280, 576];

/// The arguments of `--help`'s section "Network".
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Network (with any of these: a stack of our own on file descriptor 3)")]
pub(crate) struct NetworkArguments {
    /// Our IPv4 address and the length of the network's prefix.
    #[arg(long, value_name = "ADDRESS/LENGTH", conflicts_with = "dhcp", value_parser = ipv4)]
    ipv4: Option<Ipv4Cidr>,

    /// The IPv4 gateway.
    #[arg(long, value_name = "ADDRESS", requires = "ipv4")]
    ipv4_gateway: Option<Ipv4Addr>,

    /// Our IPv6 address and the length of the network's prefix.
    #[arg(long, value_name = "ADDRESS/LENGTH", value_parser = ipv6)]
    ipv6: Option<Ipv6Cidr>,

    /// The IPv6 gateway.
    #[arg(long, value_name = "ADDRESS", requires = "ipv6")]
    ipv6_gateway: Option<Ipv6Addr>,

    /// Ask for the IPv4 address and gateway by DHCP.
    #[arg(long)]
    dhcp: bool,

    /// Take IPv6 addresses and gateways from router advertisements.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    accept_router_advertisements: bool,

    /// A name server to ask; may be repeated [default: what DHCP names, on the host what the host asks].
    #[arg(long, value_name = "ADDRESS")]
    resolver: Vec<IpAddr>,

    /// Our Ethernet address [default: a random one].
    #[arg(long, value_name = "MAC", value_parser = mac)]
    mac: Option<[u8; 6]>,

    /// Octets of the largest packet on the link, without the Ethernet header; gitstead run and the guest kernel know
    /// it.
    #[arg(long, value_name = "OCTETS", default_value_t = 1500)]
    mtu: u16,
}

/// Who we are on the link; checked.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Our Ethernet address.
    pub mac: [u8; 6],
    /// Octets of the largest packet.
    pub mtu: usize,
    /// A fixed IPv4 address.
    pub ipv4: Option<Ipv4Cidr>,
    /// Its gateway.
    pub ipv4_gateway: Option<Ipv4Addr>,
    /// A fixed IPv6 address.
    pub ipv6: Option<Ipv6Cidr>,
    /// Its gateway.
    pub ipv6_gateway: Option<Ipv6Addr>,
    /// Whether to ask for an IPv4 address.
    pub dhcp: bool,
    /// Whether routers give us IPv6 addresses.
    pub router_advertisements: bool,
    /// Name servers.
    pub resolvers: Vec<IpAddr>,
}

impl NetworkArguments {
    /// The addresses of a stack of our own; none for the host's sockets.
    pub(crate) fn addresses(&self) -> Result<Option<Addresses>, ArgumentError> {
        if self.ipv4.is_none() && self.ipv6.is_none() && !self.dhcp && !self.accept_router_advertisements {
            return Ok(None);
        }
        let speaks_ipv6 = self.ipv6.is_some() || self.accept_router_advertisements;
        let least = LEAST_MTU[usize::from(!speaks_ipv6)];
        if self.mtu < least {
            return Err(ArgumentError(format!("--mtu {}: at least {least} are needed", self.mtu)));
        }
        Ok(Some(Addresses {
            mac: self.mac.unwrap_or_else(random_mac),
            mtu: self.mtu.into(),
            ipv4: self.ipv4,
            ipv4_gateway: self.ipv4_gateway,
            ipv6: self.ipv6,
            ipv6_gateway: self.ipv6_gateway,
            dhcp: self.dhcp,
            router_advertisements: self.accept_router_advertisements,
            resolvers: self.resolver.clone(),
        }))
    }

    /// The name servers to ask.
    pub(crate) fn resolvers(&self) -> Vec<IpAddr> {
        self.resolver.clone()
    }
}

/// Locally administered, not multicast.
fn random_mac() -> [u8; 6] {
    let mut mac: [u8; 6] = entropy::octets();
    mac[0] = mac[0] & 0xfc | 2;
    mac
}

fn ipv4(text: &str) -> Result<Ipv4Cidr, String> {
    let (address, length): (Ipv4Addr, u8) = cidr(text, 32)?;
    let cidr = Ipv4Cidr::new(address, length);
    let usable =
        !(address.is_unspecified() || address.is_multicast() || address.is_broadcast() || address.is_loopback());
    let whole = length >= 31 || (address != cidr.network().address() && Some(address) != cidr.broadcast());
    if usable && whole { Ok(cidr) } else { Err(format!("{address} cannot be the address of a host in {text}")) }
}

fn ipv6(text: &str) -> Result<Ipv6Cidr, String> {
    let (address, length): (Ipv6Addr, u8) = cidr(text, 128)?;
    let usable = !(address.is_unspecified() || address.is_multicast() || address.is_loopback());
    if usable { Ok(Ipv6Cidr::new(address, length)) } else { Err(format!("{address} cannot be the address of a host")) }
}

fn cidr<A: std::str::FromStr>(text: &str, longest: u8) -> Result<(A, u8), String> {
    let parts = text.split_once('/').and_then(|(address, length)| Some((address.parse().ok()?, length.parse().ok()?)));
    parts.filter(|(_, length)| *length <= longest).ok_or_else(|| format!("{text} is not ADDRESS/LENGTH"))
}

fn mac(text: &str) -> Result<[u8; 6], String> {
    let wrong = || format!("{text} is not six octets such as 02:00:00:00:00:01");
    let octets: Option<Vec<u8>> = text.split(':').map(octet).collect();
    let mac = <[u8; 6]>::try_from(octets.ok_or_else(wrong)?).map_err(|_| wrong())?;
    if mac[0] & 1 == 0 { Ok(mac) } else { Err(format!("{text} is the address of a group")) }
}

fn octet(text: &str) -> Option<u8> {
    (text.len() == 2).then(|| u8::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_hosts() {
        assert_eq!(ipv4("192.0.2.7/24").unwrap().address(), Ipv4Addr::new(192, 0, 2, 7));
        assert!(ipv6("2001:db8::7/64").is_ok());
        for bad in ["192.0.2.7", "192.0.2.7/33", "192.0.2.0/24", "192.0.2.255/24", "224.0.0.1/4", "x/8", "0.0.0.0/0"] {
            assert!(ipv4(bad).is_err(), "{bad}");
        }
        for bad in ["2001:db8::7", "ff02::1/64", "::/64", "2001:db8::7/129"] {
            assert!(ipv6(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ethernet_addresses() {
        assert_eq!(mac("02:00:00:00:00:0a").unwrap(), [2, 0, 0, 0, 0, 10]);
        for bad in
            ["", "02:00:00:00:00", "02:00:00:00:00:00:00", "0g:00:00:00:00:00", "01:00:00:00:00:00", "+2:0:0:0:0:0"]
        {
            assert!(mac(bad).is_err(), "{bad}");
        }
        assert_eq!(random_mac()[0] & 3, 2);
    }
}
