//! The one address space: the kernel in its megabyte, the application from there up to half, physical memory in the
//! other.
//!
//! Text is executable and not writable, data is writable and not executable, for the kernel as for the application. The
//! kernel never follows an address of the application's: it looks the page up and copies through its own window, so
//! that the processor may refuse ring 0 every page of ring 3 (SMAP, SMEP).

use core::ops::Range;

use guest::areas::{Area, AreaError, Areas, Protection};
use guest::frames::{Frames, words};
use guest::paging::{
    self, BORROWED, LARGE, LARGE_PAGE, NO_EXECUTE, PAGE, PRESENT, Table, Tables, UNCACHED, USER, WRITABLE, frame_of,
    page_of,
};

use crate::boot::Memory;
use crate::machine::forget_page;
use crate::power::LACKING;
use crate::start::{self, DIRECT, DIRECT_SIZE};
use crate::{give_up, physical};

/// Where the application may start.
pub const BOTTOM: u64 = 0x20_0000;
/// Where its segments must end.
pub const TOP: u64 = 1 << 40;
/// Its stack ends here.
pub const STACK_TOP: u64 = 0x7fff_ffff_f000;
/// Its stack begins here.
pub const STACK_BOTTOM: u64 = STACK_TOP - (8 << 20);
/// Nothing is ever put between here and the stack.
pub const MAPPINGS_TOP: u64 = STACK_BOTTOM - (1 << 20);

/// What is about to be done to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read it.
    Read,
    /// Write it.
    Write,
    /// Run it.
    Execute,
}

/// Why it cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The application has no such address.
    NotMapped,
    /// It has, but not for that.
    Protected,
    /// No frame is free.
    NoMemory,
}

/// Address space and physical memory.
#[derive(Debug)]
pub struct Space {
    memory: PhysicalMemory,
    root: u64,
    areas: Areas,
}

#[derive(Debug)]
struct PhysicalMemory(Frames<'static>);

impl Tables for PhysicalMemory {
    fn table(&mut self, frame: u64) -> &mut Table {
        // SAFETY: page tables are frames that were taken and never come back; `&mut self` makes this the one reference.
        unsafe { physical::table(frame) }
    }

    fn new_table(&mut self) -> Option<u64> {
        self.new_frame()
    }
}

impl PhysicalMemory {
    /// A frame of zeros.
    fn new_frame(&mut self) -> Option<u64> {
        let frame = self.0.take()?;
        // SAFETY: it was free, so that nobody else has it.
        unsafe { physical::frame(frame) }.fill(0);
        Some(frame)
    }
}

/// Replaces the first page tables.
pub fn start(memory: Memory) -> Space {
    let mut memory = PhysicalMemory(frames(&memory));
    let built = memory.new_frame().and_then(|root| {
        kernel_pages(&mut memory, root)?;
        Some(root)
    });
    let Some(root) = built else { give_up!(LACKING, "out of memory: none is left for page tables") };
    memory.table(root)[paging::index(DIRECT, 4)] = start::direct_third() | PRESENT | WRITABLE;
    // SAFETY: the new tables map the kernel where it runs, its stack, and the window, as the old ones did.
    unsafe { load(root) };
    direct_pages(&memory.0);
    // SAFETY: the same tables again, so that nothing of the window is remembered.
    unsafe { load(root) };
    Space { memory, root, areas: Areas::new() }
}

/// # Safety
/// The tables must map what runs and what it uses.
unsafe fn load(root: u64) {
    // SAFETY: as the caller promises.
    unsafe { core::arch::asm!("mov cr3, {}", in(reg) root, options(nostack, preserves_flags)) }
}

/// The window's address of a device's registers, which are not memory.
pub fn device(address: u64) -> u64 {
    assert!(address < DIRECT_SIZE);
    // SAFETY: the tables of the window are used by nobody else while this runs.
    let tables = unsafe { &mut *(start::direct_tables() as *mut [u64; 2048]) };
    let page = address & !(LARGE_PAGE - 1);
    tables[(page / LARGE_PAGE) as usize] = page | PRESENT | WRITABLE | LARGE | UNCACHED | NO_EXECUTE;
    forget_page(DIRECT + page);
    DIRECT + address
}

/// Takes the bits of the frames from the first of them.
fn frames(memory: &Memory) -> Frames<'static> {
    let count = ((memory.end - memory.start) / PAGE) as usize;
    let bits = words(count);
    let first = page_of(memory.start + bits as u64 * 8 + PAGE - 1);
    // SAFETY: this memory is free, and these octets of it are not among the frames.
    let octets = unsafe { physical::slice_mut(memory.start, bits * 8) };
    // SAFETY: any octets are numbers, and the start of memory is page aligned.
    let (_, bits, _) = unsafe { octets.align_to_mut::<u64>() };
    Frames::new(bits, first, ((memory.end - first) / PAGE) as usize)
}

unsafe extern "C" {
    // Of link.ld; only their addresses mean anything.
    static kernel_start: u8;
    static rodata_start: u8;
    static data_start: u8;
    static kernel_end: u8;
}

/// Each page of the kernel with the rights of its section; none for the pages below its stacks.
fn kernel_pages(memory: &mut PhysicalMemory, root: u64) -> Option<()> {
    let [text, rodata, data, end] = [
        &raw const kernel_start as u64,
        &raw const rodata_start as u64,
        &raw const data_start as u64,
        &raw const kernel_end as u64,
    ];
    let guards = start::guards();
    for page in (text..end).step_by(PAGE as usize).filter(|page| !guards.contains(page)) {
        let rights = match page {
            page if page < rodata => PRESENT,
            page if page < data => PRESENT | NO_EXECUTE,
            _ => PRESENT | WRITABLE | NO_EXECUTE,
        };
        paging::set(memory, root, page, page | rights)?;
    }
    Some(())
}

/// Leaves in the window only memory behind the kernel.
fn direct_pages(frames: &Frames<'_>) {
    let end = frames.end();
    // SAFETY: nothing else uses these tables while this runs; the caller loads CR3 afterwards.
    let tables = unsafe { &mut *(start::direct_tables() as *mut [u64; 2048]) };
    for (index, entry) in tables.iter_mut().enumerate() {
        let page = index as u64 * LARGE_PAGE;
        let memory = page >= BOTTOM && page < end;
        *entry = if memory { page | PRESENT | WRITABLE | LARGE | NO_EXECUTE } else { 0 };
    }
}

impl Space {
    /// How many frames there are, and how many of them are free.
    pub fn frames(&self) -> (usize, usize) {
        (self.memory.0.count(), self.memory.0.free())
    }

    /// Lets the application use a range. `None` in `at`: wherever there is room.
    pub fn map(&mut self, at: Option<u64>, length: u64, protection: Protection, reserve: bool) -> Result<u64, Denied> {
        let length = paging::page_up(length).ok_or(Denied::NoMemory)?;
        let most = (self.memory.0.count() - self.memory.0.count() / 64) as u64;
        let reserved = reserve && protection != Protection::default();
        if reserved && self.areas.reserved_pages() + length / PAGE > most {
            return Err(Denied::NoMemory);
        }
        let gap = || self.areas.find_gap(length, TOP, MAPPINGS_TOP);
        let start = at.or_else(gap).ok_or(Denied::NoMemory)?;
        let end = start.checked_add(length).ok_or(Denied::NoMemory)?;
        self.unmap(start, end)?;
        self.areas.add(Area { start, end, protection, reserved })?;
        Ok(start)
    }

    /// Takes a range away from the application.
    pub fn unmap(&mut self, start: u64, end: u64) -> Result<(), Denied> {
        self.areas.remove(start, end)?;
        self.discard(start, end);
        Ok(())
    }

    /// Forgets what a range holds: it reads as zeros from now on.
    pub fn discard(&mut self, start: u64, end: u64) {
        self.each_page(start, end, |entry| {
            let frame = (*entry & BORROWED == 0).then_some(frame_of(*entry));
            *entry = 0;
            frame
        });
    }

    /// Changes what the application may do to a range.
    pub fn protect(&mut self, start: u64, end: u64, protection: Protection) -> Result<(), Denied> {
        self.areas.protect(start, end, protection)?;
        self.each_page(start, end, |entry| {
            *entry = frame_of(*entry) | (*entry & BORROWED) | rights(protection);
            None
        });
        Ok(())
    }

    /// Maps a page of the payload as it lies there.
    pub fn borrow_page(&mut self, address: u64, frame: u64, protection: Protection) -> Result<(), Denied> {
        let entry = frame | BORROWED | rights(protection);
        paging::set(&mut self.memory, self.root, address, entry).ok_or(Denied::NoMemory)
    }

    /// Makes sure that the page of `address` is there and may be used so. Returns its frame.
    pub fn touch(&mut self, address: u64, access: Access) -> Result<u64, Denied> {
        let area = self.areas.find(address).ok_or(Denied::NotMapped)?;
        let protection = area.protection;
        let allowed = match access {
            Access::Read => protection.read,
            Access::Write => protection.write,
            Access::Execute => protection.execute,
        };
        if !allowed {
            return Err(Denied::Protected);
        }
        let entry = paging::entry(&mut self.memory, self.root, address);
        if entry & PRESENT != 0 {
            return Ok(frame_of(entry));
        }
        let frame = self.memory.new_frame().ok_or(Denied::NoMemory)?;
        let set = paging::set(&mut self.memory, self.root, page_of(address), frame | rights(protection));
        set.map(|()| frame).ok_or(Denied::NoMemory)
    }

    /// Copies from the application's memory.
    pub fn read(&mut self, address: u64, out: &mut [u8]) -> Result<(), Denied> {
        for piece in pieces(address, out.len()) {
            let frame = self.touch(address + piece.start as u64, Access::Read)?;
            // SAFETY: the frame is the application's, which does not run now.
            let octets = unsafe { physical::frame(frame) };
            let offset = ((address + piece.start as u64) % PAGE) as usize;
            out[piece.clone()].copy_from_slice(&octets[offset..offset + piece.len()]);
        }
        Ok(())
    }

    /// Copies into the application's memory, if it may write there.
    pub fn write(&mut self, address: u64, octets: &[u8]) -> Result<(), Denied> {
        for piece in pieces(address, octets.len()) {
            let frame = self.touch(address + piece.start as u64, Access::Write)?;
            // SAFETY: the frame is the application's, which does not run now; borrowed frames are never writable.
            let target = unsafe { physical::frame(frame) };
            let offset = ((address + piece.start as u64) % PAGE) as usize;
            target[offset..offset + piece.len()].copy_from_slice(&octets[piece]);
        }
        Ok(())
    }

    /// Lets `change` look at each page of the range that is there; the frame that it returns is free again.
    fn each_page(&mut self, start: u64, end: u64, mut change: impl FnMut(&mut u64) -> Option<u64>) {
        let mut page = start;
        while page < end {
            match paging::slot(&mut self.memory, self.root, page) {
                // No table: none of its pages is there.
                None => page = (page | (LARGE_PAGE - 1)) + 1,
                Some(entry) => {
                    if *entry & PRESENT != 0 {
                        let free = change(entry);
                        forget_page(page);
                        free.into_iter().for_each(|frame| self.memory.0.give_back(frame));
                    }
                    page += PAGE;
                }
            }
        }
    }
}

impl From<AreaError> for Denied {
    fn from(error: AreaError) -> Denied {
        match error {
            AreaError::TooMany => Denied::NoMemory,
            AreaError::NotMapped => Denied::NotMapped,
        }
    }
}

/// The bits of an entry; a page that nothing may be done to is not there for the processor, but keeps its frame.
fn rights(protection: Protection) -> u64 {
    let bit = |set: bool, bit: u64| if set { bit } else { 0 };
    let any = protection.read || protection.write || protection.execute;
    PRESENT | bit(any, USER) | bit(protection.write, WRITABLE) | bit(!protection.execute, NO_EXECUTE)
}

/// A range of octets, cut at page boundaries.
fn pieces(address: u64, length: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    core::iter::from_fn(move || {
        let in_page = (PAGE - address.wrapping_add(start as u64) % PAGE) as usize;
        let piece = start..length.min(start + in_page);
        start = piece.end;
        (!piece.is_empty()).then_some(piece)
    })
}
