//! Pushing one reference: git-receive-pack's protocol (gitprotocol-pack(5), "Pushing Data To a Server").

use gix_hash::ObjectId;

use super::AGENT;
use super::advertisement::{Advertisement, Capabilities};
use super::pkt_line::{self, Decoder, Packet};
use super::side_band::{self, Band};
use crate::error::{ProtocolError, Quoted};

/// How much of what the server says to a person is kept.
const MAX_WORDS: usize = 4096;

/// The server lists its references.
#[derive(Debug)]
pub(crate) struct ExpectAdvertisement(Advertisement);

/// What follows from a message.
pub(crate) enum Next<S, D> {
    Wait(S),
    Done(D),
}

impl ExpectAdvertisement {
    pub(crate) fn new(reference: &str, limit: usize) -> ExpectAdvertisement {
        ExpectAdvertisement(Advertisement::new(reference, limit))
    }

    pub(crate) fn handle(mut self, packet: &Packet) -> Result<Next<Self, Advertised>, ProtocolError> {
        if !self.0.handle(packet)? {
            return Ok(Next::Wait(self));
        }
        let Advertisement { tip, capabilities, .. } = self.0;
        if !capabilities.has("report-status") {
            return Err(ProtocolError::Capability("report-status"));
        }
        Ok(Next::Done(Advertised { tip, capabilities }))
    }
}

/// The server is ready for commands.
#[derive(Debug)]
pub(crate) struct Advertised {
    /// Where the reference stood when the server was asked.
    pub(crate) tip: Option<ObjectId>,
    capabilities: Capabilities,
}

impl Advertised {
    /// The octets that move `reference` from `old` to `new`; the packfile follows them.
    pub(crate) fn command(self, reference: &str, old: Option<ObjectId>, new: ObjectId) -> (Vec<u8>, ExpectReport) {
        let old = old.unwrap_or(ObjectId::null(gix_hash::Kind::Sha1));
        let mut words = String::from("report-status");
        for word in ["side-band-64k", "quiet", "object-format=sha1"] {
            if self.capabilities.has(word) {
                words = words + " " + word;
            }
        }
        let mut out = Vec::new();
        pkt_line::write(&mut out, &format!("{old} {new} {reference}\0 {words} {AGENT}"));
        pkt_line::write_flush(&mut out);
        let report = ExpectReport {
            reference: reference.to_owned(),
            multiplexed: self.capabilities.has("side-band-64k"),
            inner: Decoder::default(),
            unpack: None,
            status: None,
            words: Vec::new(),
        };
        (out, report)
    }
}

/// The server tells what came of it.
#[derive(Debug)]
pub(crate) struct ExpectReport {
    reference: String,
    multiplexed: bool,
    inner: Decoder,
    unpack: Option<Result<(), String>>,
    status: Option<Result<(), String>>,
    words: Vec<u8>,
}

/// What came of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    Accepted,
    /// The packfile was not taken: broken, or objects that the server refuses or lacks.
    NotUnpacked {
        reason: String,
    },
    /// The reference was not moved: somebody else moved it, or a hook said no.
    NotMoved {
        reason: String,
        words: String,
    },
}

impl ExpectReport {
    pub(crate) fn handle(mut self, packet: Packet) -> Result<Next<Self, Report>, ProtocolError> {
        if !self.multiplexed {
            return self.handle_inner(&packet);
        }
        match side_band::decode(packet, "the report")? {
            Band::Data(octets) => {
                self.inner.push(&octets);
                while let Some(packet) = self.inner.next()? {
                    match self.handle_inner(&packet)? {
                        Next::Wait(state) => self = state,
                        done => return Ok(done),
                    }
                }
            }
            Band::Progress(octets) => {
                let room = MAX_WORDS.saturating_sub(self.words.len());
                self.words.extend_from_slice(&octets[..octets.len().min(room)]);
            }
            Band::End => return Err(ProtocolError::EndOfStream("the report")),
        }
        Ok(Next::Wait(self))
    }

    fn handle_inner(mut self, packet: &Packet) -> Result<Next<Self, Report>, ProtocolError> {
        let Some(line) = packet.line()? else {
            return self.report().map(Next::Done);
        };
        if let Some(result) = line.strip_prefix(b"unpack ") {
            self.unpack = Some(if result == b"ok" { Ok(()) } else { Err(Quoted(result).to_string()) });
        } else if line.strip_prefix(b"ok ") == Some(self.reference.as_bytes()) {
            self.status = Some(Ok(()));
        } else if let Some(refusal) = line.strip_prefix(b"ng ")
            && let Some(reason) = refusal.strip_prefix(self.reference.as_bytes())
        {
            self.status = Some(Err(Quoted(reason).to_string()));
        } else {
            return Err(ProtocolError::Unexpected("the report"));
        }
        Ok(Next::Wait(self))
    }

    fn report(self) -> Result<Report, ProtocolError> {
        let words = Quoted(&self.words).to_string();
        match (self.unpack, self.status) {
            (Some(Ok(())), Some(Ok(()))) => Ok(Report::Accepted),
            (Some(Err(reason)), _) => {
                Ok(Report::NotUnpacked { reason: if words.is_empty() { reason } else { format!("{reason}: {words}") } })
            }
            (_, Some(Err(reason))) => Ok(Report::NotMoved { reason, words }),
            (None, _) | (_, None) => Err(ProtocolError::Unexpected("the report")),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn data(octets: &[u8]) -> Packet {
        Packet::Data(Bytes::copy_from_slice(octets))
    }

    fn report(lines: &[&str]) -> Result<Report, ProtocolError> {
        let head = format!("{} refs/heads/main\0report-status side-band-64k\n", "1".repeat(40));
        let Next::Wait(state) = ExpectAdvertisement::new("refs/heads/main", 1000).handle(&data(head.as_bytes()))?
        else {
            panic!("the advertisement goes on until a flush")
        };
        let Next::Done(advertised) = state.handle(&Packet::Flush)? else { panic!("a flush ends the advertisement") };
        let (_, mut state) = advertised.command("refs/heads/main", None, ObjectId::Sha1([2; 20]));
        let mut inner = Vec::new();
        for line in lines {
            pkt_line::write(&mut inner, line);
        }
        pkt_line::write_flush(&mut inner);
        for run in inner.chunks(7) {
            match state.handle(data(&[&[1], run].concat()))? {
                Next::Wait(next) => state = next,
                Next::Done(report) => return Ok(report),
            }
        }
        panic!("a flush ends the report")
    }

    #[test]
    fn only_ok_for_our_reference_is_acceptance() {
        assert_eq!(report(&["unpack ok\n", "ok refs/heads/main\n"]), Ok(Report::Accepted));
        assert!(matches!(report(&["unpack ok\n", "ng refs/heads/main hook declined\n"]), Ok(Report::NotMoved { .. })));
        assert!(matches!(
            report(&["unpack eof\n", "ng refs/heads/main unpacker error\n"]),
            Ok(Report::NotUnpacked { .. })
        ));
        assert!(report(&["unpack ok\n", "ok refs/heads/mainly\n"]).is_err());
        assert!(report(&["unpack ok\n"]).is_err());
        assert!(report(&["ok refs/heads/main\n"]).is_err());
    }
}
