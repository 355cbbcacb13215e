//! Boot arguments of every service that answers messages here.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use super::streams::Limits;

/// The port of the protocol whose framing this is (RFC 1035 section 4.2).
const PORT: u16 = 53;

/// Where to answer, and at what cost.
#[derive(Clone, Debug, clap::Args)]
pub struct ListenArguments {
    /// Where to answer, over UDP and TCP; may be repeated [default: every IPv4 address].
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = parse_listen)]
    listen: Vec<Listen>,

    /// The port, where --listen names none.
    #[arg(long, value_name = "PORT", default_value_t = PORT)]
    port: u16,

    /// Threads that answer over UDP, for each address of --listen [default: one for each processor core].
    #[arg(long, value_name = "NUMBER")]
    threads: Option<NonZeroUsize>,

    /// TCP connections at once, for each address of --listen.
    #[arg(long, value_name = "NUMBER", default_value_t = Limits::default().connections)]
    connections: usize,

    /// TCP connections at once of one client: an IPv4 address, or an IPv6 network of 64 bits.
    #[arg(long, value_name = "NUMBER", default_value_t = Limits::default().connections_per_client)]
    connections_per_client: usize,
}

/// Checked values.
#[derive(Clone, Debug)]
pub struct Listening {
    /// Not empty.
    pub addresses: Vec<SocketAddr>,
    /// Answering threads of each address.
    pub threads: usize,
    /// What connections may cost.
    pub limits: Limits,
}

/// An address whose port may follow from `--port`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listen {
    address: IpAddr,
    port: Option<u16>,
}

impl ListenArguments {
    /// Fills in what was not said.
    pub fn check(&self) -> Listening {
        let everywhere = [Listen { address: Ipv4Addr::UNSPECIFIED.into(), port: None }];
        let listen = if self.listen.is_empty() { &everywhere[..] } else { &self.listen };
        let threads = self.threads.or_else(|| available_parallelism().ok()).map_or(1, NonZeroUsize::get);
        let (connections, connections_per_client) = (self.connections, self.connections_per_client);
        Listening {
            addresses: listen.iter().map(|at| SocketAddr::new(at.address, at.port.unwrap_or(self.port))).collect(),
            threads,
            limits: Limits { connections, connections_per_client, ..Limits::default() },
        }
    }
}

fn parse_listen(text: &str) -> Result<Listen, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Listen { address, port: None });
    }
    let full: SocketAddr = text.parse().map_err(|_| format!("{text} is no address with or without a port"))?;
    Ok(Listen { address: full.ip(), port: Some(full.port()) })
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;

    fn check(arguments: &[&str]) -> Listening {
        let command = ListenArguments::augment_args(Command::new("test").no_binary_name(true));
        ListenArguments::from_arg_matches(&command.get_matches_from(arguments)).unwrap().check()
    }

    #[test]
    fn addresses_with_and_without_a_port() {
        let listening = check(&["--listen", "127.0.0.1", "--listen", "[::1]:54", "--port", "5353", "--threads", "3"]);
        assert_eq!(listening.addresses, ["127.0.0.1:5353".parse().unwrap(), "[::1]:54".parse().unwrap()]);
        assert_eq!(listening.threads, 3);
        let default = check(&["--connections-per-client", "2"]);
        assert_eq!(default.addresses, ["0.0.0.0:53".parse().unwrap()]);
        assert_eq!((default.limits.connections, default.limits.connections_per_client), (4096, 2));
        assert!(default.threads > 0);
    }
}
