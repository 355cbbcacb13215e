//! Writes a thin packfile: whole objects, and deltas against objects that the remote has (gitformat-pack(5)).

use gix_hash::ObjectId;
use sha1::{Digest, Sha1};
use zlib_rs::{Deflate, DeflateFlush, Status};

use super::Kind;

const REF_DELTA: u8 = 7;
/// Changes are small and go out once: speed counts for more than the last octet.
const LEVEL: i32 = 1;

/// A packfile that grows object by object.
pub(crate) struct PackWriter {
    octets: Vec<u8>,
    count: u32,
    deflate: Deflate,
}

impl PackWriter {
    pub(crate) fn new() -> PackWriter {
        let mut octets = Vec::with_capacity(4096);
        octets.extend_from_slice(b"PACK\0\0\0\x02\0\0\0\0");
        PackWriter { octets, count: 0, deflate: Deflate::new(LEVEL, true, 15) }
    }

    /// Adds a whole object.
    pub(crate) fn whole(&mut self, kind: Kind, octets: &[u8]) {
        let code = match kind {
            Kind::Commit => 1,
            Kind::Tree => 2,
            Kind::Blob => 3,
            Kind::Tag => 4,
        };
        self.entry_header(code, octets.len());
        self.compress(octets);
    }

    /// Adds an object as a delta against `base`.
    pub(crate) fn delta(&mut self, base: ObjectId, delta: &[u8]) {
        self.entry_header(REF_DELTA, delta.len());
        self.octets.extend_from_slice(base.as_slice());
        self.compress(delta);
    }

    /// The finished packfile.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.octets[8..12].copy_from_slice(&self.count.to_be_bytes());
        let checksum = Sha1::digest(&self.octets);
        self.octets.extend_from_slice(&checksum);
        self.octets
    }

    fn entry_header(&mut self, code: u8, size: usize) {
        self.count += 1;
        let mut octet = code << 4 | (size & 0x0f) as u8;
        let mut rest = size >> 4;
        while rest > 0 {
            self.octets.push(octet | 0x80);
            octet = (rest & 0x7f) as u8;
            rest >>= 7;
        }
        self.octets.push(octet);
    }

    fn compress(&mut self, input: &[u8]) {
        self.deflate.reset();
        loop {
            let consumed = self.deflate.total_in() as usize;
            let produced = self.deflate.total_out();
            let at = self.octets.len();
            self.octets.resize(at + (input.len() - consumed).clamp(256, 1 << 16), 0);
            let status = self.deflate.compress(&input[consumed..], &mut self.octets[at..], DeflateFlush::Finish);
            self.octets.truncate(at + (self.deflate.total_out() - produced) as usize);
            match status {
                Ok(Status::StreamEnd) => return,
                Ok(Status::Ok | Status::BufError) => {}
                Err(_) => unreachable!("deflate fails only when its state is misused"),
            }
        }
    }
}
