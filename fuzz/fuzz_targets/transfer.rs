//! Any octets as the answer of a primary: messages with two octets of length in front.
#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use dns::transfer::incoming::{Ask, Asking, Awaiting, Limits, Next};
use dns::zonefile::{self, Files};
use dns::{Name, Zone};
use libfuzzer_sys::fuzz_target;

const ZONE: &str = "@ 60 SOA ns root 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\na.b 60 TXT x\n";
const ID: u16 = 7;

static HELD: LazyLock<Zone> = LazyLock::new(|| zonefile::parse("e", &apex(), &One).zone.expect("a zone"));

struct One;

impl Files for One {
    fn read(&self, _: &str) -> Result<Bytes, String> {
        Ok(Bytes::from_static(ZONE.as_bytes()))
    }
}

fn apex() -> Name {
    "e".parse().expect("a name")
}

fn asking(held: Option<Zone>) -> Asking {
    Asking { apex: apex(), held, key: None, limits: Limits { octets: 1 << 20, records: 10_000 } }
}

/// Every message is taken for one with the right ID, so that the fuzzer need not find it.
fn run(ask: Ask, mut octets: &[u8]) {
    let mut awaiting: Awaiting = ask.awaiting;
    while let Some((length, rest)) = octets.split_at_checked(2) {
        let length = usize::from(u16::from_be_bytes([length[0], length[1]])).min(rest.len());
        let mut message = rest[..length].to_vec();
        octets = &rest[length..];
        if let Some(id) = message.get_mut(..2) {
            id.copy_from_slice(&ID.to_be_bytes());
        }
        awaiting = match awaiting.handle(&message, ID, 1_000_000) {
            Next::More(awaiting) => awaiting,
            Next::Ask(ask) => ask.awaiting,
            Next::NewVersion(version) => {
                assert_eq!(*version.zone.apex(), apex());
                return;
            }
            _ => return,
        };
    }
}

fuzz_target!(|octets: &[u8]| {
    run(asking(None).axfr(None, ID, 1_000_000), octets);
    run(asking(Some(HELD.clone())).transfer(None, ID, 1_000_000), octets);
    run(asking(Some(HELD.clone())).soa(ID, 1_000_000), octets);
});
