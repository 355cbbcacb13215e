//! A program for the guest kernel's tests: std and tokio, as services use them.
//!
//! Its arguments are steps, taken in order; each prints a line. What it tries that it must not ends it, if the kernel
//! is right.

// It talks to the test by its console, and does on purpose what Rust is there to prevent.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, unsafe_code)]

mod memory;
mod misdeeds;
mod net;
mod numbers;

use std::time::{Duration, Instant, SystemTime};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!("probe: ready");
    for step in &arguments[1..] {
        let (name, value) = step.split_once('=').unwrap_or((step, ""));
        let number = value.parse::<usize>().unwrap_or(0);
        match name {
            "arguments" => println!("probe: arguments {arguments:?}"),
            "time" => runtime.block_on(time()),
            "random" => println!("probe: random {} {}", numbers::random(16), numbers::random(300).len()),
            "registers" => println!("probe: registers {}", numbers::registers_survive_system_calls()),
            "allocate" => println!("probe: allocated {}", memory::allocate_and_free(number)),
            "reserve" => println!("probe: reserved {}", memory::reserve(number)),
            "refuse" => println!("probe: refused {}", memory::is_refused(number)),
            "executable" => println!("probe: executable {}", memory::executable_memory()),
            "pointers" => println!("probe: pointers {}", memory::wrong_pointers()),
            "system-call" => println!("probe: system call {}", numbers::system_call(number)),
            "echo" => runtime.block_on(net::echo()),
            "burst" => println!("probe: blocked {} times", runtime.block_on(net::burst(number))),
            "misdeed" => misdeeds::commit(value),
            "exit" => std::process::exit(value.parse().unwrap()),
            "panic" => panic!("as asked"),
            other => println!("probe: unknown step {other}"),
        }
    }
}

/// Timers end in order and not early; the clock goes on.
async fn time() {
    let start = Instant::now();
    let (short, long) = (Duration::from_millis(50), Duration::from_millis(120));
    tokio::join!(tokio::time::sleep(long), tokio::time::sleep(short));
    let (took, now) = (start.elapsed(), SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap());
    println!("probe: time {} after {} ms", now.as_secs(), took.as_millis());
}
