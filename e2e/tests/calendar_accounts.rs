//! Users of a calendar repository by `gitstead user`, and repositories of robur's server by `gitstead caldav-migrate`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use e2e::built;
use e2e::folder::{Folder, write};
use e2e::git::{ISOLATION, Repository, WorkTree};
use e2e::process::{Outcome, run};
use e2e::sshd::Sshd;
use sha2::{Digest, Sha256};

const ICS: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//ROBUR.IO//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n\
                   DTSTAMP:20240101T000000Z\r\nDTSTART:20240101T120000Z\r\nSUMMARY:Lunch\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fn gitstead(arguments: &[&str], input: &str) -> Outcome {
    run(built::command("gitstead", "deploy").args(arguments).envs(ISOLATION), input)
}

fn succeed(arguments: &[&str], input: &str) -> String {
    let outcome = gitstead(arguments, input);
    assert!(outcome.success, "{arguments:?}: {}", outcome.output);
    outcome.output
}

fn fail(arguments: &[&str], input: &str, complaint: &str) {
    let outcome = gitstead(arguments, input);
    assert!(!outcome.success && outcome.output.contains(complaint), "{arguments:?}: {}", outcome.output);
}

fn path(repository: &Repository) -> &str {
    repository.path().to_str().expect("test paths are UTF-8")
}

/// A command line for a remote over SSH.
struct Remote {
    sshd: Sshd,
    repository: Repository,
    /// Holds the files of both.
    _folder: Folder,
}

impl Remote {
    fn new() -> Remote {
        let folder = Folder::new();
        let (sshd, repository) = (Sshd::start(&folder), Repository::empty(&folder.join("calendars.git")));
        Remote { sshd, repository, _folder: folder }
    }

    fn user(&self, command: &str, more: &[&str]) -> Vec<String> {
        let key = self.sshd.user_key().display().to_string();
        let (url, fingerprint) = (self.sshd.url(&self.repository), self.sshd.fingerprint());
        let fixed = ["user", command, &url, "--ssh-key-file", &key, "--ssh-authenticator", &fingerprint];
        fixed.iter().chain(more).map(|argument| (*argument).to_owned()).collect()
    }

    fn succeed(&self, command: &str, more: &[&str], input: &str) -> String {
        succeed(&self.user(command, more).iter().map(String::as_str).collect::<Vec<_>>(), input)
    }

    fn fail(&self, command: &str, more: &[&str], input: &str, complaint: &str) {
        fail(&self.user(command, more).iter().map(String::as_str).collect::<Vec<_>>(), input, complaint);
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn users_are_managed_over_ssh() {
    let remote = Remote::new();
    remote.succeed("add", &["alice", "--email", "alice@example.org", "--administrator", "--password-stdin"], "a:b ü\n");
    remote.succeed("add", &["bob", "--group", "staff", "--display-name", "Bob", "--password-stdin"], "secret");
    let file = remote.repository.read("users/alice.toml");
    assert!(file.contains("email = [\"alice@example.org\"]\npassword = \"$argon2id$v=19$m=7168,t=5,p=1$"), "{file}");
    assert!(file.contains("administrator = true"), "{file}");

    let output = remote.succeed("app-password", &["bob", "--label", "phone"], "");
    let secret = output.lines().next().expect("a secret").to_owned();
    let stored = STANDARD.encode(Sha256::digest(&secret));
    let file = remote.repository.read("users/bob.toml");
    assert!(file.contains(&format!("hash = \"sha256:{stored}\"")) && !file.contains(&secret), "{file}");

    let id = secret.split('-').next().expect("an id");
    let list = remote.succeed("list", &[], "");
    assert_eq!(
        list,
        format!("alice: alice@example.org; administrator\nbob: Bob; in staff; app password {id} (phone)\n")
    );
    remote.succeed("app-password", &["bob", "--remove", id], "");
    remote.succeed("passwd", &["bob", "--password-stdin"], "another\n");
    assert_ne!(remote.repository.read("users/bob.toml"), file);
    remote.succeed("remove", &["bob"], "");
    assert_eq!(remote.succeed("list", &[], ""), "alice: alice@example.org; administrator\n");
    assert_eq!(
        remote.repository.subjects()[..3],
        ["Remove the user bob", "Change the password of bob", &format!("Remove the app password {id} of bob")]
    );
    assert_eq!(remote.repository.git(&["log", "-1", "--format=%an %cn", "main"]), "Olga gitstead");
    remote.repository.check();
}

#[test]
#[ignore = "needs cargo e2e"]
fn what_cannot_be_done_is_said_and_changes_nothing() {
    let remote = Remote::new();
    remote.succeed("add", &["alice", "--password-stdin"], "x");
    let tip = remote.repository.tip("main");
    remote.fail("add", &["alice", "--password-stdin"], "x", "there is a user alice already");
    remote.fail("add", &["ALICE", "--password-stdin"], "x", "ALICE differs from alice");
    remote.fail("add", &[".git", "--password-stdin"], "x", "must not begin with a dot");
    remote.fail("add", &["bob", "--email", "x", "--password-stdin"], "x", "\"x\" is not an address");
    remote.fail("add", &["bob", "--password-stdin"], "\n", "the password is empty");
    remote.fail("add", &["bob"], "x", "--password-stdin reads the password from standard input");
    remote.fail("passwd", &["bob", "--password-stdin"], "x", "there is no user bob");
    remote.fail("app-password", &["alice", "--remove", "nope"], "", "alice has no app password nope");
    remote.repository.hook("pre-receive", "echo 'not today' >&2; exit 1");
    remote.fail("remove", &["alice"], "", "the remote refuses the commit");
    assert_eq!(remote.repository.tip("main"), tip);
    let stranger = remote.sshd.stranger_key().display().to_string();
    let url = remote.sshd.url(&remote.repository);
    fail(&["user", "list", &url, "--ssh-key-file", &stranger, "--ssh-accept-any-host-key"], "", "refuses to log in");
    fail(&["user", "list", &url, "--ssh-key-file", &stranger], "", "--ssh-authenticator is missing");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_bare_repository_and_a_checkout_are_changed_where_they_are() {
    let folder = Folder::new();
    let repository = Repository::with_files(&folder.join("calendars.git"), &[("README.md".into(), "ours\n".into())]);
    succeed(&["user", "add", path(&repository), "alice", "--password-stdin"], "x");
    assert_eq!(repository.subjects(), ["Add the user alice", "The zones as they are"]);

    let tree = repository.work_tree(&folder.join("work"));
    let here = tree.path().to_str().expect("test paths are UTF-8");
    tree.write("calendars/alice/work/.calendar.toml", "# ours\n[[share]]\nwith = \"bob\"\naccess = \"read\"\n");
    let output = succeed(&["user", "add", here, "bob", "--password-stdin"], "x");
    assert!(output.contains("commit and push"), "{output}");
    assert!(tree.read("users/bob.toml").contains("password"));
    succeed(&["user", "remove", here, "bob"], "");
    assert!(!tree.path().join("users/bob.toml").exists());
    assert!(!tree.read("calendars/alice/work/.calendar.toml").contains("bob"));
    assert_eq!(tree.git(&["status", "--short", "users"]), "", "as it was committed");
    succeed(&["user", "remove", here, "alice", "--calendars"], "");
    assert!(!tree.path().join("users").exists() && !tree.path().join("calendars/alice").exists());
    assert!(tree.path().join("calendars/bob/calendar/.calendar.toml").exists(), "what nobody asked to remove stays");
}

#[test]
#[ignore = "needs cargo e2e"]
fn broken_files_are_reported_before_a_push() {
    let folder = Folder::new();
    for (name, text) in [
        ("users/alice.toml", "password = \"secret\"\n"),
        ("users/bob.toml", "\ngroups = \"staff\"\n"),
        ("groups/staff.toml", "display_name =\n"),
        ("calendars/bob/home/.calendar.toml", "[[share]]\nwith = \"alice\"\naccess = \"all\"\n"),
        ("calendars/bob/home/1.ics", ICS),
        ("calendars/bob/home/2.ics", "BEGIN:VCALENDAR\r\n"),
    ] {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders can be made");
        write(&path, text);
    }
    let outcome = gitstead(&["check", folder.path().to_str().expect("test paths are UTF-8")], "");
    assert!(!outcome.success);
    for expected in [
        "users/alice.toml:1: error: password is neither argon2id nor robur's",
        "users/bob.toml:2: error: groups is not a list of texts",
        "groups/staff.toml:1: error: ",
        "calendars/bob/home/.calendar.toml:3: error: access is not one of",
        "calendars/bob/home/2.ics:",
        "5 files of users, groups and calendars could not be used",
    ] {
        assert!(outcome.output.contains(expected), "{expected} is missing in\n{}", outcome.output);
    }
    assert!(!outcome.output.contains("1.ics"), "{}", outcome.output);
}

/// A `.prop` file as robur's server writes it.
fn prop(properties: &str) -> String {
    format!("(((io:robur:webdav prop_version) (() ((Pcdata 2))))\n {properties})")
}

fn principal(password: Option<&str>, more: &str) -> String {
    let salt = STANDARD.encode("fifteen octets!");
    let password = password.map_or(String::new(), |password| {
        let hash = STANDARD.encode(Sha256::digest(format!("{salt}-{password}")));
        format!(
            "((io:robur:webdav password) (() ((Pcdata \"{hash}\"))))\n ((io:robur:webdav salt) (() ((Pcdata {salt}))))\n "
        )
    });
    prop(&format!(
        "((DAV: resourcetype)\n  (() ((Node DAV: collection () ()) (Node DAV: principal () ()))))\n {password}{more}"
    ))
}

fn calendar(grants: &[(&str, &str)], more: &str) -> String {
    let ace = |(principal, privilege): &(&str, &str)| {
        format!(
            "(Node DAV: ace ()\n ((Node DAV: principal () ((Node DAV: href () ((Pcdata /principals/{principal}/)))))\n \
             (Node DAV: grant () ((Node DAV: privilege () ((Node DAV: {privilege} () ())))))))"
        )
    };
    let aces: String = grants.iter().map(ace).collect();
    prop(&format!(
        "((DAV: acl) (() ({aces})))\n ((DAV: resourcetype)\n (() ((Node DAV: collection () ()) \
         (Node urn:ietf:params:xml:ns:caldav calendar () ()))))\n {more}"
    ))
}

/// A repository with two commits, the second of which moved the lunch.
fn robur(folder: &Folder) -> (Repository, WorkTree) {
    let repository = Repository::empty(&folder.join("robur.git"));
    let tree = repository.work_tree(&folder.join("robur"));
    tree.write("principals/.prop", prop(""))
        .write("principals/root/.prop", principal(Some("toor"), ""))
        .write(
            "principals/alice/.prop",
            principal(
                Some("se:cret"),
                "((DAV: group-membership) (() ((Node DAV: href () ((Pcdata /principals/staff))))))",
            ),
        )
        .write(
            "principals/staff/.prop",
            principal(None, "((DAV: group-member-set) (() ((Node DAV: href () ((Pcdata /principals/alice))))))"),
        )
        .write("calendars/.prop", prop(""))
        .write(
            "calendars/alice/.prop",
            calendar(
                &[("alice", "all"), ("staff", "read")],
                "((DAV: displayname) (() ((Pcdata \"Alice's own\"))))\n \
                 ((http://apple.com/ns/ical/ calendar-color) (() ((Pcdata #112233FF))))\n \
                 ((urn:ietf:params:xml:ns:caldav calendar-timezone) (() ((Pcdata  \"BEGIN:VCALENDAR\\r\\\n      \\nEND:VCALENDAR\\r\\\n      \\n\"))))",
            ),
        )
        .write("calendars/alice/1.ics", ICS.replace("120000", "110000"))
        .write("calendars/alice/1.ics.prop", prop("((DAV: getcontentlength) (() ((Pcdata 9))))"));
    tree.commit("during processing HTTP request PUT /calendars/alice/1.ics");
    tree.write("calendars/alice/1.ics", ICS).commit("during processing HTTP request PUT /calendars/alice/1.ics");
    tree.push();
    (repository, tree)
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_robur_repository_is_migrated_with_its_history() {
    let folder = Folder::new();
    let (repository, _) = robur(&folder);
    let before = repository.git(&["rev-parse", "main:calendars/alice/1.ics"]);
    let dry = succeed(&["caldav-migrate", path(&repository), "--dry-run"], "");
    assert_eq!(
        dry,
        "user alice, member of staff\nuser root\ngroup staff\n\
         calendars/alice to calendars/alice/alice, 1 object, read for the group staff\n1 calendar objects, 0 problems\n"
    );
    assert_eq!(repository.commits(), 2, "a dry run changes nothing");
    assert_eq!(succeed(&["caldav-migrate", path(&repository), path(&repository)], ""), dry);

    let files = repository.git(&["ls-tree", "-r", "--name-only", "main"]);
    assert_eq!(
        files.lines().collect::<Vec<_>>(),
        [
            "calendars/alice/alice/.calendar.toml",
            "calendars/alice/alice/1.ics",
            "groups/staff.toml",
            "users/alice.toml",
            "users/root.toml"
        ]
    );
    assert_eq!(repository.git(&["rev-parse", "main:calendars/alice/alice/1.ics"]), before, "octet for octet");
    assert_eq!(repository.commits(), 3);
    let history = repository.git(&["log", "--follow", "--format=%s", "main", "--", "calendars/alice/alice/1.ics"]);
    assert_eq!(history.lines().count(), 3, "{history}");
    let file = repository.read("calendars/alice/alice/.calendar.toml");
    assert!(file.contains("display_name = \"Alice's own\"\n") && file.contains("color = \"#112233FF\"\n"), "{file}");
    repository.check();

    // Who has a hash of that server's can log in with it, until the password is changed.
    assert!(repository.read("users/alice.toml").contains("password = \"robur:ZmlmdGVlbiBvY3RldHMh:"));
    succeed(&["user", "passwd", path(&repository), "alice", "--password-stdin"], "new");
    assert!(!repository.read("users/alice.toml").contains("robur:"));
    let tree = repository.work_tree(&folder.join("migrated"));
    let output = succeed(&["check", tree.path().to_str().expect("test paths are UTF-8")], "");
    assert_eq!(output, "2 users, 1 collections and 1 objects are good\n");
    fail(&["caldav-migrate", path(&repository), path(&repository)], "", "there are users in users/ already");
}

#[test]
#[ignore = "needs cargo e2e"]
fn another_repository_gets_the_history_or_keeps_its_own() {
    let folder = Folder::new();
    let (old, _) = robur(&folder);
    let new = Repository::empty(&folder.join("new.git"));
    succeed(&["caldav-migrate", path(&old), &new.local_remote("live")], "");
    assert_eq!(new.git(&["rev-list", "--count", "live"]), "3");
    assert_eq!(old.commits(), 2, "the old one is as it was");
    let other = Repository::with_files(&folder.join("other.git"), &[("README.md".into(), "other\n".into())]);
    fail(&["caldav-migrate", path(&old), path(&other)], "", "git push failed");
    assert_eq!(other.subjects(), ["The zones as they are"]);
    fail(&["caldav-migrate", path(&other), path(&other)], "", "this is no repository of robur's server");
    fail(&["caldav-migrate", &old.local_remote("nowhere"), path(&new)], "", "git fetch failed");
}

#[test]
#[ignore = "needs cargo e2e"]
fn what_cannot_be_translated_is_reported_and_kept() {
    let folder = Folder::new();
    let (repository, tree) = robur(&folder);
    tree.write("principals/bob/.prop", principal(Some("x"), ""))
        .write("principals/broken/.prop", "(((DAV: acl)\n (()")
        .write("calendars/future/.prop", "(((io:robur:webdav prop_version) (() ((Pcdata 3)))))")
        .write("calendars/future/1.ics", ICS)
        .write("calendars/two/.prop", calendar(&[("bob", "all"), ("alice", "all"), ("gone", "read")], ""))
        .commit("Trouble");
    tree.push();
    let output = succeed(&["caldav-migrate", path(&repository), path(&repository)], "");
    for expected in [
        "problem: principals/broken/.prop: line 2: the file ends early; there is no user or group broken\n",
        "problem: calendars/future has no owner; root is now\n",
        "problem: calendars/future/.prop: line 1: the version \"3\" of this format is not known; only root sees the calendar\n",
        "problem: calendars/two has several owners; bob is now, not alice\n",
        "problem: calendars/two: read granted to gone has no counterpart\n",
        "calendars/two to calendars/bob/two, 0 objects, read-write for alice\n",
        "2 calendar objects, 5 problems\nfiles that have no counterpart are kept in untranslated/\n",
    ] {
        assert!(output.contains(expected), "{expected} is missing in\n{output}");
    }
    let files = repository.git(&["ls-tree", "-r", "--name-only", "main"]);
    let left: Vec<&str> = files.lines().filter(|path| path.ends_with(".prop")).collect();
    assert_eq!(left, ["untranslated/calendars/future/.prop", "untranslated/principals/broken/.prop"]);
    assert_eq!(repository.read("calendars/root/future/1.ics"), ICS);
    assert!(repository.git(&["log", "-1", "--format=%B", "main"]).contains("Not as it was:"));
    repository.check();
}
