//! SipHash-2-4, the hash of interoperable server cookies (RFC 9018 section 4.4).

/// The hash of `octets` under `key`.
pub fn siphash24(key: &[u8; 16], octets: &[u8]) -> u64 {
    let half = |octets: &[u8]| octets.iter().rev().fold(0, |half, octet| half << 8 | u64::from(*octet));
    let (k0, k1) = (half(&key[..8]), half(&key[8..]));
    let mut state = State([
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ]);
    let (chunks, rest) = octets.as_chunks::<8>();
    for chunk in chunks {
        state.word(u64::from_le_bytes(*chunk));
    }
    state.word((octets.len() as u64) << 56 | half(rest));
    state.0[2] ^= 0xff;
    (0..4).for_each(|_| state.round());
    state.0.into_iter().fold(0, |hash, word| hash ^ word)
}

struct State([u64; 4]);

impl State {
    fn word(&mut self, word: u64) {
        self.0[3] ^= word;
        self.round();
        self.round();
        self.0[0] ^= word;
    }

    fn round(&mut self) {
        let [a, b, c, d] = &mut self.0;
        *a = a.wrapping_add(*b);
        *c = c.wrapping_add(*d);
        *b = b.rotate_left(13) ^ *a;
        *d = d.rotate_left(16) ^ *c;
        *a = a.rotate_left(32);
        *c = c.wrapping_add(*b);
        *a = a.wrapping_add(*d);
        *b = b.rotate_left(17) ^ *c;
        *d = d.rotate_left(21) ^ *a;
        *c = c.rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appendix A of the paper by Aumasson and Bernstein.
    #[test]
    fn the_paper_s_vector() {
        let octets: Vec<u8> = (0..16).collect();
        let key: [u8; 16] = octets.clone().try_into().unwrap();
        assert_eq!(siphash24(&key, &octets[..15]), 0xa129_ca61_49be_45e5);
    }
}
