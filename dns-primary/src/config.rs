//! Boot arguments as typed, and the checked values that the rest of the service works with.

use std::time::Duration;

use dns::Name;
use dns::notify::{Over, Target};
use gitstore::arguments::RemoteArguments;
use platform::ArgumentError;
use platform::listen::arguments::{AnswerArguments, Answering, ListenArguments, Listening};

use crate::repository::SerialPolicy;

/// The port of the protocol (RFC 1035 section 4.2).
const DNS_PORT: u16 = 53;

/// How long an update may wait for the remote: less than nsupdate waits for an answer over UDP, which is 12 seconds.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);

/// How long an end may wait for what is being answered: for an update, and a secondary that reads its zone slowly.
pub const ENDING_DEADLINE: Duration = Duration::from_secs(15);

/// The arguments of `dns-primary`.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Service")]
pub struct Arguments {
    #[command(flatten)]
    remote: RemoteArguments,

    /// Answer zone transfers without a TSIG key.
    #[arg(long)]
    axfr: bool,

    #[command(flatten)]
    listen: ListenArguments,

    #[command(flatten)]
    answers: AnswerArguments,

    /// Ask the remote every so many seconds whether somebody pushed; 0 is never.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    poll: u64,

    /// When a zone's content changed but not its serial: commit the next serial (auto), or go on serving the old zone
    /// (manual).
    #[arg(long, value_name = "POLICY", default_value = "auto", value_enum)]
    serial: SerialPolicy,

    /// Also notify this secondary of every zone; may be repeated.
    #[arg(long, value_name = "ADDRESS[:PORT][@KEY]", value_parser = parse_notify)]
    notify: Vec<Target>,

    /// Keep a catalog zone (RFC 9432) of this name in the repository, which lists all other zones.
    #[arg(long, value_name = "ZONE")]
    catalog: Option<Name>,

    /// Least time between two pushes, in milliseconds, for hosts that limit them; updates in between share one.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    push_interval: u64,
}

/// Checked values.
#[derive(Clone, Debug)]
pub struct Config {
    /// How to reach the repository.
    pub store: gitstore::Options,
    /// Where to answer.
    pub listening: Listening,
    /// How to answer.
    pub answering: Answering,
    /// Whether AXFR needs no key.
    pub open_transfers: bool,
    /// How often to pull without being told; none for never.
    pub poll: Option<Duration>,
    /// What to do about a serial that was not advanced.
    pub serial: SerialPolicy,
    /// The catalog of all zones, kept in the repository.
    pub catalog: Option<Name>,
    /// Secondaries beside those that the zones and keys name.
    pub notify: Vec<Target>,
}

impl Arguments {
    /// Checks the arguments against each other and reads the key file. `name` is the service's own, for commits.
    pub fn check(self, name: &str) -> Result<Config, ArgumentError> {
        let store = gitstore::Options {
            write_deadline: WRITE_DEADLINE + Duration::from_millis(self.push_interval),
            push_interval: (self.push_interval > 0).then(|| Duration::from_millis(self.push_interval)),
            ..self.remote.check(name)?
        };
        Ok(Config {
            store,
            listening: self.listen.check(),
            answering: self.answers.check(name),
            open_transfers: self.axfr,
            poll: (self.poll > 0).then(|| Duration::from_secs(self.poll)),
            serial: self.serial,
            catalog: self.catalog,
            notify: self.notify,
        })
    }
}

fn parse_notify(text: &str) -> Result<Target, String> {
    let (address, key) = match text.split_once('@') {
        Some((address, key)) => {
            (address, Some(key.parse::<Name>().map_err(|error| format!("key name {key}: {error}"))?))
        }
        None => (text, None),
    };
    Ok(Target { address: platform::boot::parse_peer(address, DNS_PORT)?, key, over: Over::New })
}
