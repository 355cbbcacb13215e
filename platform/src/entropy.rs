//! Random octets, from the operating system or the guest kernel.

/// Fills an array with random octets.
pub fn octets<const N: usize>() -> [u8; N] {
    let mut octets = [0; N];
    getrandom::fill(&mut octets).expect("the system call for random numbers is there on every kernel we run on");
    octets
}

/// A random number of 16 bits, such as a message's id.
pub fn u16() -> u16 {
    u16::from_ne_bytes(octets())
}

/// A random number of 64 bits, such as a seed.
pub fn u64() -> u64 {
    u64::from_ne_bytes(octets())
}
