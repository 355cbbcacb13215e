//! Any octets as a zone file, which may include itself or a small other one; what reads as a zone is edited and
//! printed.
#![no_main]

use bytes::Bytes;
use dns::transfer::Difference;
use dns::zonefile::{self, Files};
use libfuzzer_sys::fuzz_target;

struct Two(Bytes);

impl Files for Two {
    fn read(&self, path: &str) -> Result<Bytes, String> {
        match path {
            "example.com" => Ok(self.0.clone()),
            "other" => Ok(Bytes::from_static(b"o A 192.0.2.9\n")),
            _ => Err("there is no such file".to_owned()),
        }
    }
}

fuzz_target!(|octets: &[u8]| {
    let apex = "example.com".parse().expect("a name");
    let parsed = zonefile::parse("example.com", &apex, &Two(Bytes::copy_from_slice(octets)));
    let (Some(zone), Some(document)) = (parsed.zone, parsed.document) else { return };
    if zone.record_count() > 1000 {
        return;
    }
    let _ = zonefile::print(&zone);
    let soa = zone.soa_record();
    if let Some(record) = zone.records().find(|record| *record != soa) {
        let difference = Difference { removed: vec![record], added: vec![] };
        if zone.apply(&difference).is_ok() {
            let _ = document.edit(&zone, &difference);
        }
    }
});
