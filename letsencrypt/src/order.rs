//! One order from its request to the chain in DNS. What it stands on, the CA and the DNS, it is given.

use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

use dns::Name;
use tokio::time::timeout;

use crate::certificate::{Certificate, Chain};
use crate::certifier::{Failure, Fault, Job, Window};
use crate::policy::Issuer;
use crate::request::SigningRequest;

/// How long an order may take from its start to its end.
const ORDER: Duration = Duration::from_secs(900);

/// A value that the CA wants to see in a TXT record, and the name it looks at.
pub type Proof = (Name, String);

/// A certification authority.
pub trait Authority: Send + Sync {
    /// Issues a certificate, once `prover` has shown that the names are ours.
    fn issue<P: Prover>(
        &self,
        request: &SigningRequest,
        replaces: Option<&Certificate>,
        prover: &P,
    ) -> impl Future<Output = Result<Chain, Failure>> + Send;

    /// When the CA wants a certificate to be renewed, if it says so, and in how many seconds to ask again.
    fn renewal(&self, certificate: &Certificate) -> impl Future<Output = (Option<Window>, u64)> + Send;

    /// How CAA records name it, as far as is known yet.
    fn issuer(&self) -> Issuer;
}

/// Shows to a CA what it wants to see.
pub trait Prover: Sync {
    /// Whether the CA may issue to us at all, now that it and our account are known.
    fn permit(&self, issuer: &Issuer) -> Result<(), Failure>;

    /// Returns once every authoritative server answers with these values.
    fn prove(&self, proofs: Vec<Proof>) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// The DNS around a job.
pub trait World: Send + Sync {
    /// Seconds since 1970.
    fn now(&self) -> u64;

    /// Whether the request may be passed on to this CA.
    fn permit(&self, job: &Job, issuer: &Issuer) -> Result<(), Failure>;

    /// Puts proofs into DNS, with a note of them beside the request, and waits until every authoritative server has
    /// them.
    fn publish(&self, job: &Job, proofs: &[Proof]) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Writes a chain beside its request in place of older ones, and takes away proofs and notes.
    fn store(&self, job: &Job, chain: &Chain, proofs: &[Proof]) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Takes proofs away.
    fn withdraw(&self, host: &Name, proofs: &[Proof]) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Gets a certificate and writes it into DNS. Proofs are taken away however it ends.
pub async fn run<A: Authority, W: World>(job: &Job, authority: &A, world: &W) -> Result<Chain, Failure> {
    let proving = Proving { job, world, proofs: Mutex::default() };
    let issuing = timeout(ORDER, issue(job, authority, &proving));
    let issued = issuing.await.unwrap_or_else(|_| Err(Failure::new(Fault::Trouble, "the order took too long")));
    let proofs = proving.proofs.into_inner().unwrap_or_default();
    match issued {
        Ok(chain) => world.store(job, &chain, &proofs).await.map(|()| chain),
        Err(failure) => {
            if !proofs.is_empty()
                && let Err(error) = world.withdraw(&job.host, &proofs).await
            {
                tracing::warn!("{}: proofs stay in DNS: {}", job.host, error.words);
            }
            Err(failure)
        }
    }
}

async fn issue<A: Authority, W: World>(job: &Job, authority: &A, proving: &Proving<'_, W>) -> Result<Chain, Failure> {
    let chain = authority.issue(&job.request, job.replaces.as_ref(), proving).await?;
    let checked = chain.check(&job.request, proving.world.now());
    checked.map_err(|error| Failure::new(Fault::Refused, format!("the CA's answer is of no use: {error}")))?;
    Ok(chain)
}

struct Proving<'a, W> {
    job: &'a Job,
    world: &'a W,
    /// What may lie in DNS.
    proofs: Mutex<Vec<Proof>>,
}

impl<W: World> Prover for Proving<'_, W> {
    fn permit(&self, issuer: &Issuer) -> Result<(), Failure> {
        self.world.permit(self.job, issuer)
    }

    async fn prove(&self, proofs: Vec<Proof>) -> Result<(), Failure> {
        // Before it is tried: an update whose answer is lost may have been carried out.
        self.proofs.lock().expect("no holder of the proofs panics").extend(proofs.iter().cloned());
        self.world.publish(self.job, &proofs).await
    }
}
