//! Which file of a repository means what: the layout of MirageOS's primary, one flat directory.

use bytes::Bytes;
use dns::Name;
use dns::keys::domain_of_file;
use dns::zonefile::Files;
use gitstore::{EntryKind, ReadError, Snapshot};

/// The zone that a file at the root would hold by its name; none for key files and for names that are no domain name.
pub fn zone_name(path: &str) -> Option<Name> {
    if path.contains('/') || path.contains('\\') || domain_of_file(path).is_some() {
        return None;
    }
    path.parse::<Name>().ok().filter(|name| !name.is_root())
}

/// The usual file of a zone; none for the root and for names that no file can have.
pub(super) fn path_of(apex: &Name) -> Option<String> {
    let text = apex.to_lowercase().to_string();
    let path = text.strip_suffix('.')?;
    (zone_name(path).as_ref() == Some(apex)).then(|| path.to_owned())
}

/// Whether a file that was never a zone should be read as one: a README that happens to be named like a domain should
/// not.
pub(super) fn looks_like_a_zone(text: &[u8]) -> bool {
    let word = |word: &[u8]| word.eq_ignore_ascii_case(b"SOA") || word.eq_ignore_ascii_case(b"$INCLUDE");
    text.split(|octet| octet.is_ascii_whitespace()).any(word)
}

/// The files of one tree, for `$INCLUDE`.
pub(super) struct Tree<'a>(pub &'a Snapshot);

impl Files for Tree<'_> {
    fn read(&self, path: &str) -> Result<Bytes, String> {
        if domain_of_file(path).is_some() {
            return Err("it holds keys, which nobody may look up".to_owned());
        }
        read_regular(self.0, path).map_err(|error| error.to_string())
    }
}

/// A regular file's content. A symbolic link is not followed, and the path it holds is nobody's zone.
pub(super) fn read_regular(snapshot: &Snapshot, path: &str) -> Result<Bytes, ReadError> {
    match snapshot.entry(path) {
        Some((EntryKind::Symlink, _)) => Err(ReadError::NotAFile(path.to_owned())),
        _ => snapshot.read(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        let zone = |path: &str| zone_name(path).map(|name| name.to_string());
        assert_eq!(zone("example.com").as_deref(), Some("example.com."));
        assert_eq!(zone("Example.COM.").as_deref(), Some("Example.COM."));
        assert_eq!(zone("README.md").as_deref(), Some("README.md."));
        for path in [".gitignore", "a..b", "_keys", "example.com._keys", "dir/example.com", "."] {
            assert_eq!(zone(path), None, "{path}");
        }
        assert_eq!(path_of(&"Example.com".parse().unwrap()).as_deref(), Some("example.com"));
        assert_eq!(path_of(&Name::root()), None);
        assert_eq!(path_of(&"a\\/b.example".parse().unwrap()), None);
    }

    #[test]
    fn what_looks_like_a_zone() {
        assert!(looks_like_a_zone(b"@ 3600 IN soa ns root 1 2 3 4 5\n"));
        assert!(looks_like_a_zone(b"$INCLUDE all\n"));
        assert!(!looks_like_a_zone(b"# My zones\nPlease use the SOAP.\n"));
    }
}
