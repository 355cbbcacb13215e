//! Random questions about a zone: what is there, what is not, and what is nearly there.

use std::fmt;

use e2e::message::{self, name};
use e2e::random::Random;

use crate::zone::RandomZone;

/// Types that are asked for, by number and name.
const TYPES: [(u16, &str); 20] = [
    (1, "A"),
    (2, "NS"),
    (5, "CNAME"),
    (6, "SOA"),
    (12, "PTR"),
    (15, "MX"),
    (16, "TXT"),
    (28, "AAAA"),
    (33, "SRV"),
    (39, "DNAME"),
    (43, "DS"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (50, "NSEC3"),
    (51, "NSEC3PARAM"),
    (64, "SVCB"),
    (255, "ANY"),
    (257, "CAA"),
    (65_280, "TYPE65280"),
];

/// A question with what surrounds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// The name, in the case in which it is asked for.
    pub name: String,
    /// The type's number.
    pub kind: u16,
    /// Without EDNS, with it, with the DO bit.
    pub edns: Edns,
    /// RD is set.
    pub recursion_desired: bool,
}

/// What the query says about EDNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edns {
    /// Nothing.
    None,
    /// Datagrams of 1232 octets.
    Plain,
    /// The same, and DO.
    Do,
}

impl Question {
    /// A question about `zone`.
    pub fn random(random: &mut Random, zone: &RandomZone) -> Question {
        let owners: Vec<&String> = zone.owners.keys().collect();
        let owner = *random.pick(&owners);
        let label = *random.pick(&["a", "b", "www", "zz", "*", "0"]);
        let name = match random.below(100) {
            0..35 => owner.clone(),
            35..55 => format!("{label}.{owner}"),
            55..65 => format!("{label}.b.{owner}"),
            65..75 => owner.split_once('.').map_or(String::new(), |(_, parent)| parent.to_owned()),
            75..97 => zone.name(random),
            97 => "www.elsewhere.example".to_owned(),
            _ => zone.apex.clone(),
        };
        let owned = zone.owners.get(&name).filter(|_| random.chance(50));
        let kind = match owned.map(|kinds| *random.pick(&kinds.iter().collect::<Vec<_>>())) {
            Some(owned) => TYPES.iter().find(|(_, name)| name == owned).expect("every type in a zone is asked for").0,
            None => random.weighted(&[(30, 1), (10, 43), (10, 2), (50, 0)]),
        };
        let kind = if kind == 0 { random.pick(&TYPES).0 } else { kind };
        let name = if random.chance(10) { name.to_uppercase() } else { name };
        let edns = random.weighted(&[(25, Edns::None), (25, Edns::Plain), (50, Edns::Do)]);
        Question { name, kind, edns, recursion_desired: random.chance(20) }
    }

    /// As a message.
    pub fn encode(&self, id: u16) -> Vec<u8> {
        let mut octets = message::query(id, &self.name, self.kind);
        octets[2] |= u8::from(self.recursion_desired);
        if self.edns != Edns::None {
            octets[11] = 1;
            let flags: u32 = if self.edns == Edns::Do { 0x8000 } else { 0 };
            octets.extend([&name("")[..], &41u16.to_be_bytes(), &1232u16.to_be_bytes()].concat());
            octets.extend([&flags.to_be_bytes()[..], &[0, 0]].concat());
        }
        octets
    }

    /// The answer is a matter of taste: RFC 8482 section 4, and RRSIG alone is like ANY.
    pub fn is_free(&self) -> bool {
        matches!(self.kind, 46 | 255)
    }
}

impl fmt::Display for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = type_name(self.kind);
        let edns = match self.edns {
            Edns::None => "+noedns",
            Edns::Plain => "+edns=0",
            Edns::Do => "+dnssec",
        };
        let recursion = if self.recursion_desired { "+rec" } else { "+norec" };
        write!(formatter, "{}. {kind} {edns} {recursion}", self.name)
    }
}

/// A type as people write it.
pub fn type_name(kind: u16) -> String {
    let known = TYPES.iter().find(|(number, _)| *number == kind);
    known.map_or_else(|| format!("TYPE{kind}"), |(_, name)| (*name).to_owned())
}
