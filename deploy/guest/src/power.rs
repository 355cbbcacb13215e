//! How the machine ends, and what the host learns of it.

use crate::machine::out8;
use crate::say;

/// The command line cannot be used (EX_USAGE).
pub const USAGE: u8 = 64;
/// The application did what it must not, or the kernel did (EX_SOFTWARE).
pub const FAULT: u8 = 70;
/// The machine lacks what the application needs: memory, a network device, randomness (EX_OSERR).
pub const LACKING: u8 = 71;

/// QEMU's `isa-debug-exit`, where it is by default: QEMU ends with twice the code and one. Not for 0, since 1 is also
/// how QEMU says that it failed itself; it ends with 0 when the machine is reset (`-no-reboot`).
const DEBUG_EXIT: u16 = 0x501;
/// Twice that and one is the largest code that a process has.
const MOST: u8 = 127;
/// The keyboard controller, which Firecracker takes for the reset button.
const KEYBOARD: u16 = 0x64;

/// Ends the machine. The last line on the console has the code.
pub fn exit(code: u8) -> ! {
    say!("exit {code}");
    if code != 0 {
        out8(DEBUG_EXIT, code.min(MOST));
    }
    out8(KEYBOARD, 0xfe);
    loop {
        // SAFETY: an interrupt table of no length makes the trap a triple fault, which resets the machine; where the
        // monitor goes on all the same, the loop does it again.
        unsafe { core::arch::asm!("lidt [{}]", "ud2", in(reg) &[0u64; 2]) }
    }
}

/// Says why and ends the machine.
#[macro_export]
macro_rules! give_up {
    ($code:expr, $($part:tt)*) => {{
        $crate::say!($($part)*);
        $crate::power::exit($code)
    }};
}
