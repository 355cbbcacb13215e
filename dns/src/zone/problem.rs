//! What is wrong with a zone as a whole. At fault: who wrote its records.

use std::fmt;

use crate::name::Name;
use crate::record_type::RecordType;

/// Something that is not right with a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneProblem {
    /// Whether the zone cannot be served so.
    pub fatal: bool,
    /// Where.
    pub owner: Name,
    /// In which RRset, when it is about one.
    pub rtype: Option<RecordType>,
    /// What.
    pub kind: ZoneProblemKind,
}

/// The kinds of [`ZoneProblem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ZoneProblemKind {
    /// Nothing says whose the zone is.
    #[error("the zone has no SOA record at its apex")]
    NoSoa,
    /// More than one SOA at the apex.
    #[error("the zone has more than one SOA record")]
    SeveralSoas,
    /// An SOA below the apex.
    #[error("an SOA record may stand only at the zone's apex")]
    SoaBelowApex,
    /// RFC 1034 section 3.6.2.
    #[error("a CNAME record may not stand beside other data")]
    CnameBesideOtherData,
    /// RFC 2181 section 10.1.
    #[error("a name may have only one CNAME record")]
    SeveralCnames,
    /// RFC 6672 section 2.4.
    #[error("a name may have only one DNAME record")]
    SeveralDnames,
    /// A type that is only for questions, or for one message.
    #[error("a record of this type cannot stand in a zone")]
    MetaType,
    /// More octets than the compact form can number.
    #[error("the zone is too large")]
    TooLarge,
    /// A record that is to be removed is not there.
    #[error("the record to be removed is not in the zone")]
    NotThere,
    /// Ignored; when a zone is changed, an error.
    #[error("the record's owner is not in the zone")]
    OutOfZone,
    /// RFC 2181 section 5.2; the first counts.
    #[error("records of one RRset have different TTLs")]
    TtlsDiffer,
    /// RFC 2181 section 5; it counts once.
    #[error("the record stands there twice")]
    Duplicate,
    /// Nobody could delegate to it.
    #[error("the zone has no NS record at its apex")]
    NoNs,
    /// RFC 6672 section 2.4.
    #[error("data below a DNAME record is not visible")]
    BelowDname,
    /// Below a zone cut only addresses of name servers are of use.
    #[error("data below a zone cut is not visible")]
    BelowCut,
    /// A name server or mail exchange of the zone that nobody can reach.
    #[error("the record's target is in the zone and has no address")]
    TargetWithoutAddress,
}

impl ZoneProblem {
    /// A problem that keeps the zone from being served.
    pub fn fatal(owner: Name, rtype: Option<RecordType>, kind: ZoneProblemKind) -> ZoneProblem {
        ZoneProblem { fatal: true, owner, rtype, kind }
    }

    /// A problem that the zone can be served with.
    pub fn warning(owner: Name, rtype: Option<RecordType>, kind: ZoneProblemKind) -> ZoneProblem {
        ZoneProblem { fatal: false, owner, rtype, kind }
    }
}

impl fmt::Display for ZoneProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.owner)?;
        if let Some(rtype) = self.rtype {
            write!(f, " {rtype}")?;
        }
        write!(f, ": {}", self.kind)
    }
}
