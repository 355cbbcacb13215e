//! Logs: one line per event on the console, and to a syslog server (RFC 5424, RFC 5426) when there is one.
//!
//! What foreigners wrote may stand in a line; control characters are escaped so that it stays one.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::{Net, clock};

/// Lines that wait for the syslog socket; more are lost, never waited for.
const QUEUE: usize = 1024;
/// Longest syslog datagram, RFC 5426 section 3.2.
const MAX_SYSLOG: usize = 2048;

/// Starts logging to the console, and hands back what must be run when there is a syslog server.
pub fn start(levels: Targets, host: &str, syslog: Option<SocketAddr>) -> Option<Syslog> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let layer = Lines { host: host.to_owned(), syslog: syslog.is_some().then_some(sender) };
    // A second start in one process (tests) keeps the first one's settings.
    let _ = tracing_subscriber::registry().with(layer.with_filter(levels)).try_init();
    syslog.map(|server| Syslog { server, lines: receiver })
}

/// Sends what was logged to a syslog server.
#[derive(Debug)]
pub struct Syslog {
    server: SocketAddr,
    lines: mpsc::Receiver<String>,
}

impl Syslog {
    /// Runs for as long as there is somebody who logs. An unreachable server costs lines, nothing else.
    pub async fn run(mut self, net: Net) {
        let any: SocketAddr = match self.server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let Ok(socket) = net.udp_bind(any).await else { return };
        while let Some(line) = self.lines.recv().await {
            let _ = socket.send_to(line.as_bytes(), self.server).await;
        }
    }
}

struct Lines {
    host: String,
    syslog: Option<mpsc::Sender<String>>,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let (level, source) = (event.metadata().level(), event.metadata().target());
        let time = clock::rfc3339(clock::unix_seconds());
        let line = format!("{time} {level:5} {source}: {}\n", text.0);
        // The console may be gone; there is nowhere left to say so.
        let _ = std::io::stderr().write_all(line.as_bytes());
        if let Some(syslog) = &self.syslog {
            let mut line = syslog_line(*level, &time, &self.host, source, &text.0);
            line.truncate(line.floor_char_boundary(MAX_SYSLOG));
            let _ = syslog.try_send(line);
        }
    }
}

/// `<PRI>1 TIME HOST APP - - - TEXT` of RFC 5424 section 6; facility daemon.
fn syslog_line(level: Level, time: &str, host: &str, source: &str, text: &str) -> String {
    const DAEMON: u8 = 3 << 3;
    let severity = match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    };
    format!("<{}>1 {time} {host} {source} - - - {text}", DAEMON | severity)
}

/// The message of an event followed by its fields.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = match field.name() {
            "message" => write!(text, "{value:?}"),
            name => write!(text, " {name}={value:?}"),
        };
        let line = text
            .chars()
            .flat_map(|c| if c.is_control() { Escaped::Yes(c.escape_default()) } else { Escaped::No(Some(c)) });
        self.0.extend(line);
    }
}

enum Escaped {
    Yes(std::char::EscapeDefault),
    No(Option<char>),
}

impl Iterator for Escaped {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Escaped::Yes(characters) => characters.next(),
            Escaped::No(character) => character.take(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syslog_of_rfc_5424() {
        let line = syslog_line(Level::WARN, "2026-11-22T12:00:00Z", "ns1", "dns_primary", "no remote");
        assert_eq!(line, "<28>1 2026-11-22T12:00:00Z ns1 dns_primary - - - no remote");
    }
}
