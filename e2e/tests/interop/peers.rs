//! NSD, Knot and BIND as primaries that tell a secondary of changes, and as writers of catalogs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use e2e::folder::{Folder, write};
use e2e::ports::free_address;
use e2e::process::{Process, run};
use e2e::samples::{EXAMPLE_COM, EXAMPLE_ORG, Key};
use e2e::sshd::program;
use e2e::{wait, wire};

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Software {
    /// CZ.NIC.
    Knot,
    /// ISC.
    Bind,
    /// NLnet Labs.
    Nsd,
}

/// A running primary whose zones are files.
pub struct Peer {
    software: Software,
    address: SocketAddr,
    home: PathBuf,
    secondary: Option<SocketAddr>,
    key: Key,
    process: Option<Process>,
}

impl Peer {
    /// Serves zones from their texts, to who has the key; `secondary` is told of changes.
    pub fn primary(
        software: Software,
        folder: &Folder,
        key: &Key,
        zones: &[(&str, &str)],
        secondary: Option<SocketAddr>,
    ) -> Peer {
        let address = free_address();
        let home = folder.subfolder(&format!("peer-{}", address.port()));
        std::fs::create_dir_all(home.join("database")).expect("a folder can be made");
        let mut peer = Peer { software, address, home, secondary, key: *key, process: None };
        for (zone, text) in zones {
            write(&peer.file(zone), text);
        }
        let zones: Vec<&str> = zones.iter().map(|(zone, _)| *zone).collect();
        peer.configure(&zones, None);
        peer.start_again();
        peer
    }

    /// Serves `catalog.test`, in which the members are listed.
    pub fn catalog(software: Software, folder: &Folder, key: &Key, members: &[&str], secondary: SocketAddr) -> Peer {
        let address = free_address();
        let home = folder.subfolder(&format!("peer-{}", address.port()));
        std::fs::create_dir_all(home.join("database")).expect("a folder can be made");
        let mut peer = Peer { software, address, home, secondary: Some(secondary), key: *key, process: None };
        write(&peer.file("example.com"), EXAMPLE_COM);
        write(&peer.file("example.net"), EXAMPLE_ORG.replace("example.org", "example.net"));
        peer.write_catalog(1, members);
        peer.configure(&["example.com", "example.net"], Some(members));
        peer.start_again();
        peer
    }

    /// `nsd-control`, with e.g. `addzone example.org told`.
    pub fn control(&self, what: &str) {
        let mut command = Command::new(program("nsd-control"));
        let outcome = run(command.arg("-c").arg(self.home.join("configuration")).args(what.split_whitespace()), "");
        assert!(outcome.success, "nsd-control {what}: {}", outcome.output);
    }

    /// Writes a zone's file, whatever was in it.
    pub fn write_zone(&self, zone: &str, text: &str) {
        write(&self.file(zone), text);
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Another version of a zone, by its file; it is read at once.
    pub fn change(&self, zone: &str, serial: u32, line: &str) {
        self.write(zone, serial, line);
        self.reload();
    }

    /// Writes another version to the zone's file.
    pub fn write(&self, zone: &str, serial: u32, line: &str) {
        let path = self.file(zone);
        let text = std::fs::read_to_string(&path).expect("the zone's file is there");
        let old = text.split_whitespace().find(|word| word.starts_with("20240101")).expect("a serial").to_owned();
        write(&path, format!("{}{line}\n", text.replacen(&old, &serial.to_string(), 1)));
    }

    /// Lists other members.
    pub fn catalog_members(&self, members: &[&str]) {
        let serial =
            std::fs::read_to_string(self.file("catalog.test")).map_or(2, |text| text.lines().count() as u32 + 10);
        self.write_catalog(serial + self.reloads(), members);
        self.configure(&["example.com", "example.net"], Some(members));
        self.reload();
    }

    /// Ends it.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it with the same configuration.
    pub fn start_again(&mut self) {
        let configuration = self.home.join("configuration");
        let mut command = match self.software {
            Software::Knot => Command::new(program("knotd")),
            Software::Nsd => Command::new(program("nsd")),
            Software::Bind => {
                // Distributions confine named to its usual folders by the path of the program.
                let named = self.home.join("named");
                let copied = run(Command::new("cp").arg(program("named")).arg(&named), "");
                assert!(copied.success, "named cannot be copied: {}", copied.output);
                Command::new(named)
            }
        };
        let options: &[&str] = match self.software {
            Software::Knot => &["-c"],
            Software::Nsd => &["-d", "-c"],
            Software::Bind => &["-g", "-n", "1", "-c"],
        };
        let log = self.home.join("log");
        self.process = Some(Process::start("peer", command.args(options).arg(&configuration), &log));
        wait::until("the peer answers", || wire::answers(self.address));
    }

    fn reload(&self) {
        let id = self.process.as_ref().expect("it runs").id().to_string();
        assert!(run(Command::new("kill").args(["-HUP", &id]), "").success);
    }

    /// Grows with each version of the catalog.
    fn reloads(&self) -> u32 {
        let path = self.home.join("reloads");
        let count = std::fs::read_to_string(&path).ok().and_then(|text| text.parse::<u32>().ok()).unwrap_or(0) + 100;
        write(&path, count.to_string());
        count
    }

    fn file(&self, zone: &str) -> PathBuf {
        self.home.join(format!("{zone}.zone"))
    }

    fn write_catalog(&self, serial: u32, members: &[&str]) {
        if self.software == Software::Knot {
            // It makes the catalog itself.
            return;
        }
        let list: String =
            members.iter().map(|zone| format!("{}.zones PTR {zone}.\n", zone.replace('.', "-"))).collect();
        let head =
            format!("$TTL 0\n@ SOA invalid. invalid. {serial} 3600 600 2419200 0\n@ NS invalid.\nversion TXT 2\n");
        write(&self.file("catalog.test"), format!("{head}{list}"));
    }

    fn configure(&self, zones: &[&str], catalog: Option<&[&str]>) {
        let text = match self.software {
            Software::Knot => self.knot(zones, catalog),
            Software::Bind => self.bind(zones, catalog),
            Software::Nsd => self.nsd(zones),
        };
        write(&self.home.join("configuration"), text);
    }

    fn knot(&self, zones: &[&str], catalog: Option<&[&str]>) -> String {
        let (home, at, key) = (self.home.display(), knot_at(self.address), &self.key);
        let mut text = format!(
            "server:\n  rundir: {home}\n  listen: {at}\n  udp-workers: 1\n  tcp-workers: 2\n  background-workers: 1\n\
             log:\n  - target: stderr\n    any: info\ndatabase:\n  storage: {home}/database\n\
             key:\n  - id: {0}\n    algorithm: {1}\n    secret: {2}\n\
             acl:\n  - id: rule\n    key: {0}\n    action: transfer\n",
            key.name, key.algorithm, key.secret
        );
        let mut notify = String::new();
        if let Some(secondary) = self.secondary {
            let at = knot_at(secondary);
            text += &format!("remote:\n  - id: secondary\n    address: {at}\n    key: {}\n", key.name);
            notify = "    notify: secondary\n".to_owned();
        }
        text += "zone:\n";
        let rest = format!("    acl: rule\n    journal-content: changes\n    zonefile-load: difference\n{notify}");
        // Knot notices a zone that becomes a member only when the zone itself is new.
        for zone in catalog.unwrap_or(zones) {
            let role = catalog.map_or("", |_| "    catalog-role: member\n    catalog-zone: catalog.test\n");
            let file = self.file(zone);
            text += &format!("  - domain: {zone}\n    file: {}\n{rest}{role}", file.display());
        }
        if catalog.is_some() {
            text += &format!("  - domain: catalog.test\n    catalog-role: generate\n    acl: rule\n{notify}");
        }
        text
    }

    fn bind(&self, zones: &[&str], catalog: Option<&[&str]>) -> String {
        let (home, port, ip, key) = (self.home.display(), self.address.port(), self.address.ip(), &self.key);
        let mut text = format!(
            "options {{ directory \"{home}\"; listen-on port {port} {{ {ip}; }}; listen-on-v6 {{ none; }}; recursion no;\n  \
             dnssec-validation no; pid-file \"{home}/pid\"; session-keyfile \"{home}/session.key\"; notify-delay 0;\n  \
             managed-keys-directory \"{home}\"; empty-zones-enable no; startup-notify-rate 1000; }};\ncontrols {{ }};\n\
             key \"{}\" {{ algorithm {}; secret \"{}\"; }};\n",
            key.name, key.algorithm, key.secret
        );
        let notify = self.secondary.map_or("notify no;".to_owned(), |secondary| {
            format!(
                "notify explicit; also-notify {{ {} port {} key \"{}\"; }};",
                secondary.ip(),
                secondary.port(),
                key.name
            )
        });
        for zone in zones.iter().copied().chain(catalog.map(|_| "catalog.test")) {
            text += &format!(
                "zone \"{zone}\" {{ type primary; file \"{zone}.zone\"; ixfr-from-differences yes;\n  \
                 allow-transfer {{ key \"{}\"; }}; {notify} }};\n",
                key.name
            );
        }
        text
    }

    fn nsd(&self, zones: &[&str]) -> String {
        let (home, port, ip, key) = (self.home.display(), self.address.port(), self.address.ip(), &self.key);
        let mut text = format!(
            "server:\n  ip-address: {ip}@{port}\n  username: \"\"\n  zonesdir: \"{home}\"\n  database: \"\"\n  logfile: \"\"\n  \
             pidfile: \"{home}/pid\"\n  xfrdfile: \"{home}/xfrd.state\"\n  xfrdir: \"{home}\"\n  \
             zonelistfile: \"{home}/zone.list\"\n  rrl-ratelimit: 0\n  xfrd-reload-timeout: 0\n  verbosity: 2\n\
             remote-control:\n  control-enable: yes\n  control-interface: \"{home}/control\"\n\
             key:\n  name: {}\n  algorithm: {}\n  secret: \"{}\"\n",
            key.name, key.algorithm, key.secret
        );
        let zones = zones.iter().map(|zone| ("zone", *zone, *zone)).chain([("pattern", "told", "%s")]);
        for (kind, name, file) in zones {
            text += &format!(
                "{kind}:\n  name: \"{name}\"\n  zonefile: \"{file}.zone\"\n  provide-xfr: 127.0.0.1 {0}\n  store-ixfr: yes\n  \
                 create-ixfr: yes\n",
                key.name
            );
            if let Some(secondary) = self.secondary {
                text += &format!("  notify: {} {}\n", knot_at(secondary), key.name);
            }
        }
        text
    }
}

fn knot_at(address: SocketAddr) -> String {
    format!("{}@{}", address.ip(), address.port())
}
