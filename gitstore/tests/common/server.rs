//! An SSH server that runs git, and can be told to misbehave.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gitstore::{HostKeyPin, HostKeyPolicy, Options, SshKey};
use russh::keys::{Algorithm, PrivateKey};
use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, Session};
use russh::{Channel, ChannelId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Repository, person, plain_environment};

const HOST_SEED: &str = "ed25519:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const USER_SEED: &str = "ed25519:AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// Two RSA keys of 2048 bits, made for these tests and in use nowhere.
pub const RSA_HOST_KEY: &str = include_str!("../keys/rsa_host");
pub const RSA_USER_KEY: &str = include_str!("../keys/rsa_user");

/// What the server does wrong, changeable while it runs.
#[derive(Default)]
pub struct Behaviour {
    /// Do not accept GIT_PROTOCOL, as sshd does unless told.
    pub protocol_0: AtomicBool,
    /// Close the connection when receive-pack has reported, instead of passing the report on.
    pub swallow_report: AtomicBool,
    /// Close the connection when this many octets of a push have come in; 0 never does.
    pub cut_push_after: AtomicUsize,
    /// Close new connections at once.
    pub down: AtomicBool,
    pub connections: AtomicUsize,
    pub commands: AtomicUsize,
    /// The algorithm of the signature at the last login by key.
    pub login: Mutex<Option<Algorithm>>,
}

pub struct Server {
    pub address: SocketAddr,
    pub behaviour: Arc<Behaviour>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    pub async fn start() -> Server {
        Server::start_with(|_| {}).await
    }

    /// A server that differs from the usual one.
    pub async fn start_with(change: impl FnOnce(&mut russh::server::Config)) -> Server {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let behaviour = Arc::new(Behaviour::default());
        let mut config = russh::server::Config {
            keys: vec![seed(HOST_SEED)],
            auth_rejection_time: Duration::ZERO,
            auth_rejection_time_initial: Some(Duration::ZERO),
            nodelay: true,
            ..Default::default()
        };
        change(&mut config);
        let task = tokio::spawn(accept(listener, Arc::new(config), behaviour.clone()));
        Server { address, behaviour, task }
    }

    /// A store's options for a repository behind this server.
    pub fn options(&self, repository: &Repository) -> Options {
        let text = format!("ssh://git@{}{}", self.address, repository.path().display());
        let pin = HostKeyPolicy::Pinned(self.pin());
        let mut options = Options::new(text.parse().unwrap(), pin, person("Store"));
        options.ssh_key = Some(USER_SEED.parse().unwrap());
        options
    }

    pub fn pin(&self) -> HostKeyPin {
        HOST_SEED.parse::<SshKey>().unwrap().public_openssh().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn seed(text: &str) -> PrivateKey {
    use base64::Engine as _;
    let octets = base64::engine::general_purpose::STANDARD_NO_PAD.decode(text.trim_start_matches("ed25519:")).unwrap();
    let pair = russh::keys::ssh_key::private::Ed25519Keypair::from_seed(&octets.try_into().unwrap());
    PrivateKey::new(russh::keys::ssh_key::private::KeypairData::Ed25519(pair), "").unwrap()
}

async fn accept(listener: tokio::net::TcpListener, config: Arc<russh::server::Config>, behaviour: Arc<Behaviour>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        behaviour.connections.fetch_add(1, Ordering::SeqCst);
        if behaviour.down.load(Ordering::SeqCst) {
            continue;
        }
        let session = GitSession { behaviour: behaviour.clone(), version_2: HashMap::new(), inputs: HashMap::new() };
        let config = config.clone();
        tokio::spawn(async move {
            if let Ok(running) = russh::server::run_stream(config, stream, session).await {
                let _ = running.await;
            }
        });
    }
}

struct GitSession {
    behaviour: Arc<Behaviour>,
    version_2: HashMap<ChannelId, bool>,
    inputs: HashMap<ChannelId, tokio::sync::mpsc::UnboundedSender<Vec<u8>>>,
}

impl Handler for GitSession {
    type Error = russh::Error;

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: russh::server::VerifiedPublicKey<'_>,
    ) -> Result<Auth, russh::Error> {
        let known = [seed(USER_SEED), PrivateKey::from_openssh(RSA_USER_KEY).unwrap()];
        let right =
            user == "git" && known.iter().any(|known| known.public_key().key_data() == key.public_key.key_data());
        *self.behaviour.login.lock().unwrap() = Some(key.algorithm.clone());
        Ok(if right { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        Ok(if user == "git" && password == "a good password" { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn env_request(
        &mut self,
        id: ChannelId,
        name: &str,
        value: &str,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        let granted = !self.behaviour.protocol_0.load(Ordering::SeqCst);
        self.version_2.insert(id, granted && name == "GIT_PROTOCOL" && value == "version=2");
        Ok(())
    }

    async fn exec_request(&mut self, id: ChannelId, command: &[u8], session: &mut Session) -> Result<(), russh::Error> {
        session.channel_success(id)?;
        self.behaviour.commands.fetch_add(1, Ordering::SeqCst);
        let command = String::from_utf8(command.to_vec()).unwrap();
        let (program, path) = command.split_once(' ').unwrap();
        let path = PathBuf::from(path.strip_prefix('\'').unwrap().strip_suffix('\'').unwrap());
        let mut git = tokio::process::Command::new("git");
        git.arg(program.strip_prefix("git-").unwrap()).arg(path).env_remove("GIT_PROTOCOL");
        plain_environment(|name, value| {
            git.env(name, value);
        });
        if self.version_2.get(&id) == Some(&true) {
            git.env("GIT_PROTOCOL", "version=2");
        }
        let child = git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        self.inputs.insert(id, sender);
        let serve = Serve { id, push: program == "git-receive-pack", behaviour: self.behaviour.clone() };
        tokio::spawn(serve.run(child, receiver, session.handle()));
        Ok(())
    }

    async fn data(&mut self, id: ChannelId, data: &[u8], _: &mut Session) -> Result<(), russh::Error> {
        if let Some(input) = self.inputs.get(&id) {
            let _ = input.send(data.to_vec());
        }
        Ok(())
    }

    async fn channel_eof(&mut self, id: ChannelId, _: &mut Session) -> Result<(), russh::Error> {
        self.inputs.remove(&id);
        Ok(())
    }

    async fn channel_close(&mut self, id: ChannelId, _: &mut Session) -> Result<(), russh::Error> {
        self.inputs.remove(&id);
        Ok(())
    }
}

struct Serve {
    id: ChannelId,
    push: bool,
    behaviour: Arc<Behaviour>,
}

impl Serve {
    async fn run(
        self,
        mut child: tokio::process::Child,
        mut input: tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>,
        handle: russh::server::Handle,
    ) {
        let (mut stdin, mut stdout) = (child.stdin.take(), child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let (mut received, mut buffer) = (0, vec![0; 16384]);
        loop {
            tokio::select! {
                data = input.recv(), if stdin.is_some() => match data {
                    None => stdin = None,
                    Some(data) => {
                        received += data.len();
                        let cut = self.behaviour.cut_push_after.load(Ordering::SeqCst);
                        if self.push && cut > 0 && received >= cut {
                            return self.hang_up(&handle).await;
                        }
                        let _ = stdin.as_mut().unwrap().write_all(&data).await;
                    }
                },
                count = stdout.read(&mut buffer) => {
                    let count = count.unwrap();
                    // All that comes after a pack was sent is the report: git has done its work by then.
                    if self.push && received > 4 && self.behaviour.swallow_report.load(Ordering::SeqCst) {
                        let _ = child.wait().await;
                        return self.hang_up(&handle).await;
                    }
                    if count == 0 {
                        break;
                    }
                    handle.data(self.id, buffer[..count].to_vec()).await.unwrap_or_default();
                }
            }
        }
        let mut words = Vec::new();
        let _ = stderr.read_to_end(&mut words).await;
        if !words.is_empty() {
            let _ = handle.extended_data(self.id, 1, words).await;
        }
        let status = child.wait().await.unwrap().code().unwrap_or(1) as u32;
        let _ = handle.exit_status_request(self.id, status).await;
        let _ = handle.eof(self.id).await;
        let _ = handle.close(self.id).await;
    }

    async fn hang_up(&self, handle: &russh::server::Handle) {
        let _ = handle.disconnect(russh::Disconnect::ByApplication, "enough".into(), "en".into()).await;
    }
}
