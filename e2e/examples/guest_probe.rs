//! A small program that a test boots in a virtual machine: it does what services do, and what they must not.
//!
//! Its arguments say what, in order; each prints one line. It answers ARP and UDP echo on the network device.

#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs)]

fn main() {
    println!("hello");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let start = std::time::Instant::now();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        println!("slept {:?}", start.elapsed());
    });
    std::process::exit(7);
}
