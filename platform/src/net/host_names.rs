//! What the host knows of names, read once: a sealed process can neither open its files nor start the C library's
//! threads.

use std::net::IpAddr;

/// The hosts file, and the name servers.
#[derive(Debug, Default)]
pub(super) struct HostNames {
    /// In the order they are asked.
    pub(super) servers: Vec<IpAddr>,
    /// Names in lower case.
    hosts: Vec<(String, IpAddr)>,
}

impl HostNames {
    /// Name servers of somebody's choice, and nothing else.
    pub(super) fn of_servers(servers: Vec<IpAddr>) -> HostNames {
        HostNames { servers, hosts: vec![] }
    }

    /// As the host is configured now; without a configuration the C library asks the host itself, and so do we.
    pub(super) fn read() -> HostNames {
        let text = |path| std::fs::read_to_string(path).unwrap_or_default();
        let mut servers = servers(&text("/etc/resolv.conf"));
        if servers.is_empty() {
            servers.push(IpAddr::from([127, 0, 0, 1]));
        }
        HostNames { servers, hosts: hosts(&text("/etc/hosts")) }
    }

    /// The addresses that the hosts file gives a name.
    pub(super) fn addresses(&self, name: &str) -> Vec<IpAddr> {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        self.hosts.iter().filter(|(known, _)| *known == name).map(|(_, address)| *address).collect()
    }
}

/// The name servers of a resolv.conf(5).
fn servers(text: &str) -> Vec<IpAddr> {
    let address = |line: &str| {
        let mut words = line.split_whitespace();
        words.next().filter(|keyword| *keyword == "nameserver")?;
        words.next()?.parse().ok()
    };
    text.lines().filter_map(address).collect()
}

/// The names of a hosts(5).
fn hosts(text: &str) -> Vec<(String, IpAddr)> {
    let mut hosts = vec![];
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(Ok(address)) = words.next().map(str::parse) else { continue };
        hosts.extend(words.map(|name| (name.to_ascii_lowercase(), address)));
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_host() {
        let resolv = "# ours\nsearch example.com\nnameserver 192.0.2.1\nnameserver 2001:db8::1\nnameserver nonsense\n";
        assert_eq!(servers(resolv), ["192.0.2.1".parse::<IpAddr>().unwrap(), "2001:db8::1".parse().unwrap()]);
        let text = "127.0.0.1 localhost # loopback\n::1\tlocalhost ip6-localhost\n192.0.2.7 Git.example.com git\nx y\n";
        let names = HostNames { servers: vec![], hosts: hosts(text) };
        assert_eq!(names.addresses("localhost"), ["127.0.0.1".parse::<IpAddr>().unwrap(), "::1".parse().unwrap()]);
        assert_eq!(names.addresses("git.EXAMPLE.com."), ["192.0.2.7".parse::<IpAddr>().unwrap()]);
        assert_eq!(names.addresses("loopback"), [] as [IpAddr; 0]);
    }
}
