//! From one world to the next: what is broken hides nothing else, and is looked at again when what was in its way is gone.

use gitstore::Snapshot;

use super::*;

fn event(uid: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n\
         DTSTART:20260301T120000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

fn tree(files: &[(&str, &str)]) -> Snapshot {
    let path = |name: &str| format!("calendars/alice/work/{name}");
    Snapshot::of_files(files.iter().map(|(name, text)| (path(name), text.as_bytes().to_vec().into()))).unwrap()
}

/// The UIDs of the members, by name, after one tree has followed the other.
fn uids(trees: &[Snapshot]) -> (Vec<(String, String)>, Vec<String>) {
    let parser = Parser::default();
    let world = trees.iter().fold(World::empty(), |world, tree| world.advance(tree, &parser).world);
    let collection = world.collection("calendars/alice/work").unwrap();
    let uid = |member: &Arc<Member>| member.object.as_ref().unwrap().uid();
    let members: Vec<_> = collection.members().map(|member| (member.name.to_string(), uid(member))).collect();
    for (name, uid) in &members {
        assert_eq!(collection.by_uid(uid).map(|member| &*member.name), Some(name.as_str()), "{uid}");
    }
    (members, world.broken().keys().map(|path| path.rsplit('/').next().unwrap().to_owned()).collect())
}

fn owned(members: &[(&str, &str)]) -> Vec<(String, String)> {
    members.iter().map(|(name, uid)| ((*name).to_owned(), (*uid).to_owned())).collect()
}

#[test]
fn files_may_take_over_uids_of_one_another() {
    let (one, two, three) = (event("1"), event("2"), event("3"));
    let before = tree(&[("a.ics", &one), ("b.ics", &two)]);
    let swapped = tree(&[("a.ics", &two), ("b.ics", &one)]);
    assert_eq!(uids(&[before.clone(), swapped]), (owned(&[("a.ics", "2"), ("b.ics", "1")]), vec![]));
    let moved = tree(&[("a.ics", &two), ("b.ics", &three)]);
    assert_eq!(uids(&[before.clone(), moved]), (owned(&[("a.ics", "2"), ("b.ics", "3")]), vec![]));
    let broken = tree(&[("a.ics", &two), ("b.ics", "nothing")]);
    // The last good version of one does not stay in the way of what is good now.
    assert_eq!(uids(&[before, broken]), (owned(&[("a.ics", "2")]), vec!["b.ics".to_owned()]));
}

#[test]
fn what_is_not_in_the_way_any_more_heals() {
    let one = event("1");
    let twins = tree(&[("a.ics", &one), ("b.ics", &one)]);
    assert_eq!(uids(std::slice::from_ref(&twins)), (owned(&[("a.ics", "1")]), vec!["b.ics".to_owned()]));
    assert_eq!(uids(&[twins, tree(&[("b.ics", &one)])]), (owned(&[("b.ics", "1")]), vec![]));
}

#[test]
fn a_name_that_no_url_leads_to_is_said() {
    let files = [("calendars/alice/a%20b/1.ics", event("1")), ("calendars/alice/work/a%20b.ics", event("2"))];
    let files = files.map(|(path, text)| (path, text.into_bytes().into()));
    let world = World::empty().advance(&Snapshot::of_files(files).unwrap(), &Parser::default()).world;
    let broken: Vec<&str> = world.broken().keys().map(String::as_str).collect();
    assert_eq!(broken, ["calendars/alice/a%20b", "calendars/alice/work/a%20b.ics"]);
    assert!(world.collection("calendars/alice/a%20b").is_none());
}
