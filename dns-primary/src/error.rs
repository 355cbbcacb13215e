//! Everything that can go wrong with an update, and its one mapping to a response code.

use dns::message::Rcode;
use dns::update::Rejection;
use gitstore::CommitError;

use crate::repository::{CatalogError, PlanError};

/// Why an update was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// At fault: the client.
    #[error("{0}")]
    Rejected(#[from] Rejection),
    /// It could not be written down.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The catalog cannot follow.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The tree could not be edited. At fault: us.
    #[error("the repository could not be edited: {0}")]
    Edit(#[from] gitstore::ReadError),
}

/// The response code that a client gets for an update that failed (RFC 2136 section 2.2).
pub fn rcode(error: &CommitError<UpdateError>) -> Rcode {
    match error {
        CommitError::Edit(UpdateError::Rejected(rejection)) => rejection.rcode,
        CommitError::Edit(UpdateError::Plan(PlanError::Name(_))) => Rcode::REFUSED,
        CommitError::Edit(UpdateError::Plan(_) | UpdateError::Catalog(_) | UpdateError::Edit(_)) => Rcode::SERVFAIL,
        // The remote's own policy (a hook) forbids what the client wants.
        CommitError::Refused { .. } => Rcode::REFUSED,
        _ => Rcode::SERVFAIL,
    }
}
