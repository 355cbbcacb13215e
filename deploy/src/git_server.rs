//! An SSH git server inside this process: russh speaks SSH, the system's git reads and writes the repositories.
//!
//! One key is let in, two commands are known (`git-upload-pack`, `git-receive-pack`), and only for repositories below
//! one folder, which clients see as `/`.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::{HashAlg, PrivateKey, PublicKey};
use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId};
use tokio::io::{AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::task::{JoinHandle, JoinSet};

/// A running server; dropping it ends every connection and every git that runs for one.
#[derive(Debug)]
pub struct GitServer {
    address: SocketAddr,
    fingerprint: String,
    accepting: JoinHandle<()>,
}

/// What every connection needs to know.
#[derive(Debug)]
struct Served {
    folder: PathBuf,
    user: PublicKey,
}

impl GitServer {
    /// Serves the repositories below `folder` to whoever has the private half of `user`.
    pub fn start(listener: TcpListener, host: PrivateKey, user: PublicKey, folder: PathBuf) -> io::Result<GitServer> {
        let address = listener.local_addr()?;
        let fingerprint = host.public_key().fingerprint(HashAlg::Sha256).to_string();
        let configuration = Arc::new(russh::server::Config {
            keys: vec![host],
            // The first refusal only tells a client which methods there are: no reason to let it wait.
            auth_rejection_time_initial: Some(Duration::ZERO),
            nodelay: true,
            ..Default::default()
        });
        let served = Arc::new(Served { folder, user });
        let accepting = tokio::spawn(accept(listener, configuration, served));
        Ok(GitServer { address, fingerprint, accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The host key's fingerprint, `SHA256:…`.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, configuration: Arc<russh::server::Config>, served: Arc<Served>) {
    let mut connections = JoinSet::new();
    // An error of accept concerns one connection that is gone already, except when descriptors run out, which passes.
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve(stream, Arc::clone(&configuration), Arc::clone(&served)));
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, configuration: Arc<russh::server::Config>, served: Arc<Served>) {
    let connection = Connection { served, channels: HashMap::new(), commands: JoinSet::new() };
    // What ends a connection is the client's affair: it sees the same.
    if let Ok(session) = russh::server::run_stream(configuration, stream, connection).await {
        let _ = session.await;
    }
}

/// One SSH connection.
struct Connection {
    served: Arc<Served>,
    channels: HashMap<ChannelId, Waiting>,
    commands: JoinSet<()>,
}

/// A channel on which no command was asked for yet.
struct Waiting {
    channel: Channel<Msg>,
    protocol: Option<String>,
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn auth_publickey(&mut self, _user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        let known = key.public_key.key_data() == self.served.user.key_data();
        Ok(if known { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.channels.insert(channel.id(), Waiting { channel, protocol: None });
        reply.accept().await;
        Ok(())
    }

    async fn channel_close(&mut self, channel: ChannelId, _session: &mut Session) -> Result<(), russh::Error> {
        self.channels.remove(&channel);
        Ok(())
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        value: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let waiting = self.channels.get_mut(&channel).filter(|_| name == "GIT_PROTOCOL");
        let Some(waiting) = waiting else { return session.channel_failure(channel) };
        waiting.protocol = Some(value.to_owned());
        session.channel_success(channel)
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let Some(waiting) = self.channels.remove(&channel) else { return session.channel_failure(channel) };
        let Some(child) = self.served.spawn(data, waiting.protocol.as_deref()) else {
            session.channel_failure(channel)?;
            return session.close(channel);
        };
        session.channel_success(channel)?;
        while self.commands.try_join_next().is_some() {}
        self.commands.spawn(attend(waiting.channel, child));
        Ok(())
    }
}

impl Served {
    /// Starts the git that a command line asks for, if it is one that we know.
    fn spawn(&self, line: &[u8], protocol: Option<&str>) -> Option<Child> {
        let (program, path) = parse_command(std::str::from_utf8(line).ok()?)?;
        let mut git = Command::new("git");
        git.arg(program).arg(self.folder.join(path));
        git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        git.envs(protocol.map(|version| ("GIT_PROTOCOL", version)));
        git.spawn().ok()
    }
}

/// `git-upload-pack '/zones.git'` → `upload-pack`, `zones.git`.
fn parse_command(line: &str) -> Option<(&'static str, PathBuf)> {
    let (command, argument) = line.trim().split_once(' ')?;
    let program = match command {
        "git-upload-pack" => "upload-pack",
        "git-receive-pack" => "receive-pack",
        _ => return None,
    };
    let path = Path::new(argument.trim().trim_matches('\'').trim_start_matches('/'));
    let is_below = path.components().all(|component| matches!(component, Component::Normal(_)));
    is_below.then(|| (program, path.to_owned()))
}

/// Carries octets between a channel and git until git ends. Each copy holds one buffer and waits for its reader, so a
/// slow side slows the other down.
async fn attend(channel: Channel<Msg>, mut child: Child) {
    let (Some(mut input), Some(mut output), Some(mut complaints)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return;
    };
    let (mut reading, writing) = channel.split();
    let forward = async move {
        // Git that ends early reads no more; its exit status says the rest.
        let _ = copy(&mut reading.make_reader(), &mut input).await;
        let _ = input.shutdown().await;
        drop(input);
        std::future::pending::<()>().await;
    };
    let (mut data, mut extended) = (writing.make_writer(), writing.make_writer_ext(Some(STDERR)));
    let backward = async { tokio::join!(copy(&mut output, &mut data), copy(&mut complaints, &mut extended)) };
    tokio::select! {
        () = forward => {}
        (result, _) = backward => if result.is_err() { return },
    }
    let status = child.wait().await.ok().and_then(|status| status.code());
    // The client may be gone, and then nobody wants to know.
    let _ = writing.exit_status(status.and_then(|code| u32::try_from(code).ok()).unwrap_or(255)).await;
    let _ = writing.eof().await;
    let _ = writing.close().await;
}

/// SSH_EXTENDED_DATA_STDERR, RFC 4254 section 5.2.
const STDERR: u32 = 1;

#[cfg(test)]
mod tests;
