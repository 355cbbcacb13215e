//! Any text as the file of a user, a group or a calendar, as somebody may push it; what reads is changed and reads again.
#![no_main]

use caldav::repository::collection::CollectionFile;
use caldav::repository::group::Group;
use caldav::repository::user::{self, User};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    if let Ok(file) = CollectionFile::parse(text) {
        let written = file.write_into(text);
        assert_eq!(CollectionFile::parse(&written).expect("what is written reads"), file);
        assert_eq!(CollectionFile::parse(&file.write_into("")).expect("what is written anew reads"), file);
    }
    if User::parse(text).is_ok() {
        let named = user::set_display_name(text, Some("Somebody \"else\"")).expect("a good file can be changed");
        let named = User::parse(&named).expect("what is written reads");
        assert_eq!(named.display_name.as_deref(), Some("Somebody \"else\""));
    }
    let _ = Group::parse(text);
});
