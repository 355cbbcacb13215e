//! Trees one after the other, and what they mean.

use bytes::Bytes;
use dns::message::{Header, Message, MessageRecord, Opcode, Question};
use dns::update::{self, Options};
use dns::zonefile::{self, rdata_text};
use dns::{Class, Name, RecordType, Serial};
use gitstore::Snapshot;

use super::{Event, PlanError, PlannedChange, Repository};

const ZONE: &str = "@ 60 SOA ns1 root 1 2 3 4 5\n@ 60 NS ns1\nns1 60 A 127.0.0.1\n";
const KEY: &str = "a._update.example.com. DNSKEY 0 3 163 c2VjcmV0\n";

fn tree(files: &[(&str, &str)]) -> Snapshot {
    Snapshot::of_files(files.iter().map(|(path, text)| (*path, Bytes::copy_from_slice(text.as_bytes())))).unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn serial(repository: &Repository, apex: &str) -> Option<u32> {
    repository.zones().get(&name(apex)).map(|zone| zone.serial().0)
}

fn with_serial(serial: u32, more: &str) -> String {
    format!("{}{more}", ZONE.replace(" 1 2 3", &format!(" {serial} 2 3")))
}

fn add(owner: &str, address: &str) -> Message {
    let mut message = Message::new(Header::request(1, Opcode::UPDATE));
    message.questions.push(Question { name: name("example.com"), rtype: RecordType::SOA, class: Class::IN });
    let rdata = rdata_text::parse(RecordType::A, address, &Name::root()).ok();
    let record = MessageRecord { owner: name(owner), rtype: RecordType::A, class: Class::IN, ttl: 60, rdata };
    message.authorities.push(record);
    message
}

fn change(repository: &Repository, message: &Message) -> Result<(super::Plan, Vec<Name>), PlanError> {
    let outcome = update::run(repository.zones_in_files(), message, &|_| true, &Options::default()).unwrap();
    let apexes = outcome.changes.iter().map(|change| change.apex.clone()).collect();
    repository.plan(outcome.changes).map(|plan| (plan, apexes))
}

#[test]
fn zones_and_keys_are_found_and_the_rest_is_left_alone() {
    let files =
        [("example.com", ZONE), ("_keys", KEY), ("README.md", "# zones"), ("sub/example.net", ZONE), (".x", "")];
    let advanced = Repository::default().advance(&tree(&files));
    assert_eq!(serial(&advanced.repository, "example.com"), Some(1));
    assert_eq!(advanced.repository.zones().len(), 1);
    assert_eq!(advanced.repository.keys().len(), 1);
    assert!(
        advanced.events.contains(&Event::Ignored { path: "README.md".into(), reason: "it has no SOA record".into() })
    );
    assert!(!advanced.events.iter().any(Event::is_trouble));
}

#[test]
fn a_zone_file_breaks_then_heals() {
    let good = Repository::default().advance(&tree(&[("example.com", ZONE)])).repository;
    let broken = good.advance(&tree(&[("example.com", "@ 60 SOA ns1\n")]));
    assert_eq!(serial(&broken.repository, "example.com"), Some(1));
    let Event::Refused { diagnostics, still, .. } = &broken.events[0] else { panic!("{:?}", broken.events) };
    assert_eq!(*still, Some(Serial(1)));
    assert!(diagnostics[0].to_string().starts_with("example.com:1:"), "{diagnostics:?}");
    assert_eq!(broken.repository.refused(), 1);
    let healed = broken.repository.advance(&tree(&[("example.com", &with_serial(2, ""))])).repository;
    assert_eq!((serial(&healed, "example.com"), healed.refused()), (Some(2), 0));
}

#[test]
fn an_emptied_file_of_a_zone_is_broken_and_a_removed_one_is_gone() {
    let good = Repository::default().advance(&tree(&[("example.com", ZONE)])).repository;
    assert_eq!(serial(&good.advance(&tree(&[("example.com", "")])).repository, "example.com"), Some(1));
    let gone = good.advance(&tree(&[("other", "")]));
    assert_eq!(serial(&gone.repository, "example.com"), None);
    assert_eq!(gone.events[0], Event::Removed { apex: name("example.com") });
}

#[test]
fn a_serial_that_did_not_advance_holds_the_zone_back_until_it_does() {
    let first = Repository::default().advance(&tree(&[("example.com", &with_serial(7, ""))])).repository;
    for pushed in [7, 3] {
        let files = tree(&[("example.com", &with_serial(pushed, "new 60 A 192.0.2.1\n"))]);
        let held = first.advance(&files).repository;
        assert_eq!(serial(&held, "example.com"), Some(7));
        assert!(held.zones().get(&name("example.com")).unwrap().node(&name("new.example.com")).is_none());
        let changes = held.advance_serials(&[name("example.com")]);
        let plan = held.plan(changes).unwrap();
        let PlannedChange::Edit(edit) = &plan.changes[0] else { panic!("an edit") };
        assert_eq!(edit.splices.len(), 1, "only the digits of the serial");
        let served = plan.finish(files);
        assert_eq!(serial(&served, "example.com"), Some(8));
        assert!(served.zones().get(&name("example.com")).unwrap().node(&name("new.example.com")).is_some());
    }
}

#[test]
fn serials_wrap_around() {
    let first = Repository::default().advance(&tree(&[("example.com", &with_serial(u32::MAX, ""))])).repository;
    let next = first.advance(&tree(&[("example.com", &with_serial(1, "new 60 A 192.0.2.1\n"))])).repository;
    assert_eq!(serial(&next, "example.com"), Some(1));
}

#[test]
fn another_spelling_of_the_same_content_is_no_change() {
    let first = Repository::default().advance(&tree(&[("example.com", ZONE)])).repository;
    let advanced = first.advance(&tree(&[("example.com", &format!("; a comment\n{ZONE}"))]));
    assert!(advanced.events.is_empty(), "{:?}", advanced.events);
}

#[test]
fn an_update_of_a_zone_that_is_held_back_comes_after_what_is_served() {
    let first = Repository::default().advance(&tree(&[("example.com", &with_serial(7, ""))])).repository;
    let files = tree(&[("example.com", &with_serial(3, "new 60 A 192.0.2.1\n"))]);
    let held = first.advance(&files).repository;
    let (plan, _) = change(&held, &add("more.example.com", "192.0.2.2")).unwrap();
    assert_eq!(serial(&plan.finish(files), "example.com"), Some(8));
}

#[test]
fn two_files_of_one_zone_are_one_too_many() {
    let both = [("EXAMPLE.com", ZONE), ("example.com", &with_serial(9, ""))];
    let advanced = Repository::default().advance(&tree(&both));
    assert_eq!(serial(&advanced.repository, "example.com"), Some(1), "the first in the order of names");
    let rival = Event::Rival { path: "example.com".into(), holder: "EXAMPLE.com".into() };
    assert!(advanced.events.contains(&rival));
    let one = advanced.repository.advance(&tree(&both[1..]));
    assert_eq!(serial(&one.repository, "example.com"), Some(9), "it takes the place of the one that went");
}

#[test]
fn a_change_of_an_included_file_is_a_change_of_the_zone() {
    let main = format!("{ZONE}$INCLUDE parts/hosts\n");
    let first = Repository::default().advance(&tree(&[("example.com", &main), ("parts/hosts", "h 60 A 192.0.2.1\n")]));
    let files = [("example.com", main.as_str()), ("parts/hosts", "h 60 A 192.0.2.2\n")];
    let second = first.repository.advance(&tree(&files));
    assert!(matches!(second.events[..], [Event::SerialNotAdvanced { .. }]), "{:?}", second.events);
    let (plan, _) = change(&first.repository, &add("h.example.com", "192.0.2.3")).unwrap();
    let paths = plan.changes.iter().map(|change| match change {
        PlannedChange::Edit(edit) => edit.path.as_str(),
        PlannedChange::Write { path, .. } => path,
    });
    let mut paths: Vec<&str> = paths.collect();
    paths.sort_unstable();
    assert_eq!(paths, ["example.com", "parts/hosts"], "the serial in one, the record in the other");
}

#[test]
fn key_files_are_not_for_zones() {
    let main = format!("{ZONE}$INCLUDE example.com._keys\n");
    let advanced = Repository::default().advance(&tree(&[("example.com", &main), ("example.com._keys", KEY)]));
    assert_eq!(serial(&advanced.repository, "example.com"), None);
    assert_eq!(advanced.repository.keys().len(), 1);
}

#[test]
fn a_typo_that_hides_every_key_hides_none() {
    let first = Repository::default().advance(&tree(&[("_keys", KEY)])).repository;
    assert_eq!(first.advance(&tree(&[("_keys", "((\n")])).repository.keys().len(), 1);
    assert_eq!(first.advance(&tree(&[("_keys", "; none\n")])).repository.keys().len(), 0);
    assert_eq!(first.advance(&tree(&[("other", "")])).repository.keys().len(), 0);
}

#[test]
fn a_key_outside_the_domain_of_its_file_is_refused() {
    let advanced = Repository::default().advance(&tree(&[("example.net._keys", KEY)]));
    assert_eq!(advanced.repository.keys().len(), 0);
    let Event::Keys { problems, .. } = &advanced.events[0] else { panic!("{:?}", advanced.events) };
    assert!(problems[0].starts_with("example.net._keys:1:1: error: "), "{problems:?}");
}

#[test]
fn an_update_of_a_broken_zone_is_refused() {
    let first = Repository::default().advance(&tree(&[("example.com", ZONE)])).repository;
    let broken = first.advance(&tree(&[("example.com", "@ SOA\n")])).repository;
    let refused = change(&broken, &add("h.example.com", "192.0.2.1"));
    assert!(matches!(refused, Err(PlanError::Broken(path)) if path == "example.com"));
}

const CATALOG: &str = "catalog.test";

fn catalog_change(repository: &Repository) -> Option<update::ZoneChange> {
    repository.catalog_change(&name(CATALOG), Serial(1000)).unwrap()
}

/// The repository once its catalog lists what is there, and the file of it.
fn with_catalog(repository: &Repository) -> (Repository, String) {
    let change = catalog_change(repository).unwrap();
    let text = zonefile::print(&change.after);
    let plan = repository.plan(vec![change]).unwrap();
    let snapshot = repository.snapshot().unwrap().clone();
    (plan.finish(snapshot), text)
}

#[test]
fn the_catalog_lists_what_is_there() {
    let first = Repository::default().advance(&tree(&[("example.com", ZONE), ("README", "x")])).repository;
    let (listed, text) = with_catalog(&first);
    assert_eq!(serial(&listed, CATALOG), Some(1000));
    assert!(listed.is_in_catalog(&name(CATALOG), &name("example.com")) && catalog_change(&listed).is_none());
    // One comes, one goes.
    let files = [("example.net", ZONE), (CATALOG, text.as_str())];
    let next = listed.advance(&tree(&files)).repository;
    assert!(!next.is_in_catalog(&name(CATALOG), &name("example.net")));
    let change = catalog_change(&next).unwrap();
    assert_eq!(change.after.serial(), Serial(1001));
    let members = dns::catalog::read(&change.after).unwrap().members;
    assert_eq!(members.keys().map(ToString::to_string).collect::<Vec<_>>(), ["example.net."]);
}

#[test]
fn a_zone_whose_file_broke_stays_in_the_catalog_and_a_broken_catalog_is_left_alone() {
    let first = Repository::default().advance(&tree(&[("example.com", ZONE)])).repository;
    let (_, text) = with_catalog(&first);
    let broken = [("example.com", "@ SOA x\n"), (CATALOG, text.as_str())];
    let fresh = Repository::default().advance(&tree(&broken)).repository;
    assert!(fresh.zones().get(&name("example.com")).is_none() && catalog_change(&fresh).is_none());
    for text in ["@ SOA x\n", "no zone", ZONE] {
        let repository = Repository::default().advance(&tree(&[("example.com", ZONE), (CATALOG, text)])).repository;
        assert!(repository.catalog_change(&name(CATALOG), Serial(1)).is_err(), "{text}");
    }
}
