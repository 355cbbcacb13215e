//! Any updates, carried out by the pseudo-code of RFC 2136 section 3.4.2.7 over a plain list of records, come to the
//! same.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// The pseudo-code of RFC 2136 section 3.4.2.7 over a plain list of records.
fn by_the_book(zone: &mut Vec<Record>, update: &MessageRecord) {
    let MessageRecord { owner, rtype, class, ttl, rdata } = update.clone();
    let apex = owner == example();
    let here = |record: &Record| record.owner == owner && record.rtype == rtype;
    let has = |zone: &[Record], wanted: &dyn Fn(&Record) -> bool| zone.iter().any(wanted);
    let apex_type = rtype == RecordType::SOA || rtype == RecordType::NS;
    match class {
        Class::IN => {
            let rdata = rdata.unwrap();
            let cname = rtype == RecordType::CNAME;
            if has(zone, &|other| other.owner == owner && (other.rtype == RecordType::CNAME) != cname) {
                return;
            }
            if rtype == RecordType::SOA {
                let Some(old) = zone.iter().find(|record| here(record)) else { return };
                let serial = |rdata: &crate::Rdata| Soa::decode(rdata).unwrap().serial;
                if !serial(&rdata).is_after(serial(&old.rdata)) {
                    return;
                }
            }
            zone.retain(|record| !here(record) || !(cname || rtype == RecordType::SOA || record.rdata == rdata));
            zone.push(Record { owner: owner.clone(), rtype, ttl, rdata });
            zone.iter_mut().filter(|record| here(record)).for_each(|record| record.ttl = ttl);
        }
        Class::ANY if rtype == RecordType::ANY => zone.retain(|record| {
            record.owner != owner || apex && (record.rtype == RecordType::SOA || record.rtype == RecordType::NS)
        }),
        Class::ANY if apex && apex_type => {}
        Class::ANY => zone.retain(|record| !here(record)),
        _ => {
            let last = zone.iter().filter(|record| here(record)).count() == 1;
            if rtype != RecordType::SOA && !(apex && rtype == RecordType::NS && last) {
                zone.retain(|record| !here(record) || Some(&record.rdata) != rdata.as_ref());
            }
        }
    }
}

fn any_line() -> impl Strategy<Value = String> {
    let owner = select(vec!["@", "www", "alias", "sub", "new", "a.deep", "deep", "*"]);
    let data = select(vec![
        "A 192.0.2.10",
        "A 192.0.2.12",
        "TXT hello",
        "CNAME www",
        "CNAME ns1",
        "NS ns1",
        "NS ns2.example.net.",
        "MX 10 mail",
        "SOA ns1 admin 6 1 1 1 1",
        "SOA ns1 admin 9 1 1 1 1",
        "SOA ns1 admin 12 1 1 1 1",
    ]);
    (owner, data, select(vec![60, 300]), 0..4).prop_map(|(owner, data, ttl, verb)| match verb {
        0 | 1 => format!("add {owner} {ttl} {data}"),
        2 => format!("delete {owner} {data}"),
        _ if ttl == 60 => format!("delete {owner}"),
        _ => format!("delete {owner} {}", data.split(' ').next().unwrap()),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Two updates in a row come to what the pseudo-code comes to, and the second starts where the first ended.
    #[test]
    fn section_3_4_2_7_pseudo_code(updates in vec(vec(any_line(), 0..8), 2)) {
        let mut zones = zones();
        for lines in updates {
            let request = message("example.com", &lines.join("\n"));
            let before = zones.get(&example()).unwrap().clone();
            let mut expected: Vec<Record> = before.records().collect();
            request.authorities.iter().for_each(|update| by_the_book(&mut expected, update));
            expected.sort();
            let mut unchanged: Vec<Record> = before.records().collect();
            unchanged.sort();
            let outcome = run_all(&zones, &request).unwrap();
            if expected == unchanged {
                prop_assert!(outcome.changes.is_empty());
                continue;
            }
            let change = &outcome.changes[0];
            check(&before, change);
            let mut after: Vec<Record> = change.after.records().collect();
            if let Some(soa) = expected.iter_mut().find(|record| **record == before.soa_record()) {
                soa.rdata = Soa { serial: before.serial().next(), ..before.soa() }.encode();
                expected.sort();
            }
            after.sort();
            prop_assert_eq!(&after, &expected);
            zones = zones.with(change.after.clone());
        }
    }
}
