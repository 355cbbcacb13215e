//! khal, todoman, and vdirsyncer between two computers: a story of new, changed, fought over, done and removed.

use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::caldav::{PASSWORD, World};
use e2e::folder::write;
use e2e::process::{Outcome, run};
use e2e::python;

const PROGRAMS: [&str; 3] = ["khal==0.14.1", "todoman==4.7.0", "vdirsyncer==0.21.0"];

/// A computer with a replica of alice's calendar.
struct Computer {
    programs: PathBuf,
    home: PathBuf,
}

impl Computer {
    fn new(world: &World, name: &str) -> Computer {
        let home = world.folder.subfolder(name);
        let computer = Computer { programs: python::environment(&PROGRAMS), home };
        computer.configure(world, "null");
        let path = computer.home.join("calendars/work");
        write(
            &computer.home.join("khal.conf"),
            format!(
                "[calendars]\n[[work]]\npath = {}\n[default]\ndefault_calendar = work\n[locale]\ntimeformat = %H:%M\n\
                 dateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\ndatetimeformat = %Y-%m-%d %H:%M\n\
                 longdatetimeformat = %Y-%m-%d %H:%M\nlocal_timezone = Europe/Berlin\ndefault_timezone = Europe/Berlin\n",
                path.display()
            ),
        );
        let todoman = "default_list = \"work\"\ndate_format = \"%Y-%m-%d\"\ntime_format = \"%H:%M\"\n";
        let lists = computer.home.join("calendars/*");
        write(&computer.home.join("todoman.py"), format!("path = \"{}\"\n{todoman}", lists.display()));
        let outcome = computer.run("vdirsyncer", &["discover"], "y\ny\ny\n");
        assert!(outcome.success, "{}", outcome.output);
        computer
    }

    /// What is to happen when both ends have changed the same object: `null` to say so.
    fn configure(&self, world: &World, resolution: &str) {
        let home = self.home.display();
        write(
            &self.home.join("vdirsyncer.conf"),
            format!(
                "[general]\nstatus_path = \"{home}/status/\"\n[pair calendars]\na = \"here\"\nb = \"there\"\n\
                 collections = [\"work\"]\nconflict_resolution = {resolution}\n[storage here]\ntype = \"filesystem\"\n\
                 path = \"{home}/calendars/\"\nfileext = \".ics\"\n[storage there]\ntype = \"caldav\"\nurl = \"{}\"\n\
                 username = \"alice\"\npassword = \"{PASSWORD}\"\n",
                world.url("/")
            ),
        );
    }

    fn run(&self, program: &str, arguments: &[&str], input: &str) -> Outcome {
        let (option, file) = match program {
            "khal" => ("--config", "khal.conf"),
            "todo" => ("--config", "todoman.py"),
            _ => ("--config", "vdirsyncer.conf"),
        };
        let mut command = Command::new(self.programs.join(program));
        command.arg(option).arg(self.home.join(file)).args(arguments);
        command.env("HOME", &self.home).env("TZ", "Europe/Berlin").env("LC_ALL", "C.UTF-8");
        for (name, folder) in [("XDG_DATA_HOME", "data"), ("XDG_CACHE_HOME", "cache"), ("XDG_CONFIG_HOME", "config")] {
            command.env(name, self.home.join(folder));
        }
        run(&mut command, input)
    }

    fn does(&self, program: &str, arguments: &[&str]) -> String {
        let outcome = self.run(program, arguments, "");
        assert!(outcome.success, "{program} {arguments:?}: {}", outcome.output);
        outcome.output
    }

    fn sync(&self) {
        self.does("vdirsyncer", &["sync"]);
    }

    fn day(&self) -> String {
        self.does("khal", &["list", "2026-01-05", "2026-01-06"])
    }

    /// The file that has `text` in it.
    fn file(&self, text: &str) -> PathBuf {
        let files = std::fs::read_dir(self.home.join("calendars/work")).expect("the replica is there").flatten();
        let has = |path: &Path| std::fs::read_to_string(path).is_ok_and(|content| content.contains(text));
        let found = files.map(|file| file.path()).find(|path| has(path));
        found.unwrap_or_else(|| panic!("{text} is in no file"))
    }

    fn edit(&self, old: &str, new: &str) {
        let path = self.file(old);
        let text = std::fs::read_to_string(&path).expect("the file was found");
        write(&path, text.replace(old, new));
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn two_computers_agree() {
    let world = World::new();
    world.calendar("alice", "work");
    let (laptop, desk) = (Computer::new(&world, "laptop"), Computer::new(&world, "desk"));

    laptop.does("khal", &["new", "2026-02-01", "09:00", "10:00", "Another day"]);
    laptop.does("khal", &["new", "2026-01-05", "12:00", "13:00", "Team lunch", "::", "with ümläuts"]);
    laptop.sync();
    desk.sync();
    assert!(desk.day().contains("12:00-13:00 Team lunch"), "{}", desk.day());

    desk.edit("SUMMARY:Team lunch", "SUMMARY:Late lunch");
    desk.sync();
    laptop.sync();
    assert!(laptop.day().contains("Late lunch"), "{}", laptop.day());

    laptop.edit("SUMMARY:Late lunch", "SUMMARY:Lunch of the laptop");
    desk.edit("SUMMARY:Late lunch", "SUMMARY:Lunch of the desk");
    laptop.sync();
    let fight = desk.run("vdirsyncer", &["sync"], "");
    assert!(!fight.success && fight.output.contains("conflict"), "{}", fight.output);
    desk.configure(&world, "\"a wins\"");
    desk.sync();
    laptop.sync();
    assert!(laptop.day().contains("Lunch of the desk"), "{}", laptop.day());

    std::fs::remove_file(laptop.file("Lunch of the desk")).expect("the file was found");
    laptop.sync();
    desk.sync();
    assert!(!desk.day().contains("Lunch"), "{}", desk.day());
    assert!(
        world.repository.subjects()[0].contains("remove \"Lunch of the desk\""),
        "{:?}",
        world.repository.subjects()
    );
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_task_is_done_on_the_other_computer() {
    let world = World::new();
    world.calendar("alice", "work");
    let (laptop, desk) = (Computer::new(&world, "laptop"), Computer::new(&world, "desk"));
    laptop.does("todo", &["new", "--due", "2026-01-05", "Buy milk"]);
    laptop.sync();
    desk.sync();
    assert!(desk.does("todo", &["list"]).contains("Buy milk"));
    desk.does("todo", &["done", "1"]);
    desk.sync();
    laptop.sync();
    assert!(!laptop.does("todo", &["list"]).contains("Buy milk"));
    assert!(laptop.does("todo", &["list", "--status", "COMPLETED"]).contains("Buy milk"));
    let subjects = world.repository.subjects();
    assert!(subjects[..2].iter().all(|subject| subject.contains("\"Buy milk\"")), "{subjects:?}");
}

#[test]
#[ignore = "needs cargo e2e"]
fn vdirsyncer_does_nothing_twice() {
    let world = World::new();
    world.calendar("alice", "work");
    let laptop = Computer::new(&world, "laptop");
    laptop.does("khal", &["new", "2026-01-05", "12:00", "13:00", "Weekly", "--repeat", "weekly"]);
    laptop.sync();
    let commits = world.repository.commits();
    laptop.sync();
    laptop.sync();
    assert_eq!(world.repository.commits(), commits);
    let sent = std::fs::read_to_string(laptop.file("Weekly")).expect("the file was found");
    let name = laptop.file("Weekly").file_name().expect("a file has a name").to_string_lossy().into_owned();
    assert_eq!(
        world.clone("tree").read(&format!("calendars/alice/work/{name}")).replace('\r', ""),
        sent.replace('\r', "")
    );
}
