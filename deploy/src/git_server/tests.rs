//! A git over SSH, as clients see it.

use std::net::Ipv4Addr;
use std::process::Command as Program;

use russh::ChannelMsg;
use russh::client::{Handle, connect};
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use tempfile::TempDir;

use super::*;

#[test]
fn commands_of_git_are_known() {
    assert_eq!(parse_command("git-upload-pack '/zones.git'"), Some(("upload-pack", PathBuf::from("zones.git"))));
    assert_eq!(parse_command("git-receive-pack zones.git"), Some(("receive-pack", PathBuf::from("zones.git"))));
}

#[test]
fn anything_else_is_not() {
    for line in ["sh", "rm -rf '/'", "git-upload-pack '../secret'", "git-upload-pack '/a/../../b'", "git upload-pack"] {
        assert_eq!(parse_command(line), None, "{line}");
    }
}

#[tokio::test]
async fn the_references_are_advertised() {
    let (server, _folder) = server();
    let said = ask(&server, "git-upload-pack '/zones.git'", b"0000").await;
    assert!(said.output.contains("refs/heads/main"), "{}", said.output);
    assert_eq!(said.exit_status, Some(0));
}

#[tokio::test]
async fn a_missing_repository_is_an_error_of_git() {
    let (server, _folder) = server();
    let said = ask(&server, "git-upload-pack '/other.git'", b"").await;
    assert!(said.complaint.contains("does not appear to be a git repository"), "{}", said.complaint);
    assert_eq!(said.exit_status, Some(128));
}

#[tokio::test]
async fn other_commands_are_refused() {
    let (server, _folder) = server();
    let said = ask(&server, "cat /etc/passwd", b"").await;
    assert!(said.is_refused);
    assert_eq!(said.output, "");
}

#[tokio::test]
async fn other_keys_are_refused() {
    let (server, _folder) = server();
    assert!(log_in(&server, key(3)).await.is_none());
}

/// What came back on a channel.
#[derive(Debug, Default)]
struct Said {
    output: String,
    complaint: String,
    exit_status: Option<u32>,
    is_refused: bool,
}

struct AnyServer;

impl russh::client::Handler for AnyServer {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        Ok(true)
    }
}

/// A server with the repository `zones.git`, which has one empty commit; key 2 is let in.
fn server() -> (GitServer, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let script = "git init -q --bare -b main zones.git && cd zones.git && git update-ref refs/heads/main \
                  $(git -c user.name=a -c user.email=a@b commit-tree -m first $(git mktree </dev/null))";
    assert!(Program::new("sh").args(["-c", script]).current_dir(folder.path()).status().unwrap().success());
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    let user = key(2).public_key().clone();
    (GitServer::start(listener, key(1), user, folder.path().to_owned()).unwrap(), folder)
}

async fn ask(server: &GitServer, command: &str, input: &[u8]) -> Said {
    let session = log_in(server, key(2)).await.unwrap();
    let mut channel = session.channel_open_session().await.unwrap();
    channel.exec(true, command).await.unwrap();
    channel.data(input).await.unwrap();
    channel.eof().await.unwrap();
    let mut said = Said::default();
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::Data { data } => said.output.push_str(&String::from_utf8_lossy(&data)),
            ChannelMsg::ExtendedData { data, .. } => said.complaint.push_str(&String::from_utf8_lossy(&data)),
            ChannelMsg::ExitStatus { exit_status } => said.exit_status = Some(exit_status),
            ChannelMsg::Failure => said.is_refused = true,
            _ => {}
        }
    }
    said
}

async fn log_in(server: &GitServer, key: PrivateKey) -> Option<Handle<AnyServer>> {
    let mut session = connect(Default::default(), server.address(), AnyServer).await.unwrap();
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), None);
    session.authenticate_publickey("git", key).await.unwrap().success().then_some(session)
}

fn key(seed: u8) -> PrivateKey {
    PrivateKey::new(KeypairData::Ed25519(Ed25519Keypair::from_seed(&[seed; 32])), "test").unwrap()
}
