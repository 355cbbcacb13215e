//! NLnet Labs' NSD, as a secondary, and as an authority to compare with.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use crate::folder::{Folder, ZoneFile, write};
use crate::process::{Process, run};
use crate::samples::Key;
use crate::sshd::program;
use crate::{wait, wire};

/// A running NSD.
#[derive(Debug)]
pub struct Nsd {
    process: Process,
    address: SocketAddr,
    home: PathBuf,
}

impl Nsd {
    /// A secondary at `address` that transfers `zones` from `primary` with `key`, and takes a NOTIFY signed with it.
    pub fn secondary(folder: &Folder, address: SocketAddr, primary: SocketAddr, zones: &[&str], key: &Key) -> Nsd {
        let zones: String = zones
            .iter()
            .map(|zone| {
                format!(
                    "zone:\n  name: \"{zone}\"\n  zonefile: \"{zone}.zone\"\n  request-xfr: {ip}@{port} {name}\n  \
                     allow-notify: {ip} {name}\n",
                    ip = primary.ip(),
                    port = primary.port(),
                    name = key.name,
                )
            })
            .collect();
        let key = format!("key:\n  name: {}\n  algorithm: {}\n  secret: \"{}\"\n", key.name, key.algorithm, key.secret);
        let nsd = Nsd::start(folder, address, &format!("{key}{zones}"));
        wait::until("NSD answers", || wire::answers(address));
        nsd
    }

    /// A secondary at `address` without zones: [`Nsd::control`] adds and removes them, from `primary` with `key`.
    pub fn controlled(folder: &Folder, address: SocketAddr, primary: SocketAddr, key: &Key) -> Nsd {
        let (ip, port, name) = (primary.ip(), primary.port(), key.name);
        let key = format!("key:\n  name: {}\n  algorithm: {}\n  secret: \"{}\"\n", key.name, key.algorithm, key.secret);
        let pattern = format!(
            "pattern:\n  name: \"follow\"\n  zonefile: \"%s.zone\"\n  request-xfr: {ip}@{port} {name}\n  \
             allow-notify: 127.0.0.1 {name}\n"
        );
        let nsd = Nsd::start(folder, address, &format!("{key}{pattern}"));
        wait::until("NSD answers", || wire::answers(address));
        nsd
    }

    /// `nsd-control`, with e.g. `addzone example.com follow`.
    pub fn control(&self, what: &str) {
        let mut command = Command::new(program("nsd-control"));
        let outcome = run(command.arg("-c").arg(self.home.join("nsd.conf")).args(what.split_whitespace()), "");
        assert!(outcome.success, "nsd-control {what}: {}", outcome.output);
    }

    /// An authority at `address` for zones in files, which anybody may transfer. It need not serve yet.
    pub fn authority(folder: &Folder, address: SocketAddr, zones: &[ZoneFile]) -> Nsd {
        let zones = zones.iter().map(|zone| {
            let (name, path) = (&zone.name, zone.path.display());
            format!("zone:\n  name: \"{name}\"\n  zonefile: \"{path}\"\n  provide-xfr: 127.0.0.1 NOKEY\n")
        });
        Nsd::start(folder, address, &zones.collect::<String>())
    }

    fn start(folder: &Folder, address: SocketAddr, zones: &str) -> Nsd {
        let home = folder.subfolder("nsd");
        let path = home.display();
        // Debian builds it with rate limiting at 200 answers a second: off.
        let server = format!(
            "server:\n  ip-address: {}@{}\n  username: \"\"\n  zonesdir: \"{path}\"\n  database: \"\"\n  logfile: \"\"\n  \
             pidfile: \"{path}/pid\"\n  xfrdfile: \"{path}/xfrd.state\"\n  xfrdir: \"{path}\"\n  \
             zonelistfile: \"{path}/zone.list\"\n  rrl-ratelimit: 0\n  rrl-whitelist-ratelimit: 0\n  \
             xfrd-reload-timeout: 0\n  verbosity: 2\n  server-count: 1\n  tcp-count: 1000\n  \
             minimal-responses: yes\n  round-robin: no\nremote-control:\n  control-enable: yes\n  \
             control-interface: \"{path}/control\"\n",
            address.ip(),
            address.port(),
        );
        let configuration = home.join("nsd.conf");
        write(&configuration, format!("{server}{zones}"));
        let mut command = Command::new(program("nsd"));
        let process = Process::start("nsd", command.arg("-d").arg("-c").arg(&configuration), &home.join("log"));
        Nsd { process, address, home }
    }

    /// Its process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it logged.
    pub fn log(&self) -> String {
        self.process.output()
    }
}
