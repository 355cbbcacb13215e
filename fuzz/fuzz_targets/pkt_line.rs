//! Any octets as what a git server says, to a fetch and to a push.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = gitstore::fuzzing::fetch_conversation(octets);
    let _ = gitstore::fuzzing::push_conversation(octets);
});
