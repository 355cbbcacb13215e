//! Requests, and the files that come of them.

use bytes::Bytes;
use gitstore::{Edit, Snapshot};

use super::*;
use crate::password::testing::cheap;

const SHARED: &str = "display_name = \"Work\"\n\n[[share]]\nwith = \"bob\"\naccess = \"read\"\n\n[[share]]\n# all\n\
                      group = \"staff\"\naccess = \"read-write\"\n";

fn tree(files: &[(&str, &str)]) -> Edit {
    let files = files.iter().map(|(path, text)| (*path, Bytes::copy_from_slice(text.as_bytes())));
    Snapshot::of_files(files).unwrap().edit()
}

fn household() -> Edit {
    tree(&[
        ("users/alice.toml", "# the boss\ngroups = [\"staff\"]\nadministrator = true\n"),
        ("users/bob.toml", "groups = [\"staff\", \"board\"]\n"),
        ("users/broken.toml", "groups = 1\n"),
        ("groups/staff.toml", "display_name = \"Staff\"\n"),
        ("calendars/alice/work/.calendar.toml", SHARED),
        ("calendars/alice/work/1.ics", "BEGIN:VCALENDAR"),
        ("calendars/bob/home/1.ics", "BEGIN:VCALENDAR"),
        ("calendars/bob/bad/.calendar.toml", "x"),
        ("README.md", "ours\n"),
    ])
}

fn text(edit: &Edit, path: &str) -> String {
    String::from_utf8(edit.read(path).unwrap().to_vec()).unwrap()
}

/// The message without the lines that say what was changed.
fn said(edit: &Edit) -> &str {
    edit.message().split("\n\nChanged: ").next().unwrap()
}

fn names(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn a_user_is_made_changed_and_removed() {
    let mut edit = household();
    let change = UserChange {
        display_name: Some("Carol".to_owned()),
        email: Some(names(&["carol@example.org"])),
        password: Some(cheap("x")),
        groups: Some(names(&["board"])),
        ..UserChange::default()
    };
    create_user(&mut edit, "carol", &change, Calendars::Keep).unwrap();
    assert_eq!(said(&edit), "Add the user carol");
    let user = User::parse(&text(&edit, "users/carol.toml")).unwrap();
    assert!(user.password.unwrap().accepts("x") && !user.administrator);
    assert_eq!(members(&mut edit, "board").unwrap().into_iter().collect::<Vec<_>>(), ["bob", "carol"]);

    let password = UserChange { password: Some(cheap("y")), ..UserChange::default() };
    change_user(&mut edit, "alice", &password).unwrap();
    assert_eq!(said(&edit), "Change the password of alice");
    assert!(text(&edit, "users/alice.toml").starts_with("# the boss\n"));
    let nothing = UserChange { display_name: Some(String::new()), ..UserChange::default() };
    change_user(&mut edit, "carol", &nothing).unwrap();
    assert!(!text(&edit, "users/carol.toml").contains("display_name"));
    remove_user(&mut edit, "carol", Calendars::Keep).unwrap();
    assert!(edit.read("users/carol.toml").is_err());
}

#[test]
fn what_cannot_be_made_or_changed_is_refused() {
    let mut edit = household();
    let none = UserChange::default();
    let mut create =
        |name: &str, change: &UserChange| create_user(&mut edit, name, change, Calendars::Keep).unwrap_err();
    assert!(matches!(create(".git", &none), AccountsError::Name(_)));
    assert!(matches!(create("a/b", &none), AccountsError::Name(_)));
    assert_eq!(create("alice", &none), AccountsError::UserExists("alice".to_owned()));
    assert_eq!(create("Alice", &none), AccountsError::Similar("Alice".to_owned(), "alice".to_owned()));
    let bad = UserChange { email: Some(names(&["nowhere"])), ..UserChange::default() };
    assert_eq!(create("dave", &bad).to_string(), "users/dave.toml: line 1: email \"nowhere\" is not an address");
    assert_eq!(change_user(&mut edit, "eve", &none), Err(AccountsError::NoSuchUser("eve".to_owned())));
    assert!(matches!(change_user(&mut edit, "broken", &bad), Err(AccountsError::Broken { .. })));
    assert!(matches!(change_user(&mut edit, "../x", &bad), Err(AccountsError::Name(_))));
    for bad in ["", "a\nb", &"x".repeat(1025)] {
        assert!(check_new_password(bad).is_err());
    }
    assert_eq!(check_new_password("a:b ü"), Ok(()));
}

#[test]
fn a_removed_user_leaves_calendars_that_nobody_gets_by_accident() {
    let mut edit = household();
    remove_user(&mut edit, "bob", Calendars::Keep).unwrap();
    let left = "calendars/alice/work/.calendar.toml";
    assert_eq!(text(&edit, left), SHARED.replace("[[share]]\nwith = \"bob\"\naccess = \"read\"\n\n", ""));
    assert_eq!(said(&edit), "Remove the user bob\n\nLeft alone, since broken: calendars/bob/bad/.calendar.toml");
    assert!(edit.read("calendars/bob/home/1.ics").is_ok());
    let none = UserChange::default();
    assert_eq!(
        create_user(&mut edit, "bob", &none, Calendars::Keep),
        Err(AccountsError::CalendarsLeft("bob".to_owned()))
    );
    create_user(&mut edit, "bob", &none, Calendars::TakeOver).unwrap();
    remove_user(&mut edit, "bob", Calendars::Remove).unwrap();
    assert!(edit.list("calendars/bob").is_empty());
    assert_eq!(remove_user(&mut edit, "bob", Calendars::Keep), Err(AccountsError::NoSuchUser("bob".to_owned())));
    remove_user(&mut edit, "broken", Calendars::Keep).unwrap();
    assert_eq!(text(&edit, "README.md"), "ours\n");
}

#[test]
fn members_come_and_go() {
    let mut edit = household();
    add_member(&mut edit, "board", "alice").unwrap();
    assert_eq!(text(&edit, "users/alice.toml"), "# the boss\ngroups = [\"staff\", \"board\"]\nadministrator = true\n");
    remove_member(&mut edit, "board", "alice").unwrap();
    remove_member(&mut edit, "board", "bob").unwrap();
    assert!(members(&mut edit, "board").unwrap().is_empty(), "the group stays");
    assert_eq!(add_member(&mut edit, "club", "bob"), Err(AccountsError::NoSuchGroup("club".to_owned())));
    assert_eq!(add_member(&mut edit, "staff", "eve"), Err(AccountsError::NoSuchUser("eve".to_owned())));

    set_members(&mut edit, "club", &names(&["bob", "alice"])).unwrap();
    assert_eq!(said(&edit), "Members of the group club: alice, bob");
    set_members(&mut edit, "club", &names(&["alice"])).unwrap();
    assert_eq!(members(&mut edit, "club").unwrap().into_iter().collect::<Vec<_>>(), ["alice"]);
    assert!(matches!(set_members(&mut edit, "-", &[]), Err(AccountsError::Name(_))));
    assert!(matches!(create_group(&mut edit, "Club", None), Err(AccountsError::Similar(..))));
}

#[test]
fn a_removed_group_is_named_nowhere() {
    let mut edit = household();
    remove_group(&mut edit, "staff").unwrap();
    assert!(edit.read("groups/staff.toml").is_err());
    assert!(!text(&edit, "calendars/alice/work/.calendar.toml").contains("staff"));
    assert_eq!(text(&edit, "users/alice.toml"), "# the boss\ngroups = []\nadministrator = true\n");
    assert_eq!(text(&edit, "users/bob.toml"), "groups = [\"board\"]\n");
    assert!(edit.message().contains("users/broken.toml"), "{}", edit.message());
    assert_eq!(remove_group(&mut edit, "staff"), Err(AccountsError::NoSuchGroup("staff".to_owned())));
    remove_group(&mut edit, "board").unwrap();
    assert!(groups(&mut edit).is_empty());
}

#[test]
fn app_passwords_are_given_and_taken_back() {
    let mut edit = household();
    let first = add_app_password(&mut edit, "alice", "phone", "2026-11-27", [1; 20]).unwrap();
    let second = add_app_password(&mut edit, "alice", "phone", "2026-11-27", [1; 20]).unwrap();
    assert_ne!(first.id(), second.id());
    let user = User::parse(&text(&edit, "users/alice.toml")).unwrap();
    assert!(user.app_password(first.text()).unwrap().hash.accepts(first.text()));
    assert!(!edit.message().contains(&second.text()[5..]));
    remove_app_password(&mut edit, "alice", first.id()).unwrap();
    let missing = remove_app_password(&mut edit, "alice", first.id()).unwrap_err();
    assert_eq!(missing.to_string(), format!("alice has no app password {}", first.id()));
    assert_eq!(User::parse(&text(&edit, "users/alice.toml")).unwrap().app_passwords.len(), 1);
    assert!(add_app_password(&mut edit, "alice", "two\nlines", "2026-11-27", [2; 20]).is_err());
}

#[test]
fn the_first_start_makes_an_administrator() {
    let mut edit = tree(&[("README.md", "x")]);
    assert_eq!(first_admin(&mut edit, &cheap("x")), Ok(true));
    let admin = User::parse(&text(&edit, "users/admin.toml")).unwrap();
    assert!(admin.administrator && admin.password.unwrap().accepts("x"));
    assert_eq!(first_admin(&mut edit, &cheap("y")), Ok(false), "only once");
    assert_eq!(first_admin(&mut household(), &cheap("y")), Ok(false));
}
