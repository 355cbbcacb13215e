//! Paths inside a repository: parts separated by slashes, none of them special to git or to a file system.

use crate::error::ReadError;

/// The parts of a path; the empty path is the root.
pub(crate) fn parts(path: &str) -> Result<Vec<&str>, ReadError> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let parts: Vec<&str> = path.split('/').collect();
    match parts.iter().all(|part| is_plain(part.as_bytes())) {
        true => Ok(parts),
        false => Err(ReadError::InvalidPath(path.to_owned())),
    }
}

/// May a file be called so? Foreign entries with other names stay in the tree, and nobody sees them.
pub(crate) fn is_plain(name: &[u8]) -> bool {
    !name.is_empty()
        && name != b"."
        && name != b".."
        && !name.eq_ignore_ascii_case(b".git")
        && !name.contains(&b'/')
        && !name.contains(&0)
}
