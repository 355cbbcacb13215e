//! What a zone holds, and how the next version is made of it.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::testing::{self, record, zone};
use crate::transfer::Difference;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn problems(lines: &str) -> Vec<String> {
    testing::finished("example.", lines).problems.iter().map(|problem| problem.to_string()).collect()
}

fn all_records(zone: &Zone) -> BTreeSet<Record> {
    zone.records().collect()
}

#[test]
fn names_rrsets_and_empty_non_terminals() {
    let zone = zone(
        "example.",
        "www 60 A 192.0.2.1
         WWW 60 A 192.0.2.2
         a.b.c 60 TXT deep
         *.c 60 TXT wild",
    );
    assert_eq!(zone.rrset(&name("Www.Example"), RecordType::A).unwrap().len(), 2);
    assert!(zone.rrset(&name("www.example"), RecordType::TXT).is_none());
    for empty in ["b.c.example", "c.example"] {
        let node = zone.node(&name(empty)).unwrap();
        assert!(node.is_empty() && node.has_children(), "{empty}");
    }
    assert!(zone.node(&name("x.c.example")).is_none());
    assert!(zone.node(&name("org")).is_none());
    assert_eq!((zone.record_count(), zone.name_count()), (6, 6));
    assert_eq!(zone.records().next().unwrap(), zone.soa_record());
    assert_eq!(zone.records().count(), 6);
}

#[test]
fn fatal_problems() {
    let soa = "@ 60 SOA ns root 1 1 1 1 1\n@ 60 NS ns.test.\n";
    for (lines, expected) in [
        (format!("{soa}@ 60 SOA ns root 2 1 1 1 1"), "example. SOA: the zone has more than one SOA record"),
        (format!("{soa}a 60 CNAME b\na 60 TXT x"), "a.example. CNAME: a CNAME record may not stand beside other data"),
        (format!("{soa}a 60 CNAME b\na 60 CNAME c"), "a.example. CNAME: a name may have only one CNAME record"),
        (format!("{soa}a 60 DNAME b\na 60 DNAME c"), "a.example. DNAME: a name may have only one DNAME record"),
        (
            format!("{soa}a 60 DNAME b\na 60 CNAME c"),
            "a.example. CNAME: a CNAME record may not stand beside other data",
        ),
    ] {
        let finished = testing::finished("example.", &lines);
        assert!(finished.zone.is_none());
        assert_eq!(finished.problems[0].to_string(), expected);
    }
    assert!(testing::finished("example.", &format!("{soa}a 60 SOA ns root 2 1 1 1 1")).zone.is_none());
    let without_soa = Zone::builder(name("example.")).finish();
    assert_eq!(without_soa.problems[0].kind, ZoneProblemKind::NoSoa);
}

#[test]
fn warnings_leave_the_zone() {
    for (lines, expected) in [
        ("a 60 A 192.0.2.1\na 61 A 192.0.2.2", "a.example. A: records of one RRset have different TTLs"),
        ("a 60 A 192.0.2.1\nA 60 A 192.0.2.1", "a.example. A: the record stands there twice"),
        ("a 60 DNAME b\nx.y.a 60 TXT hidden", "x.y.a.example. TXT: data below a DNAME record is not visible"),
        ("a 60 NS ns.a\nns.a 60 A 192.0.2.1\nx.a 60 TXT h", "x.a.example. TXT: data below a zone cut is not visible"),
        ("a 60 NS ns.b", "a.example. NS: the record's target is in the zone and has no address"),
        ("a 60 MX 5 b\nb 60 TXT x", "a.example. MX: the record's target is in the zone and has no address"),
        ("a.test. 60 A 192.0.2.1", "a.test. A: the record's owner is not in the zone"),
    ] {
        let finished = testing::finished("example.", lines);
        assert!(finished.zone.is_some());
        assert_eq!(finished.problems.iter().map(|p| p.to_string()).collect::<Vec<_>>(), [expected]);
    }
    assert_eq!(problems("@ 60 SOA ns root 1 1 1 1 1"), ["example.: the zone has no NS record at its apex"]);
    assert_eq!(problems("a 60 MX 5 m.b\n*.b 60 A 192.0.2.1\nc 60 NS ns.c\nd 60 NS x.c"), Vec::<String>::new());
}

#[test]
fn addresses_of_name_servers_elsewhere_are_kept_apart() {
    let zone = zone("example.", "ns.elsewhere.test. 60 A 192.0.2.7\nwww 60 A 192.0.2.1");
    assert_eq!(zone.outside_glue(), [record("ns.elsewhere.test. 60 A 192.0.2.7", &Name::root())]);
    assert_eq!(zone.record_count(), 3);
    let change = Difference { removed: vec![], added: vec![record("x 60 A 192.0.2.1", zone.apex())] };
    assert_eq!(zone.apply(&change).unwrap().outside_glue().len(), 1);
}

#[test]
fn a_change_that_does_not_fit_is_refused() {
    let zone = zone("example.", "a 60 A 192.0.2.1\nb 60 CNAME a");
    let change = |removed: &[&str], added: &[&str]| {
        let records = |lines: &[&str]| lines.iter().map(|line| record(line, zone.apex())).collect();
        let difference = Difference { removed: records(removed), added: records(added) };
        zone.apply(&difference).map(|_| ()).map_err(|problems| problems[0].kind)
    };
    assert_eq!(change(&["a 9 A 192.0.2.1"], &[]), Ok(()));
    assert_eq!(change(&["a 60 A 192.0.2.2"], &[]), Err(ZoneProblemKind::NotThere));
    assert_eq!(change(&[], &["b 60 TXT x"]), Err(ZoneProblemKind::CnameBesideOtherData));
    assert_eq!(change(&["b 60 CNAME a"], &["b 60 TXT x"]), Ok(()));
    assert_eq!(change(&[], &["b.test. 60 TXT x"]), Err(ZoneProblemKind::OutOfZone));
    let soa = zone.soa_record();
    let difference = Difference { removed: vec![soa], added: vec![] };
    assert_eq!(zone.apply(&difference).unwrap_err()[0].kind, ZoneProblemKind::NoSoa);
}

#[test]
fn ten_thousand_names_added_one_by_one() {
    let mut zone = zone("example.", "");
    for number in 0..10_000u32 {
        let line = format!("n{number}.x 60 A 192.0.2.{}", number % 256);
        let added = vec![record(&line, zone.apex())];
        zone = zone.apply(&Difference { removed: vec![], added }).unwrap();
    }
    assert_eq!((zone.record_count(), zone.name_count()), (10_002, 10_002));
    assert!((0..10_000).all(|number| zone.node(&name(&format!("n{number}.X.example"))).is_some()));
    assert!(zone.0.shards.len() > 64);
}

/// Few labels, so that names meet, lie below each other and below wildcards.
fn lines() -> impl Strategy<Value = BTreeSet<String>> {
    let label = prop::sample::select(vec!["a", "b", "*", "c"]);
    let owner = prop::collection::vec(label, 1..4).prop_map(|labels| labels.join("."));
    let data = prop::sample::select(vec!["A 192.0.2.1", "A 192.0.2.2", "TXT x", "NS a", "MX 1 b", "DNAME c"]);
    prop::collection::btree_set((owner, data).prop_map(|(owner, data)| format!("{owner} 60 {data}")), 0..20)
}

proptest! {
    #[test]
    fn a_changed_zone_is_as_one_built_anew(older in lines(), newer in lines()) {
        let text = |lines: &BTreeSet<String>| lines.iter().cloned().collect::<Vec<_>>().join("\n");
        let (older, newer) = (zone("example.", &text(&older)), zone("example.", &text(&newer)));
        let difference = Difference::between(&older, &newer);
        let changed = older.apply(&difference).unwrap();
        prop_assert_eq!(all_records(&changed), all_records(&newer));
        prop_assert_eq!(changed.record_count(), newer.record_count());
        prop_assert_eq!(changed.name_count(), newer.name_count());
        prop_assert!(Difference::between(&changed, &newer).is_empty());
        for node in newer.nodes() {
            let mine = changed.node(&node.name()).unwrap();
            prop_assert_eq!((mine.raw.flags(), mine.raw.children()), (node.raw.flags(), node.raw.children()));
        }
        let trim = |barriers: &[u32]| barriers.iter().rev().skip_while(|n| **n == 0).copied().collect::<Vec<_>>();
        prop_assert_eq!(trim(&changed.0.barriers), trim(&newer.0.barriers));
    }

    #[test]
    fn records_build_the_same_zone(lines in lines()) {
        let first = zone("example.", &lines.into_iter().collect::<Vec<_>>().join("\n"));
        let mut builder = Zone::builder(first.apex().clone());
        for record in first.records() {
            builder.add(record).unwrap();
        }
        let second = builder.finish().zone.unwrap();
        prop_assert_eq!(all_records(&first), all_records(&second));
        prop_assert_eq!(first.records().count(), first.record_count());
    }
}
