//! A repository that a command changes: a remote one, through gitstore, or a checkout, whose files are written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use gitstore::arguments::SshArguments;
use gitstore::{CommitError, Edit, Identity, OpenError, ReadError, RemoteAddress, Snapshot, Store};
use platform::{ArgumentError, Net};

use crate::tree::{self, TreeError};

/// Who commits, when git does not know who we are.
const NAME: &str = "gitstead";

/// Where the files are.
#[derive(Clone, Debug)]
pub enum Place {
    /// A branch, reached by gitstore.
    Remote(RemoteAddress),
    /// A folder with files that a person will commit.
    Checkout(PathBuf),
}

/// Why nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError<E> {
    /// At fault: who typed the arguments.
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    /// The environment's, or who typed the arguments.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// See there.
    #[error(transparent)]
    Commit(CommitError<E>),
    /// The change itself gave up.
    #[error("{0}")]
    Change(E),
    /// A checkout that cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A checkout with files that cannot be looked at.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A checkout that cannot be written.
    #[error("{}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// `REMOTE` as services take it, or the folder of a repository, bare or with its files.
pub fn parse(text: &str) -> Result<Place, String> {
    let (path, branch) = text.rsplit_once('#').map_or((text, None), |(path, branch)| (path, Some(branch)));
    let folder = Path::new(path);
    if !folder.is_dir() {
        return text.parse().map(Place::Remote).map_err(|error: gitstore::AddressError| error.to_string());
    }
    if branch.is_none() && !is_bare(folder) {
        return Ok(Place::Checkout(folder.to_owned()));
    }
    // The remote's address must not depend on where we are.
    let absolute = fs::canonicalize(folder).map_err(|error| format!("{path}: {error}"))?;
    let address = format!("{}#{}", absolute.display(), branch.unwrap_or("main"));
    address.parse().map(Place::Remote).map_err(|error: gitstore::AddressError| error.to_string())
}

impl Place {
    /// The files as they are.
    pub async fn read(&self, ssh: &SshArguments) -> Result<Snapshot, PlaceError<ReadError>> {
        match self {
            Place::Remote(remote) => Ok(open(remote, ssh).await?.snapshot()),
            Place::Checkout(folder) => Ok(tree::load_folder(folder)?),
        }
    }

    /// Commits a change, or in a checkout writes its files; returns what the change returned when it ran last.
    pub async fn change<T, E>(
        &self,
        ssh: &SshArguments,
        mut change: impl FnMut(&mut Edit) -> Result<T, E> + Send + 'static,
    ) -> Result<T, PlaceError<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        match self {
            Place::Remote(remote) => {
                let store = open(remote, ssh).await?;
                let committed = store.commit(author(), String::new(), change).await;
                Ok(committed.map_err(PlaceError::Commit)?.value)
            }
            Place::Checkout(folder) => {
                let before = tree::load_folder(folder)?;
                let mut edit = before.edit();
                let value = change(&mut edit).map_err(PlaceError::Change)?;
                write(folder, &before, &edit.tree())?;
                Ok(value)
            }
        }
    }
}

async fn open<E>(remote: &RemoteAddress, ssh: &SshArguments) -> Result<Store, PlaceError<E>> {
    Ok(Store::open_at_once(ssh.check(remote, NAME)?, Net::host()).await?)
}

/// The person that git would name as the author here.
pub fn author() -> Identity {
    let told = || {
        let output = Command::new("git").args(["var", "GIT_AUTHOR_IDENT"]).output().ok()?;
        let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
        let (name, rest) = text.split_once(" <")?;
        Some(Identity { name: name.to_owned(), email: rest.split_once('>')?.0.to_owned() })
    };
    told().unwrap_or_else(|| Identity::service(NAME))
}

fn is_bare(folder: &Path) -> bool {
    folder.join("HEAD").is_file() && folder.join("objects").is_dir()
}

fn write<E>(folder: &Path, before: &Snapshot, after: &Snapshot) -> Result<(), PlaceError<E>> {
    for changed in after.changed_paths(before) {
        let path = folder.join(&changed.path);
        let done = match changed.after {
            Some(_) => write_file(&path, &after.read(&changed.path)?),
            None => remove_file(folder, &path),
        };
        done.map_err(|error| PlaceError::Write { path, error })?;
    }
    Ok(())
}

fn write_file(path: &Path, octets: &[u8]) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(path, octets)
}

/// As git does, with the folders that are empty afterwards.
fn remove_file(folder: &Path, path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    // One that is not empty stays, which is no error.
    let above = path.ancestors().skip(1).take_while(|above| *above != folder);
    above.map(fs::remove_dir).take_while(Result::is_ok).for_each(drop);
    Ok(())
}
