//! Finds what two texts have in common: the delta for a file that was written whole.
//!
//! The common head and tail are set aside first, which alone settles most edits. The rest of the base is cut into
//! blocks, and a rolling hash over the new text looks for them, as git's own diff-delta does.

use std::collections::HashMap;

use bytes::Bytes;

use super::delta::Pieces;

/// Blocks of the base that are remembered at most; larger texts get larger blocks.
const MAX_BLOCKS: usize = 1 << 18;
const MIN_BLOCK: usize = 16;
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Describes `target` by runs of `base` and new octets.
pub(crate) fn search(base: &[u8], target: &Bytes) -> Pieces {
    let head = common_head(base, target);
    let tail = common_head_reversed(&base[head..], &target[head..]);
    let mut pieces = Pieces::default();
    pieces.copy(0, head);
    search_middle(base, head..base.len() - tail, target, head..target.len() - tail, &mut pieces);
    pieces.copy(base.len() - tail, tail);
    pieces
}

fn search_middle(
    base: &[u8],
    within: std::ops::Range<usize>,
    target: &Bytes,
    wanted: std::ops::Range<usize>,
    pieces: &mut Pieces,
) {
    let block = (within.len() / MAX_BLOCKS).next_power_of_two().max(MIN_BLOCK);
    if within.len() < block || wanted.len() < block {
        return pieces.insert(target.slice(wanted));
    }
    let blocks = index(base, within.clone(), block);
    let leaving = (1..block).fold(1u64, |power, _| power.wrapping_mul(FACTOR));
    let (mut at, mut unmatched) = (wanted.start, wanted.start);
    let mut hash = hash_block(&target[at..at + block]);
    while at + block <= wanted.end {
        let found = blocks.get(&hash).filter(|start| base[**start..**start + block] == target[at..at + block]);
        if let Some(&start) = found {
            let back = common_head_reversed(&base[within.start..start], &target[unmatched..at]);
            let run = common_head(&base[start..within.end], &target[at..wanted.end]);
            pieces.insert(target.slice(unmatched..at - back));
            pieces.copy(start - back, back + run);
            at += run;
            unmatched = at;
            if at + block <= wanted.end {
                hash = hash_block(&target[at..at + block]);
            }
        } else {
            if at + block < wanted.end {
                hash = hash.wrapping_sub(u64::from(target[at]).wrapping_mul(leaving));
                hash = hash.wrapping_mul(FACTOR).wrapping_add(u64::from(target[at + block]));
            }
            at += 1;
        }
    }
    pieces.insert(target.slice(unmatched..wanted.end));
}

/// The blocks of the base by hash; of equal blocks the first is kept.
fn index(base: &[u8], within: std::ops::Range<usize>, block: usize) -> HashMap<u64, usize> {
    let mut blocks = HashMap::with_capacity(within.len() / block);
    for start in within.clone().step_by(block).filter(|start| start + block <= within.end) {
        blocks.entry(hash_block(&base[start..start + block])).or_insert(start);
    }
    blocks
}

fn hash_block(octets: &[u8]) -> u64 {
    octets.iter().fold(0, |hash: u64, octet| hash.wrapping_mul(FACTOR).wrapping_add(u64::from(*octet)))
}

fn common_head(one: &[u8], other: &[u8]) -> usize {
    const STEP: usize = 4096;
    let blocks = one.chunks_exact(STEP).zip(other.chunks_exact(STEP)).take_while(|(a, b)| a == b).count();
    let from = blocks * STEP;
    from + one[from..].iter().zip(&other[from..]).take_while(|(a, b)| a == b).count()
}

fn common_head_reversed(one: &[u8], other: &[u8]) -> usize {
    const STEP: usize = 4096;
    let blocks = one.rchunks_exact(STEP).zip(other.rchunks_exact(STEP)).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[..one.len() - blocks * STEP], &other[..other.len() - blocks * STEP]);
    blocks * STEP + one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::object::delta::apply;

    proptest! {
        #[test]
        fn what_is_found_gives_the_target(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..12), order in prop::collection::vec(0usize..12, 0..12)) {
            let base = parts.concat();
            let target: Bytes = order.iter().flat_map(|at| parts[at % parts.len()].clone()).collect::<Vec<u8>>().into();
            let delta = search(&base, &target).encode(base.len());
            prop_assert_eq!(apply(&base, &delta, 1 << 20).unwrap(), target);
        }
    }

    #[test]
    fn two_distant_changes_cost_little() {
        let base: String = (0..20_000).map(|line| format!("host{line} 300 IN A 192.0.2.{}\n", line % 256)).collect();
        let target = base.replace("host7 ", "HOST7 ").replace("host19000 ", "elsewhere ");
        let delta = search(base.as_bytes(), &target.clone().into()).encode(base.len());
        assert!(delta.len() < 200, "{} octets", delta.len());
        assert_eq!(apply(base.as_bytes(), &delta, 1 << 24).unwrap(), target.as_bytes());
    }
}
