//! What the monitor says about the machine, and the order in which the kernel starts.
//!
//! The start info lies anywhere below 4 GiB, perhaps in memory that will be given out: what is needed of it is copied
//! first.

use guest::cmdline::{LONGEST, Words};
use guest::elf::Program;
use guest::epoll::Interests;
use guest::files::Files;
use guest::lz4;
use guest::paging::{PAGE, page_of, page_up};
use guest::payload::{self, Payload};

use crate::kernel::{self, Kernel};
use crate::power::{FAULT, LACKING, USAGE};
use crate::start::DIRECT_SIZE;
use crate::{clock, console, entropy, exec, give_up, interrupts, net, physical, say, space, traps};

const MAGIC: u32 = 0x336e_c578;
const MEMORY: u32 = 1;

/// Physical memory behind the payload.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Its first address, on a page boundary.
    pub start: u64,
    /// The address behind it.
    pub end: u64,
}

/// The words of the command line: static, because they are longer than the stack should bear.
static mut WORDS: Words = Words::new();

/// Entered once, from `start.rs`, with the address of the start info.
#[unsafe(no_mangle)]
extern "C" fn kernel_main(information: u64) -> ! {
    console::start();
    let words = &raw mut WORDS;
    // SAFETY: this function runs once, and nothing else names the static.
    let words = unsafe { &mut *words };
    if field(information, 0, 4) != u64::from(MAGIC) {
        give_up!(FAULT, "this is not a PVH start: no start info");
    }
    let (payload, packed) = payload();
    let line = command_line(field(information, 24, 8));
    if let Err(error) = words.parse(line) {
        give_up!(USAGE, "{error}");
    }
    if words.count() == 0
        && let Err(error) = words.parse(payload.cmdline)
    {
        give_up!(USAGE, "{error}");
    }
    let mut memory = memory(information, payload::ADDRESS + PAGE + payload.packed_length, payload.elf_length);
    let base = memory.start;
    let elf = unpack(packed, payload.elf_length, &mut memory);
    let program = match Program::parse(elf, space::BOTTOM, space::TOP) {
        Ok(program) => program,
        Err(error) => give_up!(USAGE, "{error}"),
    };
    let mut space = space::start(memory);
    traps::start();
    let clock = clock::start();
    let timer = interrupts::start(words.devices(), &clock);
    let found = net::find(words.devices());
    let mut entropy = entropy::start(found.entropy);
    let Some(net) = found.net else {
        give_up!(LACKING, "no network device: the machine needs a virtio-net device on virtio-mmio");
    };
    let arguments = core::iter::once(payload.name).chain(words.iter());
    let mut random = [0; 16];
    entropy.fill(&mut random);
    let start = exec::load(&mut space, &program, base, arguments, random);
    let (frames, free) = space.frames();
    say!("{} KiB of memory, {} KiB free, clock {}", frames * 4, free * 4, clock.name());
    let heap = (program.end, program.end);
    kernel::start(Kernel {
        space,
        clock,
        timer,
        net,
        entropy,
        heap,
        files: Files::new(),
        interests: Interests::new(),
        sealed: false,
        missed: [0; 8],
    });
    traps::enter(start.entry, start.stack)
}

/// The payload's page, and the packed file behind it.
fn payload() -> (Payload<'static>, &'static [u8]) {
    // SAFETY: the monitor has put the image there (or left zeros); nothing is given out of it.
    let page = unsafe { &*physical::frame(payload::ADDRESS) };
    let Some(payload) = Payload::decode(page) else {
        give_up!(USAGE, "there is no application in this image");
    };
    if payload.elf_length.max(payload.packed_length) > DIRECT_SIZE / 4 {
        give_up!(USAGE, "the application is said to be larger than memory");
    }
    // SAFETY: as above.
    (payload, unsafe { physical::slice(payload::ADDRESS + PAGE, payload.packed_length as usize) })
}

/// Unpacks the application to the start of memory, and takes it out of that.
fn unpack(packed: &[u8], length: u64, memory: &mut Memory) -> &'static [u8] {
    // SAFETY: memory behind the payload, which nobody uses yet, and large enough: `memory` has looked.
    let file = unsafe { physical::slice_mut(memory.start, length as usize) };
    if lz4::unpack(packed, file).is_none() {
        give_up!(USAGE, "the application in this image is damaged");
    }
    memory.start = page_up(memory.start + length).unwrap_or(u64::MAX);
    file
}

fn command_line(address: u64) -> &'static [u8] {
    if address == 0 {
        return b"";
    }
    // One octet more than may be: `parse` then says that it is too long.
    let most = (LONGEST as u64 + 1).min(DIRECT_SIZE.saturating_sub(address)) as usize;
    // SAFETY: the monitor's, parsed before any memory is given out.
    let octets = unsafe { physical::slice(address.min(DIRECT_SIZE), most) };
    let length = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
    &octets[..length]
}

/// The memory that the payload ends in, from there on; it must have room for `length` octets and some more.
fn memory(information: u64, payload_end: u64, length: u64) -> Memory {
    let (map, entries) = (field(information, 40, 8), field(information, 48, 4));
    if field(information, 4, 4) < 1 || map == 0 {
        give_up!(LACKING, "the monitor says nothing about memory: no memory map in the start info");
    }
    let range = |index: u64| {
        let entry = map + 24 * index;
        let (start, size) = (field(entry, 0, 8), field(entry, 8, 8));
        (field(entry, 16, 4) == u64::from(MEMORY)).then_some(start..start.saturating_add(size).min(DIRECT_SIZE))
    };
    let home = (0..entries.min(128)).filter_map(range).find(|range| range.contains(&payload::ADDRESS));
    let start = page_up(payload_end).unwrap_or(u64::MAX);
    match home {
        Some(range) if page_of(range.end) > start + length + 64 * PAGE => Memory { start, end: page_of(range.end) },
        _ => give_up!(LACKING, "out of memory: the machine has too little for the application"),
    }
}

/// A number of `size` octets in one of the monitor's tables.
fn field(table: u64, offset: u64, size: usize) -> u64 {
    // SAFETY: the monitor's tables lie below 4 GiB (`slice` checks) and are read before any memory is given out.
    let octets = unsafe { physical::slice(table.saturating_add(offset).min(DIRECT_SIZE), size) };
    octets.iter().rev().fold(0, |sum, octet| sum << 8 | u64::from(*octet))
}
