//! The frames of physical memory: a bit each, set while the frame is in use.

use crate::paging::PAGE;

/// A run of frames, and which of them are in use.
#[derive(Debug)]
pub struct Frames<'a> {
    bits: &'a mut [u64],
    first: u64,
    count: usize,
    free: usize,
    /// No word before this one has a free frame.
    hint: usize,
}

/// How many words of bits `count` frames take.
pub const fn words(count: usize) -> usize {
    count.div_ceil(64)
}

impl<'a> Frames<'a> {
    /// `count` free frames from the address `first` on. `bits` must have [`words`] of them.
    pub fn new(bits: &'a mut [u64], first: u64, count: usize) -> Frames<'a> {
        bits.fill(0);
        // Bits beyond the last frame are frames in use for good.
        if !count.is_multiple_of(64)
            && let Some(last) = bits.get_mut(count / 64)
        {
            *last = u64::MAX << (count % 64);
        }
        Frames { bits, first, count, free: count, hint: 0 }
    }

    /// The address of a frame that was free.
    pub fn take(&mut self) -> Option<u64> {
        let used = words(self.count);
        let word = (self.hint..used).find(|word| self.bits[*word] != u64::MAX)?;
        let bit = self.bits[word].trailing_ones() as usize;
        self.bits[word] |= 1 << bit;
        self.hint = word;
        self.free -= 1;
        Some(self.first + (word * 64 + bit) as u64 * PAGE)
    }

    /// The frame at `address` is free again. An address that is not one of its used frames changes nothing.
    pub fn give_back(&mut self, address: u64) {
        let Some(index) = address.checked_sub(self.first).map(|offset| (offset / PAGE) as usize) else { return };
        let (word, bit) = (index / 64, 1 << (index % 64));
        if index < self.count && self.bits[word] & bit != 0 {
            self.bits[word] &= !bit;
            self.hint = self.hint.min(word);
            self.free += 1;
        }
    }

    /// Frames that are free.
    pub fn free(&self) -> usize {
        self.free
    }

    /// The address behind the last frame.
    pub fn end(&self) -> u64 {
        self.first + self.count as u64 * PAGE
    }

    /// Frames altogether.
    pub fn count(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_frame_is_given_out_once() {
        let mut bits = [7; 3];
        let mut frames = Frames::new(&mut bits, 0x20_0000, 130);
        let all: BTreeSet<u64> = std::iter::from_fn(|| frames.take()).collect();
        assert_eq!(all.len(), 130);
        assert_eq!((all.first(), all.last()), (Some(&0x20_0000), Some(&(0x20_0000 + 129 * PAGE))));
        assert_eq!(frames.free(), 0);
    }

    #[test]
    fn what_comes_back_is_given_out_again() {
        let mut bits = [0; 2];
        let mut frames = Frames::new(&mut bits, 0, 128);
        while frames.take().is_some() {}
        frames.give_back(5 * PAGE);
        frames.give_back(5 * PAGE);
        frames.give_back(128 * PAGE);
        assert_eq!(frames.free(), 1);
        assert_eq!(frames.take(), Some(5 * PAGE));
        assert_eq!(frames.take(), None);
    }

    #[test]
    fn an_address_before_the_first_is_nobodys() {
        let mut bits = [0; 1];
        let mut frames = Frames::new(&mut bits, 0x10_0000, 64);
        frames.take();
        frames.give_back(0x1000);
        assert_eq!(frames.free(), 63);
    }
}
