//! Packing into an LZ4 block, which the guest kernel unpacks in forty lines.
//!
//! Slow and thorough: at each place the longest earlier copy among many, unless the next place has a longer one.

/// A copy has at least so many octets,
const SHORTEST: usize = 4;
/// comes from at most so far away,
const FARTHEST: usize = 65_535;
/// does not start in the last octets, nor reach into the very last.
const LAST_START: usize = 12;
const LAST_OCTETS: usize = 5;
/// Earlier places to look at.
const PLACES: usize = 128;
const HASH_BITS: u32 = 16;
const NOWHERE: usize = usize::MAX;

/// The block.
pub fn pack(input: &[u8]) -> Vec<u8> {
    let mut places =
        Places { input, latest: vec![NOWHERE; 1 << HASH_BITS], earlier: vec![NOWHERE; FARTHEST + 1], next: 0 };
    let (mut block, mut at, mut literals) = (Vec::new(), 0, 0);
    while at + LAST_START < input.len() {
        let Some(mut copy) = places.longest(at) else {
            at += 1;
            continue;
        };
        // A longer one at the next place is worth a literal.
        while at + 1 + LAST_START < input.len()
            && let Some(next) = places.longest(at + 1).filter(|next| next.length > copy.length)
        {
            (at, copy) = (at + 1, next);
        }
        sequence(&mut block, &input[literals..at], Some(copy));
        at += copy.length;
        literals = at;
    }
    sequence(&mut block, &input[literals..], None);
    block
}

#[derive(Clone, Copy)]
struct Copy {
    distance: usize,
    length: usize,
}

/// Where the same four octets were before.
struct Places<'a> {
    input: &'a [u8],
    latest: Vec<usize>,
    /// By the lowest bits of a place: the place before it.
    earlier: Vec<usize>,
    /// Places from here on are not known yet.
    next: usize,
}

impl Places<'_> {
    fn longest(&mut self, at: usize) -> Option<Copy> {
        while self.next < at {
            let hash = self.hash(self.next);
            self.earlier[self.next & FARTHEST] = self.latest[hash];
            self.latest[hash] = self.next;
            self.next += 1;
        }
        let limit = self.input.len() - LAST_OCTETS;
        let mut best = Copy { distance: 0, length: SHORTEST - 1 };
        let mut place = self.latest[self.hash(at)];
        for _ in 0..PLACES {
            if place == NOWHERE || place >= at || at - place > FARTHEST {
                break;
            }
            // Only what goes on where the best one ended can be longer.
            if self.input[place + best.length] == self.input[at + best.length] {
                let pairs = self.input[at..limit].iter().zip(&self.input[place..]);
                let length = pairs.take_while(|(one, other)| one == other).count();
                if length > best.length {
                    best = Copy { distance: at - place, length };
                }
                if at + best.length >= limit {
                    break;
                }
            }
            place = self.earlier[place & FARTHEST];
        }
        (best.length >= SHORTEST).then_some(best)
    }

    fn hash(&self, at: usize) -> usize {
        let octets = self.input[at..at + SHORTEST].iter().fold(0u32, |sum, octet| sum << 8 | u32::from(*octet));
        (octets.wrapping_mul(2_654_435_761) >> (32 - HASH_BITS)) as usize
    }
}

fn sequence(block: &mut Vec<u8>, literals: &[u8], copy: Option<Copy>) {
    let more = copy.map_or(0, |copy| copy.length - SHORTEST);
    let half = |length: usize| length.min(15) as u8;
    block.push(half(literals.len()) << 4 | half(more));
    rest(block, literals.len());
    block.extend(literals);
    if let Some(copy) = copy {
        block.extend([copy.distance as u8, (copy.distance >> 8) as u8]);
        rest(block, more);
    }
}

/// What is beyond 15 of a length.
fn rest(block: &mut Vec<u8>, length: usize) {
    let Some(mut left) = length.checked_sub(15) else { return };
    while left >= 255 {
        block.push(255);
        left -= 255;
    }
    block.push(left as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The format in another way than the kernel's.
    fn unpack(block: &[u8]) -> Vec<u8> {
        let (mut octets, mut out) = (block.iter().copied(), Vec::new());
        while let Some(token) = octets.next() {
            let mut length = |first: u8| {
                let mut sum = usize::from(first);
                let mut next = first == 15;
                while next {
                    let octet = octets.next().unwrap();
                    sum += usize::from(octet);
                    next = octet == 255;
                }
                (sum, octets.clone())
            };
            let (literals, rest) = length(token >> 4);
            octets = rest;
            out.extend(octets.by_ref().take(literals));
            let Some(low) = octets.next() else { break };
            let distance = usize::from(low) + 256 * usize::from(octets.next().unwrap());
            let mut length = |first: u8| {
                let mut sum = usize::from(first);
                let mut next = first == 15;
                while next {
                    let octet = octets.next().unwrap();
                    sum += usize::from(octet);
                    next = octet == 255;
                }
                sum
            };
            for _ in 0..length(token & 15) + SHORTEST {
                out.push(out[out.len() - distance]);
            }
        }
        out
    }

    #[test]
    fn what_is_packed_comes_back() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let program = &program[..program.len().min(300_000)];
        let noise: Vec<u8> = (0..5000u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for input in [&b""[..], b"a", b"abcabcabcabcabcabcabcabcabcabc", &[7; 100_000], &noise, program] {
            assert!(unpack(&pack(input)) == input, "{} octets", input.len());
        }
        assert!(pack(program).len() < program.len() * 3 / 4);
        assert!(pack(&[7; 100_000]).len() < 500);
    }
}
