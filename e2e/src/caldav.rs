//! The calendar server `caldav` in a scene of its own: an SSH server, a repository, the server, and users who talk to
//! it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use crate::built;
use crate::folder::Folder;
use crate::git::{Repository, WorkTree};
use crate::http::{Client, Reply};
use crate::ports::free_address;
use crate::process::{Outcome, Process, run};
use crate::proxy::Proxy;
use crate::sshd::Sshd;
use crate::wait;

/// The password of the administrator `admin`.
pub const ADMIN_PASSWORD: &str = "the administrator's";
/// The password of everybody else.
pub const PASSWORD: &str = "s3cret:with-a-colon";
/// What whoever has pushed shows to the webhook.
pub const PULL_TOKEN: &str = "a-token-for-hooks";

/// A scene that is about to be set.
#[derive(Debug, Default)]
pub struct Scene {
    arguments: Vec<(String, Option<String>)>,
    users: Vec<String>,
    has_line: bool,
}

impl Scene {
    /// With the users alice and bob.
    pub fn new() -> Scene {
        Scene { users: vec!["alice".to_owned(), "bob".to_owned()], ..Scene::default() }
    }

    /// One more user.
    pub fn user(mut self, name: &str) -> Scene {
        self.users.push(name.to_owned());
        self
    }

    /// Gives the server one more argument.
    pub fn argument(mut self, option: &str, value: &str) -> Scene {
        self.arguments.push((option.to_owned(), Some(value.to_owned())));
        self
    }

    /// Gives the server an argument that has no value.
    pub fn flag(mut self, option: &str) -> Scene {
        self.arguments.push((option.to_owned(), None));
        self
    }

    /// Between the server and the SSH server there is a line that can be cut.
    pub fn line(self) -> Scene {
        Scene { has_line: true, ..self }
    }

    /// Sets everything up and waits until the server serves and the users are there.
    pub fn serving(self) -> World {
        let folder = Folder::new();
        let sshd = Sshd::start(&folder);
        let repository = Repository::empty(&folder.join("calendars.git"));
        let line = self.has_line.then(|| Proxy::to(([127, 0, 0, 1], sshd.port()).into()));
        let mut world = World { server: None, arguments: self.arguments, line, sshd, repository, folder };
        world.server = Some(world.another());
        self.users.iter().for_each(|name| world.make_user(name));
        world
    }
}

/// The whole scene.
#[derive(Debug)]
pub struct World {
    server: Option<Server>,
    arguments: Vec<(String, Option<String>)>,
    line: Option<Proxy>,
    /// The SSH server.
    pub sshd: Sshd,
    /// The bare repository.
    pub repository: Repository,
    /// The test's folder.
    pub folder: Folder,
}

impl World {
    /// The common scene: alice and bob, nothing special.
    pub fn new() -> World {
        Scene::new().serving()
    }

    /// The server.
    pub fn server(&mut self) -> &mut Server {
        self.server.as_mut().expect("the server was started")
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.as_ref().expect("the server was started").address
    }

    /// What it logged.
    pub fn log(&self) -> String {
        self.server.as_ref().expect("the server was started").log()
    }

    /// Its process id.
    pub fn process_id(&self) -> u32 {
        self.server.as_ref().and_then(|server| server.process.as_ref()).expect("the server was started").id()
    }

    /// The most memory that it ever held, in kB.
    pub fn server_memory(&self) -> u64 {
        let process = self.server.as_ref().and_then(|server| server.process.as_ref());
        process.expect("the server was started").peak_memory()
    }

    /// An address below it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// The line to the SSH server.
    pub fn line(&self) -> &Proxy {
        self.line.as_ref().expect("the scene has a line")
    }

    /// One more server on the same repository.
    pub fn another(&self) -> Server {
        let url = self.sshd.url(&self.repository);
        let url = match &self.line {
            Some(line) => url.replace(&format!(":{}/", self.sshd.port()), &format!(":{}/", line.address().port())),
            None => url,
        };
        let key = self.sshd.user_key().display().to_string();
        let address = free_address();
        let fixed = [
            ("--remote", format!("{url}#main")),
            ("--ssh-key-file", key),
            ("--ssh-authenticator", self.sshd.fingerprint()),
            ("--listen", address.to_string()),
            ("--admin-password", ADMIN_PASSWORD.to_owned()),
            ("--pull-token", PULL_TOKEN.to_owned()),
            ("--hostname", "localhost".to_owned()),
            ("--poll", "0".to_owned()),
            ("--logs", "*:info".to_owned()),
        ];
        let given = |option: &str| self.arguments.iter().any(|(other, _)| other == option);
        let fixed = fixed.into_iter().filter(|(option, _)| !given(option));
        let fixed = fixed.map(|(option, value)| (option.to_owned(), Some(value)));
        let arguments = fixed.chain(self.arguments.iter().cloned()).collect();
        let folder = self.folder.subfolder("caldav");
        let mut server = Server { address, arguments, folder, starts: 0, process: None };
        server.start_again();
        server
    }

    /// The administrator.
    pub fn admin(&self) -> Client {
        Client::new(self.address(), "admin", ADMIN_PASSWORD)
    }

    /// A user.
    pub fn user(&self, name: &str) -> Client {
        Client::new(self.address(), name, PASSWORD)
    }

    /// Makes a user.
    pub fn make_user(&self, name: &str) {
        let reply = self.admin().send("PUT", &format!("/users/{name}"), &[], PASSWORD);
        assert_eq!(reply.status, 201, "{name}: {}", reply.text());
    }

    /// Makes a calendar of a user, and says its path.
    pub fn calendar(&self, user: &str, name: &str) -> String {
        let path = format!("/calendars/{user}/{name}/");
        let reply = self.user(user).send("MKCALENDAR", &path, &[], "");
        assert_eq!(reply.status, 201, "{path}: {}", reply.text());
        path
    }

    /// A fresh clone in a folder of such a name, over SSH as the server has it.
    pub fn checkout(&self, name: &str) -> WorkTree {
        self.sshd.work_tree(&self.repository, &self.folder.join(name))
    }

    /// What a post-receive hook does; what it is told.
    pub fn tell(&self) -> Reply {
        tell(self.address())
    }

    /// Waits until there is a note on `commit`, and returns it.
    pub fn note(&self, commit: &str) -> String {
        wait::find(&format!("a note on commit {commit}"), || {
            Some(self.repository.note(commit)).filter(|note| !note.is_empty())
        })
    }
}

impl Default for World {
    fn default() -> World {
        World::new()
    }
}

/// Tells a server that somebody has pushed.
pub fn tell(address: SocketAddr) -> Reply {
    let token = format!("Bearer {PULL_TOKEN}");
    Client::nobody(address).send("POST", "/.well-known/gitstead/pull", &[("Authorization", &token)], "")
}

/// A running (or for a while ended) server.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    arguments: Vec<(String, Option<String>)>,
    folder: PathBuf,
    starts: usize,
    process: Option<Process>,
}

impl Server {
    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("the server was started")
    }

    /// What it logged since it was last started.
    pub fn log(&self) -> String {
        self.process.as_ref().map_or(String::new(), Process::output)
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process().kill();
    }

    /// SIGTERM; how it ended.
    pub fn terminate(&mut self) -> ExitStatus {
        self.process().terminate()
    }

    /// Starts it with the same arguments on the same port, and waits until it serves; its log begins anew.
    pub fn start_again(&mut self) {
        self.process = None;
        self.starts += 1;
        let log = self.folder.join(format!("{}.{}.log", self.address.port(), self.starts));
        let mut process = Process::start("caldav", &mut command(&self.arguments), &log);
        process.wait_for_output("that it serves", |log| log.contains("serving"));
        self.process = Some(process);
    }
}

fn command(arguments: &[(String, Option<String>)]) -> Command {
    let mut command = built::command("caldav", "caldav");
    for (option, value) in arguments {
        command.arg(option).args(value);
    }
    command
}

/// Runs curl as a user; what it printed.
pub fn curl(user: &str, arguments: &[&str]) -> Outcome {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--user", &format!("{user}:{PASSWORD}")]).args(arguments);
    run(&mut curl, "")
}

/// An event of an hour, with more lines as they are given.
pub fn event(uid: &str, start: &str, more: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//e2e//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n\
         DTSTART:{start}\r\nDURATION:PT1H\r\nSUMMARY:Event {uid}\r\n{more}END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}
