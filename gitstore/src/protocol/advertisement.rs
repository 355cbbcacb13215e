//! What a server of protocol 0 or 1 says first: its references and capabilities (gitprotocol-pack(5), "Reference
//! Discovery").

use gix_hash::ObjectId;

use super::pkt_line::Packet;
use crate::error::{ProtocolError, lossy};

/// How many other branches are remembered, to help who misspelt one.
const OTHERS: usize = 5;

/// What has been read of the advertisement.
#[derive(Debug)]
pub(crate) struct Advertisement {
    reference: String,
    pub(crate) tip: Option<ObjectId>,
    pub(crate) others: Vec<String>,
    pub(crate) capabilities: Capabilities,
    octets_left: usize,
    first: bool,
}

/// Words that say what a server can do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Capabilities(String);

impl Capabilities {
    pub(crate) fn new(words: &str) -> Capabilities {
        Capabilities(words.to_owned())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.split(' ').any(|word| word == name)
    }

    /// We speak SHA-1 only; a server that says nothing does, too.
    pub(crate) fn check_object_format(&self) -> Result<(), ProtocolError> {
        match self.0.split(' ').find_map(|word| word.strip_prefix("object-format=")) {
            None | Some("sha1") => Ok(()),
            Some(_) => Err(ProtocolError::Capability("the object format sha1")),
        }
    }
}

impl Advertisement {
    /// Looks for `reference`, reading at most so many octets.
    pub(crate) fn new(reference: &str, limit: usize) -> Advertisement {
        Advertisement {
            reference: reference.to_owned(),
            tip: None,
            others: Vec::new(),
            capabilities: Capabilities::default(),
            octets_left: limit,
            first: true,
        }
    }

    /// Reads one packet; `true` at the end.
    pub(crate) fn handle(&mut self, packet: &Packet) -> Result<bool, ProtocolError> {
        let unexpected = ProtocolError::Unexpected("the references");
        let Some(line) = packet.line()? else {
            return if *packet == Packet::Flush { Ok(true) } else { Err(unexpected) };
        };
        self.octets_left = self
            .octets_left
            .checked_sub(line.len() + 4)
            .ok_or(ProtocolError::Limit("the advertisement of references"))?;
        if line == b"version 1" || line.starts_with(b"shallow ") {
            return Ok(false);
        }
        let mut parts = line.splitn(2, |octet| *octet == 0);
        let reference_line = parts.next().unwrap_or_default();
        if std::mem::take(&mut self.first)
            && let Some(words) = parts.next()
        {
            self.capabilities = Capabilities::new(&lossy(words));
            self.capabilities.check_object_format()?;
        }
        let (id, name) = decode_reference(reference_line).ok_or(unexpected)?;
        self.note(id, name);
        Ok(false)
    }

    fn note(&mut self, id: ObjectId, name: &[u8]) {
        if name == self.reference.as_bytes() {
            self.tip = Some(id);
        } else if let Some(branch) = name.strip_prefix(b"refs/heads/")
            && self.others.len() < OTHERS
        {
            self.others.push(lossy(branch));
        }
    }
}

/// An object ID, a space, and a name.
pub(crate) fn decode_reference(line: &[u8]) -> Option<(ObjectId, &[u8])> {
    let id = ObjectId::from_hex(line.get(..40)?).ok()?;
    let name = line.get(40..)?.strip_prefix(b" ")?;
    Some((id, name))
}
