//! Boot arguments of everything that keeps its data in a remote repository, as MirageOS unikernels spell them.

use std::path::PathBuf;

use platform::{ArgumentError, Boot};

use crate::{HostKeyPin, HostKeyPolicy, Identity, Options, RemoteAddress, SshKey};

/// Where the repository is, and how to log in there.
#[derive(Clone, Debug, clap::Args)]
pub struct RemoteArguments {
    /// Where the repository is: user@host:path#branch, ssh://user@host:port/path#branch, or a local path; the branch is
    /// main when none is named.
    #[arg(short, long, value_name = "REMOTE")]
    remote: RemoteAddress,

    #[command(flatten)]
    ssh: SshArguments,
}

/// How to log in where the repository is.
#[derive(Clone, Debug, clap::Args)]
pub struct SshArguments {
    /// The SSH key: ed25519:BASE64 of its 32 secret octets, or rsa:SEED as MirageOS derives it.
    #[arg(long, value_name = "KEY", conflicts_with_all = ["ssh_key_file", "ssh_password"])]
    ssh_key: Option<SshKey>,

    /// The SSH key as a file of OpenSSH (without a passphrase).
    #[arg(long, value_name = "FILE", conflicts_with = "ssh_password")]
    ssh_key_file: Option<PathBuf>,

    /// The SSH password, when there is no key.
    #[arg(long, value_name = "PASSWORD")]
    ssh_password: Option<String>,

    /// The remote's host key: SHA256:FINGERPRINT, ed25519:FINGERPRINT, rsa:FINGERPRINT, or the whole public key.
    #[arg(long, value_name = "KEY")]
    ssh_authenticator: Option<HostKeyPin>,

    /// Talk to the remote whatever its host key is. Whoever is in between can then change your data.
    #[arg(long, conflicts_with = "ssh_authenticator")]
    ssh_accept_any_host_key: bool,
}

impl RemoteArguments {
    /// Checks the arguments against each other and reads the key file. `name` is the committer's.
    pub fn check(&self, name: &str) -> Result<Options, ArgumentError> {
        self.ssh.check(&self.remote, name)
    }
}

impl Options {
    /// Whether a process that boots so can reach the remote: one that will be sealed can start no git for a local path.
    pub fn check_for(&self, boot: &Boot) -> Result<(), ArgumentError> {
        if boot.is_to_be_sealed() && !self.remote.is_ssh() {
            return Err(ArgumentError(format!(
                "--remote {}: a repository in the file system takes a git to be started, which a sealed process cannot do",
                self.remote
            )));
        }
        Ok(())
    }
}

impl SshArguments {
    /// The options for a remote that was named otherwise. `name` is the committer's.
    pub fn check(&self, remote: &RemoteAddress, name: &str) -> Result<Options, ArgumentError> {
        Ok(Options {
            ssh_key: self.key()?,
            ssh_password: self.ssh_password.clone(),
            ..Options::new(remote.clone(), self.host_key_policy(remote)?, Identity::service(name))
        })
    }

    fn key(&self) -> Result<Option<SshKey>, ArgumentError> {
        let Some(path) = &self.ssh_key_file else { return Ok(self.ssh_key.clone()) };
        let text = std::fs::read_to_string(path)
            .map_err(|error| ArgumentError(format!("--ssh-key-file {}: {error}", path.display())))?;
        let key = SshKey::from_openssh(&text)
            .map_err(|error| ArgumentError(format!("--ssh-key-file {}: {error}", path.display())))?;
        Ok(Some(key))
    }

    /// Refuses to trust a stranger unless told to.
    fn host_key_policy(&self, remote: &RemoteAddress) -> Result<HostKeyPolicy, ArgumentError> {
        match &self.ssh_authenticator {
            Some(pin) => Ok(HostKeyPolicy::Pinned(pin.clone())),
            None if self.ssh_accept_any_host_key || !remote.is_ssh() => Ok(HostKeyPolicy::AcceptAnything),
            None => Err(ArgumentError(
                "--ssh-authenticator is missing: give the host key's fingerprint (ssh-keyscan HOST | ssh-keygen -lf -), \
                 or --ssh-accept-any-host-key"
                    .to_owned(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;

    fn check(arguments: &[&str]) -> Result<Options, String> {
        let command = RemoteArguments::augment_args(Command::new("test").no_binary_name(true));
        let matches = command.try_get_matches_from(arguments).map_err(|error| error.to_string())?;
        let arguments = RemoteArguments::from_arg_matches(&matches).map_err(|error| error.to_string())?;
        arguments.check("here").map_err(|error| error.to_string())
    }

    #[test]
    fn a_remote_over_ssh_needs_a_pin_or_recklessness() {
        let error = check(&["--remote", "git@h:z", "--ssh-password", "x"]).unwrap_err();
        assert!(error.starts_with("--ssh-authenticator is missing"), "{error}");
        let options = check(&["-r", "git@h:z", "--ssh-password", "x", "--ssh-accept-any-host-key"]).unwrap();
        assert!(matches!(options.host_key, HostKeyPolicy::AcceptAnything));
        assert_eq!(options.ssh_password.as_deref(), Some("x"));
        assert_eq!(options.committer, Identity::service("here"));
        assert!(check(&["--remote", "/srv/z"]).is_ok());
    }

    #[test]
    fn a_key_comes_in_one_way_only() {
        let key = "ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        assert!(check(&["--remote", "/z", "--ssh-key", key]).unwrap().ssh_key.is_some());
        assert!(check(&["--remote", "/z", "--ssh-key", key, "--ssh-password", "x"]).is_err());
        let error = check(&["--remote", "/z", "--ssh-key-file", "/nonexistent/key"]).unwrap_err();
        assert!(error.starts_with("--ssh-key-file /nonexistent/key: "), "{error}");
    }
}
