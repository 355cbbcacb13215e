//! Doors for the fuzz targets into parsers of the remote's octets; not for anybody else.

use bytes::Bytes;
use gix_hash::ObjectId;

use crate::error::{ObjectError, ProtocolError};
use crate::object::pack_reader::{Keep, PackReader, Unpacked};
use crate::object::resolver::{Bases, Known};
use crate::protocol::fetch::{Fetch, FetchRequest, Next, Want};
use crate::protocol::pkt_line::Decoder;
use crate::protocol::push::{self, ExpectAdvertisement};
use crate::{Limits, Snapshot};

const REFERENCE: &str = "refs/heads/main";

/// What a server says to a fetch.
pub fn fetch_conversation(octets: &[u8]) -> Result<(), ProtocolError> {
    let request = FetchRequest {
        reference: REFERENCE.to_owned(),
        want: Want::Tip,
        have: None,
        depth: 1,
        commits_only: false,
        advertisement_limit: 1 << 16,
    };
    let (mut decoder, mut state) = (Decoder::default(), Fetch::new(request));
    decoder.push(octets);
    while let Some(packet) = decoder.next()? {
        state = match state.handle(packet)? {
            Next::Wait(next) | Next::Send(_, next) | Next::Pack(_, next) => next,
            Next::Done(..) => break,
        };
    }
    Ok(())
}

/// What a server says to a push.
pub fn push_conversation(octets: &[u8]) -> Result<(), ProtocolError> {
    let (mut decoder, mut state) = (Decoder::default(), ExpectAdvertisement::new(REFERENCE, 1 << 16));
    decoder.push(octets);
    let advertised = loop {
        let Some(packet) = decoder.next()? else { return Ok(()) };
        match state.handle(&packet)? {
            push::Next::Wait(next) => state = next,
            push::Next::Done(advertised) => break advertised,
        }
    };
    let (_, mut state) = advertised.command(REFERENCE, None, ObjectId::empty_tree(gix_hash::Kind::Sha1));
    while let Some(packet) = decoder.next()? {
        match state.handle(packet)? {
            push::Next::Wait(next) => state = next,
            push::Next::Done(_) => break,
        }
    }
    Ok(())
}

/// A packfile, which may stand on the empty blob.
pub fn pack(octets: &[u8]) -> Result<(), ObjectError> {
    let limits = Limits {
        object_octets: 1 << 16,
        unpacked_octets: 1 << 20,
        inflated_octets: 1 << 22,
        objects: 1000,
        ..Limits::default()
    };
    let mut reader = PackReader::new(limits, Keep::Everything);
    // In two runs, so that a cut is met too.
    let (front, back) = octets.split_at(octets.len() / 2);
    reader.push(front)?;
    reader.push(back)?;
    let mut resolver = reader.finish()?;
    while resolver.step(&Nothing)? {}
    let _: Unpacked = resolver.finish(true)?;
    Ok(())
}

/// The files that a snapshot of loose files reads back as.
pub fn paths(path: &str) {
    if let Ok(snapshot) = Snapshot::of_files([(path, Bytes::from_static(b"x"))]) {
        assert!(snapshot.read(path).is_ok());
    }
}

struct Nothing;

impl Bases for Nothing {
    fn look_up(&self, id: &ObjectId) -> Known {
        match *id == ObjectId::empty_blob(gix_hash::Kind::Sha1) {
            true => Known::Object(crate::object::Kind::Blob, Bytes::new()),
            false => Known::Unknown,
        }
    }
}
