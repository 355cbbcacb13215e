//! Page tables: where a virtual address is looked up, level by level, and what an entry says.
//!
//! The tables lie in physical frames, which only the kernel proper can reach: [`Tables`] is how.

/// Octets of a page and of a frame.
pub const PAGE: u64 = 4096;
/// Octets of a large page, one level up.
pub const LARGE_PAGE: u64 = 2 << 20;

/// The page is there.
pub const PRESENT: u64 = 1;
/// It may be written.
pub const WRITABLE: u64 = 1 << 1;
/// Ring 3 may use it.
pub const USER: u64 = 1 << 2;
/// Registers of a device: not to be cached.
pub const UNCACHED: u64 = 1 << 4;
/// An entry of the second level is a page of 2 MiB itself.
pub const LARGE: u64 = 1 << 7;
/// One of the bits that the processor leaves to us: the frame is part of the payload, and never given back.
pub const BORROWED: u64 = 1 << 9;
/// Its octets are not instructions.
pub const NO_EXECUTE: u64 = 1 << 63;

const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// A table of any level.
pub type Table = [u64; 512];

/// Physical memory as far as page tables need it.
pub trait Tables {
    /// The table in the frame at `frame`.
    fn table(&mut self, frame: u64) -> &mut Table;
    /// A zeroed frame for a further table, if memory is left.
    fn new_table(&mut self) -> Option<u64>;
}

/// `address` rounded down to its page.
pub const fn page_of(address: u64) -> u64 {
    address & !(PAGE - 1)
}

/// `address` rounded up to a page; `None` at the end of the address space.
pub const fn page_up(address: u64) -> Option<u64> {
    match address.checked_add(PAGE - 1) {
        Some(sum) => Some(page_of(sum)),
        None => None,
    }
}

/// The frame that an entry points to.
pub const fn frame_of(entry: u64) -> u64 {
    entry & ADDRESS
}

/// The place of `address` in a table of `level` (4 the root, 1 the last).
pub const fn index(address: u64, level: u32) -> usize {
    ((address >> (12 + 9 * (level - 1))) & 511) as usize
}

/// The last-level entry for `address`, 0 where there is none.
pub fn entry(tables: &mut impl Tables, root: u64, address: u64) -> u64 {
    slot(tables, root, address).map_or(0, |slot| *slot)
}

/// The place of the last-level entry for `address`, if the tables reach that far.
pub fn slot(tables: &mut impl Tables, root: u64, address: u64) -> Option<&mut u64> {
    let mut table = root;
    for level in [4, 3, 2] {
        let above = tables.table(table)[index(address, level)];
        if above & PRESENT == 0 || above & LARGE != 0 {
            return None;
        }
        table = frame_of(above);
    }
    Some(&mut tables.table(table)[index(address, 1)])
}

/// Sets the last-level entry for `address`, with tables on the way that ring 3 may pass. `None` when memory is out.
pub fn set(tables: &mut impl Tables, root: u64, address: u64, entry: u64) -> Option<()> {
    let mut table = root;
    for level in [4, 3, 2] {
        let above = tables.table(table)[index(address, level)];
        table = if above & PRESENT != 0 {
            frame_of(above)
        } else {
            let new = tables.new_table()?;
            tables.table(table)[index(address, level)] = new | PRESENT | WRITABLE | USER;
            new
        };
    }
    tables.table(table)[index(address, 1)] = entry;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    struct Memory {
        frames: BTreeMap<u64, Box<Table>>,
        left: usize,
    }

    impl Tables for Memory {
        fn table(&mut self, frame: u64) -> &mut Table {
            self.frames.get_mut(&frame).expect("a frame that was given out")
        }

        fn new_table(&mut self) -> Option<u64> {
            self.left = self.left.checked_sub(1)?;
            let frame = (self.frames.len() as u64 + 1) * PAGE;
            self.frames.insert(frame, Box::new([0; 512]));
            Some(frame)
        }
    }

    fn memory(left: usize) -> (Memory, u64) {
        let mut memory = Memory { frames: BTreeMap::new(), left: left + 1 };
        let root = memory.new_table().unwrap();
        (memory, root)
    }

    #[test]
    fn an_address_is_four_indices() {
        let address = (1 << 39) | (2 << 30) | (3 << 21) | (4 << 12) | 5;
        assert_eq!([4, 3, 2, 1].map(|level| index(address, level)), [1, 2, 3, 4]);
        assert_eq!(index(0xffff_8000_0000_0000, 4), 256);
    }

    #[test]
    fn what_is_set_is_found_and_neighbours_are_not() {
        let (mut memory, root) = memory(6);
        let entry_there = 0x5000 | PRESENT | USER | NO_EXECUTE;
        set(&mut memory, root, 0x7fff_0000_1000, entry_there).unwrap();
        assert_eq!(entry(&mut memory, root, 0x7fff_0000_1fff), entry_there);
        assert_eq!(entry(&mut memory, root, 0x7fff_0000_2000), 0);
        assert_eq!(entry(&mut memory, root, 0x1000), 0);
        assert_eq!(frame_of(entry_there), 0x5000);
        // A neighbour needs no further tables.
        let tables = memory.frames.len();
        set(&mut memory, root, 0x7fff_0000_2000, 0x6000 | PRESENT).unwrap();
        assert_eq!(memory.frames.len(), tables);
    }

    #[test]
    fn no_memory_for_a_table_is_said() {
        let (mut memory, root) = memory(2);
        assert!(set(&mut memory, root, 0x40_0000, PRESENT).is_none());
        assert_eq!(entry(&mut memory, root, 0x40_0000), 0);
    }

    #[test]
    fn a_large_page_has_no_entry_of_the_last_level() {
        let (mut memory, root) = memory(6);
        set(&mut memory, root, 0x20_0000, PRESENT).unwrap();
        let third = frame_of(memory.table(root)[0]);
        let second = frame_of(memory.table(third)[0]);
        memory.table(second)[2] = 0x40_0000 | PRESENT | LARGE;
        assert!(slot(&mut memory, root, 0x40_1000).is_none());
    }

    #[test]
    fn rounding_stops_at_the_end() {
        assert_eq!(page_up(1), Some(PAGE));
        assert_eq!(page_up(PAGE), Some(PAGE));
        assert_eq!(page_up(u64::MAX), None);
        assert_eq!(page_of(PAGE + 1), PAGE);
    }
}
