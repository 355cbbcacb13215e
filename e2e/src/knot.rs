//! CZ.NIC's Knot DNS, as a secondary, as a primary to measure beside, and as an authority to compare with.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::folder::{Folder, ZoneFile, write};
use crate::process::Process;
use crate::samples::{self, Key};
use crate::sshd::program;
use crate::{wait, wire};

/// A running Knot DNS.
#[derive(Debug)]
pub struct Knot {
    process: Process,
    address: SocketAddr,
}

impl Knot {
    /// A secondary at `address` that transfers `zones` from `primary` with `key`, and takes a NOTIFY signed with it.
    pub fn secondary(folder: &Folder, address: SocketAddr, primary: SocketAddr, zones: &[&str], key: &Key) -> Knot {
        let remote = format!("remote:\n  - id: primary\n    address: {}\n    key: {}\n", at(primary), key.name);
        let acl =
            format!("acl:\n  - id: rule\n    address: {}\n    key: {}\n    action: notify\n", primary.ip(), key.name);
        Knot::start(folder, address, key, &format!("{remote}{acl}"), zones, "    master: primary\n    acl: rule\n")
    }

    /// A secondary at `address` of the members of a catalog zone, which it transfers from `primary` as it does them.
    pub fn catalog(folder: &Folder, address: SocketAddr, primary: SocketAddr, catalog: &str, key: &Key) -> Knot {
        let remote = format!("remote:\n  - id: primary\n    address: {}\n    key: {}\n", at(primary), key.name);
        let acl = format!("acl:\n  - id: rule\n    address: 127.0.0.1\n    key: {}\n    action: notify\n", key.name);
        let storage = folder.subfolder("knot");
        let template = format!(
            "template:\n  - id: member\n    storage: {}\n    master: primary\n    acl: rule\n",
            storage.display()
        );
        let role = "    master: primary\n    acl: rule\n    catalog-role: interpret\n    catalog-template: member\n";
        Knot::start(folder, address, key, &format!("{remote}{acl}{template}"), &[catalog], role)
    }

    /// A primary at `address` that serves `zone` from its text and takes updates signed with `key`.
    pub fn primary(folder: &Folder, address: SocketAddr, zone: &str, text: &str, key: &Key) -> Knot {
        write(&folder.subfolder("knot").join(format!("{zone}.zone")), text);
        let acl = format!("acl:\n  - id: rule\n    key: {}\n    action: [update, transfer]\n", key.name);
        Knot::start(folder, address, key, &acl, &[zone], "    acl: rule\n")
    }

    /// An authority at `address` for zones in files, which anybody may transfer. It need not serve yet.
    pub fn authority(folder: &Folder, address: SocketAddr, zones: &[ZoneFile]) -> Knot {
        let acl = "acl:\n  - id: rule\n    address: 127.0.0.1\n    action: transfer\n";
        let zones = zones.iter().map(|zone| {
            let path = zone.path.display();
            // Never writes the file, which it shares with others.
            format!("  - domain: {}\n    file: {path}\n    acl: rule\n    zonefile-sync: -1\n", zone.name)
        });
        Knot::launch(folder, address, &samples::TRANSFER, &format!("{acl}zone:\n{}", zones.collect::<String>()))
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

    fn start(folder: &Folder, address: SocketAddr, key: &Key, rules: &str, zones: &[&str], each: &str) -> Knot {
        let home = folder.subfolder("knot");
        let zones: String = zones
            .iter()
            .map(|zone| format!("  - domain: {zone}\n    storage: {0}\n    file: {zone}.zone\n{each}", home.display()))
            .collect();
        let knot = Knot::launch(folder, address, key, &format!("{rules}zone:\n{zones}"));
        wait::until("Knot answers", || wire::answers(address));
        knot
    }

    fn launch(folder: &Folder, address: SocketAddr, key: &Key, rest: &str) -> Knot {
        let home = folder.subfolder("knot");
        folder.subfolder("knot/database");
        let configuration = home.join("knot.conf");
        write(&configuration, format!("{}{rest}", head(&home, address, key)));
        let mut command = Command::new(program("knotd"));
        let process = Process::start("knotd", command.arg("-c").arg(&configuration), &home.join("log"));
        Knot { process, address }
    }
}

fn head(home: &Path, address: SocketAddr, key: &Key) -> String {
    let path = home.display();
    format!(
        "server:\n  rundir: {path}\n  listen: {}\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n\
         log:\n  - target: stderr\n    any: info\ndatabase:\n  storage: {path}/database\n\
         key:\n  - id: {}\n    algorithm: {}\n    secret: {}\n",
        at(address),
        key.name,
        key.algorithm,
        key.secret
    )
}

fn at(address: SocketAddr) -> String {
    format!("{}@{}", address.ip(), address.port())
}
