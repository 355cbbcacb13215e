//! The calendar servers that are measured, each with a calendar that was filled where it keeps it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use e2e::caldav::{PASSWORD, Scene, World};
use e2e::folder::{Folder, write};
use e2e::git::git;
use e2e::http::Client;
use e2e::ports::free_address;
use e2e::process::Process;
use e2e::python;
use e2e::{process, wait};

use crate::calendar::copy_all;
use crate::machine::{SERVERS, on_core};

/// What runs.
#[derive(Debug)]
enum Running {
    Ours(Box<World>),
    Other(Process),
}

/// A server with a calendar.
#[derive(Debug)]
pub struct Server {
    /// Its name.
    pub name: &'static str,
    running: Running,
    address: SocketAddr,
    calendar: &'static str,
    principal: &'static str,
}

impl Server {
    /// Runs `load` with a verb and what it needs to know of this server.
    pub fn load(&self, verb: &[&str], load: impl Fn(&[&str]) -> String) -> String {
        let id = match &self.running {
            Running::Ours(world) => world.process_id(),
            Running::Other(process) => process.id(),
        };
        let (id, address, credentials) = (id.to_string(), self.address.to_string(), format!("alice:{PASSWORD}"));
        let rest = [id.as_str(), &address, self.calendar, self.principal, &credentials];
        load(&[verb, &rest].concat())
    }

    fn make_calendar(&self) {
        let client = Client::new(self.address, "alice", PASSWORD);
        let reply = client.send("MKCALENDAR", self.calendar, &[], "");
        assert_eq!(reply.status, 201, "{}: {}", self.name, reply.text());
    }
}

/// Starts all of them, with the events of a folder in a calendar of alice's.
pub fn start_all(folder: &Folder, events: &Path) -> Vec<Server> {
    vec![ours(events), radicale(folder, events), xandikos(folder, events)]
}

fn ours(events: &Path) -> Server {
    let world = on_core(SERVERS, || Scene::new().serving());
    let server = Server {
        name: "gitstead caldav",
        address: world.address(),
        running: Running::Ours(Box::new(world)),
        calendar: "/calendars/alice/bench/",
        principal: "/principals/alice/",
    };
    server.make_calendar();
    let Running::Ours(world) = &server.running else { unreachable!("it was just made") };
    let tree = world.checkout("fill");
    copy_all(events, &tree.path().join("calendars/alice/bench"));
    tree.pull_commit_push("events");
    assert_eq!(world.tell().status, 204);
    server
}

fn radicale(folder: &Folder, events: &Path) -> Server {
    let (home, address) = (folder.subfolder("radicale"), free_address());
    write(&home.join("users"), format!("alice:{PASSWORD}\n"));
    let mut command = Command::new(python::environment(&["radicale==3.9.0"]).join("python3"));
    command.args([
        "-m",
        "radicale",
        "--config",
        "",
        "--server-hosts",
        &address.to_string(),
        "--logging-level",
        "error",
    ]);
    command.args(["--auth-type", "htpasswd", "--auth-htpasswd-encryption", "plain", "--auth-htpasswd-filename"]);
    command.arg(home.join("users")).arg("--storage-filesystem-folder").arg(home.join("collections"));
    let server = other("Radicale", &mut command, &home, address, "/alice/bench/", "/alice/");
    server.make_calendar();
    copy_all(events, &home.join("collections/collection-root/alice/bench"));
    server
}

fn xandikos(folder: &Folder, events: &Path) -> Server {
    let (home, address) = (folder.subfolder("xandikos"), free_address());
    let mut command = Command::new(python::environment(&["xandikos==0.4.10"]).join("xandikos"));
    command.args(["serve", "--autocreate", "--current-user-principal", "/alice/", "--listen-address", "127.0.0.1"]);
    command.args(["--port", &address.port().to_string(), "--directory"]).arg(home.join("calendars"));
    command.arg("--state-dir").arg(home.join("state")).arg("--defaults");
    let server = other("Xandikos", &mut command, &home, address, "/alice/calendars/bench/", "/alice/");
    server.make_calendar();
    let calendar = home.join("calendars/alice/calendars/bench");
    copy_all(events, &calendar);
    for arguments in [&["add", "--all"][..], &["commit", "--quiet", "--message", "events"]] {
        let outcome = process::run(git(&calendar).args(arguments), "");
        assert!(outcome.success, "{}", outcome.output);
    }
    server
}

fn other(
    name: &'static str,
    command: &mut Command,
    home: &Path,
    address: SocketAddr,
    calendar: &'static str,
    principal: &'static str,
) -> Server {
    let process = on_core(SERVERS, || Process::start(name, command.env("HOME", home), &home.join("log")));
    wait::until(&format!("{name} takes connections"), || std::net::TcpStream::connect(address).is_ok());
    Server { name, running: Running::Other(process), address, calendar, principal }
}
