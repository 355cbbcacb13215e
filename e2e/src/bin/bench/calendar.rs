//! Our calendar server beside Radicale and Xandikos: what a request costs, with a small and a large calendar.
//!
//! All get the same load from one script, on a connection that is kept. Ours has its repository behind OpenSSH on
//! loopback and answers a PUT when the push has been taken; the others write to their disk. Xandikos takes no passwords
//! over plain HTTP, so its requests have none to look at.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use e2e::folder::Folder;
use e2e::process::run_within;

use crate::calendar_servers::{Server, start_all};
use crate::context::Context;
use crate::machine::{CLIENTS, on_core};
use crate::samples_of::Samples;
use crate::table::Table;

const SIZES: [usize; 2] = [1_000, 10_000];
const LOAD: &str = include_str!("calendar_load.py");
/// What is measured, in the order of the script.
const QUESTIONS: [&str; 8] = [
    "calendar-query, one week",
    "calendar-query, one month",
    "calendar-multiget of 50",
    "PROPFIND depth 1",
    "sync-collection, one change",
    "GET",
    "PROPFIND depth 0 of a principal",
    "PUT of a new event",
];

/// What one server needed for one question.
#[derive(Debug, Default)]
struct Cost {
    processor: Samples,
    wall: Samples,
}

/// What is known of one server.
#[derive(Debug, Default)]
struct Figures {
    costs: BTreeMap<&'static str, Cost>,
    hits: String,
    memory: Samples,
    rates: [Samples; 2],
}

/// Measures and prints.
pub fn run(context: &mut Context) {
    for size in SIZES {
        let folder = Folder::new();
        let events = folder.subfolder("events");
        load(&["events", &size.to_string(), &events.display().to_string()]);
        let servers = start_all(&folder, &events);
        let mut figures: Vec<Figures> = servers.iter().map(|_| Figures::default()).collect();
        for round in 0..context.rounds {
            for turn in 0..servers.len() {
                let place = (round + turn) % servers.len();
                measure(&servers[place], &mut figures[place]);
            }
        }
        print(size, &servers, &figures);
    }
}

fn measure(server: &Server, figures: &mut Figures) {
    for line in server.load(&["measure"], load).lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let [name, first, second, _] = cells[..] else { panic!("the load says {line}") };
        let number = |text: &str| text.parse::<f64>().expect("the load says numbers");
        match QUESTIONS.into_iter().find(|question| *question == name) {
            Some(question) => {
                let cost = figures.costs.entry(question).or_default();
                cost.processor.add(number(first));
                cost.wall.add(number(second));
            }
            None if name == "memory" => figures.memory.add(number(first)),
            None => figures.hits = format!("{first} / {second}"),
        }
    }
    for (clients, rate) in ["1", "50"].into_iter().zip(&mut figures.rates) {
        let said = server.load(&["puts", clients], load);
        let line = said.lines().find(|line| line.starts_with("puts\t")).and_then(|line| line.rsplit('\t').next());
        rate.add(line.and_then(|cell| cell.parse().ok()).unwrap_or_else(|| panic!("the load says {said}")));
    }
}

/// Runs the script on the core for clients.
fn load(arguments: &[&str]) -> String {
    let mut python = Command::new("python3");
    python.args(["-c", LOAD]).args(arguments);
    let outcome = on_core(CLIENTS, || run_within(Duration::from_secs(1200), &mut python, ""));
    assert!(outcome.success, "{}", outcome.output);
    outcome.output
}

fn print(size: usize, servers: &[Server], figures: &[Figures]) {
    println!("\nA calendar of {size} events: processor ms per request (wall ms in brackets)\n");
    let heads: Vec<&str> = [""].into_iter().chain(servers.iter().map(|server| server.name)).collect();
    let mut table = Table::new(&heads);
    let mut row = |name: &str, cell: &dyn Fn(&Figures) -> String| {
        table.row([name.to_owned()].into_iter().chain(figures.iter().map(cell)));
    };
    for question in QUESTIONS {
        row(question, &|figures| {
            let cost = &figures.costs[question];
            format!("{:.2} ({:.2})", cost.processor.percentile(50.0), cost.wall.percentile(50.0))
        });
    }
    row("hits of a week / month", &|figures| figures.hits.clone());
    row("PUTs a second, 1 client", &|figures| figures.rates[0].show(0));
    row("PUTs a second, 50 clients", &|figures| figures.rates[1].show(0));
    row("memory, MB", &|figures| figures.memory.show(0));
    table.print();
}

/// Every file of a folder, copied to another one.
pub fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for file in std::fs::read_dir(from).expect("the events were made").flatten() {
        std::fs::copy(file.path(), to.join(file.file_name())).expect("an event can be copied");
    }
}
