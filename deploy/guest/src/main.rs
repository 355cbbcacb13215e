//! The guest kernel: boots one static executable in a virtual machine, in ring 3, and serves the few system calls that
//! a service makes. The files in the order in which they run: `start`, `boot`, `space`, `traps`, `clock`, `interrupts`,
//! `virtio`, `entropy`, `exec`, and from then on `syscalls`. README.md has the whole story.

#![no_std]
#![no_main]

mod boot;
mod clock;
mod console;
mod entropy;
mod exec;
mod interrupts;
mod kernel;
mod machine;
mod memory_functions;
mod net;
mod physical;
mod power;
mod space;
mod start;
mod syscalls;
mod traps;
mod virtio;
mod wait;

use core::panic::PanicInfo;

/// A mistake of the kernel's.
#[panic_handler]
fn panic(information: &PanicInfo<'_>) -> ! {
    give_up!(power::FAULT, "the kernel failed: {information}")
}
