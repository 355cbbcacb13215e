//! Our `letsencrypt`, and a requester made of openssl and nsupdate.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use crate::built;
use crate::clients::{dig, nsupdate_tcp};
use crate::folder::Folder;
use crate::ports::free_port;
use crate::process::{Outcome, Process, run};
use crate::samples::Key;
use crate::wait;

/// A running (or for a while ended) `letsencrypt`.
#[derive(Debug)]
pub struct Letsencrypt {
    arguments: Vec<String>,
    folder: PathBuf,
    starts: usize,
    process: Option<Process>,
}

impl Letsencrypt {
    /// Starts one for the zones of `primary` that `key` names, with more arguments.
    pub fn start(folder: &Folder, primary: SocketAddr, key: &Key, arguments: &[&str]) -> Letsencrypt {
        let algorithm = key.algorithm.trim_start_matches("hmac-").to_uppercase();
        let key = format!("{}:{algorithm}:{}", key.name, key.secret);
        let primary = primary.to_string();
        let common = ["--dns-server", &primary, "--dns-key", &key, "--logs", "*:debug"];
        let arguments = common.iter().chain(arguments).map(|argument| (*argument).to_owned()).collect();
        let folder = folder.subfolder(&format!("letsencrypt-{}", free_port()));
        let mut new = Letsencrypt { arguments, folder, starts: 0, process: None };
        new.start_again();
        new
    }

    /// Runs the program to its end.
    pub fn run(arguments: &[&str]) -> Outcome {
        run(built::command("letsencrypt", "letsencrypt").args(arguments), "")
    }

    /// Starts it with the same arguments; its log begins anew.
    pub fn start_again(&mut self) {
        self.process = None;
        self.starts += 1;
        let mut command = built::command("letsencrypt", "letsencrypt");
        let log = self.folder.join(format!("{}.log", self.starts));
        self.process = Some(Process::start("letsencrypt", command.args(&self.arguments), &log));
    }

    /// What it logged since it was last started.
    pub fn log(&self) -> String {
        self.process.as_ref().map_or(String::new(), Process::output)
    }

    /// Waits until a line of its log contains `text`.
    pub fn wait_for_log(&mut self, text: &str) {
        self.process().wait_for_output(&format!("{text:?}"), |log| log.contains(text));
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("it was started")
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process().kill();
    }
}

/// Who wants a certificate: a key and a request in files.
#[derive(Debug)]
pub struct Requester {
    folder: PathBuf,
    host: String,
}

impl Requester {
    /// Makes a key and a request for `host` and `others`.
    pub fn new(folder: &Folder, host: &str, others: &[&str]) -> Requester {
        let names: Vec<String> = [host].iter().chain(others).map(|name| format!("DNS:{name}")).collect();
        Requester::make(folder, host, "ec", Some(&format!("subjectAltName={}", names.join(","))))
    }

    /// As MirageOS asks for one name: by the common name alone, which Let's Encrypt takes and pebble does not.
    pub fn like_mirage(folder: &Folder, host: &str) -> Requester {
        Requester::make(folder, host, "ec", None)
    }

    /// A request with an extension as openssl writes it.
    pub fn with_extension(folder: &Folder, host: &str, extension: &str) -> Requester {
        Requester::make(folder, host, "ec", Some(extension))
    }

    /// A request for a kind of key as openssl writes it.
    pub fn with_key(folder: &Folder, host: &str, key: &str) -> Requester {
        Requester::make(folder, host, key, None)
    }

    fn make(folder: &Folder, host: &str, key: &str, extension: Option<&str>) -> Requester {
        let folder = folder.subfolder(&format!("requester-{host}-{}", free_port()));
        let mut command = Command::new("openssl");
        command.args(["req", "-new", "-nodes", "-outform", "DER", "-newkey", key]);
        if key == "ec" {
            command.args(["-pkeyopt", "ec_paramgen_curve:P-256"]);
        }
        command.arg("-subj").arg(format!("/CN={host}")).args(["-keyout", "key.pem", "-out", "request.der"]);
        command.args(extension.into_iter().flat_map(|extension| ["-addext", extension]));
        let outcome = run(command.current_dir(&folder), "");
        assert!(outcome.success, "{}", outcome.output);
        Requester { folder, host: host.to_owned() }
    }

    /// The request (DER).
    pub fn request(&self) -> Vec<u8> {
        std::fs::read(self.folder.join("request.der")).expect("the request was made")
    }

    /// Puts the request into DNS at another host, beside whatever lies there.
    pub fn add_at(&self, primary: SocketAddr, key: &Key, host: &str) {
        let commands = addition(host, &self.request());
        let outcome = nsupdate_tcp(primary, key, &commands);
        assert!(outcome.success, "{}", outcome.output);
    }

    /// Puts the request into DNS in place of whatever lies there.
    pub fn ask(&self, primary: SocketAddr, key: &Key) {
        put_request(primary, key, &self.host, &self.request());
    }

    /// Waits for the certificate and writes the chain into a file (PEM), the certificate first.
    pub fn wait_for_chain(&self, server: SocketAddr) -> PathBuf {
        let patience = std::time::Duration::from_secs(60);
        wait::find_within(patience, &format!("a certificate for {}", self.host), || self.chain(server))
    }

    /// The chain, if there is one.
    pub fn chain(&self, server: SocketAddr) -> Option<PathBuf> {
        let records = tlsa(server, &self.host);
        let of = |start: &str| -> Vec<String> {
            records.iter().filter_map(|record| Some(record.strip_prefix(start)?.replace(' ', ""))).collect()
        };
        let (leaves, issuers) = (of("3 0 0 "), of("0 0 0 "));
        let leaf = leaves.first()?;
        let path = self.folder.join("chain.pem");
        let pem: String = std::iter::once(leaf).chain(&issuers).map(|hex| to_pem(hex)).collect();
        std::fs::write(&path, pem).expect("the folder can be written to");
        Some(path)
    }

    /// The key's file.
    pub fn key(&self) -> PathBuf {
        self.folder.join("key.pem")
    }

    /// What it is told beside its request.
    pub fn words(&self, server: SocketAddr) -> String {
        dig(server, &format!("_letsencrypt._tcp.{} TXT +short", self.host))
    }
}

/// Puts any request into DNS for a host, in place of whatever lies there.
pub fn put_request(primary: SocketAddr, key: &Key, host: &str, der: &[u8]) {
    let commands = format!("update delete _letsencrypt._tcp.{host} TLSA\n{}", addition(host, der));
    let outcome = nsupdate_tcp(primary, key, &commands);
    assert!(outcome.success, "{}", outcome.output);
}

fn addition(host: &str, der: &[u8]) -> String {
    let hex: String = der.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("update add _letsencrypt._tcp.{host} 3600 TLSA 3 255 0 {hex}")
}

/// The TLSA records of a host as text.
pub fn tlsa(server: SocketAddr, host: &str) -> Vec<String> {
    dig(server, &format!("_letsencrypt._tcp.{host} TLSA +short +tcp")).lines().map(str::to_owned).collect()
}

fn to_pem(hex: &str) -> String {
    let der: Vec<u8> =
        (0..hex.len() / 2).filter_map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()).collect();
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// `openssl verify`: panics unless the chain holds for the host.
pub fn verify(root: &std::path::Path, chain: &std::path::Path, host: &str) {
    let mut command = Command::new("openssl");
    command.args(["verify", "-x509_strict", "-verify_hostname", host, "-CAfile"]).arg(root);
    let outcome = run(command.arg("-untrusted").arg(chain).arg(chain), "");
    assert!(outcome.success, "{}", outcome.output);
}

/// Seconds from now to a time as `date` reads it.
pub fn seconds_until(time: &str) -> i64 {
    let outcome = run(Command::new("date").args(["-d", time, "+%s"]), "");
    let at: i64 = outcome.output.trim().parse().unwrap_or_else(|_| panic!("{time}: {}", outcome.output));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is after 1970");
    at - now.as_secs() as i64
}
