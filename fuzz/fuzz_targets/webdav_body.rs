//! Any octets as the body of a WebDAV request; what reads as XML is read as a filter and written again.
#![no_main]

use caldav::report::filter;
use caldav::webdav::xml;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(element) = xml::parse(octets) else { return };
    let _ = filter::read(&element);
    for child in element.elements() {
        let _ = filter::read(child);
        // Dead properties are kept so, and are given to clients as they are.
        let inner = format!("<a>{}</a>", child.inner_xml());
        let again = xml::parse(inner.as_bytes()).expect("what is kept of a property is XML");
        assert_eq!(again.inner_xml(), child.inner_xml());
    }
});
