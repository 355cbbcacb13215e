//! Everything the demo starts, and how it ends again.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use russh::keys::PrivateKey;
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use super::{Error, calendars, repository, samples};
use crate::git_server::GitServer;
use platform::entropy;

const GIT_PORT: u16 = 2222;
const DNS_PORT: u16 = 5300;
const WEB_PORT: u16 = 8080;
const PATIENCE: Duration = Duration::from_secs(20);

/// A git server with sample zones and calendars, `dns-primary` and `caldav` serving them, and `letsencrypt` with a CA
/// of its own.
#[derive(Debug)]
pub struct Scene {
    primary: Child,
    letsencrypt: Child,
    caldav: Child,
    letsencrypt_program: PathBuf,
    issuer: String,
    git_server: GitServer,
    dns: SocketAddr,
    web: SocketAddr,
    update_secret: String,
    password: String,
    folder: TempDir,
}

impl Scene {
    /// Starts everything and returns when zones and calendars are served.
    pub async fn set_up() -> Result<Scene, Error> {
        let [program, letsencrypt_program, caldav_program] = find_programs().await?;
        let folder = tempfile::Builder::new().prefix("gitstead-demo-").tempdir().map_err(Error::Files)?;
        let [update_secret, transfer_secret, notify_secret] = [secret()?, secret()?, secret()?];
        let keys = [
            (samples::UPDATE_KEY, &update_secret),
            (samples::TRANSFER_KEY, &transfer_secret),
            (samples::NOTIFY_KEY, &notify_secret),
        ];
        let keys: String = keys.iter().map(|(name, secret)| format!("{name}. DNSKEY 0 3 163 {secret}\n")).collect();
        let files = [
            (samples::ZONE.to_owned(), samples::EXAMPLE_COM.to_owned()),
            (samples::REVERSE_ZONE.to_owned(), samples::REVERSE.to_owned()),
            ("_keys".to_owned(), keys),
        ];
        repository::create(folder.path(), "zones.git", &files, "Zones of the demo").await?;
        let password = calendars::password();
        let files = calendars::files(&password)?;
        repository::create(folder.path(), calendars::REPOSITORY, &files, "Calendars of the demo").await?;

        let user = make_key()?;
        write_secret(&folder.path().join("key"), user.to_openssh(LineEnding::LF)?.as_bytes())?;
        let listener = listen(GIT_PORT).await?;
        let git_server = GitServer::start(listener, make_key()?, user.public_key().clone(), folder.path().to_owned())
            .map_err(Error::Listen)?;

        let dns = free_address(DNS_PORT)?;
        repository::install_hook(folder.path(), &hook(dns, &notify_secret)?)?;
        let primary = start_primary(&program, folder.path(), &git_server, dns)?;
        let (issuer, key) = (format!("local:{}", secret()?), update_key(&update_secret));
        let letsencrypt = start_letsencrypt(&letsencrypt_program, folder.path(), dns, &key, &issuer)?;
        let web = listen(WEB_PORT).await?.local_addr().map_err(Error::Listen)?;
        let caldav = calendars::serve(&caldav_program, folder.path(), &git_server, web)?;
        let mut scene = Scene {
            primary,
            letsencrypt,
            caldav,
            letsencrypt_program,
            issuer,
            git_server,
            dns,
            web,
            update_secret,
            password,
            folder,
        };
        match scene.wait_until_serving().await {
            Ok(()) => Ok(scene),
            Err(error) => {
                eprint!("{}", scene.last_words());
                scene.tear_down().await;
                Err(error)
            }
        }
    }

    /// Where the zones are served.
    pub fn dns(&self) -> SocketAddr {
        self.dns
    }

    /// Where the calendars are served.
    pub fn web(&self) -> SocketAddr {
        self.web
    }

    /// The password of the demo's users.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The demo's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The address to clone the zones from.
    pub fn url(&self) -> String {
        format!("ssh://git@{}/zones.git", self.git_server.address())
    }

    /// The address to clone the calendars from.
    pub fn calendars_url(&self) -> String {
        format!("ssh://git@{}/{}", self.git_server.address(), calendars::REPOSITORY)
    }

    /// The `GIT_SSH_COMMAND` that lets a person in.
    pub fn ssh_command(&self) -> String {
        let options =
            "-o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR";
        format!("ssh -F /dev/null -i {} {options}", self.folder().join("key").display())
    }

    /// The update key, `NAME:ALGORITHM:SECRET`.
    pub fn update_key(&self) -> String {
        update_key(&self.update_secret)
    }

    /// The root of the CA, for whom to trust (PEM).
    pub async fn root(&self) -> Result<Vec<u8>, Error> {
        let mut command = Command::new(&self.letsencrypt_program);
        let output = command.args(["--issuer", &self.issuer, "--print-root"]).output().await;
        Ok(output.map_err(|error| Error::Spawn("letsencrypt", error))?.stdout)
    }

    /// What a person can paste.
    pub fn instructions(&self) -> String {
        let (dns, zone, update_key) = (self.dns, samples::ZONE, samples::UPDATE_KEY);
        let (ip, port, url, secret) = (dns.ip(), dns.port(), self.url(), &self.update_secret);
        let gitstead = std::env::current_exe().map_or("gitstead".to_owned(), |path| path.display().to_string());
        format!(
            "\
The zones of {url} are served at {dns}. Paste, line by line, into another terminal:

  # clone, edit, push
  export GIT_SSH_COMMAND='{ssh}'
  git clone {url} zones-demo && cd zones-demo
  sed -i 's/192.0.2.80/192.0.2.81/' {zone}
  git commit -am 'www moves' && git push
  dig @{ip} -p {port} www.{zone} +short

  # a machine changes the zone: the answer comes when the commit is on the remote
  printf 'server {ip} {port}\\nupdate add new.{zone} 300 A 192.0.2.99\\nsend\\n' | nsupdate -y hmac-sha256:{update_key}:{secret}
  dig @{ip} -p {port} new.{zone} +short

  # who changed what
  git pull --quiet && git log -p -2
  git fetch origin refs/notes/gitstead:refs/notes/gitstead && git log --notes=gitstead

  # a certificate: its request and itself lie in DNS, and the CA is one of our own
  {gitstead} certificate www.{zone} --dns-server {ip} --port {port} --dns-key {key} --out tls
  {letsencrypt} --issuer {issuer} --print-root >tls/root.pem
  openssl s_server -quiet -naccept 1 -accept 127.0.0.1:8443 -cert tls/www.{zone}.pem -cert_chain tls/www.{zone}.pem -key tls/www.{zone}.key.pem &
  openssl s_client -connect 127.0.0.1:8443 -servername www.{zone} -verify_hostname www.{zone} -CAfile tls/root.pem </dev/null | grep Verif

  # without dig and nsupdate
  {gitstead} query --server {dns} www.{zone} A
  {gitstead} update --server {dns} --key {key} {zone} --add 'more.{zone} 300 A 192.0.2.98'

  # calendars: each change is a commit; so is a file that you edit and push
  cd ..; git clone {calendars} calendars-demo && cd calendars-demo
  curl -sf -u {user}:{password} -X MOVE -H 'Destination: {web}/calendars/{user}/home/lunch.ics' {web}/calendars/{user}/work/demo-1.ics
  curl -sf -u {user}:{password} {web}/calendars/{user}/home/lunch.ics
  git pull --quiet && git log -p -1

The calendar: {web}/ as {user} (or {other}) with the password {password}; the same for a CalDAV client.
The servers' logs: {log} and beside it.
Ctrl-C ends all of it and leaves nothing behind (but your clone).
",
            ssh = self.ssh_command(),
            key = self.update_key(),
            letsencrypt = self.letsencrypt_program.display(),
            issuer = self.issuer,
            calendars = self.calendars_url(),
            web = format_args!("http://{}", self.web),
            user = calendars::USER,
            other = calendars::OTHER,
            password = self.password,
            log = self.log().display(),
        )
    }

    /// Waits until a service ends, which none should.
    pub async fn wait_for_end(&mut self) -> Error {
        let (name, ended) = tokio::select! {
            ended = self.primary.wait() => ("dns-primary", ended),
            ended = self.letsencrypt.wait() => ("letsencrypt", ended),
            ended = self.caldav.wait() => ("caldav", ended),
        };
        match ended {
            Ok(status) => Error::Ended(name, status),
            Err(error) => Error::Spawn(name, error),
        }
    }

    /// The ends of the services' logs.
    pub fn last_words(&self) -> String {
        let end = |name: &str| {
            let text = fs::read_to_string(self.folder().join(format!("{name}.log"))).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let last = &lines[lines.len().saturating_sub(20)..];
            format!("the last lines of {name}'s log:\n{}\n", last.join("\n"))
        };
        end("dns-primary") + &end("letsencrypt") + &end("caldav")
    }

    /// Ends everything: SIGTERM to the services, of which the primary drains, then the git server, then the folder.
    pub async fn tear_down(mut self) {
        end(&mut self.letsencrypt).await;
        end(&mut self.caldav).await;
        end(&mut self.primary).await;
    }

    fn log(&self) -> PathBuf {
        self.folder().join("dns-primary.log")
    }

    /// The log is the one place where the server says so; it is looked at until it does.
    async fn wait_until_serving(&mut self) -> Result<(), Error> {
        for name in ["dns-primary", "caldav"] {
            let log = self.folder().join(format!("{name}.log"));
            let serves = async {
                while !fs::read_to_string(&log).unwrap_or_default().contains("serving") {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            tokio::select! {
                () = serves => {}
                error = self.wait_for_end() => return Err(error),
                () = tokio::time::sleep(PATIENCE) => return Err(Error::NotServing(name, PATIENCE.as_secs())),
            }
        }
        Ok(())
    }
}

/// SIGTERM, and SIGKILL to what does not heed it.
async fn end(service: &mut Child) {
    let pid = service.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let asked = pid.is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok());
    if !asked || tokio::time::timeout(PATIENCE, service.wait()).await.is_err() {
        // It has ended, or does not want to.
        let _ = service.kill().await;
    }
}

fn update_key(secret: &str) -> String {
    format!("{}:SHA256:{secret}", samples::UPDATE_KEY)
}

/// The services beside this program; cargo, if it started us, makes sure that they are there and new.
async fn find_programs() -> Result<[PathBuf; 3], Error> {
    let this = std::env::current_exe().map_err(|error| Error::Build(error.to_string()))?;
    let programs = ["dns-primary", "letsencrypt", "caldav"].map(|name| this.with_file_name(name));
    let are_there = || programs.iter().all(|program| program.is_file());
    let cargo = std::env::var_os("CARGO");
    if cargo.is_none() && are_there() {
        return Ok(programs);
    }
    let mut build = Command::new(cargo.unwrap_or("cargo".into()));
    build
        .args(["build", "--quiet", "--package", "dns-primary", "--package", "letsencrypt", "--package", "caldav"])
        .kill_on_drop(true);
    if this.parent().is_some_and(|profile| profile.ends_with("release")) {
        build.arg("--release");
    }
    if let Some(folder) = std::env::var_os("CARGO_MANIFEST_DIR") {
        build.current_dir(folder);
    }
    let status = build.status().await.map_err(|error| Error::Build(error.to_string()))?;
    if status.success() && are_there() { Ok(programs) } else { Err(Error::Build(status.to_string())) }
}

fn start_primary(program: &Path, folder: &Path, git_server: &GitServer, dns: SocketAddr) -> Result<Child, Error> {
    let mut command = Command::new(program);
    command.args(["--remote", &format!("ssh://git@{}/zones.git#main", git_server.address())]);
    command.arg("--ssh-key-file").arg(folder.join("key"));
    command.args(["--ssh-authenticator", git_server.fingerprint(), "--listen", &dns.to_string()]);
    start("dns-primary", &mut command, folder)
}

fn start_letsencrypt(program: &Path, folder: &Path, dns: SocketAddr, key: &str, issuer: &str) -> Result<Child, Error> {
    let mut command = Command::new(program);
    command.args(["--dns-server", &dns.to_string(), "--dns-key", key, "--issuer", issuer]);
    start("letsencrypt", &mut command, folder)
}

/// Starts a service with its log in the folder.
pub fn start(name: &'static str, command: &mut Command, folder: &Path) -> Result<Child, Error> {
    let log = File::create(folder.join(format!("{name}.log"))).map_err(Error::Files)?;
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(Error::Files)?)
        .stderr(log)
        // Ctrl-C goes to a whole process group; the server is to hear of it from us.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Error::Spawn(name, error))
}

/// The command line by which the post-receive hook tells the server.
fn hook(dns: SocketAddr, secret: &str) -> Result<String, Error> {
    let gitstead = std::env::current_exe().map_err(Error::Files)?;
    let key = format!("{}:SHA256:{secret}", samples::NOTIFY_KEY);
    Ok(format!("'{}' notify {} --server {dns} --key '{key}'", gitstead.display(), samples::ZONE))
}

/// Listens on a port of 127.0.0.1, or on another one if it is taken.
async fn listen(port: u16) -> Result<TcpListener, Error> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(Error::Listen),
    }
}

/// An address of which both the UDP and the TCP port are free, `port` if possible.
fn free_address(port: u16) -> Result<SocketAddr, Error> {
    let try_port = |port| {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = udp.local_addr()?;
        std::net::TcpListener::bind(address).map(|_| address)
    };
    try_port(port).or_else(|_| try_port(0)).map_err(Error::Listen)
}

fn make_key() -> Result<PrivateKey, Error> {
    let pair = Ed25519Keypair::from_seed(&entropy::octets());
    Ok(PrivateKey::new(KeypairData::Ed25519(pair), "gitstead demo")?)
}

fn secret() -> Result<String, Error> {
    Ok(STANDARD.encode(entropy::octets::<32>()))
}

/// A file that only its owner may read: ssh refuses other keys.
fn write_secret(path: &Path, content: &[u8]) -> Result<(), Error> {
    let open = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    open().and_then(|mut file| file.write_all(content)).map_err(Error::Files)
}
