//! The foreign programs that the tests run against, and the Debian packages that bring them.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

/// A package and one of its programs, by which it is known to be there however it was installed.
const NEEDED: [(&str, &str); 25] = [
    ("openssh-server", "sshd"),
    ("openssh-client", "ssh"),
    ("openssh-client", "ssh-keygen"),
    ("git", "git"),
    ("bind9", "named"),
    ("bind9-utils", "named-checkzone"),
    ("bind9-dnsutils", "dig"),
    ("bind9-dnsutils", "nsupdate"),
    ("knot", "knotd"),
    ("knot-dnsutils", "knsupdate"),
    ("nsd", "nsd"),
    ("ldnsutils", "ldns-notify"),
    ("dnsperf", "dnsperf"),
    ("g++", "c++"),
    ("pebble", "pebble"),
    ("openssl", "openssl"),
    ("curl", "curl"),
    ("python3", "python3"),
    ("python3-pip", "pip3"),
    ("qemu-system-x86", "qemu-system-x86_64"),
    ("chromium", "chromium"),
    ("litmus", "litmus"),
    ("cadaver", "cadaver"),
    ("nodejs", "node"),
    ("npm", "npm"),
];

/// Makes sure that every program is there; installs what is missing if it may.
pub fn ensure(install: bool) -> Result<(), String> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !install {
        return Err(format!("these packages are missing: {list}"));
    }
    if find("apt-get").is_none() {
        return Err(format!("these packages are missing, and there is no apt-get here to install them: {list}"));
    }
    install_all(&list)?;
    let still: Vec<&str> = self::missing();
    if still.is_empty() { Ok(()) } else { Err(format!("installed, and yet not to be found: {}", still.join(" "))) }
}

fn missing() -> Vec<&'static str> {
    let mut packages: Vec<&str> =
        NEEDED.iter().filter(|(_, program)| find(program).is_none()).map(|(package, _)| *package).collect();
    packages.dedup();
    packages
}

fn find(program: &str) -> Option<String> {
    let path = std::env::var("PATH").unwrap_or_default();
    // Servers lie where an ordinary user's PATH does not lead.
    let folders = path.split(':').chain(["/usr/sbin", "/sbin", "/usr/local/sbin"]);
    folders.map(|folder| format!("{folder}/{program}")).find(|path| Path::new(path).is_file())
}

/// Installs packages, as root or through sudo. Their servers are not started: three of them would fight for port 53,
/// and the tests start their own.
fn install_all(list: &str) -> Result<(), String> {
    let script = format!(
        "set -e\n\
         export DEBIAN_FRONTEND=noninteractive\n\
         if [ ! -e {POLICY} ]; then\n\
           printf '#!/bin/sh\\nexit 101\\n' >{POLICY}; chmod 755 {POLICY}; trap 'rm -f {POLICY}' EXIT\n\
         fi\n\
         apt-get update\n\
         apt-get install --yes --no-install-recommends {list}\n"
    );
    let mut command = match (is_root(), find("sudo")) {
        (true, _) => Command::new("sh"),
        (false, Some(sudo)) => {
            let mut command = Command::new(sudo);
            command.arg("sh");
            command
        }
        (false, None) => {
            return Err(format!("these packages are missing, and to install them takes root or sudo: {list}"));
        }
    };
    println!("installing with apt-get, without starting their servers: {list}");
    let status = command.args(["-c", &script]).status().map_err(|error| format!("cannot run apt-get: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("apt-get could not install {list} ({status})")) }
}

/// What Debian's packages ask whether they may start their servers.
const POLICY: &str = "/usr/sbin/policy-rc.d";

fn is_root() -> bool {
    // The owner of a process's entry is its effective user.
    std::fs::metadata("/proc/self").is_ok_and(|entry| entry.uid() == 0)
}
