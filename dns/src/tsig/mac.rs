//! What a MAC is computed over, part by part (RFC 8945 section 4.3).

use hmac::{Hmac, KeyInit, Mac as _};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

use super::record::Tsig;
use crate::keys::{Algorithm, Key};

/// A MAC of full length.
#[derive(Clone, Debug)]
pub(super) struct Mac(pub(super) Vec<u8>);

impl Mac {
    /// Whether `octets`, perhaps truncated but not empty, are this MAC; takes the same time wherever they differ.
    pub(super) fn matches(&self, octets: &[u8]) -> bool {
        let Some(head) = self.0.get(..octets.len()) else { return false };
        !octets.is_empty() && bool::from(head.ct_eq(octets))
    }
}

/// A MAC on its way.
#[derive(Clone)]
pub(super) enum Digest {
    Sha1(Hmac<Sha1>),
    Sha224(Hmac<Sha224>),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

macro_rules! start {
    ($variant:ident, $key:expr) => {
        Digest::$variant(Hmac::new_from_slice($key.secret()).expect("HMAC takes a key of any length"))
    };
}

impl Digest {
    pub(super) fn new(key: &Key) -> Digest {
        match key.algorithm {
            Algorithm::HmacSha1 => start!(Sha1, key),
            Algorithm::HmacSha224 => start!(Sha224, key),
            Algorithm::HmacSha256 => start!(Sha256, key),
            Algorithm::HmacSha384 => start!(Sha384, key),
            Algorithm::HmacSha512 => start!(Sha512, key),
        }
    }

    /// The MAC that this one follows, with its length.
    pub(super) fn prior(&mut self, mac: &[u8]) -> &mut Digest {
        self.update(&(mac.len() as u16).to_be_bytes()).update(mac)
    }

    /// A message without its TSIG record, its ID replaced.
    pub(super) fn message(&mut self, id: u16, octets: &[u8]) -> &mut Digest {
        self.update(&id.to_be_bytes()).update(&octets[2..])
    }

    /// All fields of the TSIG record but the MAC and the Original ID (section 4.3.3).
    pub(super) fn variables(&mut self, tsig: &Tsig) -> &mut Digest {
        self.update(&tsig.variables())
    }

    /// Time and fudge only, for the second message of a chain and those after (section 5.3.1).
    pub(super) fn timers(&mut self, tsig: &Tsig) -> &mut Digest {
        self.update(&tsig.timers())
    }

    pub(super) fn finish(self) -> Mac {
        Mac(match self {
            Digest::Sha1(hmac) => hmac.finalize().into_bytes().to_vec(),
            Digest::Sha224(hmac) => hmac.finalize().into_bytes().to_vec(),
            Digest::Sha256(hmac) => hmac.finalize().into_bytes().to_vec(),
            Digest::Sha384(hmac) => hmac.finalize().into_bytes().to_vec(),
            Digest::Sha512(hmac) => hmac.finalize().into_bytes().to_vec(),
        })
    }

    fn update(&mut self, octets: &[u8]) -> &mut Digest {
        match self {
            Digest::Sha1(hmac) => hmac.update(octets),
            Digest::Sha224(hmac) => hmac.update(octets),
            Digest::Sha256(hmac) => hmac.update(octets),
            Digest::Sha384(hmac) => hmac.update(octets),
            Digest::Sha512(hmac) => hmac.update(octets),
        }
        self
    }
}

impl std::fmt::Debug for Digest {
    /// Without its state, which is made of the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digest")
    }
}
