//! The serial line (16550 at 0x3f8), and lines of the kernel's own.

use core::fmt::{self, Write};

use crate::machine::{in8, out8};

const PORT: u16 = 0x3f8;
const LINE_STATUS: u16 = PORT + 5;
const ROOM: u8 = 1 << 5;

/// 115,200 octets a second, eight bits, no interrupts.
pub fn start() {
    for (register, value) in [(1, 0), (3, 0x80), (0, 1), (1, 0), (3, 3), (2, 7)] {
        out8(PORT + register, value);
    }
}

/// Writes octets as they are.
pub fn write(octets: &[u8]) {
    for octet in octets {
        // A monitor without a serial line says that there is room, or never does: the line is then lost, not the
        // machine.
        for _ in 0..100_000 {
            if in8(LINE_STATUS) & ROOM != 0 {
                break;
            }
        }
        out8(PORT, *octet);
    }
}

/// A line of the kernel's.
pub fn say(line: fmt::Arguments<'_>) {
    // Writing to the console cannot fail.
    let _ = writeln!(Console, "guest: {line}");
}

/// Prints a line of the kernel's on the console.
#[macro_export]
macro_rules! say {
    ($($part:tt)*) => { $crate::console::say(format_args!($($part)*)) };
}

struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write(text.as_bytes());
        Ok(())
    }
}
