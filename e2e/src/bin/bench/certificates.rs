//! From a request in DNS to the certificate in DNS: pebble without its sleeps as the CA, three name servers that are
//! all waited for (dns-primary, dns-secondary, NSD); one name after another, and many that are due at once.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use e2e::folder::Folder;
use e2e::letsencrypt::{Letsencrypt, Requester};
use e2e::nsd::Nsd;
use e2e::pebble::{Behaviour, Pebble};
use e2e::ports::free_address;
use e2e::process::Process;
use e2e::samples::{ROOT, TRANSFER};
use e2e::{wait, wire};

use crate::context::Context;
use crate::machine::{SERVERS, on_core};
use crate::ours::Ours;
use crate::samples_of::Samples;
use crate::table::Table;
use crate::{visible, zone_text};

const ZONE: &str = "example.com";
const MANY: usize = 500;
const ONE_BY_ONE: usize = 3;
const PATIENCE: Duration = Duration::from_secs(900);

/// Measures and prints.
pub fn run(context: &mut Context) {
    let mut table = Table::new(&["certificates", "each, ms", "processor time of letsencrypt, s", "most memory, MiB"]);
    let mut single = Samples::default();
    let scene = Scene::new(&zone_text::small(ZONE));
    let mut service = scene.letsencrypt();
    service.wait_for_log("example.com. ");
    for number in 0..ONE_BY_ONE * context.rounds {
        let requester = Requester::new(&scene.folder, &format!("one{number}.{ZONE}"), &[]);
        requester.ask(scene.ours.address(), &ROOT);
        let start = Instant::now();
        requester.wait_for_chain(scene.ours.address());
        single.add_time(start.elapsed());
    }
    let time = service.process().processor_time().as_secs_f64() / (ONE_BY_ONE * context.rounds) as f64;
    let memory = service.process().peak_memory() / 1024;
    table.row(["one after another".to_owned(), single.show(0), format!("{time:.3}"), memory.to_string()]);
    drop((service, scene));

    table.print();
    println!();
    let mut table = Table::new(&["certificates", "wall, s", "processor time of letsencrypt, s", "most memory, MiB"]);
    let folder = Folder::new();
    let requests: String = (0..MANY).map(|number| request(&folder, number)).collect();
    let scene = Scene::new(&format!("{}{requests}", zone_text::small(ZONE)));
    let start = Instant::now();
    let mut service = scene.letsencrypt();
    // It says so when the primary has accepted one.
    wait::find_within(PATIENCE, "all certificates", || {
        (service.log().matches(" is in DNS").count() == MANY).then_some(())
    });
    let (wall, time) = (start.elapsed().as_secs_f64(), service.process().processor_time().as_secs_f64());
    let memory = service.process().peak_memory() / 1024;
    table.row([
        format!("{MANY} at once, 16 orders open"),
        format!("{wall:.1}"),
        format!("{time:.1}"),
        memory.to_string(),
    ]);
    table.print();
    println!("\n{} orders for {MANY} certificates", scene.pebble.orders());
}

/// Three name servers and a CA.
struct Scene {
    pebble: Pebble,
    _secondary: Process,
    secondary: SocketAddr,
    nsd: Nsd,
    ours: Ours,
    folder: Folder,
}

impl Scene {
    fn new(text: &str) -> Scene {
        let mut ours = Ours::new(&[(ZONE.to_owned(), text.to_owned())]);
        let (folder, addresses) = (Folder::new(), [free_address(), free_address()]);
        ours.serve(ZONE, &addresses.map(|address| format!("{address}@{}", TRANSFER.name)));
        let from = ours.address();
        let secondary = on_core(SERVERS, || visible::secondary(&folder, addresses[0], from));
        let nsd = on_core(SERVERS, || Nsd::secondary(&folder, addresses[1], from, &[ZONE], &TRANSFER));
        wait::until("the secondaries have the zone", || addresses.iter().all(|server| wire::serves(*server, ZONE)));
        let pebble = on_core(SERVERS, || Pebble::start(&folder, from, Behaviour::default()));
        Scene { pebble, _secondary: secondary, secondary: addresses[0], nsd, ours, folder }
    }

    fn letsencrypt(&self) -> Letsencrypt {
        let (directory, ca_file) = (self.pebble.directory(), self.pebble.ca_file());
        let servers = [self.ours.address(), self.secondary, self.nsd.address()].map(|server| server.to_string());
        let mut arguments = vec!["--issuer", &directory, "--ca-file", path(&ca_file), "--account-key-seed", "bench"];
        servers.iter().for_each(|server| arguments.extend(["--check", server]));
        on_core(SERVERS, || Letsencrypt::start(&self.folder, self.ours.address(), &ROOT, &arguments))
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("test paths are UTF-8")
}

/// The line of a zone file with a request.
fn request(folder: &Folder, number: usize) -> String {
    let host = format!("many{number}.{ZONE}");
    let der = Requester::new(folder, &host, &[]).request();
    let hex: String = der.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("_letsencrypt._tcp.many{number} TLSA 3 255 0 {hex}\n")
}
