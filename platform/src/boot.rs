//! Boot arguments that every service has, spelled as MirageOS unikernels spell them.

mod network;

use std::net::{IpAddr, SocketAddr};

use tracing_subscriber::filter::{LevelFilter, Targets};

pub use network::Addresses;

/// The arguments of `--help`'s section "Host".
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Host")]
pub struct CommonArguments {
    /// Host name of this service, as it appears in logs, metrics and commits.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// What to log: LEVEL, or SOURCE:LEVEL separated by commas; * is every source [error, warning, info, debug, trace].
    #[arg(short, long, value_name = "LEVELS", default_value = "*:info", value_parser = parse_levels)]
    pub logs: Targets,

    /// Send the log also to this syslog server over UDP (RFC 5424).
    #[arg(long, value_name = "IP[:PORT]", value_parser = |text: &str| parse_peer(text, 514))]
    pub syslog: Option<SocketAddr>,

    /// Send metrics to this server as Influx line protocol over TCP, every ten seconds.
    #[arg(long, value_name = "IP[:PORT]", value_parser = |text: &str| parse_peer(text, 8094))]
    pub monitor: Option<SocketAddr>,

    /// Serve metrics to Prometheus over HTTP on this address.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub metrics: Option<SocketAddr>,

    /// Wait so many seconds before the start.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub delay: u64,

    /// Memory in MiB: when it is used up, new work is refused [default: what there is].
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(8..))]
    pub memory: Option<u32>,

    /// Give up every system call that is not needed once the service runs [default: on a stack of our own].
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub seal: Option<bool>,

    #[command(flatten)]
    pub(crate) network: network::NetworkArguments,
}

/// An argument whose value cannot be used, alone or beside the others. At fault: the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ArgumentError(pub String);

/// Why a service cannot start. To start it again helps against one of the two.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// At fault: the operator.
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    /// An address, a thread or a server that is needed is not there, or not yet. At fault: what is around the service.
    #[error("{0}")]
    Surroundings(String),
}

/// `*:info,dns_server:debug` as filters; `warning` is robur's word for `warn`.
fn parse_levels(text: &str) -> Result<Targets, String> {
    let mut targets = Targets::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (source, level) = part.rsplit_once(':').unwrap_or(("*", part));
        let level = parse_level(level)?;
        targets = match source {
            "*" => targets.with_default(level),
            source => targets.with_target(source.replace('-', "_"), level),
        };
    }
    Ok(targets)
}

fn parse_level(text: &str) -> Result<LevelFilter, String> {
    Ok(match text {
        "quiet" | "off" => LevelFilter::OFF,
        "app" | "error" => LevelFilter::ERROR,
        "warning" | "warn" => LevelFilter::WARN,
        "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        other => return Err(format!("{other} is no level; there are error, warning, info, debug and trace")),
    })
}

/// An address with or without a port.
pub fn parse_peer(text: &str, default_port: u16) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, default_port));
    }
    text.parse().map_err(|_| format!("{text} is no address with or without a port"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn levels() {
        let targets = parse_levels("*:warning,dns-server:debug").unwrap();
        assert!(targets.would_enable("dns_server::update", &Level::DEBUG));
        assert!(targets.would_enable("anything", &Level::WARN));
        assert!(!targets.would_enable("anything", &Level::INFO));
        assert!(parse_levels("debug").unwrap().would_enable("anything", &Level::DEBUG));
        assert_eq!(
            parse_levels("*:loud").unwrap_err(),
            "loud is no level; there are error, warning, info, debug and trace"
        );
    }

    #[test]
    fn peers() {
        assert_eq!(parse_peer("127.0.0.1", 514).unwrap().port(), 514);
        assert_eq!(parse_peer("[::1]:99", 514).unwrap().port(), 99);
        assert_eq!(parse_peer("::1", 514).unwrap().port(), 514);
        assert!(parse_peer("localhost", 514).is_err());
    }
}
