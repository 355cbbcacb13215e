//! Any octets as Ethernet frames, each behind two octets of length, to the network stack with a name server on it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| platform::net::fuzzing::frames(octets));
