//! The arena as the allocator of a whole program: one test, since the limit is the program's.

use platform::{Arena, memory};

#[global_allocator]
static MEMORY: Arena = Arena;

const MIB: usize = 1 << 20;

/// Numbers that look random, the same each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }
}

#[test]
fn so_much_and_no_more_and_all_of_it_again() {
    assert_eq!(memory::left(), None, "without a limit nothing is counted");
    memory::limit(64);
    let before = memory::left().expect("there is a limit");
    assert!(before > 48 * MIB && !memory::is_scarce());

    let mut blocks = vec![];
    while let Ok(block) = block(MIB) {
        blocks.push(block);
    }
    assert!((56..64).contains(&blocks.len()), "{} blocks of a MiB in 64 MiB", blocks.len());
    assert!(memory::is_scarce());
    drop(blocks);
    assert!(!memory::is_scarce());
    assert!(memory::left().expect("there is a limit") + MIB > before, "what is given back is there again");

    soak();
    assert!(block(40 * MIB).is_ok(), "after much use there is still a large piece");
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(churn))));
}

fn block(octets: usize) -> Result<Vec<u8>, std::collections::TryReserveError> {
    let mut block = Vec::new();
    block.try_reserve_exact(octets)?;
    block.resize(octets, 1);
    Ok(block)
}

/// Blocks of all sizes come and go in no order, as many as a service sees in weeks; their content stays what it was.
fn soak() {
    let mut numbers = Numbers(1);
    let mut held: Vec<Vec<u8>> = vec![];
    let mut octets = 0;
    for _ in 0..2_000_000 {
        if octets > 20 * MIB || (!held.is_empty() && numbers.next(2) == 0) {
            let block = held.swap_remove(numbers.next(held.len()));
            octets -= block.len();
            let mark = block.len() as u8;
            assert!(block[0] == mark && block[block.len() - 1] == mark);
        } else {
            let most = [64, 64, 64, 512, 512, 4096, 65_536][numbers.next(7)];
            let length = 1 + numbers.next(most);
            held.push(vec![length as u8; length]);
            octets += length;
        }
    }
}

fn churn() {
    let mut numbers = Numbers(2);
    let mut held: Vec<Vec<u8>> = vec![vec![]; 64];
    for _ in 0..20_000 {
        let at = numbers.next(64);
        held[at] = vec![at as u8; 1 + numbers.next(5000)];
        let other = &held[numbers.next(64)];
        assert!(other.iter().all(|octet| *octet == other[0]));
    }
}
