//! DNS messages put together octet by octet, signed (RFC 8945) as well or as badly as a test wants.
//!
//! What the client libraries of MirageOS send is here too: they put 0 into a TSIG's Original ID and sign with the real
//! message id all the same.

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::samples::Key;

/// Record types by number.
pub mod kind {
    /// RFC 1035.
    pub const A: u16 = 1;
    /// RFC 1035.
    pub const SOA: u16 = 6;
    /// RFC 1035.
    pub const TXT: u16 = 16;
    /// RFC 6698.
    pub const TLSA: u16 = 52;
    /// RFC 8945.
    pub const TSIG: u16 = 250;
    /// RFC 5936.
    pub const AXFR: u16 = 252;
    /// RFC 1035.
    pub const ANY: u16 = 255;
}

const IN: u16 = 1;
const FUDGE: u16 = 300;

/// A query with one question and no flag set.
pub fn query(id: u16, name: &str, kind: u16) -> Vec<u8> {
    [header(id, 0, [1, 0, 0, 0]), question(name, kind)].concat()
}

/// An UPDATE of `zone` (RFC 2136) that adds `records` and has no prerequisite.
pub fn update(id: u16, zone: &str, records: &[Vec<u8>]) -> Vec<u8> {
    let head = header(id, 5 << 11, [1, 0, count(records.len()), 0]);
    [head, question(zone, kind::SOA), records.concat()].concat()
}

/// A NOTIFY (RFC 1996) without an answer.
pub fn notify(id: u16, zone: &str) -> Vec<u8> {
    [header(id, 4 << 11 | AA, [1, 0, 0, 0]), question(zone, kind::SOA)].concat()
}

/// A NOTIFY as `onotify` sends it: with an SOA in the answer that nobody has ever published.
pub fn notify_with_invented_soa(id: u16, zone: &str) -> Vec<u8> {
    let timers: Vec<u8> = [1u32, 0, 0, 0, 0].iter().flat_map(|number| number.to_be_bytes()).collect();
    let rdata = [name(zone), name(zone), timers].concat();
    [header(id, 4 << 11 | AA, [1, 1, 0, 0]), question(zone, kind::SOA), record(zone, kind::SOA, 0, &rdata)].concat()
}

/// A record of class IN.
pub fn record(owner: &str, kind: u16, ttl: u32, rdata: &[u8]) -> Vec<u8> {
    record_of_class(owner, kind, IN, ttl, rdata)
}

/// An address record.
pub fn a(owner: &str, ttl: u32, address: [u8; 4]) -> Vec<u8> {
    record(owner, kind::A, ttl, &address)
}

/// In an UPDATE: the RRset is to go (RFC 2136 section 2.5.2).
pub fn deletion(owner: &str, kind: u16) -> Vec<u8> {
    record_of_class(owner, kind, kind::ANY, 0, &[])
}

/// A name in wire form, as it is written: nothing is lower-cased or compressed.
pub fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').filter(|label| !label.is_empty());
    let mut octets: Vec<u8> = labels.flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat()).collect();
    octets.push(0);
    octets
}

/// How to sign: what a correct client does, unless changed.
#[derive(Debug, Clone)]
pub struct Signer {
    key: Key,
    time: u64,
    original_id: Option<u16>,
    mac_length: usize,
}

/// A signed message and its MAC, which the reply's MAC covers.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The message with its TSIG.
    pub octets: Vec<u8>,
    /// The MAC alone.
    pub mac: Vec<u8>,
}

impl Signer {
    /// Signs with `key`, now.
    pub fn new(key: Key) -> Signer {
        Signer { key, time: now(), original_id: None, mac_length: 32 }
    }

    /// Puts 0 into the TSIG's Original ID, as MirageOS clients do.
    pub fn like_mirage(self) -> Signer {
        Signer { original_id: Some(0), ..self }
    }

    /// Signs as if the clock were `seconds` behind.
    pub fn seconds_ago(self, seconds: u64) -> Signer {
        Signer { time: self.time - seconds, ..self }
    }

    /// Cuts the MAC to so many octets.
    pub fn mac_length(self, octets: usize) -> Signer {
        Signer { mac_length: octets, ..self }
    }

    /// The message with a TSIG record at its end.
    pub fn sign(&self, message: &[u8]) -> Signed {
        let variables = Variables { key_name: self.key.name, time: self.time, fudge: FUDGE, error: 0, other: &[] };
        let mut mac = hmac(&self.key.octets(), &[message, &variables.encode()].concat());
        mac.truncate(self.mac_length);
        let id = self.original_id.unwrap_or(u16::from_be_bytes([message[0], message[1]]));
        let rdata = [
            name("hmac-sha256"),
            time_octets(self.time),
            FUDGE.to_be_bytes().to_vec(),
            (mac.len() as u16).to_be_bytes().to_vec(),
            mac.clone(),
            id.to_be_bytes().to_vec(),
            vec![0, 0, 0, 0],
        ]
        .concat();
        let mut octets = message.to_vec();
        let additional = u16::from_be_bytes([octets[10], octets[11]]) + 1;
        octets[10..12].copy_from_slice(&additional.to_be_bytes());
        octets.extend(record_of_class(self.key.name, kind::TSIG, kind::ANY, 0, &rdata));
        Signed { octets, mac }
    }
}

/// The TSIG variables of RFC 8945 section 4.3.3.
pub(crate) struct Variables<'a> {
    pub(crate) key_name: &'a str,
    pub(crate) time: u64,
    pub(crate) fudge: u16,
    pub(crate) error: u16,
    pub(crate) other: &'a [u8],
}

impl Variables<'_> {
    pub(crate) fn encode(&self) -> Vec<u8> {
        [
            name(&self.key_name.to_lowercase()),
            kind::ANY.to_be_bytes().to_vec(),
            0u32.to_be_bytes().to_vec(),
            name("hmac-sha256"),
            time_octets(self.time),
            self.fudge.to_be_bytes().to_vec(),
            self.error.to_be_bytes().to_vec(),
            (self.other.len() as u16).to_be_bytes().to_vec(),
            self.other.to_vec(),
        ]
        .concat()
    }
}

pub(crate) fn hmac(secret: &[u8], octets: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(octets);
    mac.finalize().into_bytes().to_vec()
}

fn record_of_class(owner: &str, kind: u16, class: u16, ttl: u32, rdata: &[u8]) -> Vec<u8> {
    let length = (rdata.len() as u16).to_be_bytes();
    [&name(owner)[..], &kind.to_be_bytes(), &class.to_be_bytes(), &ttl.to_be_bytes(), &length, rdata].concat()
}

const AA: u16 = 1 << 10;

fn header(id: u16, flags: u16, counts: [u16; 4]) -> Vec<u8> {
    [id, flags].into_iter().chain(counts).flat_map(u16::to_be_bytes).collect()
}

fn question(zone: &str, kind: u16) -> Vec<u8> {
    [&name(zone)[..], &kind.to_be_bytes(), &IN.to_be_bytes()].concat()
}

fn time_octets(time: u64) -> Vec<u8> {
    time.to_be_bytes()[2..].to_vec()
}

fn count(length: usize) -> u16 {
    u16::try_from(length).expect("sections of test messages are short")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970").as_secs()
}
