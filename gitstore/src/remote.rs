//! The connection to the remote: SSH, kept open, one channel a git command; or git started here, for a local path.
//!
//! The only file that knows the network. A connection that has died is noticed when a channel cannot be opened, and
//! replaced once before anybody is told.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use platform::net::Net;
use russh::Preferred;
use russh::client::{self, AuthResult, Handle};
use russh::keys::{Algorithm, HashAlg, PrivateKeyWithHashAlg, PublicKey, PublicKeyOrCertificate};
use tokio::sync::{Mutex, Semaphore};
use tokio::time::timeout;

use crate::address::Place;
use crate::error::RemoteError;
use crate::exchange::{Exchange, Io};
use crate::{HostKeyPolicy, Limits, Options, SshKey};

/// Commands that may still be ending on the far side; sshd allows ten sessions on a connection.
const LINGERING: usize = 6;
/// How long connecting, or opening a channel, may take.
const PATIENCE: Duration = Duration::from_secs(10);
const KEEPALIVE: Duration = Duration::from_secs(15);

/// The git command to run on the far side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    UploadPack,
    ReceivePack,
}

impl Service {
    fn name(self) -> &'static str {
        match self {
            Service::UploadPack => "upload-pack",
            Service::ReceivePack => "receive-pack",
        }
    }
}

/// Octets that went each way, inside SSH.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) sent: AtomicU64,
    pub(crate) received: AtomicU64,
}

impl Traffic {
    pub(crate) fn count(counter: &AtomicU64, octets: usize) {
        counter.fetch_add(octets as u64, Ordering::Relaxed);
    }
}

/// The repository on the far side.
pub(crate) struct Remote {
    place: Place,
    label: Arc<str>,
    net: Net,
    key: Option<SshKey>,
    password: Option<String>,
    host_key: HostKeyPolicy,
    limits: Limits,
    session: Mutex<Option<Arc<Handle<HostKeyCheck>>>>,
    lingering: Arc<Semaphore>,
    pub(crate) traffic: Arc<Traffic>,
}

impl Remote {
    pub(crate) fn new(options: &Options, net: Net) -> Remote {
        Remote {
            place: options.remote.place.clone(),
            label: options.remote.place.to_string().into(),
            net,
            key: options.ssh_key.clone(),
            password: options.ssh_password.clone(),
            host_key: options.host_key.clone(),
            limits: options.limits,
            session: Mutex::new(None),
            lingering: Arc::new(Semaphore::new(LINGERING)),
            traffic: Arc::default(),
        }
    }

    pub(crate) fn label(&self) -> Arc<str> {
        self.label.clone()
    }

    /// Starts a git command on the far side.
    pub(crate) async fn start(&self, service: Service) -> Result<Exchange, RemoteError> {
        let permit = timeout(self.limits.silence, self.lingering.clone().acquire_owned()).await;
        let permit = permit.ok().and_then(Result::ok).ok_or_else(|| self.unreachable("earlier commands do not end"))?;
        let io = match &self.place {
            Place::Local { path } => self.spawn(service, path)?,
            Place::Ssh { user, host, port, path } => {
                let command = format!("git-{} {}", service.name(), quote(path));
                self.open_channel(&Login { user, host, port: *port }, service, &command).await?
            }
        };
        Ok(Exchange::new(io, self.label(), self.limits.silence, self.traffic.clone(), permit))
    }

    /// Ends the connection; the next command opens a new one.
    pub(crate) async fn hang_up(&self) {
        if let Some(session) = self.session.lock().await.take() {
            // A connection that is gone already need not be ended.
            let _ = session.disconnect(russh::Disconnect::ByApplication, "", "").await;
        }
    }

    fn unreachable(&self, reason: impl Into<String>) -> RemoteError {
        RemoteError::Unreachable { remote: self.label(), reason: reason.into() }
    }

    fn spawn(&self, service: Service, path: &str) -> Result<Io, RemoteError> {
        let mut command = tokio::process::Command::new("git");
        command.args([service.name(), path]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if service == Service::UploadPack {
            command.env("GIT_PROTOCOL", "version=2");
        }
        let child = command.spawn().map_err(|error| self.unreachable(format!("git cannot be started: {error}")))?;
        Io::local(child).ok_or_else(|| self.unreachable("git was started without pipes"))
    }

    async fn open_channel(&self, login: &Login<'_>, service: Service, command: &str) -> Result<Io, RemoteError> {
        let kept = self.session.lock().await.clone().filter(|session| !session.is_closed());
        if let Some(session) = kept {
            match self.exec(&session, service, command).await {
                Ok(io) => return Ok(io),
                Err(error) => tracing::debug!("a kept connection is of no use any more: {error}"),
            }
            self.forget(&session).await;
        }
        let session = self.session(login).await?;
        match self.exec(&session, service, command).await {
            Ok(io) => Ok(io),
            Err(error) => {
                self.forget(&session).await;
                Err(error)
            }
        }
    }

    /// The connection that somebody else has made by now, or a new one.
    async fn session(&self, login: &Login<'_>) -> Result<Arc<Handle<HostKeyCheck>>, RemoteError> {
        let mut kept = self.session.lock().await;
        if let Some(session) = kept.as_ref().filter(|session| !session.is_closed()) {
            return Ok(session.clone());
        }
        let connecting = timeout(self.limits.silence.min(PATIENCE), self.connect(login)).await;
        let session = connecting.map_err(|_| self.unreachable("it does not answer in time"))??;
        let session = Arc::new(session);
        *kept = Some(session.clone());
        Ok(session)
    }

    async fn forget(&self, session: &Arc<Handle<HostKeyCheck>>) {
        let mut kept = self.session.lock().await;
        if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, session)) {
            *kept = None;
        }
    }

    async fn exec(&self, session: &Handle<HostKeyCheck>, service: Service, command: &str) -> Result<Io, RemoteError> {
        let opening = async {
            let channel = session.channel_open_session().await?;
            if service == Service::UploadPack {
                // A server that does not accept it speaks protocol 0.
                channel.set_env(false, "GIT_PROTOCOL", "version=2").await?;
            }
            channel.exec(true, command).await?;
            Ok(Io::channel(channel))
        };
        match timeout(self.limits.silence.min(PATIENCE), opening).await {
            Ok(opened) => opened.map_err(|error: russh::Error| self.unreachable(format!("no channel: {error}"))),
            Err(_) => Err(self.unreachable("it does not open a channel in time")),
        }
    }

    async fn connect(&self, login: &Login<'_>) -> Result<Handle<HostKeyCheck>, RemoteError> {
        let mut algorithms = self.host_key.algorithms(&Preferred::DEFAULT.key);
        let mut first = None;
        loop {
            match self.shake_hands(login, &algorithms).await {
                Ok(Handshake::Done(mut session)) => {
                    self.log_in(&mut session, login.user).await?;
                    tracing::debug!("connected to {}", self.label);
                    return Ok(session);
                }
                Ok(Handshake::Refused(shown)) => {
                    algorithms = self.host_key.others(algorithms, &shown);
                    let refused = first.get_or_insert(shown);
                    if algorithms.is_empty() {
                        return Err(self.wrong_host_key(refused));
                    }
                }
                // A server that has no other host key breaks off.
                Err(error) => return Err(first.map_or(error, |refused| self.wrong_host_key(&refused))),
            }
        }
    }

    /// Connects, with host keys of these algorithms only, up to where a login is awaited.
    async fn shake_hands(&self, login: &Login<'_>, algorithms: &[Algorithm]) -> Result<Handshake, RemoteError> {
        let stream = self.net.tcp_connect_name(login.host, login.port).await;
        let stream = stream.map_err(|error| self.unreachable(error.to_string()))?;
        let shown = Arc::default();
        let check = HostKeyCheck { policy: self.host_key.clone(), refused: Arc::clone(&shown) };
        let preferred = Preferred { key: algorithms.to_vec().into(), ..Preferred::DEFAULT };
        let config = client::Config { keepalive_interval: Some(KEEPALIVE), preferred, ..Default::default() };
        let connected = client::connect_stream(Arc::new(config), stream, check).await;
        if let Some(shown) = shown.lock().ok().and_then(|mut shown| shown.take()) {
            return Ok(Handshake::Refused(shown));
        }
        connected.map(Handshake::Done).map_err(|error| self.unreachable(format!("no SSH: {error}")))
    }

    fn wrong_host_key(&self, shown: &PublicKey) -> RemoteError {
        let shown = format!("{} {}", shown.algorithm(), shown.fingerprint(HashAlg::Sha256));
        RemoteError::HostKey { remote: self.label(), shown }
    }

    async fn log_in(&self, session: &mut Handle<HostKeyCheck>, user: &str) -> Result<(), RemoteError> {
        let broken = |error: russh::Error| self.unreachable(format!("the login broke off: {error}"));
        let mut tried = Vec::new();
        if let Some(key) = &self.key {
            let hash = rsa_hash(session, key).await.map_err(broken)?;
            let key = PrivateKeyWithHashAlg::new(key.private(), hash);
            if let AuthResult::Success = session.authenticate_publickey(user, key).await.map_err(broken)? {
                return Ok(());
            }
            tried.push("the key");
        }
        if let Some(password) = &self.password {
            if let AuthResult::Success = session.authenticate_password(user, password).await.map_err(broken)? {
                return Ok(());
            }
            tried.push("the password");
        }
        let reason = format!("{} refused", tried.join(" and "));
        Err(RemoteError::Login { remote: self.label(), user: user.to_owned(), reason })
    }
}

/// The hash under an RSA signature: the best that the server says it takes. One that says nothing gets SHA-512; SHA-1
/// is never used (RFC 8332 section 3.3).
async fn rsa_hash(session: &Handle<HostKeyCheck>, key: &SshKey) -> Result<Option<HashAlg>, russh::Error> {
    if !key.is_rsa() {
        return Ok(None);
    }
    let told = session.best_supported_rsa_hash().await?;
    Ok(told.flatten().or(Some(HashAlg::Sha512)))
}

/// How far a connection got.
enum Handshake {
    Done(Handle<HostKeyCheck>),
    /// The server showed this key, which is not trusted.
    Refused(PublicKey),
}

struct Login<'a> {
    user: &'a str,
    host: &'a str,
    port: u16,
}

/// As a POSIX shell, and every git server's own parser, reads it back.
fn quote(path: &str) -> String {
    format!("'{}'", path.replace('\'', r"'\''").replace('!', r"'\!'"))
}

/// Compares the server's key with the pin.
struct HostKeyCheck {
    policy: HostKeyPolicy,
    refused: Arc<std::sync::Mutex<Option<PublicKey>>>,
}

impl client::Handler for HostKeyCheck {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let key = match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => key.clone(),
            PublicKeyOrCertificate::Certificate(certificate) => certificate.public_key().clone().into(),
        };
        let accepted = self.policy.accepts(&key);
        if !accepted && let Ok(mut refused) = self.refused.lock() {
            *refused = Some(key);
        }
        Ok(accepted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_for_the_shell() {
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("it's!"), r"'it'\''s'\!''");
    }
}
