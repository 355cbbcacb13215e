//! UPDATE accepted and durable: ours when the commit is on the remote, Knot and BIND when their journals are on the
//! disk.
//!
//! One record is added by each update, over UDP, signed with HMAC-SHA256. Beside it what git itself needs for a commit
//! of one line: `git push` to the same SSH server, once with a connection of its own, once over one that is kept open
//! (ControlMaster), as ours is.

use std::process::Command;
use std::time::{Duration, Instant};

use e2e::bind::Bind;
use e2e::folder::Folder;
use e2e::git::WorkTree;
use e2e::knot::Knot;
use e2e::ports::free_address;
use e2e::process::Process;
use e2e::samples::ROOT;
use e2e::wait;

use crate::context::Context;
use crate::machine::{SERVERS, on_core};
use crate::ours::Ours;
use crate::samples_of::Samples;
use crate::table::Table;
use crate::update_load::{self, Outcome};
use crate::zone_text;

const ZONE: &str = "upd.test";

/// Ours and the two others that take updates.
struct Scene {
    ours: Ours,
    knot: Knot,
    bind: Bind,
    _folder: Folder,
}

impl Scene {
    fn set() -> Scene {
        let text = zone_text::small(ZONE);
        let mut ours = Ours::new(&[(ZONE.to_owned(), text.clone())]);
        ours.serve(ZONE, &[]);
        let folder = Folder::new();
        let knot = on_core(SERVERS, || Knot::primary(&folder, free_address(), ZONE, &text, &ROOT));
        let bind = on_core(SERVERS, || Bind::primary(&folder, free_address(), ZONE, &text, &ROOT));
        Scene { ours, knot, bind, _folder: folder }
    }

    fn addresses(&self) -> [(&'static str, std::net::SocketAddr); 3] {
        [("dns-primary", self.ours.address()), ("Knot", self.knot.address()), ("BIND", self.bind.address())]
    }
}

/// One client, one update after another.
pub fn one_client(context: &mut Context) {
    const COUNT: usize = 40;
    let scene = Scene::set();
    let mut outcomes: Vec<Vec<Outcome>> = vec![Vec::new(), Vec::new(), Vec::new()];
    let mut pushes = Pushes::new(&scene.ours);
    for round in 0..context.rounds {
        for turn in 0..outcomes.len() {
            let place = (round + turn) % outcomes.len();
            let (_, address) = scene.addresses()[place];
            outcomes[place].push(update_load::run(address, ZONE, ROOT, &format!("one{round}n"), COUNT, 1));
        }
        pushes.measure(round);
    }
    let mut table = Table::new(&["", "ms, median", "ms, p99", "updates/s, median (min–max)"]);
    for ((name, _), outcomes) in scene.addresses().iter().zip(&outcomes) {
        table.row(row(name, outcomes));
    }
    for (name, samples) in
        [("git push, connection of its own", &pushes.alone), ("git push, connection kept", &pushes.kept)]
    {
        let [median, p99] = [50.0, 99.0].map(|percent| format!("{:.1}", samples.percentile(percent)));
        table.row([name.to_owned(), median, p99, "–".to_owned()]);
    }
    table.print();
}

/// Fifty outstanding; every one has to be a commit of its own.
pub fn fifty_outstanding(context: &mut Context) {
    const OUTSTANDING: usize = 50;
    let mut scene = Scene::set();
    let counts = [600, 600, 150];
    let mut outcomes: Vec<Vec<Outcome>> = vec![Vec::new(), Vec::new(), Vec::new()];
    let (commits, pushes) = (scene.ours.repository.commits(), scene.ours.repository.count_pushes());
    let (time, remote) = (scene.ours.process().thread_time(), scene.ours.remote_time());
    for round in 0..context.rounds {
        for turn in 0..outcomes.len() {
            let place = (round + turn) % outcomes.len();
            let (_, address) = scene.addresses()[place];
            let prefix = format!("fifty{round}n");
            outcomes[place].push(update_load::run(address, ZONE, ROOT, &prefix, counts[place], OUTSTANDING));
        }
    }
    let mut table = Table::new(&["", "ms, median", "ms, p99", "updates/s, median (min–max)"]);
    for ((name, _), outcomes) in scene.addresses().iter().zip(&outcomes) {
        table.row(row(name, outcomes));
    }
    let time = scene.ours.process().thread_time() - time;
    let remote = scene.ours.remote_time().since(remote).total();
    let sent = counts[0] * context.rounds;
    let (commits, pushes) = (scene.ours.repository.commits() - commits, scene.ours.repository.count_pushes() - pushes);
    table.print();
    println!(
        "\n{sent} updates with 50 outstanding are {commits} commits on the remote, which went there in {pushes} pushes."
    );
    let each = |time: Duration, count: usize| time.as_secs_f64() * 1e3 / count as f64;
    let (update, push) = (each(time, sent), each(remote, pushes));
    println!("Processor time: ours {update:.2} ms an update, the remote's (sshd and git) {push:.0} ms a push.");
    assert_eq!(commits, sent, "every update is a commit of its own");
    scene.ours.repository.check();
}

fn row(name: &str, outcomes: &[Outcome]) -> [String; 4] {
    let (mut rate, mut median, mut p99) = (Samples::default(), Samples::default(), Samples::default());
    for outcome in outcomes {
        rate.add(outcome.rate);
        median.add(outcome.latency.median());
        p99.add(outcome.latency.percentile(99.0));
    }
    [name.to_owned(), format!("{:.1}", median.median()), format!("{:.1}", p99.median()), rate.show(0)]
}

/// Stock git, for comparison: a repository of its own on the same SSH server.
struct Pushes {
    tree: WorkTree,
    alone: Samples,
    kept: Samples,
    ssh: String,
    master: Process,
    socket: String,
}

impl Pushes {
    const COUNT: usize = 8;

    fn new(ours: &Ours) -> Pushes {
        let files = [(ZONE.to_owned(), zone_text::small(ZONE))];
        let repository = e2e::git::Repository::with_files(&ours.folder.join("bare.git"), &files);
        let tree = ours.sshd.work_tree(&repository, &ours.folder.join("bare"));
        let (ssh, socket) = (ours.sshd.ssh_command(), ours.folder.join("master").display().to_string());
        let target = format!("{}@127.0.0.1", ours.sshd.user());
        let mut words = ssh.split(' ');
        let mut master = Command::new(words.next().expect("the command has a program"));
        master.args(words).args(["-M", "-N", "-S", &socket, "-p", &ours.sshd.port().to_string(), &target]);
        let master = Process::start("ssh", &mut master, &ours.folder.join("master.log"));
        wait::until("the connection to be kept is open", || std::path::Path::new(&socket).exists());
        Pushes { tree, alone: Samples::default(), kept: Samples::default(), ssh, master, socket }
    }

    fn measure(&mut self, round: usize) {
        assert!(self.master.ended().is_none(), "the connection is still open");
        for number in 0..Self::COUNT {
            for is_kept in [false, true] {
                let text = self.tree.read(ZONE);
                self.tree.write(ZONE, format!("{text}n{round}-{number}-{is_kept} A 192.0.2.1\n")).commit("One line");
                let option = if is_kept { format!(" -S {}", self.socket) } else { String::new() };
                self.tree.git(&["config", "core.sshCommand", &format!("{}{option}", self.ssh)]);
                let start = Instant::now();
                self.tree.push_as_configured();
                let samples = if is_kept { &mut self.kept } else { &mut self.alone };
                samples.add_time(start.elapsed());
            }
        }
    }
}
