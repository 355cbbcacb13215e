//! Fetching one reference: git-upload-pack's protocol 2 where the server grants it, else protocol 0 (gitprotocol-v2(5),
//! gitprotocol-pack(5)).
//!
//! In both the whole request goes out in one piece, with `done` at its end: we know what we have and do not negotiate.

use bytes::Bytes;
use gix_hash::ObjectId;

use super::advertisement::{Advertisement, Capabilities, decode_reference};
use super::pkt_line::{self, Packet};
use super::side_band::{self, Band};
use super::{AGENT, pkt_line::write};
use crate::error::{ProtocolError, lossy};

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct FetchRequest {
    /// Full name of the reference.
    pub(crate) reference: String,
    pub(crate) want: Want,
    /// A commit whose tree we have whole; nothing behind it is assumed.
    pub(crate) have: Option<ObjectId>,
    /// How many commits deep.
    pub(crate) depth: u32,
    /// Only commits, if the server can leave out the rest.
    pub(crate) commits_only: bool,
    /// Octets that the list of references may have.
    pub(crate) advertisement_limit: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// The tip, unless it is what we have.
    Tip,
    /// The tip, even so: to see behind it.
    TipAgain,
    /// This commit.
    Commit(ObjectId),
}

/// What came of it; the packfile has been handed on before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fetched {
    /// The object that the reference names; nothing if there is no such reference.
    pub(crate) tip: Option<ObjectId>,
    /// Some other branches, if the reference is missing.
    pub(crate) others: Vec<String>,
    pub(crate) pack: bool,
}

/// A fetch, waiting for a message.
pub(crate) enum Fetch {
    Greeting(ExpectGreeting),
    Capabilities(ExpectCapabilities),
    References(ExpectReferences),
    OtherBranches(ExpectOtherBranches),
    Advertisement(ExpectAdvertisement),
    Shallow(ExpectShallow),
    Acknowledgement(ExpectAcknowledgement),
    Section(ExpectSection),
    Pack(ExpectPack),
}

/// What follows from a message.
pub(crate) enum Next {
    Wait(Fetch),
    Send(Vec<u8>, Fetch),
    Pack(Bytes, Fetch),
    /// Finished; the octets let the server know.
    Done(Fetched, Vec<u8>),
}

impl Fetch {
    pub(crate) fn new(request: FetchRequest) -> Fetch {
        Fetch::Greeting(ExpectGreeting { request })
    }

    pub(crate) fn handle(self, packet: Packet) -> Result<Next, ProtocolError> {
        match self {
            Fetch::Greeting(state) => state.handle(packet),
            Fetch::Capabilities(state) => state.handle(packet),
            Fetch::References(state) => state.handle(packet),
            Fetch::OtherBranches(state) => state.handle(packet),
            Fetch::Advertisement(state) => state.handle(packet),
            Fetch::Shallow(state) => state.handle(packet),
            Fetch::Acknowledgement(state) => state.handle(packet),
            Fetch::Section(state) => state.handle(packet),
            Fetch::Pack(state) => state.handle(packet),
        }
    }

    /// What is being waited for, in words.
    pub(crate) fn awaited(&self) -> &'static str {
        match self {
            Fetch::Greeting(_) => "the greeting",
            Fetch::Capabilities(_) => "the capabilities",
            Fetch::References(_) | Fetch::OtherBranches(_) | Fetch::Advertisement(_) => "the references",
            Fetch::Shallow(_) => "the shallow commits",
            Fetch::Acknowledgement(_) => "an acknowledgement",
            Fetch::Section(_) | Fetch::Pack(_) => "the packfile",
        }
    }
}

/// The first packet tells the protocol's version.
pub(crate) struct ExpectGreeting {
    request: FetchRequest,
}

impl ExpectGreeting {
    fn handle(self, packet: Packet) -> Result<Next, ProtocolError> {
        if packet.line()? == Some(b"version 2") {
            return Ok(Next::Wait(Fetch::Capabilities(ExpectCapabilities {
                request: self.request,
                fetch: None,
                octets_left: 1 << 16,
            })));
        }
        let advertisement = Advertisement::new(&self.request.reference, self.request.advertisement_limit);
        ExpectAdvertisement { request: self.request, advertisement }.handle(packet)
    }
}

/// Protocol 2: a capability a line.
pub(crate) struct ExpectCapabilities {
    request: FetchRequest,
    fetch: Option<Capabilities>,
    octets_left: usize,
}

impl ExpectCapabilities {
    fn handle(mut self, packet: Packet) -> Result<Next, ProtocolError> {
        let Some(line) = packet.line()? else {
            let features = self.fetch.ok_or(ProtocolError::Capability("fetch in protocol 2"))?;
            let reference = self.request.reference.clone();
            let state = ExpectReferences { request: self.request, features, tip: None };
            return Ok(Next::Send(list_references(&reference), Fetch::References(state)));
        };
        self.octets_left =
            self.octets_left.checked_sub(line.len()).ok_or(ProtocolError::Limit("the list of capabilities"))?;
        if let Some(features) = line.strip_prefix(b"fetch") {
            self.fetch = Some(Capabilities::new(lossy(features).trim_start_matches('=')));
        } else if line.starts_with(b"object-format=") {
            Capabilities::new(&lossy(line)).check_object_format()?;
        }
        Ok(Next::Wait(Fetch::Capabilities(self)))
    }
}

fn list_references(prefix: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, "command=ls-refs\n");
    write(&mut out, &format!("{AGENT}\n"));
    write(&mut out, "object-format=sha1");
    pkt_line::write_delimiter(&mut out);
    write(&mut out, &format!("ref-prefix {prefix}\n"));
    pkt_line::write_flush(&mut out);
    out
}

/// Protocol 2: the references that begin as ours does.
pub(crate) struct ExpectReferences {
    request: FetchRequest,
    features: Capabilities,
    tip: Option<ObjectId>,
}

impl ExpectReferences {
    fn handle(mut self, packet: Packet) -> Result<Next, ProtocolError> {
        if let Some(line) = packet.line()? {
            self.request.advertisement_limit = self
                .request
                .advertisement_limit
                .checked_sub(line.len())
                .ok_or(ProtocolError::Limit("the list of references"))?;
            let (id, name) = decode_reference(line).ok_or(ProtocolError::Unexpected("a reference"))?;
            if name == self.request.reference.as_bytes() {
                self.tip = Some(id);
            }
            return Ok(Next::Wait(Fetch::References(self)));
        }
        let Some(tip) = self.tip else {
            let state = ExpectOtherBranches { others: Vec::new(), octets_left: self.request.advertisement_limit };
            return Ok(Next::Send(list_references("refs/heads/"), Fetch::OtherBranches(state)));
        };
        let Some(wanted) = wanted(&self.request, tip) else { return Ok(nothing_to_fetch(tip)) };
        let request = fetch_command(&self.request, &self.features, wanted);
        Ok(Next::Send(request, Fetch::Section(ExpectSection { tip })))
    }
}

/// The object to ask for, unless we have it.
fn wanted(request: &FetchRequest, tip: ObjectId) -> Option<ObjectId> {
    match request.want {
        Want::Tip => (request.have != Some(tip)).then_some(tip),
        Want::TipAgain => Some(tip),
        Want::Commit(commit) => Some(commit),
    }
}

fn nothing_to_fetch(tip: ObjectId) -> Next {
    Next::Done(Fetched { tip: Some(tip), others: Vec::new(), pack: false }, b"0000".to_vec())
}

fn fetch_command(request: &FetchRequest, features: &Capabilities, wanted: ObjectId) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, "command=fetch");
    write(&mut out, AGENT);
    write(&mut out, "object-format=sha1");
    pkt_line::write_delimiter(&mut out);
    for argument in ["thin-pack", "no-progress", "ofs-delta"] {
        write(&mut out, argument);
    }
    write(&mut out, &format!("want {wanted}\n"));
    write_depth(&mut out, request, features);
    if let Some(have) = request.have {
        write(&mut out, &format!("have {have}\n"));
    }
    write(&mut out, "done\n");
    pkt_line::write_flush(&mut out);
    out
}

/// What we have is told as shallow: the server must not assume anything behind it.
fn write_depth(out: &mut Vec<u8>, request: &FetchRequest, features: &Capabilities) {
    if features.has("shallow") {
        if let Some(have) = request.have {
            write(out, &format!("shallow {have}\n"));
        }
        write(out, &format!("deepen {}\n", request.depth));
    }
    if request.commits_only && features.has("filter") {
        write(out, "filter tree:0\n");
    }
}

/// Protocol 2: our reference is missing; which branches are there?
pub(crate) struct ExpectOtherBranches {
    others: Vec<String>,
    octets_left: usize,
}

impl ExpectOtherBranches {
    fn handle(mut self, packet: Packet) -> Result<Next, ProtocolError> {
        let Some(line) = packet.line()? else {
            let fetched = Fetched { tip: None, others: self.others, pack: false };
            return Ok(Next::Done(fetched, b"0000".to_vec()));
        };
        self.octets_left =
            self.octets_left.checked_sub(line.len()).ok_or(ProtocolError::Limit("the list of references"))?;
        if let Some(branch) = decode_reference(line).and_then(|(_, name)| name.strip_prefix(b"refs/heads/"))
            && self.others.len() < 5
        {
            self.others.push(lossy(branch));
        }
        Ok(Next::Wait(Fetch::OtherBranches(self)))
    }
}

/// Protocol 0: all references.
pub(crate) struct ExpectAdvertisement {
    request: FetchRequest,
    advertisement: Advertisement,
}

impl ExpectAdvertisement {
    fn handle(mut self, packet: Packet) -> Result<Next, ProtocolError> {
        if !self.advertisement.handle(&packet)? {
            return Ok(Next::Wait(Fetch::Advertisement(self)));
        }
        let Advertisement { tip, others, capabilities, .. } = self.advertisement;
        let Some(tip) = tip else {
            return Ok(Next::Done(Fetched { tip: None, others, pack: false }, b"0000".to_vec()));
        };
        let Some(wanted) = wanted(&self.request, tip) else { return Ok(nothing_to_fetch(tip)) };
        check_protocol_0(&capabilities, wanted != tip)?;
        let shallow = capabilities.has("shallow");
        let request = protocol_0_request(&self.request, &capabilities, wanted);
        let acknowledgement = ExpectAcknowledgement { tip };
        let state = match shallow {
            true => Fetch::Shallow(ExpectShallow { after: acknowledgement }),
            false => Fetch::Acknowledgement(acknowledgement),
        };
        Ok(Next::Send(request, state))
    }
}

fn check_protocol_0(capabilities: &Capabilities, behind_tip: bool) -> Result<(), ProtocolError> {
    if !capabilities.has("side-band-64k") {
        return Err(ProtocolError::Capability("side-band-64k"));
    }
    let any_commit = ["allow-reachable-sha1-in-want", "allow-any-sha1-in-want"];
    if behind_tip && !any_commit.iter().any(|name| capabilities.has(name)) {
        return Err(ProtocolError::Capability(ANY_COMMIT));
    }
    Ok(())
}

/// What a server of protocol 0 may not offer, and what can be done without.
pub(crate) const ANY_COMMIT: &str = "commits behind the tip";

fn protocol_0_request(request: &FetchRequest, capabilities: &Capabilities, wanted: ObjectId) -> Vec<u8> {
    let mut out = Vec::new();
    let mut words = String::from("side-band-64k");
    for word in ["thin-pack", "ofs-delta", "no-progress", "shallow"] {
        if capabilities.has(word) {
            words = words + " " + word;
        }
    }
    if request.commits_only && capabilities.has("filter") {
        words += " filter";
    }
    write(&mut out, &format!("want {wanted} {words} {AGENT}\n"));
    write_depth(&mut out, request, capabilities);
    pkt_line::write_flush(&mut out);
    if let Some(have) = request.have {
        write(&mut out, &format!("have {have}\n"));
    }
    write(&mut out, "done\n");
    out
}

/// Protocol 0: where the history will be cut.
pub(crate) struct ExpectShallow {
    after: ExpectAcknowledgement,
}

impl ExpectShallow {
    fn handle(self, packet: Packet) -> Result<Next, ProtocolError> {
        match packet.line()? {
            Some(line) if line.starts_with(b"shallow ") || line.starts_with(b"unshallow ") => {
                Ok(Next::Wait(Fetch::Shallow(self)))
            }
            None if packet == Packet::Flush => Ok(Next::Wait(Fetch::Acknowledgement(self.after))),
            _ => Err(ProtocolError::Unexpected("the shallow commits")),
        }
    }
}

/// Protocol 0: whether the server knows what we have. Without `multi_ack` there is exactly one such line.
pub(crate) struct ExpectAcknowledgement {
    tip: ObjectId,
}

impl ExpectAcknowledgement {
    fn handle(self, packet: Packet) -> Result<Next, ProtocolError> {
        match packet.line()? {
            Some(line) if line == b"NAK" || line.starts_with(b"ACK ") => {
                Ok(Next::Wait(Fetch::Pack(ExpectPack { tip: self.tip, farewell: false })))
            }
            _ => Err(ProtocolError::Unexpected("an acknowledgement")),
        }
    }
}

/// Protocol 2: the name of a section, or what stands in one that is passed over.
pub(crate) struct ExpectSection {
    tip: ObjectId,
}

impl ExpectSection {
    fn handle(self, packet: Packet) -> Result<Next, ProtocolError> {
        match packet.line()? {
            Some(b"packfile") => Ok(Next::Wait(Fetch::Pack(ExpectPack { tip: self.tip, farewell: true }))),
            Some(line)
                if [
                    &b"shallow-info"[..],
                    b"shallow ",
                    b"unshallow ",
                    b"acknowledgments",
                    b"ACK ",
                    b"NAK",
                    b"ready",
                ]
                .iter()
                .any(|known| line.starts_with(known)) =>
            {
                Ok(Next::Wait(Fetch::Section(self)))
            }
            None if packet == Packet::Delimiter => Ok(Next::Wait(Fetch::Section(self))),
            _ => Err(ProtocolError::Unexpected("the packfile")),
        }
    }
}

/// The packfile, among words for a person.
pub(crate) struct ExpectPack {
    tip: ObjectId,
    farewell: bool,
}

impl ExpectPack {
    fn handle(self, packet: Packet) -> Result<Next, ProtocolError> {
        match side_band::decode(packet, "the packfile")? {
            Band::Data(octets) => Ok(Next::Pack(octets, Fetch::Pack(self))),
            Band::Progress(_) => Ok(Next::Wait(Fetch::Pack(self))),
            Band::End => {
                let farewell = if self.farewell { b"0000".to_vec() } else { Vec::new() };
                Ok(Next::Done(Fetched { tip: Some(self.tip), others: Vec::new(), pack: true }, farewell))
            }
        }
    }
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
