//! The answer to one question: from the zone that has it, along CNAMEs and DNAMEs through all our zones.

use super::compose::{Composer, Full, Mark, Owner, Section};
use super::edns::{self, ExtendedError};
use super::lookup::{Found, InZone, Target};
use super::query::{self, Query};
use super::rate_limit::Kind;
use super::{Transport, denial};
use crate::message::Rcode;
use crate::name::MAX_NAME;
use crate::name_hash::NameHash;
use crate::record_type::RecordType;
use crate::zone::Zone;
use crate::zone::shard::{self, RawNode, RawRrset};
use crate::zone_set::ZoneSet;

/// CNAMEs and DNAMEs that are followed for one question.
const MAX_HOPS: usize = 16;

/// A reply while it is found out.
pub struct Resolution<'q, 'o> {
    zones: &'q ZoneSet,
    query: &'q Query<'q>,
    transport: Transport,
    pub composer: Composer<'o>,
    pub rcode: Rcode,
    pub authoritative: bool,
    truncated: bool,
    error: Option<ExtendedError>,
    /// The apex of the zone that has the name asked for, and the labels below it of the node found.
    found: Option<(NameHash, &'q [u8])>,
    start: Mark,
    /// Names that were looked up on the way.
    visited: [NameHash; MAX_HOPS],
    /// NSEC and NSEC3 that belong into the reply.
    pub proofs: denial::Proofs<'q>,
}

impl<'q, 'o> Resolution<'q, 'o> {
    pub fn new(zones: &'q ZoneSet, query: &'q Query<'q>, transport: Transport, composer: Composer<'o>) -> Self {
        let start = composer.mark();
        Resolution {
            zones,
            query,
            transport,
            composer,
            rcode: Rcode::NOERROR,
            authoritative: false,
            truncated: false,
            error: None,
            found: None,
            start,
            visited: [NameHash(0); MAX_HOPS],
            proofs: denial::Proofs::default(),
        }
    }

    /// The question.
    pub fn query(&self) -> &'q Query<'q> {
        self.query
    }

    /// Answers a question of class IN.
    pub fn run(&mut self) {
        let done = self.follow(self.query.name, 0).and_then(|()| denial::write_proofs(self));
        if done.is_err() {
            self.truncate();
        }
    }

    /// Fills in the header and appends OPT; returns the length of the reply.
    pub fn finish(mut self, limit: usize, options: &edns::Reply<'_>) -> Result<usize, Full> {
        if self.query.edns.is_some() {
            self.composer.append(limit, |rest| options.write(self.rcode, self.error, rest))?;
        }
        let authoritative = if self.authoritative { query::AA } else { 0 };
        let truncated = if self.truncated { query::TC } else { 0 };
        self.composer.finish(authoritative | truncated, self.rcode);
        Ok(self.composer.len())
    }

    /// Says that something is missing for want of room.
    pub fn truncate(&mut self) {
        self.truncated = true;
    }

    /// Takes back everything but the question, and says that something is missing.
    pub fn clear(&mut self) {
        self.composer.roll_back(self.start);
        (self.rcode, self.authoritative, self.error) = (Rcode::NOERROR, false, None);
        self.truncate();
    }

    /// Says that nobody can ask for that (RFC 9824 section 3.5).
    pub fn invalid_type(&mut self) {
        self.rcode = Rcode::FORMERR;
        self.error = Some(ExtendedError::INVALID_QUERY_TYPE);
    }

    /// What kind of answer it is.
    pub fn kind(&self) -> Kind {
        match self.rcode {
            Rcode::NXDOMAIN => Kind::NameError,
            Rcode::NOERROR if self.composer.answers() > 0 => Kind::Positive,
            Rcode::NOERROR if !self.authoritative => Kind::Referral,
            Rcode::NOERROR => Kind::NoData,
            _ => Kind::Error,
        }
    }

    /// The name that the answer is about: for what is not there the zone's, for what a wildcard made the wildcard's.
    pub fn subject(&self) -> NameHash {
        match (self.found, self.kind()) {
            (Some((apex, labels)), Kind::Positive | Kind::Referral) => apex.descendant(labels),
            (Some((apex, _)), _) => apex,
            (None, _) => NameHash::root(),
        }
    }

    /// Whether RRSIG, NSEC and NSEC3 are wanted (RFC 3225).
    pub fn dnssec_ok(&self) -> bool {
        self.query.edns.as_ref().is_some_and(|edns| edns.dnssec_ok)
    }

    /// Looks up `name`, the question's when `hops` is 0, or what the last CNAME leads to.
    fn follow(&mut self, name: &[u8], hops: usize) -> Result<(), Full> {
        let target = Target::new(name);
        let hash = target.hash(0);
        if hops == MAX_HOPS || self.visited[..hops].contains(&hash) {
            return Ok(());
        }
        self.visited[hops] = hash;
        let Some((zone, apex)) = self.zone_of(&target) else {
            if hops == 0 {
                self.rcode = Rcode::REFUSED;
                self.error = Some(ExtendedError::NOT_AUTHORITATIVE);
            }
            return Ok(());
        };
        self.authoritative = true;
        let owner = if hops == 0 { Owner::Question } else { Owner::Name(name) };
        let step = Step { place: InZone { zone, target: &target, apex }, owner, hops };
        let found = step.place.find();
        if hops == 0 {
            self.found = Some((zone.apex_hash(), found.labels()));
        }
        match found {
            Found::Cut { node } if !self.is_ds_at(node, &step) => self.referral(&step, node),
            Found::Cut { node } | Found::Exact { node } => self.at_node(&step, node, None),
            Found::Wildcard { node, encloser } => self.at_node(&step, node, Some(encloser)),
            Found::Dname { node, label } => self.at_dname(&step, node, label),
            Found::Nothing { encloser } => {
                self.rcode = Rcode::NXDOMAIN;
                self.negative(zone)?;
                denial::name_error(self, &step.place, encloser);
                Ok(())
            }
        }
    }

    /// The zone that answers for the target: the deepest, but for DS the one above (RFC 4035 section 3.1.4.1).
    fn zone_of(&self, target: &Target<'_>) -> Option<(&'q Zone, usize)> {
        let count = target.label_count();
        let zone_at = |label: usize| {
            let zone = self.zones.get_hashed(count - label, target.hash(label), target.ancestor(label))?;
            Some((zone, label))
        };
        let deepest = (0..=count).find_map(zone_at)?;
        if self.query.rtype != RecordType::DS || deepest.1 > 0 {
            return Some(deepest);
        }
        (1..=count).find_map(zone_at).or(Some(deepest))
    }

    /// DS at a cut belongs to the parent (RFC 4035 section 3.1.4.1).
    fn is_ds_at(&self, cut: RawNode<'_>, step: &Step<'_, '_, '_>) -> bool {
        let below = step.place.target.labels_before(step.place.apex);
        self.query.rtype == RecordType::DS && cut.labels().len() == below.len()
    }

    /// The name is there, or made from the wildcard below `encloser`.
    fn at_node(&mut self, step: &Step<'q, '_, '_>, node: RawNode<'q>, encloser: Option<usize>) -> Result<(), Full> {
        let asked = node.rrset(self.query.rtype);
        let cname = if asked.is_none() { node.rrset(RecordType::CNAME) } else { None };
        let any = self.query.rtype == RecordType::ANY && node.rrset_count() > 0;
        if !any && asked.or(cname).is_none() {
            denial::no_data(self, &step.place, node, encloser);
            return self.negative(step.place.zone);
        }
        if let Some(encloser) = encloser {
            denial::wildcard_answer(self, &step.place, encloser);
        }
        if any {
            return self.any(step, node);
        }
        if let Some(rrset) = asked {
            self.signed(Section::Answer, step.owner, node, rrset, rrset.ttl())?;
            return self.server_addresses(step.place.zone, rrset);
        }
        let Some(cname) = cname else { return Ok(()) };
        self.signed(Section::Answer, step.owner, node, cname, cname.ttl())?;
        match cname.rdatas().next() {
            Some(next) => self.follow(next, step.hops + 1),
            None => Ok(()),
        }
    }

    /// RFC 8482 section 4.1: over UDP one RRset, the one of fewest octets that is not RRSIG; over TCP all.
    fn any(&mut self, step: &Step<'q, '_, '_>, node: RawNode<'q>) -> Result<(), Full> {
        if self.transport == Transport::Tcp {
            return node.rrsets().try_for_each(|rrset| self.plain(Section::Answer, step.owner, rrset, rrset.ttl()));
        }
        let size = |rrset: &RawRrset<'_>| (rrset.rtype() == RecordType::RRSIG, rrset.body().len());
        match node.rrsets().min_by_key(size) {
            Some(rrset) => self.signed(Section::Answer, step.owner, node, rrset, rrset.ttl()),
            None => Ok(()),
        }
    }

    /// RFC 6672 section 3.2: the DNAME, and a CNAME made of it.
    fn at_dname(&mut self, step: &Step<'q, '_, '_>, node: RawNode<'q>, label: usize) -> Result<(), Full> {
        let InZone { zone, target, .. } = step.place;
        let Some(dname) = node.rrset(RecordType::DNAME) else { return Ok(()) };
        let Some(to) = dname.rdatas().next() else { return Ok(()) };
        self.signed(Section::Answer, owner_of(zone, node), node, dname, dname.ttl())?;
        let kept = target.labels_before(label);
        let length = kept.len() + to.len();
        if length > MAX_NAME {
            self.rcode = Rcode::YXDOMAIN;
            return Ok(());
        }
        let mut name = [0; MAX_NAME];
        name[..kept.len()].copy_from_slice(kept);
        name[kept.len()..length].copy_from_slice(to);
        let name = &name[..length];
        self.composer.single(Section::Answer, step.owner, RecordType::CNAME, dname.ttl(), name)?;
        // What leads below its own owner leads there for ever; NSD stops here too.
        let leads_below_itself = is_at_or_below(to, target.ancestor(label));
        match self.query.rtype {
            RecordType::CNAME => Ok(()),
            _ if leads_below_itself => Ok(()),
            _ => self.follow(name, step.hops + 1),
        }
    }

    /// RFC 1034 section 4.3.2 step 3b, RFC 9471.
    fn referral(&mut self, step: &Step<'q, '_, '_>, cut: RawNode<'q>) -> Result<(), Full> {
        let zone = step.place.zone;
        if step.hops == 0 {
            self.authoritative = false;
        }
        let Some(servers) = cut.rrset(RecordType::NS) else { return Ok(()) };
        self.plain(Section::Authority, owner_of(zone, cut), servers, servers.ttl())?;
        if self.dnssec_ok() && zone.denial().is_some() {
            match cut.rrset(RecordType::DS) {
                Some(ds) => self.signed(Section::Authority, owner_of(zone, cut), cut, ds, ds.ttl())?,
                None => denial::unsigned_delegation(self, &step.place, cut),
            }
        }
        denial::write_proofs(self)?;
        self.glue(zone, cut, servers)
    }

    /// Addresses below the cut must be there, others of the zone may (RFC 9471 section 3).
    fn glue(&mut self, zone: &'q Zone, cut: RawNode<'q>, servers: RawRrset<'q>) -> Result<(), Full> {
        for server in servers.rdatas() {
            let Some(node) = zone.find_name(server) else { continue };
            if is_at_or_below(node.labels(), cut.labels()) {
                self.addresses(zone, node)?;
            }
        }
        for server in servers.rdatas() {
            let Some(node) = zone.find_name(server) else { continue };
            if !is_at_or_below(node.labels(), cut.labels()) && self.addresses(zone, node).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Who asks for name servers will ask for their addresses (RFC 1034 section 3.7); what does not fit is left out.
    fn server_addresses(&mut self, zone: &'q Zone, rrset: RawRrset<'q>) -> Result<(), Full> {
        if rrset.rtype() != RecordType::NS {
            return Ok(());
        }
        denial::write_proofs(self)?;
        for server in rrset.rdatas() {
            let Some(node) = zone.find_name(server) else { continue };
            if self.addresses(zone, node).is_err() {
                break;
            }
        }
        Ok(())
    }

    fn addresses(&mut self, zone: &'q Zone, node: RawNode<'q>) -> Result<(), Full> {
        for rtype in [RecordType::A, RecordType::AAAA] {
            if let Some(rrset) = node.rrset(rtype) {
                self.signed(Section::Additional, owner_of(zone, node), node, rrset, rrset.ttl())?;
            }
        }
        Ok(())
    }

    /// The SOA of a negative answer, with the time that it may be kept (RFC 2308 section 3).
    fn negative(&mut self, zone: &'q Zone) -> Result<(), Full> {
        let apex = zone.apex_node();
        let Some(soa) = apex.rrset(RecordType::SOA) else { return Ok(()) };
        self.signed(Section::Authority, owner_of(zone, apex), apex, soa, zone.negative_ttl())
    }

    /// Writes an RRset, and when it is wanted what signs it.
    pub fn signed(
        &mut self,
        section: Section,
        owner: Owner<'_>,
        node: RawNode<'_>,
        rrset: RawRrset<'_>,
        ttl: u32,
    ) -> Result<(), Full> {
        self.plain(section, owner, rrset, ttl)?;
        if !self.dnssec_ok() || rrset.rtype() == RecordType::RRSIG {
            return Ok(());
        }
        let Some(signatures) = node.rrset(RecordType::RRSIG) else { return Ok(()) };
        let covered = rrset.rtype().0.to_be_bytes();
        self.composer.whole(|composer| {
            let mut covering = signatures.rdatas().filter(|rdata| rdata.starts_with(&covered));
            covering.try_for_each(|rdata| composer.single(section, owner, RecordType::RRSIG, ttl, rdata))
        })
    }

    fn plain(&mut self, section: Section, owner: Owner<'_>, rrset: RawRrset<'_>, ttl: u32) -> Result<(), Full> {
        if rrset.rtype() != RecordType::RRSIG {
            return self.composer.rrset(section, owner, rrset, ttl);
        }
        self.composer.whole(|composer| {
            let mut all = rrset.rdatas();
            let ttl = |rdata| shard::signature_ttl(rdata);
            all.try_for_each(|rdata| composer.single(section, owner, RecordType::RRSIG, ttl(rdata), rdata))
        })
    }
}

/// One name of a chain, in the zone that has it.
struct Step<'z, 'a, 't> {
    place: InZone<'z, 'a, 't>,
    owner: Owner<'a>,
    hops: usize,
}

/// The name of a node as an owner.
pub fn owner_of<'z>(zone: &'z Zone, node: RawNode<'z>) -> Owner<'z> {
    Owner::Below(node.labels(), zone.apex().as_octets())
}

/// Whether `labels` end with `above`; both stand before the same apex, or are whole names.
fn is_at_or_below(labels: &[u8], above: &[u8]) -> bool {
    let Some(excess) = labels.len().checked_sub(above.len()) else { return false };
    let mut at = 0;
    while at < excess {
        at += usize::from(labels[at]) + 1;
    }
    at == excess && labels[excess..].eq_ignore_ascii_case(above)
}
