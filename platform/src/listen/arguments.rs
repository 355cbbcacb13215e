//! Boot arguments of every service that answers messages here.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::thread::available_parallelism;

use super::streams::Limits;

/// The port of the protocol whose framing this is (RFC 1035 section 4.2).
const PORT: u16 = 53;

/// Where to answer, and at what cost.
#[derive(Clone, Debug, clap::Args)]
pub struct ListenArguments {
    /// Where to answer, over UDP and TCP; may be repeated [default: every IPv4 address].
    #[arg(long, value_name = "ADDRESS[:PORT]")]
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

/// What a server says of itself, and how often it answers.
#[derive(Clone, Debug, clap::Args)]
pub struct AnswerArguments {
    /// Answers a second over UDP of one kind about one name to one network (/24, /56); 0 is no limit. Clients that show
    /// a valid cookie have none.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    rate_limit: u32,

    /// Of the answers beyond the limit one of so many is sent truncated, so that the client comes back over TCP; 0 is
    /// none.
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    rate_limit_slip: u32,

    /// What NSID and id.server say, or none [default: the name of this service].
    #[arg(long, value_name = "TEXT")]
    identity: Option<String>,

    /// What version.bind says, or none.
    #[arg(long, value_name = "TEXT", default_value = "none")]
    version_text: String,
}

/// Checked values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answering {
    /// The limit, if there is one, and how many of the answers beyond it make one truncated.
    pub rate_limit: Option<(u32, u32)>,
    /// For NSID and `id.server`.
    pub identity: Option<String>,
    /// For `version.bind`.
    pub version: Option<String>,
}

impl AnswerArguments {
    /// Fills in what was not said; `name` is the service's.
    pub fn check(&self, name: &str) -> Answering {
        let text = |text: &str| (text != "none").then(|| text.to_owned());
        Answering {
            rate_limit: (self.rate_limit > 0).then_some((self.rate_limit, self.rate_limit_slip)),
            identity: text(self.identity.as_deref().unwrap_or(name)),
            version: text(&self.version_text),
        }
    }
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

/// An address to answer on, whose port may follow from another argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// The address.
    pub address: IpAddr,
    /// The port, if it was named.
    pub port: Option<u16>,
}

impl Listen {
    /// An address whose port is that of the service.
    pub fn at(address: impl Into<IpAddr>) -> Listen {
        Listen { address: address.into(), port: None }
    }

    /// With the port that was named, or else this one.
    pub fn or_port(self, port: u16) -> SocketAddr {
        SocketAddr::new(self.address, self.port.unwrap_or(port))
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Listen, String> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Listen::at(address));
        }
        let full: SocketAddr = text.parse().map_err(|_| format!("{text} is no address with or without a port"))?;
        Ok(Listen { address: full.ip(), port: Some(full.port()) })
    }
}

impl ListenArguments {
    /// Fills in what was not said.
    pub fn check(&self) -> Listening {
        let everywhere = [Listen::at(Ipv4Addr::UNSPECIFIED)];
        let listen = if self.listen.is_empty() { &everywhere[..] } else { &self.listen };
        let threads = self.threads.or_else(|| available_parallelism().ok()).map_or(1, NonZeroUsize::get);
        let (connections, connections_per_client) = (self.connections, self.connections_per_client);
        Listening {
            addresses: listen.iter().map(|at| at.or_port(self.port)).collect(),
            threads,
            limits: Limits { connections, connections_per_client, ..Limits::default() },
        }
    }
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
    fn what_a_server_says_of_itself() {
        let check = |arguments: &[&str]| {
            let command = AnswerArguments::augment_args(Command::new("test").no_binary_name(true));
            AnswerArguments::from_arg_matches(&command.get_matches_from(arguments)).unwrap().check("ns1")
        };
        let identity = Some("ns1".to_owned());
        assert_eq!(check(&[]), Answering { rate_limit: None, identity, version: None });
        let said = ["--identity", "none", "--version-text", "7", "--rate-limit", "20"];
        assert_eq!(
            check(&said),
            Answering { rate_limit: Some((20, 2)), identity: None, version: Some("7".to_owned()) }
        );
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
