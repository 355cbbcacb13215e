//! A test's own folder: configuration, repositories, logs. Gone when the test ends.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A temporary folder that lives as long as this value.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    /// An empty folder.
    pub fn new() -> Folder {
        Folder(tempfile::Builder::new().prefix("gitstead-e2e-").tempdir().expect("a temporary folder can be made"))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The path of `name` inside it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Creates the folder `name` inside it (once) and says where.
    pub fn subfolder(&self, name: &str) -> PathBuf {
        let path = self.join(name);
        std::fs::create_dir_all(&path).expect("a subfolder can be made");
        path
    }
}

impl Default for Folder {
    fn default() -> Folder {
        Folder::new()
    }
}

/// A zone in a file.
#[derive(Debug, Clone)]
pub struct ZoneFile {
    /// The apex, without the last dot.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

/// Writes a file, with the path in the complaint when that fails.
pub fn write(path: &Path, content: impl AsRef<[u8]>) {
    std::fs::write(path, content).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}
