//! The RSA key that MirageOS derives from a seed, so that a deploy key which a server knows already stays valid.
//!
//! What mirage-crypto does, which has been the same since nocrypto: a Fortuna generator (Ferguson, Schneier, Kohno,
//! *Cryptography Engineering*, chapter 9) seeded once, and on its octets a search for two primes. The seed is the text as
//! it was typed; it is not base64 to us, even where it looks like it.

use aes::Aes256;
use crypto_primes::hazmat::SmallFactorsSieve;
use crypto_primes::{Flavor, is_prime};
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use rsa::{BoxedUint, RsaPrivateKey};
use russh::keys::ssh_key::private::{KeypairData, RsaKeypair};
use sha2::{Digest as _, Sha256};

use crate::error::KeyError;

/// The size of the keys that MirageOS makes now.
pub(super) const BITS: u32 = 4096;

const EXPONENT: u64 = 65537;
const BLOCK: usize = 16;

/// The key of `bits` bits, a multiple of 16, that belongs to the seed.
pub(super) fn rsa_key(seed: &str, bits: u32) -> Result<KeypairData, KeyError> {
    if seed.is_empty() || seed.contains(':') {
        return Err(KeyError("the seed of an RSA key is a text without colons"));
    }
    let mut fortuna = Fortuna::new(seed.as_bytes());
    let key = loop {
        let (one, other) = (fortuna.prime(bits / 2), fortuna.prime(bits / 2));
        let (p, q) = if one > other { (one, other) } else { (other, one) };
        // Equal primes, or an exponent that cannot be inverted: the search goes on with the octets that follow.
        if let Ok(key) = RsaPrivateKey::from_p_q(p, q, EXPONENT.into()) {
            break key;
        }
    };
    let pair = RsaKeypair::try_from(key).map_err(|_| KeyError("the seed gives no key"))?;
    Ok(KeypairData::Rsa(pair))
}

/// The generator: AES-256 in counter mode, whose key changes with every draw and whose counter never starts again.
struct Fortuna {
    key: [u8; 32],
    counter: u128,
}

impl Fortuna {
    fn new(seed: &[u8]) -> Fortuna {
        let inner = Sha256::new().chain_update([0; 32]).chain_update(seed).finalize();
        Fortuna { key: Sha256::digest(inner).into(), counter: 1 }
    }

    /// The next octets. Two blocks more than they need are made, and become the next key.
    fn draw(&mut self, count: usize) -> Vec<u8> {
        let blocks = count.div_ceil(BLOCK) + 2;
        let mut stream = vec![0; blocks * BLOCK];
        Ctr128BE::<Aes256>::new(&self.key.into(), &self.counter.to_be_bytes().into()).apply_keystream(&mut stream);
        let next = stream.len() - self.key.len();
        self.key.copy_from_slice(&stream[next..]);
        self.counter += blocks as u128;
        stream.truncate(count);
        stream
    }

    /// The first prime above a number whose two highest bits are set, so that the product of two has its full size.
    fn prime(&mut self, bits: u32) -> BoxedUint {
        loop {
            let mut octets = self.draw(bits as usize / 8);
            octets[0] |= 0xc0;
            if let Some(prime) = next_prime(&octets, bits) {
                return prime;
            }
        }
    }
}

/// The smallest prime above a big-endian number, unless it has more bits.
fn next_prime(octets: &[u8], bits: u32) -> Option<BoxedUint> {
    let start = BoxedUint::from_be_slice(octets, bits).ok()?;
    let sieve = SmallFactorsSieve::new(start.clone(), bits.try_into().ok()?, false).ok()?;
    sieve.filter(|candidate| *candidate > start).find(|candidate| is_prime(Flavor::Any, candidate))
}

#[cfg(test)]
mod tests {
    use russh::keys::PrivateKey;

    use super::*;

    // hannesm/hannes.nqsb.io, Posts/DnsServer (2019): what `awa_gen_key` printed, when its keys had 2048 bits.
    const SEED: &str = "pIKflD07VT2W9XpDvqntcmEW3OKlwZL62ak1EZ0m";
    const PUBLIC: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC5b2cSSkZ5/MAu7pM6iJLOaX9tJsfA8DB1RI34Zygw6FA0y8iisbqG\
        Cv6Z94ZxreGATwSVvrpqGo5p0rsKs+6gQnMCU1+sOC4PRlxy6XKgj0YXvAZcQuxwmVQlBHshuq0CraMK9FASupGrSO8/dW30Kqy1wmd/IrqW9J\
        1Cnw+qf0C/VEhIbo7btlpzlYpJLuZboTvEk1h67lx1ZRw9bSPuLjj665yO8d0caVIkPp6vDX20EsgITdg+cFjWzVtOciy4ETLFiKkDnuzHzoQ4\
        EL8bUtjN02UpvX2qankONywXhzYYqu65+edSpogx2TuWFDJFPHgcyO/ZIMoluXGNgQlP";

    #[test]
    fn the_published_seed_gives_the_published_key() {
        let key = PrivateKey::new(rsa_key(SEED, 2048).unwrap(), "").unwrap();
        assert_eq!(key.public_key().to_openssh().unwrap(), PUBLIC);
    }

    #[test]
    fn the_next_prime_is_above_and_not_too_long() {
        let prime = |octets: &[u8]| next_prime(octets, 16);
        assert_eq!(prime(&[0xc0, 0x01]), Some(BoxedUint::from(49157_u64)));
        assert_eq!(prime(&[0xc0, 0x05]), Some(BoxedUint::from(49169_u64)));
        // 65521 is the last prime of 16 bits.
        assert_eq!(prime(&[0xff, 0xf0]), Some(BoxedUint::from(65521_u64)));
        assert_eq!(prime(&[0xff, 0xf1]), None);
        assert_eq!(prime(&[0xff, 0xff]), None);
    }

    #[test]
    fn seeds_that_were_never_any() {
        assert!(rsa_key("", 2048).is_err());
        assert!(rsa_key("a:b", 2048).is_err());
    }
}
