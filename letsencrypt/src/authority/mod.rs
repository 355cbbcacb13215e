//! Where certificates come from: a CA that speaks ACME, or our own.

mod acme;
mod https;
mod local;
mod problem;
mod registration;

pub use acme::{Acme, Registration};
pub use https::Https;
pub use local::Local;

use crate::certificate::{Certificate, Chain};
use crate::certifier::{Failure, Window};
use crate::order::{Authority, Prover};
use crate::policy::Issuer;
use crate::request::SigningRequest;

/// The one that `--issuer` names.
#[derive(Debug)]
pub enum AnyAuthority {
    /// Over ACME (RFC 8555).
    Acme(Box<Acme>),
    /// Our own.
    Local(Box<Local>),
}

impl Authority for AnyAuthority {
    async fn issue<P: Prover>(
        &self,
        request: &SigningRequest,
        replaces: Option<&Certificate>,
        prover: &P,
    ) -> Result<Chain, Failure> {
        match self {
            AnyAuthority::Acme(acme) => acme.issue(request, replaces, prover).await,
            AnyAuthority::Local(local) => local.issue(request, replaces, prover).await,
        }
    }

    async fn renewal(&self, certificate: &Certificate) -> (Option<Window>, u64) {
        match self {
            AnyAuthority::Acme(acme) => acme.renewal(certificate).await,
            AnyAuthority::Local(local) => local.renewal(certificate).await,
        }
    }

    fn issuer(&self) -> Issuer {
        match self {
            AnyAuthority::Acme(acme) => acme.issuer(),
            AnyAuthority::Local(local) => local.issuer(),
        }
    }
}
