//! Commits: read leniently from foreign octets, written strictly from our own values.

use bytes::Bytes;
use gix_hash::ObjectId;

use super::{Kind, hash_parts};
use crate::Identity;
use crate::error::{ObjectError, lossy};

/// One commit, without its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// The commit's object ID.
    pub id: ObjectId,
    /// Its parents; the first is what the branch pointed to before.
    pub parents: Vec<ObjectId>,
    /// The tree of its files.
    pub tree: ObjectId,
    /// Who made the change.
    pub author: Identity,
    /// Who put it in the repository.
    pub committer: Identity,
    /// When it was committed, in seconds since 1970 (UTC).
    pub time: i64,
    /// The message, as UTF-8.
    pub message: String,
}

/// A commit and its octets, which a delta may refer to.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub(crate) info: CommitInfo,
    pub(crate) octets: Bytes,
}

impl Commit {
    /// Reads a foreign commit, whose ID has been computed from its octets.
    pub(crate) fn decode(id: ObjectId, octets: Bytes) -> Result<Commit, ObjectError> {
        let malformed = |_| ObjectError::Commit(id);
        let read = gix_object::CommitRef::from_bytes(&octets, gix_hash::Kind::Sha1).map_err(malformed)?;
        let person = |line: &[u8]| {
            let text = lossy(line);
            let (name, rest) = text.split_once('<').unwrap_or((&text, ""));
            let email = rest.split_once('>').map_or(rest, |(email, _)| email);
            Identity { name: name.trim().to_owned(), email: email.trim().to_owned() }
        };
        let info = CommitInfo {
            id,
            parents: read.parents().collect(),
            tree: read.tree(),
            author: person(read.author),
            committer: person(read.committer),
            time: seconds(read.committer),
            message: lossy(read.message),
        };
        drop(read);
        Ok(Commit { info, octets })
    }

    /// Makes a commit of our own; times are UTC.
    pub(crate) fn new(
        tree: ObjectId,
        parent: Option<ObjectId>,
        author: &Identity,
        committer: &Identity,
        time: i64,
        message: &str,
    ) -> Commit {
        let (author, committer) = (author.sanitised(), committer.sanitised());
        let message = sanitised_message(message);
        let parent_line = parent.map_or(String::new(), |parent| format!("parent {parent}\n"));
        let octets: Bytes = format!(
            "tree {tree}\n{parent_line}author {author} {time} +0000\ncommitter {committer} {time} +0000\n\n{message}"
        )
        .into();
        let id = hash_parts(Kind::Commit, octets.len(), [&octets[..]]);
        let info = CommitInfo { id, parents: parent.into_iter().collect(), tree, author, committer, time, message };
        Commit { info, octets }
    }
}

/// Seconds since 1970 at the end of an author or committer line.
fn seconds(line: &[u8]) -> i64 {
    let text = lossy(line);
    let mut words = text.rsplit(' ');
    words.next();
    words.next().and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// A message ends in one line feed and has no NUL, which git would stop at.
fn sanitised_message(message: &str) -> String {
    let mut message = message.replace('\0', "").replace("\r\n", "\n");
    message.truncate(message.trim_end().len());
    message.push('\n');
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_nothing_is_smuggled_in() {
        let author = Identity { name: "Eve\nparent 00 <x>".into(), email: "<eve@example.org>\n".into() };
        let committer = Identity { name: " ".into(), email: "".into() };
        let tree = ObjectId::Sha1([3; 20]);
        let made = Commit::new(tree, Some(ObjectId::Sha1([4; 20])), &author, &committer, 1_700_000_000, "one\0\n\n");
        let read = Commit::decode(made.info.id, made.octets.clone()).unwrap();
        assert_eq!(read.info, made.info);
        assert_eq!(read.info.author.name, "Eve parent 00 x");
        assert_eq!(read.info.author.email, "eve@example.org");
        assert_eq!(read.info.message, "one\n");
        assert_eq!(read.info.parents.len(), 1);
    }
}
