//! Private keys from seeds: the same seed and purpose give the same key, so nothing needs a disk.

use hkdf::Hkdf;
use p256::SecretKey;
use p256::pkcs8::EncodePrivateKey;
use rustls::pki_types::PrivatePkcs8KeyDer;
use sha2::Sha256;

/// The P-256 key of a seed for a purpose: HKDF-SHA256 without salt, the purpose and a counter as info; the first output
/// that is a scalar of the curve, which nearly always is the first.
pub fn from_seed(seed: &[u8], purpose: &str) -> SecretKey {
    let hkdf = Hkdf::<Sha256>::new(None, seed);
    (0u8..=255)
        .find_map(|counter| {
            let mut scalar = [0; 32];
            let info = [purpose.as_bytes(), &[counter]].concat();
            hkdf.expand(&info, &mut scalar).expect("32 octets are not too many for SHA-256");
            SecretKey::from_slice(&scalar).ok()
        })
        .expect("one of 256 random numbers is below the order of the curve")
}

/// A key as PKCS#8.
pub fn to_pkcs8(key: &SecretKey) -> PrivatePkcs8KeyDer<'static> {
    let der = key.to_pkcs8_der().expect("a P-256 key can be written as PKCS#8");
    PrivatePkcs8KeyDer::from(der.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A change here would give every user of a seed another key, and another root.
    #[test]
    fn a_seed_gives_the_same_key_for_ever() {
        let hex = |key: SecretKey| -> String { key.to_bytes().iter().map(|octet| format!("{octet:02x}")).collect() };
        assert_eq!(hex(from_seed(b"seed", "test")), "615a8e194e3abe688289fb161b17ed0bc06ed37a46b9d4b27e5ac213b5721c7e");
        assert_ne!(from_seed(b"seed", "test"), from_seed(b"seed", "other"));
        assert_ne!(from_seed(b"seed", "test"), from_seed(b"need", "test"));
    }
}
