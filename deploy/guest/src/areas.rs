//! The areas of the application's address space: what it may use how. Frames come later, when a page is first touched.

use crate::paging::{PAGE, page_up};

/// How many areas there may be; a service has about twenty.
pub const MOST: usize = 128;

/// What the application may do to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Protection {
    /// Read it.
    pub read: bool,
    /// Write it.
    pub write: bool,
    /// Run it.
    pub execute: bool,
}

/// Pages that follow one another and are used alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Area {
    /// Its first address, on a page boundary.
    pub start: u64,
    /// The address behind it, on a page boundary.
    pub end: u64,
    /// What may be done to it.
    pub protection: Protection,
    /// Memory for it was promised when it was made (not `MAP_NORESERVE`).
    pub reserved: bool,
}

impl Area {
    fn joins(&self, next: &Area) -> bool {
        self.end == next.start && self.protection == next.protection && self.reserved == next.reserved
    }
}

/// Why an area cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AreaError {
    /// There are [`MOST`] already.
    TooMany,
    /// Part of the range is not in any area.
    NotMapped,
}

/// All areas, in the order of their addresses.
#[derive(Debug)]
pub struct Areas {
    list: [Area; MOST],
    length: usize,
}

impl Areas {
    /// None.
    pub const fn new() -> Areas {
        let none = Protection { read: false, write: false, execute: false };
        Areas { list: [Area { start: 0, end: 0, protection: none, reserved: false }; MOST], length: 0 }
    }

    /// The area that `address` is in.
    pub fn find(&self, address: u64) -> Option<&Area> {
        self.all().iter().find(|area| area.start <= address && address < area.end)
    }

    /// Pages that memory was promised for.
    pub fn reserved_pages(&self) -> u64 {
        self.all().iter().filter(|area| area.reserved).map(|area| (area.end - area.start) / PAGE).sum()
    }

    /// The highest place for `length` octets below `top` and not below `bottom` that is in no area.
    pub fn find_gap(&self, length: u64, bottom: u64, top: u64) -> Option<u64> {
        let mut end = top;
        for area in self.all().iter().rev().filter(|area| area.start < top) {
            if area.end <= end && end - area.end >= length {
                break;
            }
            end = end.min(area.start);
        }
        end.checked_sub(length).filter(|start| *start >= bottom)
    }

    /// Adds an area in place of whatever was in its range.
    pub fn add(&mut self, area: Area) -> Result<(), AreaError> {
        self.remove(area.start, area.end)?;
        let place = self.all().partition_point(|other| other.start < area.start);
        self.insert(place, area)?;
        self.join(place);
        Ok(())
    }

    /// Takes the range out of every area.
    pub fn remove(&mut self, start: u64, end: u64) -> Result<(), AreaError> {
        self.split(start)?;
        self.split(end)?;
        let mut kept = 0;
        for index in 0..self.length {
            let area = self.list[index];
            if area.end <= start || area.start >= end {
                self.list[kept] = area;
                kept += 1;
            }
        }
        self.length = kept;
        Ok(())
    }

    /// Changes what may be done to the range, all of which must be in areas.
    pub fn protect(&mut self, start: u64, end: u64, protection: Protection) -> Result<(), AreaError> {
        let mut reached = start;
        while reached < end {
            reached = self.find(reached).ok_or(AreaError::NotMapped)?.end;
        }
        self.split(start)?;
        self.split(end)?;
        for area in &mut self.list[..self.length] {
            if area.start >= start && area.end <= end {
                area.protection = protection;
            }
        }
        let first = self.all().partition_point(|area| area.start < start);
        self.join(first);
        Ok(())
    }

    fn all(&self) -> &[Area] {
        &self.list[..self.length]
    }

    /// Makes two areas of the one that `address` is inside of.
    fn split(&mut self, address: u64) -> Result<(), AreaError> {
        let Some(place) = self.all().iter().position(|area| area.start < address && address < area.end) else {
            return Ok(());
        };
        let second = Area { start: address, ..self.list[place] };
        self.insert(place + 1, second)?;
        self.list[place].end = address;
        Ok(())
    }

    fn insert(&mut self, place: usize, area: Area) -> Result<(), AreaError> {
        if self.length == MOST {
            return Err(AreaError::TooMany);
        }
        self.list.copy_within(place..self.length, place + 1);
        self.list[place] = area;
        self.length += 1;
        Ok(())
    }

    /// Makes one area of the one at `place` and its neighbours, where they are alike.
    fn join(&mut self, place: usize) {
        for left in [place, place.wrapping_sub(1)] {
            if left < self.length && left + 1 < self.length && self.list[left].joins(&self.list[left + 1]) {
                self.list[left].end = self.list[left + 1].end;
                self.list.copy_within(left + 2..self.length, left + 1);
                self.length -= 1;
            }
        }
    }
}

/// The pages that a range of octets touches, if it is a range below `top` at all.
pub fn pages(start: u64, length: u64, top: u64) -> Option<(u64, u64)> {
    let end = page_up(start.checked_add(length)?)?;
    (start.is_multiple_of(PAGE) && end <= top && start < end).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Protection = Protection { read: true, write: false, execute: false };
    const WRITE: Protection = Protection { read: true, write: true, execute: false };

    fn area(start: u64, end: u64) -> Area {
        Area { start: start * PAGE, end: end * PAGE, protection: WRITE, reserved: true }
    }

    fn shown(areas: &Areas) -> Vec<(u64, u64, bool)> {
        areas.all().iter().map(|area| (area.start / PAGE, area.end / PAGE, area.protection.write)).collect()
    }

    #[test]
    fn neighbours_that_are_alike_become_one() {
        let mut areas = Areas::new();
        for (start, end) in [(1, 2), (4, 6), (2, 4)] {
            areas.add(area(start, end)).unwrap();
        }
        assert_eq!(shown(&areas), [(1, 6, true)]);
        assert_eq!(areas.reserved_pages(), 5);
    }

    #[test]
    fn a_hole_makes_two() {
        let mut areas = Areas::new();
        areas.add(area(1, 9)).unwrap();
        areas.remove(3 * PAGE, 5 * PAGE).unwrap();
        assert_eq!(shown(&areas), [(1, 3, true), (5, 9, true)]);
        assert!(areas.find(3 * PAGE).is_none() && areas.find(5 * PAGE - 1).is_none());
        assert_eq!(areas.find(5 * PAGE).map(|area| area.start), Some(5 * PAGE));
    }

    #[test]
    fn protection_changes_for_part_of_an_area_and_back() {
        let mut areas = Areas::new();
        areas.add(area(1, 9)).unwrap();
        areas.protect(3 * PAGE, 5 * PAGE, READ).unwrap();
        assert_eq!(shown(&areas), [(1, 3, true), (3, 5, false), (5, 9, true)]);
        areas.protect(3 * PAGE, 5 * PAGE, WRITE).unwrap();
        assert_eq!(shown(&areas), [(1, 9, true)]);
        assert_eq!(areas.protect(8 * PAGE, 10 * PAGE, READ), Err(AreaError::NotMapped));
    }

    #[test]
    fn what_is_added_replaces_what_was_there() {
        let mut areas = Areas::new();
        areas.add(area(1, 9)).unwrap();
        areas.add(Area { protection: READ, ..area(2, 4) }).unwrap();
        assert_eq!(shown(&areas), [(1, 2, true), (2, 4, false), (4, 9, true)]);
    }

    #[test]
    fn gaps_are_found_from_the_top() {
        let mut areas = Areas::new();
        assert_eq!(areas.find_gap(2 * PAGE, 0, 100 * PAGE), Some(98 * PAGE));
        areas.add(area(98, 100)).unwrap();
        areas.add(area(90, 96)).unwrap();
        assert_eq!(areas.find_gap(2 * PAGE, 0, 100 * PAGE), Some(96 * PAGE));
        assert_eq!(areas.find_gap(3 * PAGE, 0, 100 * PAGE), Some(87 * PAGE));
        assert_eq!(areas.find_gap(88 * PAGE, 4 * PAGE, 100 * PAGE), None);
        // What lies above the top is not in the way.
        areas.add(area(200, 300)).unwrap();
        assert_eq!(areas.find_gap(2 * PAGE, 0, 100 * PAGE), Some(96 * PAGE));
    }

    #[test]
    fn too_many_are_refused() {
        let mut areas = Areas::new();
        for index in 0..MOST as u64 {
            areas.add(area(2 * index, 2 * index + 1)).unwrap();
        }
        assert_eq!(areas.add(area(1000, 1001)), Err(AreaError::TooMany));
    }

    #[test]
    fn a_range_must_be_one() {
        assert_eq!(pages(PAGE, 1, 10 * PAGE), Some((PAGE, 2 * PAGE)));
        assert_eq!(pages(1, 1, 10 * PAGE), None);
        assert_eq!(pages(PAGE, 0, 10 * PAGE), None);
        assert_eq!(pages(PAGE, u64::MAX, 10 * PAGE), None);
        assert_eq!(pages(9 * PAGE, 2 * PAGE, 10 * PAGE), None);
    }
}
