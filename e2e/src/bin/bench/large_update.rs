//! One record changed in the large zone: in one file, in one file when the remote keeps packs
//! (`receive.unpackLimit=1`), in 256 included files. Beside it `git commit` and `git push` of the same change.
//!
//! Octets are those that the primary sends to the SSH server, encryption and protocol included, counted on the line.
//! Our processor time is that of the primary's threads, measured by the kernel to the nanosecond.
//! The remote's processor time is that of sshd and of git on its side.

use std::time::{Duration, Instant};

use e2e::message::{self, Signer, kind};
use e2e::samples::ROOT;
use e2e::wire::{Connection, Reply};

use crate::context::{Context, LARGE};
use crate::ours::Ours;
use crate::samples_of::Samples;
use crate::table::Table;
use crate::zone_text;

const UPDATES: usize = 5;
const PIECES: usize = 256;

/// Measures and prints.
pub fn run(context: &mut Context) {
    let path = context.large_zone().path;
    let text = std::fs::read_to_string(path).expect("the zone was written");
    println!("{} records, {:.1} MB; {UPDATES} updates, one after another\n", context.records, text.len() as f64 / 1e6);
    let heads = ["", "wall ms", "octets pushed", "our CPU ms", "the remote's CPU ms"];
    let mut table = Table::new(&heads);
    let names = names(&text);
    let mut ours = Ours::new(&[(LARGE.to_owned(), text.clone())]);
    ours.serve(LARGE, &[]);
    table.row(updates("dns-primary, one file", &mut ours, &names[..UPDATES]));
    ours.repository.config("receive.unpackLimit", "1");
    table.row(updates("dns-primary, one file, receive.unpackLimit=1", &mut ours, &names[UPDATES..][..UPDATES]));
    // Nobody tells the primary of these, so it is ended before: it would have to read the whole zone again.
    ours.stop();
    let packed = git(&ours, "work2", &names[2 * UPDATES..][2..4]);
    ours.repository.config("receive.unpackLimit", "100");
    let plain = git(&ours, "work", &names[2 * UPDATES..][..2]);
    let mut ours = Ours::new(&zone_text::split(&text, LARGE, PIECES));
    ours.serve(LARGE, &[]);
    table.row(updates("dns-primary, 256 included files", &mut ours, &names[..UPDATES]));
    drop(ours);
    let small = [("small.test".to_owned(), zone_text::small("small.test"))];
    let mut ours = Ours::new(&small);
    ours.serve("small.test", &[]);
    let hosts: Vec<String> = (0..UPDATES).map(|host| format!("h{host:03}.small.test")).collect();
    table.row(updates("dns-primary, a small zone", &mut ours, &hosts));
    for (name, samples) in [("git commit + git push", plain), ("the same, receive.unpackLimit=1", packed)] {
        table.row([name.to_owned(), samples.show(0), "–".into(), "–".into(), "–".into()]);
    }
    table.print();
}

/// Names spread over the zone.
fn names(text: &str) -> Vec<String> {
    let count = text.lines().count();
    let step = (count / (3 * UPDATES + 1) / 2).max(1);
    let lines = text.lines().skip(5).filter(|line| line.contains(" A ")).step_by(step).take(3 * UPDATES);
    lines.filter_map(|line| Some(format!("{}.{LARGE}", line.split(' ').next()?))).collect()
}

fn updates(name: &str, ours: &mut Ours, names: &[String]) -> [String; 5] {
    let mut wall = Samples::default();
    let (octets, time, remote) = (ours.uploaded(), ours.process().thread_time(), ours.remote_time());
    let mut connection = Connection::open(ours.address());
    connection.0.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit can be set");
    for (id, name) in names.iter().enumerate() {
        let zone = name.split_once('.').expect("a name has labels").1;
        let change = [message::deletion(name, kind::A), message::a(name, 60, [192, 0, 2, 77])];
        let signed = Signer::new(ROOT).sign(&message::update(id as u16, zone, &change));
        let start = Instant::now();
        connection.send(&signed.octets);
        let rcode = connection.receive().as_ref().map(Reply::rcode);
        assert_eq!(rcode, Some(0), "{name}");
        wall.add_time(start.elapsed());
    }
    let count = names.len() as u64;
    let ours_time = ours.process().thread_time() - time;
    let remote = ours.remote_time().since(remote);
    let each = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1e3 / count as f64);
    [
        name.to_owned(),
        wall.show(0),
        ((ours.uploaded() - octets) / count).to_string(),
        each(ours_time),
        each(remote.total()),
    ]
}

/// Stock git over the same SSH server, in a fresh clone, because our primary pushes too.
fn git(ours: &Ours, clone: &str, names: &[String]) -> Samples {
    let tree = ours.sshd.work_tree(&ours.repository, &ours.folder.join(clone));
    let mut samples = Samples::default();
    for name in names {
        let label = name.split('.').next().expect("a name has labels");
        let old = tree.read(LARGE);
        let text = old.replacen(&format!("\n{label} IN A "), &format!("\n{label} 61 IN A "), 1);
        assert!(text != old, "{name} is changed");
        tree.write(LARGE, text);
        let start = Instant::now();
        tree.commit("One line");
        tree.push();
        samples.add_time(start.elapsed());
    }
    samples
}
