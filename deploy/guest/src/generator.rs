//! Random octets: ChaCha20 (RFC 8439) whose key is replaced after every use, so that what was given out cannot be found
//! in memory later.

/// A generator; of use only once it was fed with what nobody can guess.
#[derive(Debug)]
pub struct Generator {
    key: [u32; 8],
    counter: u32,
}

impl Generator {
    /// One that knows nothing yet.
    pub const fn new() -> Generator {
        Generator { key: [0; 8], counter: 0 }
    }

    /// Mixes in octets: what was in before stays in.
    pub fn feed(&mut self, octets: &[u8]) {
        for part in octets.chunks(32) {
            for (index, octet) in part.iter().enumerate() {
                self.key[index / 4] ^= u32::from(*octet) << (8 * (index % 4));
            }
            self.advance();
        }
    }

    /// Fills `out`.
    pub fn fill(&mut self, out: &mut [u8]) {
        for part in out.chunks_mut(32) {
            let block = self.advance();
            part.copy_from_slice(&block[..part.len()]);
        }
    }

    /// Half of a block becomes the next key, the other half is returned.
    fn advance(&mut self) -> [u8; 32] {
        let block = block(&self.key, self.counter, [0; 3]);
        self.counter = self.counter.wrapping_add(1);
        self.key.copy_from_slice(&block[..8]);
        let mut out = [0; 32];
        for (octets, word) in out.chunks_mut(4).zip(&block[8..]) {
            octets.copy_from_slice(&word.to_le_bytes());
        }
        out
    }
}

fn block(key: &[u32; 8], counter: u32, nonce: [u32; 3]) -> [u32; 16] {
    let mut start = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574, 0, 0, 0, 0, 0, 0, 0, 0, counter, 0, 0, 0];
    start[4..12].copy_from_slice(key);
    start[13..].copy_from_slice(&nonce);
    let mut state = start;
    for _ in 0..10 {
        for [a, b, c, d] in ROUNDS {
            for (sum, with, turned, by) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
                state[sum] = state[sum].wrapping_add(state[with]);
                state[turned] = (state[turned] ^ state[sum]).rotate_left(by);
            }
        }
    }
    for (word, first) in state.iter_mut().zip(start) {
        *word = word.wrapping_add(first);
    }
    state
}

/// Columns, then diagonals.
const ROUNDS: [[usize; 4]; 8] = [
    [0, 4, 8, 12],
    [1, 5, 9, 13],
    [2, 6, 10, 14],
    [3, 7, 11, 15],
    [0, 5, 10, 15],
    [1, 6, 11, 12],
    [2, 7, 8, 13],
    [3, 4, 9, 14],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_function_is_that_of_rfc_8439_2_3_2() {
        let key = core::array::from_fn(|index| u32::from_le_bytes(core::array::from_fn(|at| (4 * index + at) as u8)));
        let state = block(&key, 1, [0x0900_0000, 0x4a00_0000, 0]);
        assert_eq!(state[..4], [0xe4e7_f110, 0x1559_3bd1, 0x1fdd_0f50, 0xc471_20a3]);
        assert_eq!(state[12..], [0xd19c_12b5, 0xb94e_16de, 0xe883_d0cb, 0x4e3c_50a2]);
    }

    #[test]
    fn output_depends_on_everything_fed() {
        let output = |feeds: &[&[u8]]| {
            let mut generator = Generator::new();
            feeds.iter().for_each(|octets| generator.feed(octets));
            let mut out = [0; 40];
            generator.fill(&mut out);
            out
        };
        let all = [output(&[b"a", b"b"]), output(&[b"b", b"a"]), output(&[b"ab"]), output(&[&[0; 32], b"a", b"b"])];
        for (index, one) in all.iter().enumerate() {
            assert!(all[..index].iter().all(|other| other != one));
        }
    }

    #[test]
    fn nothing_is_given_out_twice() {
        let mut generator = Generator::new();
        generator.feed(b"seed");
        let (mut first, mut second) = ([0; 32], [0; 32]);
        generator.fill(&mut first);
        generator.fill(&mut second);
        assert_ne!(first, second);
    }
}
