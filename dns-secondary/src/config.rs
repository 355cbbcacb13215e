//! Boot arguments as typed, and the checked values that the rest of the service works with.

use std::net::SocketAddr;
use std::time::Duration;

use dns::Name;
use dns::keys::{Key, KeySet, Right};
use dns::notify::{Over, Target};
use dns::secondary::{Origin, Primary};
use platform::ArgumentError;
use platform::listen::arguments::{AnswerArguments, Answering, ListenArguments, Listening};

/// The port of the protocol (RFC 1035 section 4.2).
const DNS_PORT: u16 = 53;

/// How long an end may wait for what is being answered: for another secondary that reads its zone slowly.
pub const ENDING_DEADLINE: Duration = Duration::from_secs(15);

/// The arguments of `dns-secondary`.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Service")]
pub struct Arguments {
    /// A TSIG key [SHA1, SHA224, SHA256, SHA384, SHA512]; may be repeated. A name like
    /// x.192.0.2.1._transfer.example.com also says which zone to fetch and where from; without a zone at its end, all
    /// zones of that primary.
    #[arg(long, value_name = "NAME:ALG:BASE64")]
    keys: Vec<Key>,

    /// A zone to fetch, from this primary or from those of --primary; may be repeated.
    #[arg(long, value_name = "ZONE[@ADDRESS[:PORT][@KEY]]", value_parser = parse_zone)]
    zone: Vec<ZoneArgument>,

    /// A primary, and the name of the key to sign with; may be repeated.
    #[arg(long, value_name = "ADDRESS[:PORT][@KEY]", value_parser = parse_primary)]
    primary: Vec<Primary>,

    /// A catalog zone (RFC 9432) whose members are fetched too, from where it comes from; may be repeated.
    #[arg(long, value_name = "ZONE[@ADDRESS[:PORT][@KEY]]", value_parser = parse_zone)]
    catalog: Vec<ZoneArgument>,

    /// Answer zone transfers without a TSIG key.
    #[arg(long)]
    axfr: bool,

    #[command(flatten)]
    listen: ListenArguments,

    #[command(flatten)]
    answers: AnswerArguments,

    /// Mebibytes of one transfer that are taken at most.
    #[arg(long, value_name = "MEBIBYTES", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..))]
    transfer_limit: u32,

    /// Also notify this secondary of every zone; may be repeated.
    #[arg(long, value_name = "ADDRESS[:PORT][@KEY]", value_parser = parse_primary)]
    notify: Vec<Primary>,
}

/// Checked values.
#[derive(Clone, Debug)]
pub struct Config {
    /// All keys.
    pub keys: KeySet,
    /// Zones to begin with.
    pub zones: Vec<ZoneConfig>,
    /// Primaries of keys whose names have no address in them.
    pub key_primaries: Vec<SocketAddr>,
    /// Where to answer.
    pub listening: Listening,
    /// How to answer.
    pub answering: Answering,
    /// Whether AXFR needs no key.
    pub open_transfers: bool,
    /// Octets of one transfer that are taken at most.
    pub transfer_limit: usize,
    /// Secondaries of this one beside those that the zones and keys name.
    pub notify: Vec<Target>,
}

/// A zone that an operator named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneConfig {
    /// Its name.
    pub apex: Name,
    /// A zone, or a catalog.
    pub origin: Origin,
    /// Where it comes from; not empty.
    pub primaries: Vec<Primary>,
}

/// A zone with the primary that was named along with it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ZoneArgument {
    apex: Name,
    primary: Option<Primary>,
}

impl Arguments {
    /// Checks the arguments against each other. `name` is the service's own.
    pub fn check(self, name: &str) -> Result<Config, ArgumentError> {
        let keys: KeySet = self.keys.iter().cloned().collect();
        let explicit = !self.zone.is_empty() || !self.catalog.is_empty();
        let fetches = |key: &Key| key.grant().is_some_and(|grant| grant.right >= Right::Transfer);
        if !explicit && !self.keys.iter().any(fetches) {
            return Err(ArgumentError(
                "there is nothing to fetch: give --zone, --catalog, or --keys with a name like \
                x.192.0.2.1._transfer.example.com"
                    .to_owned(),
            ));
        }
        let mut zones = vec![];
        for (arguments, origin) in [(&self.catalog, Origin::Catalog), (&self.zone, Origin::Configured)] {
            for argument in arguments {
                add_zone(&mut zones, argument, &origin, &self.primary)?;
            }
        }
        let named = zones.iter().flat_map(|zone| &zone.primaries).chain(&self.notify).chain(&self.primary);
        for key in named.filter_map(|primary| primary.key.as_ref()) {
            if keys.get(key).is_none() {
                return Err(ArgumentError(format!("there is no key {key} among those of --keys")));
            }
        }
        let target = |to: Primary| Target { address: to.address, key: to.key, over: Over::New };
        Ok(Config {
            keys,
            zones,
            // Who lists zones wants those, not all that a key might give.
            key_primaries: self.primary.iter().filter(|_| !explicit).map(|primary| primary.address).collect(),
            listening: self.listen.check(),
            answering: self.answers.check(name),
            open_transfers: self.axfr,
            transfer_limit: usize::try_from(self.transfer_limit).unwrap_or(usize::MAX).saturating_mul(1 << 20),
            notify: self.notify.into_iter().map(target).collect(),
        })
    }
}

/// A zone that is named several times has several primaries.
fn add_zone(
    zones: &mut Vec<ZoneConfig>,
    argument: &ZoneArgument,
    origin: &Origin,
    default: &[Primary],
) -> Result<(), ArgumentError> {
    let apex = &argument.apex;
    let primaries = argument.primary.clone().map_or_else(|| default.to_vec(), |primary| vec![primary]);
    if primaries.is_empty() {
        return Err(ArgumentError(format!("--zone {apex}: where from? give --primary, or --zone {apex}@ADDRESS")));
    }
    match zones.iter_mut().find(|zone| zone.apex == *apex) {
        Some(zone) if zone.origin != *origin => {
            Err(ArgumentError(format!("{apex} is given both as --zone and as --catalog")))
        }
        Some(zone) => {
            zone.primaries.extend(primaries);
            Ok(())
        }
        None => {
            zones.push(ZoneConfig { apex: apex.clone(), origin: origin.clone(), primaries });
            Ok(())
        }
    }
}

fn parse_primary(text: &str) -> Result<Primary, String> {
    let (address, key) = match text.split_once('@') {
        Some((address, key)) => (address, Some(parse_name(key)?)),
        None => (text, None),
    };
    Ok(Primary { address: platform::boot::parse_peer(address, DNS_PORT)?, key })
}

fn parse_zone(text: &str) -> Result<ZoneArgument, String> {
    let (apex, primary) = match text.split_once('@') {
        Some((apex, primary)) => (apex, Some(parse_primary(primary)?)),
        None => (text, None),
    };
    Ok(ZoneArgument { apex: parse_name(apex)?, primary })
}

fn parse_name(text: &str) -> Result<Name, String> {
    text.parse().map_err(|error| format!("{text}: {error}"))
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;

    const KEY: &str = "k.example:SHA256:c2VjcmV0";

    fn check(arguments: &[&str]) -> Result<Config, String> {
        let command = Arguments::augment_args(Command::new("test").no_binary_name(true));
        let matches = command.try_get_matches_from(arguments).map_err(|error| error.to_string())?;
        let arguments = Arguments::from_arg_matches(&matches).map_err(|error| error.to_string())?;
        arguments.check("test").map_err(|error| error.to_string())
    }

    #[test]
    fn zones_and_where_they_come_from() {
        let config = check(&[
            "--keys",
            KEY,
            "--primary",
            "192.0.2.1@k.example",
            "--zone",
            "a",
            "--zone",
            "b@192.0.2.2:54",
            "--zone",
            "b@192.0.2.3",
            "--catalog",
            "c",
            "--listen",
            "127.0.0.1",
            "--port",
            "5353",
        ]);
        let config = config.unwrap();
        let primaries = |apex: &str| -> Vec<String> {
            let zone = config.zones.iter().find(|zone| zone.apex == apex.parse().unwrap()).unwrap();
            zone.primaries.iter().map(|primary| format!("{} {:?}", primary.address, primary.key)).collect()
        };
        assert_eq!(primaries("a"), ["192.0.2.1:53 Some(k.example.)"]);
        assert_eq!(primaries("b"), ["192.0.2.2:54 None", "192.0.2.3:53 None"]);
        assert_eq!(primaries("c"), primaries("a"));
        assert_eq!(config.listening.addresses, ["127.0.0.1:5353".parse().unwrap()]);
        assert!(config.key_primaries.is_empty());
    }

    #[test]
    fn keys_alone_are_enough_when_they_say_what_to_fetch() {
        let config = check(&["--keys", "x._transfer:SHA256:c2VjcmV0", "--primary", "192.0.2.1:5300"]).unwrap();
        assert_eq!(config.key_primaries, ["192.0.2.1:5300".parse().unwrap()]);
        for (arguments, reason) in [
            (vec!["--keys", KEY], "nothing to fetch"),
            (vec![], "nothing to fetch"),
            (vec!["--zone", "a"], "where from"),
            (vec!["--zone", "a@192.0.2.1@k"], "no key k."),
            (vec!["--zone", "a@192.0.2.1", "--catalog", "a@192.0.2.1"], "both"),
            (vec!["--zone", "a..b"], "empty label"),
        ] {
            let error = check(&arguments).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
