//! Boot arguments as typed, and the checked values that the rest of the service works with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use dns::Name;
use dns::keys::Key;
use gitstore::arguments::RemoteArguments;
use letsencrypt::client::{PrivateKey, Wanted};
use letsencrypt::host_names;
use platform::ArgumentError;
use platform::listen::arguments::Listen;

use crate::context::Settings;
use crate::service::listener::Purpose;
use crate::service::tls::Given;

/// How long a write may wait for the remote.
const WRITE_DEADLINE: Duration = Duration::from_secs(20);

/// How long an end may wait for what is being answered.
pub const ENDING_DEADLINE: Duration = Duration::from_secs(25);

/// How long to wait for a certificate before it is said that there is none.
const PATIENCE: Duration = Duration::from_secs(120);

/// The arguments of `caldav`.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Service")]
pub struct Arguments {
    #[command(flatten)]
    remote: RemoteArguments,

    /// The name under which clients reach the service: in its certificate, and behind the @ of users without an address
    /// [default: --name].
    #[arg(long, visible_alias = "host", value_name = "NAME")]
    hostname: Option<String>,

    /// Answer on this address; may be repeated [default: 0.0.0.0, or 127.0.0.1 without TLS and proxy].
    #[arg(long, value_name = "ADDRESS[:PORT]")]
    listen: Vec<Listen>,

    /// The port of plain HTTP, where clients are answered [default: 80 behind a proxy, 8080 without one], or with TLS
    /// sent to it [default: none].
    #[arg(long, value_name = "PORT")]
    http: Option<u16>,

    /// The port of HTTPS.
    #[arg(long, value_name = "PORT", default_value_t = 443)]
    https: u16,

    /// A proxy in front of the service speaks TLS, and says in X-Forwarded-For whom it speaks for.
    #[arg(long, conflicts_with_all = ["tls_certificate", "dns_server"])]
    tls_proxy: bool,

    /// The certificate and its issuers, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key", conflicts_with = "dns_server")]
    tls_certificate: Option<PathBuf>,

    /// The certificate's key, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,

    /// Get a certificate through DNS, from the primary at this address.
    #[arg(long, value_name = "IP[:PORT]", requires = "dns_key", value_parser = |text: &str| platform::boot::parse_peer(text, 53))]
    dns_server: Option<SocketAddr>,

    /// A key that may update the host's name, NAME:ALGORITHM:SECRET; the certificate's own key is derived from it.
    #[arg(long, value_name = "KEY", requires = "dns_server")]
    dns_key: Option<Spelled>,

    /// In a repository without users, make the administrator "admin" with this password.
    #[arg(long, value_name = "PASSWORD")]
    admin_password: Option<String>,

    /// Ask the remote every so many seconds whether somebody pushed; 0 is never.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    poll: u64,

    /// Whoever posts this token to /.well-known/gitstead/pull makes the service ask at once.
    #[arg(long, value_name = "TOKEN")]
    pull_token: Option<String>,

    /// Octets that the calendars of one user may have, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    quota: u64,

    /// The largest object, in KiB.
    #[arg(long, value_name = "KIB", default_value_t = 10240)]
    max_resource_size: usize,

    /// Connections at once, at all addresses.
    #[arg(long, value_name = "NUMBER", default_value_t = 4096)]
    connections: usize,

    /// Connections at once of one client, an IPv4 address or an IPv6 network of 64 bits; behind a proxy there is no
    /// such limit.
    #[arg(long, value_name = "NUMBER", default_value_t = 1024)]
    connections_per_client: usize,

    /// Least time between two pushes, in milliseconds, for hosts that limit them; changes in between share one.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    push_interval: u64,

    /// Fetch subscriptions from addresses in private networks as well.
    #[arg(long)]
    subscribe_to_private: bool,
}

/// A key, and the text that it was given as, which is the seed of another one.
#[derive(Clone)]
struct Spelled {
    text: String,
    key: Key,
}

impl std::fmt::Debug for Spelled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.key.fmt(f)
    }
}

impl std::str::FromStr for Spelled {
    type Err = dns::keys::KeyStringError;

    fn from_str(text: &str) -> Result<Spelled, Self::Err> {
        Ok(Spelled { text: text.to_owned(), key: text.parse()? })
    }
}

/// Who speaks TLS.
#[derive(Clone, Debug)]
pub enum Security {
    /// Nobody: on loopback only.
    Plain,
    /// A proxy.
    Proxy,
    /// The service, with this certificate.
    Given(Given),
    /// The service, with a certificate from DNS.
    Dns(Box<Wanted>),
}

/// Checked values.
#[derive(Clone, Debug)]
pub struct Config {
    /// How to reach the repository.
    pub store: gitstore::Options,
    /// Where to answer.
    pub listening: Vec<(SocketAddr, Purpose)>,
    /// Who speaks TLS.
    pub security: Security,
    /// What requests are answered with.
    pub settings: Settings,
    /// The first administrator's password.
    pub admin_password: Option<String>,
    /// How often to pull without being told; none for never.
    pub poll: Option<Duration>,
    /// Who may make the service pull.
    pub pull_token: Option<String>,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address.
    pub connections_per_client: usize,
}

impl Config {
    /// Where to answer.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listening.iter().map(|(address, _)| *address).collect()
    }
}

impl Arguments {
    /// Checks the arguments against each other and reads the files. `name` is the service's own, for commits.
    pub fn check(self, name: &str) -> Result<Config, ArgumentError> {
        let store = gitstore::Options {
            write_deadline: WRITE_DEADLINE + Duration::from_millis(self.push_interval),
            push_interval: (self.push_interval > 0).then(|| Duration::from_millis(self.push_interval)),
            ..self.remote.check(name)?
        };
        let hostname = self.hostname.clone().unwrap_or_else(|| name.to_owned());
        let security = self.security(&hostname)?;
        let is_proxied = matches!(security, Security::Proxy);
        Ok(Config {
            listening: self.listening(&security)?,
            settings: Settings {
                hostname,
                max_resource_size: self.max_resource_size << 10,
                quota: self.quota << 20,
                remote: store.remote.to_string(),
                subscribes_to_private: self.subscribe_to_private,
            },
            security,
            store,
            admin_password: self.admin_password,
            poll: (self.poll > 0).then(|| Duration::from_secs(self.poll)),
            pull_token: self.pull_token,
            connections: self.connections,
            connections_per_client: if is_proxied { self.connections } else { self.connections_per_client },
        })
    }

    fn security(&self, hostname: &str) -> Result<Security, ArgumentError> {
        if self.tls_proxy {
            return Ok(Security::Proxy);
        }
        if let Some((certificate, key)) = self.tls_certificate.as_ref().zip(self.tls_key.as_ref()) {
            let read = |argument: &str, path: &PathBuf| {
                std::fs::read(path).map_err(|error| ArgumentError(format!("{argument} {}: {error}", path.display())))
            };
            let (chain, key) = (read("--tls-certificate", certificate)?, read("--tls-key", key)?);
            return Ok(Security::Given(Given { chain, key }));
        }
        let Some((server, Spelled { text, key: tsig })) = self.dns_server.zip(self.dns_key.clone()) else {
            return Ok(Security::Plain);
        };
        let host: Name =
            host_names::parse(hostname).map_err(|error| ArgumentError(format!("--hostname {hostname}: {error}")))?;
        let key = PrivateKey::from_seed(&text, &host);
        Ok(Security::Dns(Box::new(Wanted { names: vec![host], key, server, tsig, patience: PATIENCE })))
    }

    fn listening(&self, security: &Security) -> Result<Vec<(SocketAddr, Purpose)>, ArgumentError> {
        let is_plain = matches!(security, Security::Plain);
        let default = if is_plain { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
        let default = [Listen::at(default)];
        let listen = if self.listen.is_empty() { &default[..] } else { &self.listen };
        let mut listening = Vec::new();
        for at in listen {
            match security {
                Security::Plain if !at.address.is_loopback() => {
                    return Err(ArgumentError(format!(
                        "passwords would go through the network in the clear: to answer on {}, give --tls-certificate, --dns-server, or \
                         --tls-proxy where a proxy speaks TLS",
                        at.address
                    )));
                }
                Security::Plain => listening.push((at.or_port(self.http.unwrap_or(8080)), Purpose::Plain)),
                Security::Proxy => listening.push((at.or_port(self.http.unwrap_or(80)), Purpose::Plain)),
                Security::Given(_) | Security::Dns(_) => {
                    let tls = at.or_port(self.https);
                    listening.push((tls, Purpose::Tls));
                    if let Some(port) = self.http {
                        listening.push((SocketAddr::new(at.address, port), Purpose::Redirect { port: tls.port() }));
                    }
                }
            }
        }
        Ok(listening)
    }
}
