//! Random octets for keys and message ids.

use std::fs::File;
use std::io::{self, Read};

/// `N` octets that nobody can guess.
pub fn octets<const N: usize>() -> io::Result<[u8; N]> {
    let mut octets = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut octets)?;
    Ok(octets)
}
