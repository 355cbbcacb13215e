//! ISC's BIND, as a secondary, as a primary to measure beside, and as an authority to compare with.

use std::net::SocketAddr;
use std::process::Command;

use crate::folder::{Folder, ZoneFile, write};
use crate::process::{Process, run};
use crate::samples::{self, Key};
use crate::sshd::program;
use crate::{wait, wire};

/// A running named.
#[derive(Debug)]
pub struct Bind {
    process: Process,
    address: SocketAddr,
}

impl Bind {
    /// A secondary at `address` that transfers `zones` from `primary` with `key`, and takes a NOTIFY signed with it.
    pub fn secondary(folder: &Folder, address: SocketAddr, primary: SocketAddr, zones: &[&str], key: &Key) -> Bind {
        let zones: String = zones
            .iter()
            .map(|zone| {
                format!(
                    "zone \"{zone}\" {{ type secondary; file \"{zone}.zone\"; masterfile-format text;\n  \
                     primaries {{ {} port {} key \"{name}\"; }}; allow-notify {{ key \"{name}\"; }}; }};\n",
                    primary.ip(),
                    primary.port(),
                    name = key.name,
                )
            })
            .collect();
        Bind::start(folder, address, key, &zones)
    }

    /// A secondary at `address` of the members of a catalog zone, which it transfers from `primary` as it does them.
    pub fn catalog(folder: &Folder, address: SocketAddr, primary: SocketAddr, catalog: &str, key: &Key) -> Bind {
        let primaries = format!("{{ {} port {} key \"{}\"; }}", primary.ip(), primary.port(), key.name);
        let options =
            format!("catalog-zones {{ zone \"{catalog}\" default-primaries {primaries} min-update-interval 0; }};\n  ");
        let zone = format!(
            "zone \"{catalog}\" {{ type secondary; file \"catalog.zone\"; primaries {primaries};\n  \
             allow-notify {{ key \"{}\"; }}; }};\n",
            key.name
        );
        let bind = Bind::launch(folder, address, key, &options, &zone);
        wait::until("BIND answers", || wire::answers(address));
        bind
    }

    /// A primary at `address` that serves `zone` from its text and takes updates signed with `key`.
    pub fn primary(folder: &Folder, address: SocketAddr, zone: &str, text: &str, key: &Key) -> Bind {
        write(&folder.subfolder("bind").join(format!("{zone}.zone")), text);
        let zone = format!(
            "zone \"{zone}\" {{ type primary; file \"{zone}.zone\"; allow-update {{ key \"{name}\"; }};\n  \
             allow-transfer {{ key \"{name}\"; }}; notify no; }};\n",
            name = key.name
        );
        Bind::start(folder, address, key, &zone)
    }

    /// An authority at `address` for zones in files, which anybody may transfer. It need not serve yet.
    pub fn authority(folder: &Folder, address: SocketAddr, zones: &[ZoneFile]) -> Bind {
        let zones = zones.iter().map(|zone| {
            // Random zones are not to be refused for what is unwise in them.
            format!(
                "zone \"{}\" {{ type primary; file \"{}\"; allow-transfer {{ any; }}; notify no;\n  \
                 check-names ignore; check-integrity no; check-sibling no; check-dup-records ignore;\n  \
                 check-mx ignore; check-mx-cname ignore; check-srv-cname ignore; check-wildcard no; }};\n",
                zone.name,
                zone.path.display()
            )
        });
        Bind::launch(folder, address, &samples::TRANSFER, "", &zones.collect::<String>())
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

    fn start(folder: &Folder, address: SocketAddr, key: &Key, zones: &str) -> Bind {
        let bind = Bind::launch(folder, address, key, "", zones);
        wait::until("BIND answers", || wire::answers(address));
        bind
    }

    fn launch(folder: &Folder, address: SocketAddr, key: &Key, more: &str, zones: &str) -> Bind {
        let home = folder.subfolder("bind");
        let path = home.display();
        let options = format!(
            "options {{ directory \"{path}\"; listen-on port {} {{ {}; }}; listen-on-v6 {{ none; }}; recursion no;\n  \
             dnssec-validation no; pid-file \"{path}/pid\"; session-keyfile \"{path}/session.key\";\n  \
             managed-keys-directory \"{path}\"; notify-delay 0; empty-zones-enable no;\n  \
             {more}minimal-responses yes; rrset-order {{ order none; }}; tcp-clients 1000; zone-statistics none; }};\ncontrols {{ }};\n",
            address.port(),
            address.ip(),
        );
        let key = format!("key \"{}\" {{ algorithm {}; secret \"{}\"; }};\n", key.name, key.algorithm, key.secret);
        let configuration = home.join("named.conf");
        write(&configuration, format!("{options}{key}{zones}"));
        // Distributions confine named to its usual folders by the path of the program, so it runs from a path of its
        // own.
        let named = home.join("named");
        // By cp, because a file that this process writes may be held open by a child that another thread starts just
        // then.
        let copied = run(Command::new("cp").arg(program("named")).arg(&named), "");
        assert!(copied.success, "named cannot be copied: {}", copied.output);
        let mut command = Command::new(&named);
        let process = Process::start(
            "named",
            command.args(["-g", "-n", "1", "-U", "1", "-c"]).arg(&configuration),
            &home.join("log"),
        );
        Bind { process, address }
    }
}
