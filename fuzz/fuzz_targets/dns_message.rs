//! Any octets as a message: answered, opened, decoded, run as an update.
#![no_main]

use std::net::Ipv4Addr;
use std::sync::LazyLock;

use bytes::Bytes;
use dns::answer::{self, Client, Options, Outcome, Transport};
use dns::keys::KeySet;
use dns::message::Message;
use dns::zonefile::{self, Files};
use dns::{ZoneSet, tsig, update};
use libfuzzer_sys::fuzz_target;

const ZONE: &str = "\
$ORIGIN example.com.
$TTL 60
@ SOA ns root 1 2 3 4 5
@ NS ns
ns A 192.0.2.1
*.wild TXT \"w\"
sub NS ns.sub
ns.sub A 192.0.2.2
alias CNAME ns
old DNAME new
new TXT \"n\"
a.b.c A 192.0.2.3
";

static ZONES: LazyLock<ZoneSet> = LazyLock::new(|| {
    let apex = "example.com".parse().expect("a name");
    ZoneSet::new().with(zonefile::parse("example.com", &apex, &One).zone.expect("a zone"))
});

struct One;

impl Files for One {
    fn read(&self, _: &str) -> Result<Bytes, String> {
        Ok(Bytes::from_static(ZONE.as_bytes()))
    }
}

fuzz_target!(|octets: &[u8]| {
    let options =
        Options { cookie_secret: Some([7; 16]), identity: Some(b"ns".as_slice().into()), ..Options::default() };
    for transport in [Transport::Udp, Transport::Tcp] {
        let client =
            Client { transport, address: Ipv4Addr::LOCALHOST.into(), now: 1_000_000, options: &options, limit: None };
        let mut reply = [0; 65_535];
        if let Outcome::Reply(length) = answer::answer(&ZONES, octets, &client, &mut reply) {
            Message::decode(&reply[..length]).expect("what we answer can be read");
        }
    }
    let _ = tsig::open(octets, &KeySet::default(), 1_000_000, &tsig::Policy::default());
    if let Ok(message) = Message::decode(octets) {
        let _ = update::run(&ZONES, &message, &|_| true, &update::Options::default());
        let again = Message::decode(&message.encode());
        assert!(again.is_ok() || message.encode().len() > 65_535);
    }
});
