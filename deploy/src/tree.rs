//! The files of a repository, from a folder or from a revision of the git repository around it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use bytes::Bytes;
use gitstore::{ReadError, Snapshot};

/// Directories inside one another, at most.
const MAX_DEPTH: usize = 16;

/// Why there are no files. At fault: who typed the argument.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// A file or folder cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// Which.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// git does not know it.
    #[error("{name} is neither a folder nor a revision that git knows: {reason}")]
    Revision {
        /// What was typed.
        name: String,
        /// What git says.
        reason: String,
    },
    /// A name that git would not take.
    #[error(transparent)]
    Name(#[from] ReadError),
}

/// Reads the folder `name`, or if there is none the revision of that name of the repository that the working folder is
/// in.
pub fn load(name: &str) -> Result<Snapshot, TreeError> {
    if Path::new(name).is_dir() {
        return load_folder(Path::new(name));
    }
    let mut files = vec![];
    read_revision(name, &mut files)?;
    Ok(Snapshot::of_files(files)?)
}

/// Reads a folder.
pub fn load_folder(folder: &Path) -> Result<Snapshot, TreeError> {
    let mut files = vec![];
    read_folder(folder, "", MAX_DEPTH, &mut files)?;
    Ok(Snapshot::of_files(files)?)
}

/// Regular files only, as the server sees them: symbolic links are not followed.
fn read_folder(folder: &Path, prefix: &str, depth: usize, files: &mut Vec<(String, Bytes)>) -> Result<(), TreeError> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error| TreeError::Read { path, error }
    };
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let entry = entry.map_err(failed(folder))?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed(folder))?);
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name == ".git" {
            continue;
        }
        if kind.is_dir() && depth > 0 {
            read_folder(&path, &format!("{prefix}{name}/"), depth - 1, files)?;
        } else if kind.is_file() {
            files.push((format!("{prefix}{name}"), fs::read(&path).map_err(failed(&path))?.into()));
        }
    }
    Ok(())
}

fn read_revision(name: &str, files: &mut Vec<(String, Bytes)>) -> Result<(), TreeError> {
    let failed = |reason: &dyn ToString| TreeError::Revision { name: name.to_owned(), reason: reason.to_string() };
    let revision = format!("{name}^{{tree}}");
    let tree =
        git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &revision], &[]).map_err(|e| failed(&e))?;
    let tree = String::from_utf8_lossy(&tree).trim().to_owned();
    let listing = git(&["ls-tree", "-r", "-z", &tree], &[]).map_err(|e| failed(&e))?;
    let listing = String::from_utf8_lossy(&listing);
    // MODE SP TYPE SP ID TAB PATH NUL
    let entries = listing.split_terminator('\0').filter_map(|entry| {
        let (facts, path) = entry.split_once('\t')?;
        let (mode, id) = (facts.get(..6)?, facts.rsplit(' ').next()?);
        mode.starts_with("100").then_some((path, id))
    });
    let entries: Vec<(&str, &str)> = entries.collect();
    let wanted: String = entries.iter().map(|(_, id)| format!("{id}\n")).collect();
    let contents = git(&["cat-file", "--batch"], wanted.as_bytes()).map_err(|e| failed(&e))?;
    let mut rest = contents.as_slice();
    for (path, _) in entries {
        let (content, after) = next_object(rest).ok_or_else(|| failed(&"git cat-file ended early"))?;
        files.push((path.to_owned(), Bytes::copy_from_slice(content)));
        rest = after;
    }
    Ok(())
}

/// `ID SP TYPE SP LENGTH LF CONTENT LF`
fn next_object(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = octets.iter().position(|octet| *octet == b'\n')?;
    let header = std::str::from_utf8(&octets[..end]).ok()?;
    let length: usize = header.rsplit(' ').next()?.parse().ok()?;
    let content = octets.get(end + 1..end + 1 + length)?;
    Some((content, octets.get(end + 2 + length..)?))
}

fn git(arguments: &[&str], input: &[u8]) -> io::Result<Vec<u8>> {
    let mut command = Command::new("git");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut stdin = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let input = input.to_vec();
    // Written beside reading: either pipe may fill up first.
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output()?;
    let written = writer.join().map_err(|_| io::ErrorKind::BrokenPipe)?;
    match output.status.success() {
        true => written.map(|()| output.stdout),
        false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    }
}
