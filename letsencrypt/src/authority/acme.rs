//! A CA that speaks ACME (RFC 8555): orders with dns-01, profiles, renewal information (RFC 9773).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeType, Error, Identifier, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, sleep_until};

use super::https::Https;
use super::problem::{self, describe_problem, failure};
pub use super::registration::Registration;
use super::registration::{Directory, RegistrationError};
use crate::certificate::{Certificate, Chain};
use crate::certifier::{Failure, Fault, Window};
use crate::host_names;
use crate::keys;
use crate::order::{Authority, Proof, Prover};
use crate::policy::Issuer;
use crate::request::SigningRequest;

/// How long the CA may look for proofs, and make a certificate.
const POLLS: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(300)).backoff(1.5);
/// Seconds after which the CA is asked again when to renew, where it says nothing else.
const ASK_AGAIN: u64 = 6 * 3600;
/// Least time between two new orders: Let's Encrypt takes 300 in three hours of one account, and bursts before that.
const BETWEEN_ORDERS: Duration = Duration::from_millis(50);

/// Times that a nonce may be refused in a row, beyond the few of the ACME library. A request that was refused so was
/// not heard.
const NONCES: usize = 20;

/// Runs a request again while its nonce is refused (RFC 8555 section 6.5).
macro_rules! patiently {
    ($request:expr) => {{
        let mut refused = 0;
        loop {
            match $request {
                Err(error) if refused < NONCES && problem::is_about_the_nonce(&error) => refused += 1,
                result => break result,
            }
        }
    }};
}

/// A CA, and our account there.
#[derive(Debug)]
pub struct Acme {
    https: Https,
    directory: String,
    registration: Registration,
    profile: Option<String>,
    /// The account, once it is known; whoever finds none asks for it, one at a time.
    session: tokio::sync::Mutex<Option<Arc<Session>>>,
    issuer: Mutex<Issuer>,
    next_order: tokio::sync::Mutex<Instant>,
}

struct Session {
    account: Account,
    directory: Directory,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({})", self.account.id())
    }
}

impl Acme {
    /// The CA with this directory; it is asked when the first certificate is.
    pub fn new(https: Https, directory: String, registration: Registration, profile: Option<String>) -> Acme {
        Acme {
            https,
            directory,
            registration,
            profile,
            session: tokio::sync::Mutex::default(),
            issuer: Mutex::default(),
            next_order: tokio::sync::Mutex::new(Instant::now()),
        }
    }

    async fn session(&self) -> Result<Arc<Session>, Failure> {
        let mut session = self.session.lock().await;
        if let Some(session) = session.as_ref() {
            return Ok(Arc::clone(session));
        }
        let new = Arc::new(self.open().await?);
        tracing::info!("the account at {} is {}", self.directory, new.account.id());
        let issuer =
            Issuer { domains: new.directory.caa_identities.clone(), account: Some(new.account.id().to_owned()) };
        *self.issuer.lock().expect("no holder of the issuer panics") = issuer;
        *session = Some(Arc::clone(&new));
        Ok(new)
    }

    async fn open(&self) -> Result<Session, Failure> {
        let failed = |error: RegistrationError| Failure {
            fault: if matches!(error, RegistrationError::Refused(_)) { Fault::Refused } else { Fault::Trouble },
            retry_after: self.https.take_retry_after().map(|wait| wait.as_secs()),
            words: format!("the CA's account: {error}"),
        };
        let directory = Directory::fetch(&self.https, &self.directory).await.map_err(failed)?;
        if let Some(profile) = self.profile.as_ref().filter(|profile| !directory.profiles.contains(profile)) {
            let words = format!("the CA has no profile {profile}, but {:?}", directory.profiles);
            return Err(Failure::new(Fault::Refused, words));
        }
        let id = self.registration.account(&self.https, &directory).await.map_err(failed)?;
        let builder = Account::builder_with_http(Box::new(self.https.clone()));
        let key = keys::to_pkcs8(&self.registration.key);
        let account = builder.from_parts(id, key, self.directory.clone()).await;
        Ok(Session { account: account.map_err(|error| self.failure("the CA's account", &error))?, directory })
    }

    fn failure(&self, doing: &str, error: &Error) -> Failure {
        failure(doing, error, self.https.take_retry_after())
    }

    async fn new_order(&self, request: &SigningRequest, replaces: Option<&Certificate>) -> Result<Order, Failure> {
        let session = self.session().await?;
        let mut next = self.next_order.lock().await;
        sleep_until(*next).await;
        *next = Instant::now() + BETWEEN_ORDERS;
        drop(next);
        let identifiers: Vec<Identifier> =
            request.names.iter().map(|name| Identifier::Dns(host_names::text(name))).collect();
        let order = || {
            let order = NewOrder::new(&identifiers);
            self.profile.iter().fold(order, |order, profile| order.profile(profile))
        };
        let replaces = replaces.filter(|_| session.directory.renewal_info).and_then(identifier);
        let opened = match replaces {
            None => patiently!(session.account.new_order(&order()).await),
            Some(replaces) => match patiently!(session.account.new_order(&order().replaces(replaces.clone())).await) {
                Err(error) if problem::is_about_what_is_replaced(&error) => {
                    patiently!(session.account.new_order(&order()).await)
                }
                opened => opened,
            },
        };
        match opened {
            Ok(order) => Ok(order),
            Err(error) => {
                if problem::is_about_the_account(&error) {
                    *self.session.lock().await = None;
                }
                Err(self.failure("a new order", &error))
            }
        }
    }

    /// What the CA wants to see; nothing for what it has seen lately.
    async fn wanted(&self, order: &mut Order) -> Result<Vec<Proof>, Failure> {
        patiently!(fetch(order).await).map_err(|error| self.failure("an authorization", &error))?;
        let mut proofs = vec![];
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.map_err(|error| self.failure("an authorization", &error))?;
            match authorization.status {
                AuthorizationStatus::Pending => {}
                AuthorizationStatus::Valid => continue,
                status => {
                    let words = format!("the CA's authorization for {} is {status:?}", authorization.identifier());
                    return Err(Failure::new(Fault::Refused, words));
                }
            }
            let identifier = authorization.identifier().to_string();
            let none = || Failure::new(Fault::Refused, format!("the CA offers no dns-01 for {identifier}"));
            let challenge = authorization.challenge(ChallengeType::Dns01).ok_or_else(none)?;
            let place = host_names::parse(&identifier).ok().and_then(|name| host_names::challenge(&name).ok());
            proofs.push((place.ok_or_else(none)?, challenge.key_authorization().dns_value()));
        }
        Ok(proofs)
    }

    async fn say_ready(&self, order: &mut Order) -> Result<(), Failure> {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.map_err(|error| self.failure("an authorization", &error))?;
            if authorization.status == AuthorizationStatus::Pending
                && let Some(mut challenge) = authorization.challenge(ChallengeType::Dns01)
            {
                let said = patiently!(challenge.set_ready().await);
                said.map_err(|error| self.failure("a challenge", &error))?;
            }
        }
        Ok(())
    }

    /// Why an order became invalid: what the CA says of each name.
    async fn invalid(&self, order: &mut Order) -> Failure {
        let mut reasons = vec![];
        let mut authorizations = order.authorizations();
        while let Some(Ok(mut authorization)) = authorizations.next().await {
            if patiently!(authorization.refresh().await.map(|_| ())).is_err() {
                continue;
            }
            let identifier = authorization.identifier().to_string();
            let errors = authorization.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
            reasons.extend(errors.map(|error| format!("{identifier}: {}", describe_problem(error))));
        }
        let words = match reasons.is_empty() {
            true => "the CA has given the order up and does not say why".to_owned(),
            false => format!("not proved: {}", reasons.join("; ")),
        };
        Failure::new(Fault::Refused, words)
    }

    async fn prove<P: Prover>(&self, order: &mut Order, prover: &P) -> Result<(), Failure> {
        let proofs = self.wanted(order).await?;
        if !proofs.is_empty() {
            prover.prove(proofs).await?;
            self.say_ready(order).await?;
        }
        match patiently!(order.poll_ready(&POLLS).await) {
            Ok(OrderStatus::Ready) => Ok(()),
            Ok(_) => Err(self.invalid(order).await),
            Err(Error::Api(_)) if order.state().status == OrderStatus::Invalid => Err(self.invalid(order).await),
            Err(error) => Err(self.failure("the proof", &error)),
        }
    }
}

impl Authority for Acme {
    async fn issue<P: Prover>(
        &self,
        request: &SigningRequest,
        replaces: Option<&Certificate>,
        prover: &P,
    ) -> Result<Chain, Failure> {
        self.session().await?;
        prover.permit(&self.issuer())?;
        let mut order = self.new_order(request, replaces).await?;
        match order.state().status {
            OrderStatus::Pending => self.prove(&mut order, prover).await?,
            OrderStatus::Invalid => return Err(self.invalid(&mut order).await),
            _ => (),
        }
        if order.state().status == OrderStatus::Ready {
            let finalized = patiently!(order.finalize_csr(&request.der).await);
            finalized.map_err(|error| self.failure("the request", &error))?;
        }
        let pem = patiently!(order.poll_certificate(&POLLS).await);
        let pem = pem.map_err(|error| self.failure("the certificate", &error))?;
        Chain::read_pem(&pem).map_err(|error| Failure::new(Fault::Refused, error))
    }

    async fn renewal(&self, certificate: &Certificate) -> (Option<Window>, u64) {
        let Ok(session) = self.session().await else { return (None, ASK_AGAIN) };
        let Some(identifier) = identifier(certificate).filter(|_| session.directory.renewal_info) else {
            return (None, ASK_AGAIN);
        };
        match session.account.renewal_info(&identifier).await {
            Ok((info, again)) => {
                let seconds = |time: time::OffsetDateTime| u64::try_from(time.unix_timestamp()).unwrap_or(0);
                let window = info.suggested_window;
                (Some(Window { start: seconds(window.start), end: seconds(window.end) }), again.as_secs())
            }
            Err(error) => {
                tracing::debug!("{certificate:?}: no renewal information: {error}");
                (None, ASK_AGAIN)
            }
        }
    }

    fn issuer(&self) -> Issuer {
        self.issuer.lock().expect("no holder of the issuer panics").clone()
    }
}

/// Fetches all authorizations of an order; those that are there already are not asked for again.
async fn fetch(order: &mut Order) -> Result<(), Error> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        authorization?;
    }
    Ok(())
}

/// How renewal information names a certificate; none for one that does not name its issuer's key.
fn identifier(certificate: &Certificate) -> Option<CertificateIdentifier<'static>> {
    let der = CertificateDer::from_slice(&certificate.der);
    CertificateIdentifier::try_from(&der).ok().map(CertificateIdentifier::into_owned)
}
