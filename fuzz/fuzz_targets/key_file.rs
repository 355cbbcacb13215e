//! Any octets as a key file.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = dns::zonefile::parse_keys("_keys", octets);
});
