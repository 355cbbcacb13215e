//! Any octets as a packfile, with a right checksum behind them so that more than the checksum is tried.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sha1::Digest;

fuzz_target!(|octets: &[u8]| {
    let _ = gitstore::fuzzing::pack(octets);
    let body = &octets[..octets.len().saturating_sub(20)];
    let _ = gitstore::fuzzing::pack(&[body, &sha1::Sha1::digest(body)].concat());
    if let Ok(path) = std::str::from_utf8(octets) {
        gitstore::fuzzing::paths(path);
    }
});
