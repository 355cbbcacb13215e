//! The application's segments and stack, as an operating system would lay them out.
//!
//! What is not writable stays where it was unpacked; what is writable is copied; what is zero comes when touched.

use guest::areas::Protection;
use guest::elf::{Program, Segment};
use guest::paging::{PAGE, page_of};
use guest::start_stack::{self as stack, build};

use crate::give_up;
use crate::machine::cpuid;
use crate::physical;
use crate::power::LACKING;
use crate::space::{Denied, STACK_BOTTOM, STACK_TOP, Space};

/// Where the application begins.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// Its first instruction.
    pub entry: u64,
    /// Its stack pointer.
    pub stack: u64,
}

/// Arguments, pointers to them and the auxiliary vector.
const STACK_CONTENT: usize = 16 << 10;

static mut CONTENT: [u8; STACK_CONTENT] = [0; STACK_CONTENT];

/// Loads the program, whose file lies at the physical address `base`.
pub fn load<'a>(
    space: &mut Space,
    program: &Program<'_>,
    base: u64,
    arguments: impl Iterator<Item = &'a [u8]> + Clone,
    random: [u8; 16],
) -> Start {
    let content = &raw mut CONTENT;
    // SAFETY: this function runs once, and nothing else names the static.
    let content = unsafe { &mut *content };
    let auxiliary = [
        (stack::PROGRAM_HEADERS, program.headers),
        (stack::PROGRAM_HEADER_SIZE, 56),
        (stack::PROGRAM_HEADER_COUNT, u64::from(program.header_count)),
        (stack::PAGE_SIZE, PAGE),
        (stack::ENTRY, program.entry),
        (stack::HARDWARE, u64::from(cpuid(1, 0)[3])),
        (stack::SECURE, 0),
    ];
    let pointer =
        build(content, STACK_TOP, arguments, &auxiliary, random).expect("a command line is shorter than that");
    let loaded = program
        .segments()
        .try_for_each(|segment| load_segment(space, base, &segment))
        .and_then(|()| space.map(Some(STACK_BOTTOM), STACK_TOP - STACK_BOTTOM, READ_WRITE, false).map(|_| ()))
        .and_then(|()| space.write(STACK_TOP - STACK_CONTENT as u64, content));
    if loaded.is_err() {
        give_up!(LACKING, "out of memory: the machine has too little for the application");
    }
    Start { entry: program.entry, stack: pointer }
}

const READ_WRITE: Protection = Protection { read: true, write: true, execute: false };

fn load_segment(space: &mut Space, base: u64, segment: &Segment) -> Result<(), Denied> {
    let start = page_of(segment.address);
    let length = segment.address + segment.size - start;
    let file = base + segment.offset;
    if segment.protection.write {
        space.map(Some(start), length, segment.protection, true)?;
        // SAFETY: inside the file (`Program::parse` has checked it), which nobody writes.
        return space.write(segment.address, unsafe { physical::slice(file, segment.file_size as usize) });
    }
    space.map(Some(start), length, segment.protection, false)?;
    // Zeros behind the file's part of a segment that nobody can write would be strange; there are none, then.
    for offset in (0..segment.address + segment.file_size - start).step_by(PAGE as usize) {
        space.borrow_page(start + offset, page_of(file) + offset, segment.protection)?;
    }
    Ok(())
}
