//! Git's objects in memory: trees, blobs, commits, deltas and packfiles (gitformat-pack(5)). Pure: octets in, values
//! out.
//!
//! Objects that arrive are hashed by `gix-hash`, which detects SHA-1 collisions; objects of our own making are hashed
//! by the `sha1` crate, which uses the processor's instructions where it has them.

pub(crate) mod commit;
pub(crate) mod database;
pub(crate) mod delta;
pub(crate) mod delta_search;
pub(crate) mod pack_reader;
pub(crate) mod pack_writer;
pub(crate) mod resolver;
pub(crate) mod tree;
pub(crate) mod tree_octets;

use bytes::Bytes;
use gix_hash::ObjectId;
pub(crate) use gix_object::Kind;
use sha1::{Digest, Sha1};

use crate::error::ObjectError;

/// A file's content, shared between all who read it.
#[derive(Debug)]
pub(crate) struct Blob {
    pub(crate) id: ObjectId,
    pub(crate) content: Content,
}

/// What is kept of a blob.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Kept(Bytes),
    /// Past the limit on objects: hashed while it streamed by, not kept.
    TooLarge,
}

impl Blob {
    /// A blob of our own making.
    pub(crate) fn new(octets: Bytes) -> Blob {
        Blob { id: hash_parts(Kind::Blob, octets.len(), [&octets[..]]), content: Content::Kept(octets) }
    }

    pub(crate) fn octets(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Kept(octets) => Some(octets),
            Content::TooLarge => None,
        }
    }
}

/// The ID that a file's content has as a blob, without making one.
pub fn blob_id(octets: &[u8]) -> ObjectId {
    hash_parts(Kind::Blob, octets.len(), [octets])
}

/// The object ID of an object of our own making, whose octets come in parts.
pub(crate) fn hash_parts<'a>(kind: Kind, length: usize, parts: impl IntoIterator<Item = &'a [u8]>) -> ObjectId {
    let mut hasher = Sha1::new();
    hasher.update(header(kind, length as u64));
    for part in parts {
        hasher.update(part);
    }
    let digest: [u8; 20] = hasher.finalize().into();
    ObjectId::Sha1(digest)
}

/// Hashes a foreign object as it arrives.
pub(crate) struct ForeignHasher(gix_hash::Hasher);

impl ForeignHasher {
    pub(crate) fn object(kind: Kind, length: u64) -> ForeignHasher {
        let mut hasher = ForeignHasher::plain();
        hasher.update(header(kind, length).as_bytes());
        hasher
    }

    pub(crate) fn plain() -> ForeignHasher {
        ForeignHasher(gix_hash::hasher(gix_hash::Kind::Sha1))
    }

    pub(crate) fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    pub(crate) fn finish(self) -> Result<ObjectId, ObjectError> {
        self.0.try_finalize().map_err(|_| ObjectError::Collision)
    }
}

/// The object ID of a foreign object.
pub(crate) fn hash_foreign(kind: Kind, octets: &[u8]) -> Result<ObjectId, ObjectError> {
    let mut hasher = ForeignHasher::object(kind, octets.len() as u64);
    hasher.update(octets);
    hasher.finish()
}

fn header(kind: Kind, length: u64) -> String {
    format!("{kind} {length}\0")
}
