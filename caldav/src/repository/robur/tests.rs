//! Repositories as robur's server writes them, and what they become.

use bytes::Bytes;
use gitstore::{Edit, Snapshot};
use proptest::prelude::*;

use super::*;
use crate::repository::collection::{Access, CollectionFile, Grantee};
use crate::repository::group::Group;
use crate::repository::user::User;

const ICS: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n";

/// Of the password `secret`.
const PASSWORD: &str = "((io:robur:webdav password) (() ((Pcdata \"0J5nM9VZzWmvp/R3ZgC7G4t+WF8Ouhty+kGo8dBjK8A=\"))))
 ((io:robur:webdav salt) (() ((Pcdata c2FsdA==))))";

fn prop(entries: &str) -> String {
    format!("(((io:robur:webdav prop_version) (() ((Pcdata 2))))\n {entries})")
}

fn text(namespace: &str, name: &str, text: &str) -> String {
    format!("(({namespace} {name}) (() ((Pcdata \"{text}\"))))\n ")
}

fn principal(more: &str) -> String {
    prop(&format!("((DAV: resourcetype) (() ((Node DAV: collection () ()) (Node DAV: principal () ())))) {more}"))
}

fn hrefs(property: &str, names: &[&str]) -> String {
    let hrefs: String = names.iter().map(|name| format!("(Node DAV: href () ((Pcdata /principals/{name})))")).collect();
    format!("((DAV: {property}) (() ({hrefs})))")
}

fn grant(principal: &str, privileges: &[&str]) -> String {
    let privileges: String = privileges.iter().map(|name| format!("(Node DAV: {name} () ())")).collect();
    let principal = match principal {
        "all" => "(Node DAV: all () ())".to_owned(),
        name => format!("(Node DAV: href () ((Pcdata /principals/{name}/)))"),
    };
    format!(
        "(Node DAV: ace () ((Node DAV: principal () ({principal})) \
         (Node DAV: grant () ((Node DAV: privilege () ({privileges}))))))"
    )
}

fn calendar(entries: &[String], more: &str) -> String {
    let entries = entries.concat();
    prop(&format!(
        "((DAV: acl) (() ({entries}))) ((DAV: resourcetype) (() ((Node DAV: collection () ()) \
         (Node urn:ietf:params:xml:ns:caldav calendar () ())))) {more}"
    ))
}

fn object(name: &str) -> String {
    prop(&format!(
        "((DAV: acl) (() ((Node DAV: ace () ((Node DAV: principal () ((Node DAV: all () ()))) \
         (Node DAV: inherited () ((Node DAV: href () ((Pcdata /calendars/alice/)))))))))) {}{}",
        text("DAV:", "displayname", &format!("/calendars/alice/{name}")),
        text("DAV:", "getcontentlength", "9")
    ))
}

fn repository(more: &[(&str, String)]) -> Edit {
    let all = ["all"];
    let base = [
        ("README.md", "ours\n".to_owned()),
        ("principals/.prop", prop("")),
        ("principals/root/.prop", principal(PASSWORD)),
        ("principals/alice/.prop", principal(&format!("{PASSWORD} {}", hrefs("group-membership", &["staff"])))),
        ("principals/bob/.prop", principal(PASSWORD)),
        ("principals/staff/.prop", principal(&hrefs("group-member-set", &["alice", "bob"]))),
        (
            "calendars/.prop",
            calendar(&[grant("root", &all), grant("all", &["read", "bind", "unbind"])], "")
                .replace("caldav calendar", "caldav x"),
        ),
        (
            "calendars/alice/.prop",
            calendar(
                &[
                    grant("alice", &all),
                    grant("bob", &["read"]),
                    grant("staff", &["read", "write"]),
                    grant("all", &["read"]),
                ],
                &format!(
                    "{}{}{}((http://example.com/ x) ((((http://www.w3.org/XML/1998/namespace lang) de)) \
                     ((Pcdata \"a & b\") (Node http://example.com/ y () ()))))",
                    text("DAV:", "displayname", "Alice's \\\"own\\\""),
                    text("http://apple.com/ns/ical/", "calendar-color", "#112233"),
                    text("http://apple.com/ns/ical/", "calendar-order", "first"),
                ),
            ),
        ),
        ("calendars/alice/1.ics", ICS.to_owned()),
        ("calendars/alice/1.ics.prop", object("1.ics")),
        ("calendars/alice/Team%20lunch.ics", ICS.to_owned()),
    ];
    let files = base.iter().chain(more).map(|(path, text)| (*path, Bytes::copy_from_slice(text.as_bytes())));
    // The last of a path counts.
    let files: BTreeMap<&str, Bytes> = files.collect();
    Snapshot::of_files(files).unwrap().edit()
}

fn read(edit: &Edit, path: &str) -> String {
    String::from_utf8(edit.read(path).unwrap_or_else(|error| panic!("{error}")).to_vec()).unwrap()
}

fn paths(edit: &mut Edit) -> Vec<String> {
    let empty = Snapshot::of_files::<&str>([]).unwrap();
    edit.tree().changed_paths(&empty).into_iter().map(|change| change.path).collect()
}

#[test]
fn a_repository_is_migrated() {
    let mut edit = repository(&[]);
    let report = migrate(&mut edit).unwrap();
    assert_eq!(
        paths(&mut edit),
        [
            "README.md",
            "calendars/alice/alice/.calendar.toml",
            "calendars/alice/alice/1.ics",
            "calendars/alice/alice/Team lunch.ics",
            "groups/staff.toml",
            "users/alice.toml",
            "users/bob.toml",
            "users/root.toml",
        ]
    );
    assert_eq!(read(&edit, "calendars/alice/alice/1.ics"), ICS);
    assert_eq!(report.problems, ["group staff counts bob, who does not know of it; not a member"]);
    assert_eq!(report.objects, 2);
    assert!(edit.message().starts_with("Migrate from robur's CalDAV server\n\nuser alice, member of staff\n"));

    let user = User::parse(&read(&edit, "users/alice.toml")).unwrap();
    assert_eq!(user.groups, ["staff"]);
    assert!(!user.administrator && user.password.is_some());
    assert!(User::parse(&read(&edit, "users/root.toml")).unwrap().administrator);
    assert_eq!(Group::parse(&read(&edit, "groups/staff.toml")).unwrap(), Group::default());
}

#[test]
fn properties_and_grants_of_a_calendar_are_translated() {
    let mut edit = repository(&[]);
    migrate(&mut edit).unwrap();
    let file = CollectionFile::parse(&read(&edit, "calendars/alice/alice/.calendar.toml")).unwrap();
    assert_eq!(file.display_name.as_deref(), Some("Alice's \"own\""));
    assert_eq!(file.color.as_deref(), Some("#112233"));
    assert_eq!(file.order, None, "what is no number stays a dead property");
    let shares: Vec<_> = file.shares.into_iter().map(|share| (share.grantee, share.access)).collect();
    assert_eq!(
        shares,
        [
            (Grantee::User("bob".to_owned()), Access::Read),
            (Grantee::Group("staff".to_owned()), Access::ReadWrite),
            (Grantee::Everyone, Access::Read)
        ]
    );
    let names: Vec<&str> = file.properties.iter().map(|property| property.name.as_str()).collect();
    assert_eq!(names, ["calendar-order", "x"]);
    assert_eq!(file.properties[1].language.as_deref(), Some("de"));
    assert!(file.properties[1].value.starts_with("a &amp; b<"), "{}", file.properties[1].value);
    assert!(file.member_properties.is_empty(), "{:?}", file.member_properties);
}

#[test]
fn broken_files_and_unknown_versions_are_reported_and_kept() {
    let mut edit = repository(&[
        ("principals/bob/.prop", "(((DAV: x)\n (y".to_owned()),
        ("principals/carol/.prop", "(((io:robur:webdav prop_version) (() ((Pcdata 3)))))".to_owned()),
        ("calendars/alice/.prop", "(\n(x))".to_owned()),
        ("calendars/alice/1.ics.prop", "\"".to_owned()),
        ("calendars/alice/gone.ics.prop", prop("")),
        ("calendars/alice/notes.txt", "hello".to_owned()),
        ("calendars/odd", ICS.to_owned()),
    ]);
    let report = migrate(&mut edit).unwrap();
    assert_eq!(
        report.problems,
        [
            "principals/bob/.prop: line 2: the file ends early; there is no user or group bob",
            "principals/carol/.prop: line 1: the version \"3\" of this format is not known; there is no user or group carol",
            "group staff counts bob, who is no user; not a member",
            "calendars/odd has no counterpart",
            "calendars/alice/1.ics.prop: line 1: a quoted text has no end",
            "calendars/alice/notes.txt is no calendar object",
            "calendars/alice/.prop: line 2: a list of 2 was expected instead of one of 1; only alice sees the calendar",
            "calendars/alice/gone.ics.prop describes no file",
        ]
    );
    let aside: Vec<String> = paths(&mut edit).into_iter().filter(|path| path.starts_with(UNTRANSLATED)).collect();
    let expected = [
        "calendars/alice/.prop",
        "calendars/alice/1.ics.prop",
        "calendars/alice/gone.ics.prop",
        "calendars/alice/notes.txt",
        "calendars/odd",
        "principals/bob/.prop",
        "principals/carol/.prop",
    ];
    assert_eq!(aside, expected.map(|path| format!("{UNTRANSLATED}/{path}")));
    assert!(paths(&mut edit).iter().all(|path| !path.ends_with(".prop") || path.starts_with(UNTRANSLATED)));
    assert!(edit.read("calendars/alice/alice/1.ics").is_ok(), "the objects are there all the same");
}

#[test]
fn a_calendar_goes_to_its_owner() {
    let all = ["all"];
    let owner = |entries: &[String], more: &[(&str, String)]| {
        let files = [&[("calendars/work/.prop", calendar(entries, ""))], more].concat();
        let mut edit = repository(&files);
        let report = migrate(&mut edit).unwrap();
        let step = report.steps.into_iter().find(|step| step.starts_with("calendars/work ")).unwrap();
        let problem = report.problems.into_iter().find(|problem| problem.starts_with("calendars/work "));
        (step, problem.unwrap_or_default())
    };
    let (step, problem) = owner(&[grant("root", &all), grant("bob", &all)], &[]);
    assert_eq!(step, "calendars/work to calendars/bob/work, 0 objects, read-write for root");
    assert_eq!(problem, "");
    let (step, problem) = owner(&[grant("bob", &all), grant("alice", &all)], &[]);
    assert_eq!(step, "calendars/work to calendars/bob/work, 0 objects, read-write for alice");
    assert_eq!(problem, "calendars/work has several owners; bob is now, not alice");
    let (step, problem) = owner(&[grant("staff", &all)], &[]);
    assert_eq!(step, "calendars/work to calendars/root/work, 0 objects, read-write for the group staff");
    assert_eq!(problem, "calendars/work has no owner; root is now");
    let work = ("principals/work/.prop", principal(PASSWORD));
    let (step, _) = owner(&[grant("bob", &["read"])], &[work]);
    assert_eq!(step, "calendars/work to calendars/work/work, 0 objects, read for bob");
}

#[test]
fn what_has_no_counterpart_is_said() {
    let entries = [grant("alice", &["all"]), grant("bob", &["write"]), grant("eve", &["read"])];
    let deny = grant("bob", &["read"]).replace("DAV: grant", "DAV: deny");
    let mut edit = repository(&[
        ("calendars/alice/.prop", calendar(&[entries.concat(), deny], "")),
        ("calendars/alice/1.ics.prop", prop(&format!("((DAV: acl) (() ({})))", grant("bob", &["read"])))),
        ("principals/.prop", prop(&hrefs("x", &[]).replace("DAV: x", "io:robur:webdav x"))),
        ("principals/inbox/.prop", principal(PASSWORD)),
        ("principals/bob/.prop", principal(&text(ROBUR, "password", "x"))),
    ]);
    let report = migrate(&mut edit).unwrap();
    for expected in [
        "calendars/alice: write granted to bob is nothing here",
        "calendars/alice: read granted to eve has no counterpart",
        "calendars/alice: what is denied to bob has no counterpart",
        "calendars/alice/1.ics had an access list of its own; now it has its calendar's",
        "principals/inbox: the name \"inbox\" is reserved",
        "user bob: the password lacks its salt, and has to be set anew",
    ] {
        assert!(report.problems.iter().any(|problem| problem == expected), "{expected} in {:#?}", report.problems);
    }
}

#[test]
fn calendars_in_folders_stand_side_by_side_afterwards() {
    let all = [grant("bob", &["all"])];
    let mut edit = repository(&[
        ("calendars/team/.prop", calendar(&[], "").replace("caldav calendar", "caldav x")),
        ("calendars/team/a/.prop", calendar(&all, "")),
        ("calendars/team-a/.prop", calendar(&all, "")),
        ("calendars/team-a/x", ICS.to_owned()),
    ]);
    let report = migrate(&mut edit).unwrap();
    assert_eq!(read(&edit, "calendars/bob/team-a/x"), ICS);
    assert_eq!(read(&edit, "calendars/bob/team-a-2/.calendar.toml"), "");
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
}

#[test]
fn what_is_not_roburs_is_left_alone() {
    let mut ours = Snapshot::of_files([("users/alice.toml", Bytes::new())]).unwrap().edit();
    assert_eq!(migrate(&mut ours), Err(MigrateError::AlreadyOurs));
    let mut other = Snapshot::of_files([("calendars/a/b/1.ics", Bytes::from(ICS))]).unwrap().edit();
    assert_eq!(migrate(&mut other), Err(MigrateError::NotRobur));
}

proptest! {
    #[test]
    fn no_octets_make_the_reader_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Properties::parse(&octets);
    }

    #[test]
    fn no_damage_makes_the_reader_panic(at in 0_usize..400, octet in any::<u8>()) {
        let mut text = calendar(&[grant("alice", &["all"])], PASSWORD).into_bytes();
        let at = at % text.len();
        text[at] = octet;
        let _ = Properties::parse(&text);
    }
}
