//! The tools that people ask and change name servers with: dig, kdig, drill, nsupdate, knsupdate, ldns-notify.

use std::net::SocketAddr;
use std::process::Command;

use crate::process::{Outcome, run};
use crate::samples::Key;

/// `dig @server …`; `what` is the rest of the command line, e.g. `www.example.com A +short`.
pub fn dig(server: SocketAddr, what: &str) -> String {
    let options = ["+time=5", "+tries=1", "+nocookie"];
    query(Command::new("dig").arg("-p").arg(port(server)).arg(at(server)).args(options).args(what.split_whitespace()))
}

/// As [`dig`], signed with a key.
pub fn dig_signed(server: SocketAddr, key: &Key, what: &str) -> String {
    dig(server, &format!("-y {} {what}", key.argument()))
}

/// `kdig @server …`.
pub fn kdig(server: SocketAddr, what: &str) -> String {
    query(
        Command::new("kdig")
            .arg("-p")
            .arg(port(server))
            .arg(at(server))
            .arg("+timeout=5")
            .args(what.split_whitespace()),
    )
}

/// `drill … @server`.
pub fn drill(server: SocketAddr, what: &str) -> String {
    query(Command::new("drill").arg("-p").arg(port(server)).arg(at(server)).args(what.split_whitespace()))
}

/// The serial of a zone's SOA at a server; `None` while it does not answer with one.
pub fn serial(server: SocketAddr, zone: &str) -> Option<u32> {
    dig(server, &format!("{zone} SOA +short")).split_whitespace().nth(2)?.parse().ok()
}

/// BIND's nsupdate: `commands` are lines such as `update add www.example.com 300 A 192.0.2.1`, sent as one UPDATE.
pub fn nsupdate(server: SocketAddr, key: &Key, commands: &str) -> Outcome {
    let script = script(server, commands);
    run(Command::new("nsupdate").args(["-t", "30", "-y", &key.argument()]), &script)
}

/// As [`nsupdate`], over TCP.
pub fn nsupdate_tcp(server: SocketAddr, key: &Key, commands: &str) -> Outcome {
    run(Command::new("nsupdate").args(["-v", "-t", "30", "-y", &key.argument()]), &script(server, commands))
}

/// As [`nsupdate`], without a signature.
pub fn nsupdate_unsigned(server: SocketAddr, commands: &str) -> Outcome {
    run(Command::new("nsupdate").args(["-t", "30"]), &script(server, commands))
}

/// Knot's knsupdate, with the same commands.
pub fn knsupdate(server: SocketAddr, key: &Key, commands: &str) -> Outcome {
    run(Command::new("knsupdate").args(["-t", "30", "-y", &key.argument()]), &script(server, commands))
}

/// `ldns-notify`, signed.
pub fn ldns_notify(server: SocketAddr, key: &Key, zone: &str) -> Outcome {
    let key = format!("{}:{}:{}", key.name, key.secret, key.algorithm);
    run(
        Command::new("ldns-notify")
            .args(["-z", zone, "-y", &key, "-p", &port(server), "-r", "3"])
            .arg(server.ip().to_string()),
        "",
    )
}

fn script(server: SocketAddr, commands: &str) -> String {
    format!("server {} {}\n{commands}\nsend\nquit\n", server.ip(), server.port())
}

fn query(command: &mut Command) -> String {
    run(command, "").output.trim().to_owned()
}

fn at(server: SocketAddr) -> String {
    format!("@{}", server.ip())
}

fn port(server: SocketAddr) -> String {
    server.port().to_string()
}
