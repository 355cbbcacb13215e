//! A sandboxed primary with 16 MiB, a hundred zones, five million queries and twenty thousand updates: what it holds in
//! between.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::process::Command;
use std::time::{Duration, Instant};

use e2e::folder::write;
use e2e::message::{self, Signer};
use e2e::network;
use e2e::process::{family, run};
use e2e::samples::UPDATE;
use e2e::wire::Reply;
use e2e::world::{Scene, World};

use crate::context::Context;
use crate::table::Table;

const MEMORY: u32 = 16;
const ZONES: usize = 100;
/// Queries of one round through the file.
const QUERIES: usize = 1_000;
const STAGES: usize = 5;
const ROUNDS_A_STAGE: usize = 1_000;
const UPDATES_A_STAGE: usize = 4_000;
const OUTSTANDING: usize = 50;
/// Queries a second: not so many that the device drops updates all the time.
const RATE: &str = "30000";
/// As long as a client waits before it sends an update again.
const PATIENCE: Duration = Duration::from_secs(3);
/// Times in a row that nothing is answered.
const SILENCES: usize = 20;
/// Names that updates change, again and again.
const NAMES: usize = 100;

/// Measures and prints.
pub fn run_soak(_: &mut Context) {
    // A network namespace is a thread's own.
    std::thread::spawn(soak).join().expect("the soak ends well");
}

fn soak() {
    let zone = |n: usize| format!("zone{n}.example");
    let text = "$TTL 3600\n@ SOA ns1 host 1 7200 3600 1209600 3600\n@ NS ns1\nns1 A 192.0.2.1\nwww A 192.0.2.2\n";
    let remote = (0..ZONES).fold(Scene::sandboxed(), |scene, n| scene.file(&zone(n), text)).remote();
    let primary = remote.arguments().memory(MEMORY).set("--logs", "*:warning").start(&remote.folder);
    let mut world = remote.with(primary);
    e2e::wait::until("the primary serves", || world.short("www.zone1.example A") == "192.0.2.2");
    let questions: String = (0..QUERIES).map(|n| format!("www.zone{}.example A\n", n % ZONES)).collect();
    let file = world.remote.folder.join("queries");
    write(&file, questions);
    let (mut table, start) =
        (Table::new(&["queries", "updates", "after, s", "memory of its own, KiB"]), Instant::now());
    table.row(["0".to_owned(), "0".to_owned(), "0".to_owned(), own_memory(&mut world).to_string()]);
    for stage in 1..=STAGES {
        let address = world.address();
        std::thread::scope(|scope| {
            scope.spawn(|| query(address, &file.display().to_string()));
            update(address, stage);
        });
        let row = [stage * ROUNDS_A_STAGE * QUERIES, stage * UPDATES_A_STAGE, start.elapsed().as_secs() as usize];
        let memory = own_memory(&mut world).to_string();
        table.row(row.map(|number| number.to_string()).into_iter().chain([memory]));
    }
    table.print();
    assert_eq!(world.short("www.zone1.example A"), "192.0.2.2");
}

fn query(server: SocketAddr, file: &str) {
    let (ip, port, rounds) = (server.ip().to_string(), server.port().to_string(), ROUNDS_A_STAGE.to_string());
    let mut command = Command::new("timeout");
    command.args(["900", "dnsperf", "-s", &ip, "-p", &port, "-d", file, "-n", &rounds, "-Q", RATE, "-t", "5"]);
    let output = command.output().expect("dnsperf is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Each takes a record away and puts another in its place, so that the zone stays as large as it is.
fn update(server: SocketAddr, stage: usize) {
    let socket = UdpSocket::bind((network::host(), 0)).expect("a socket can be bound");
    socket.connect(server).expect("a datagram socket can be connected");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time limit can be set");
    let (mut waiting, mut sent, mut silences) = (HashMap::new(), 0, 0);
    let mut buffer = [0; 4096];
    while sent < UPDATES_A_STAGE || !waiting.is_empty() {
        if sent < UPDATES_A_STAGE && waiting.len() < OUTSTANDING {
            let (id, name) = ((stage * UPDATES_A_STAGE + sent) as u16, format!("soak{}.example.com", sent % NAMES));
            let [a, b] = (sent as u16).to_be_bytes();
            let lines = [message::deletion(&name, message::kind::A), message::a(&name, 60, [10, stage as u8, a, b])];
            let signed = Signer::new(UPDATE).sign(&message::update(id, "example.com", &lines));
            socket.send(&signed.octets).expect("a datagram can be sent");
            waiting.insert(id, signed.octets);
            sent += 1;
            continue;
        }
        let Ok(length) = socket.recv(&mut buffer) else {
            silences += 1;
            assert!(silences < SILENCES, "updates are answered");
            for octets in waiting.values() {
                socket.send(octets).expect("a datagram can be sent");
            }
            continue;
        };
        silences = 0;
        let reply = Reply(buffer[..length].to_vec());
        assert_eq!(reply.rcode(), 0, "an update is accepted");
        waiting.remove(&reply.id());
    }
}

/// Anonymous memory of the service, in KiB.
fn own_memory(world: &mut World) -> u64 {
    let service = *family(world.primary.process().id()).last().expect("a child");
    let status = run(Command::new("cat").arg(format!("/proc/{service}/status")), "").output;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
