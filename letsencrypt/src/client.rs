//! A certificate for this program: asked for in DNS, fetched from there, renewed while the program runs.
//!
//! [`obtain`] gets one, once; what lies in DNS already is used. [`Provisioned`] keeps it up to date and hands it to
//! rustls at each handshake, so a program that was started once never needs to be started again for its certificate's
//! sake.

mod error;
mod private_key;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dns::keys::Key;
use dns::message::MessageRecord;
use dns::{Name, Rdata, RecordType};
use platform::{Net, clock, entropy};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::time::{Instant, sleep};

use crate::certificate::{Certificate, Chain};
use crate::exchange::{Exchange, addition, removal};
use crate::host_names;
use crate::records::{self, Contents, Kind};
use crate::request::SigningRequest;
use crate::status::Status;

pub use error::ClientError;
pub use private_key::PrivateKey;

/// Time between two looks for the certificate, at first and at most.
const LOOKS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));
/// Time between two looks for a newer one.
const NEWER: Duration = Duration::from_secs(3600);

/// Who wants a certificate, and where it asks.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What it is for; the request lies at the first.
    pub names: Vec<Name>,
    /// What is certified.
    pub key: PrivateKey,
    /// The primary.
    pub server: SocketAddr,
    /// A key that may update the first name.
    pub tsig: Key,
    /// How long to wait for the certificate.
    pub patience: Duration,
}

/// A certificate, its issuers, and its key.
#[derive(Clone, Debug)]
pub struct Certified {
    /// The certificate and its issuers.
    pub chain: Chain,
    /// The key.
    pub key: PrivateKey,
}

/// A certificate that is kept up to date.
#[derive(Debug)]
pub struct Provisioned(Mutex<Arc<CertifiedKey>>);

impl Certified {
    /// DER of the chain, the certificate first.
    pub fn ders(&self) -> Vec<CertificateDer<'static>> {
        let ders = std::iter::once(&self.chain.leaf.der).chain(&self.chain.issuers);
        ders.map(|der| CertificateDer::from(der.clone())).collect()
    }

    /// For rustls.
    pub fn to_rustls(&self) -> Result<CertifiedKey, ClientError> {
        let der = PrivateKeyDer::from(self.key.pkcs8().clone_key());
        CertifiedKey::from_der(self.ders(), der, &ring::default_provider()).map_err(ClientError::Tls)
    }
}

impl Provisioned {
    /// Gets a certificate, and goes on to look for newer ones as long as the program runs.
    pub async fn start(net: Net, wanted: Wanted) -> Result<Arc<Provisioned>, ClientError> {
        let certified = obtain(&net, &wanted).await?;
        let provisioned = Arc::new(Provisioned(Mutex::new(Arc::new(certified.to_rustls()?))));
        tokio::spawn(keep_up(Arc::clone(&provisioned), net, wanted, certified.chain.leaf));
        Ok(provisioned)
    }

    /// TLS of a server with this certificate, without client certificates.
    pub fn server_config(self: &Arc<Self>) -> ServerConfig {
        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows the versions of TLS")
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>)
    }
}

impl ResolvesServerCert for Provisioned {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.lock().expect("no holder of the certificate panics")))
    }
}

/// Gets a certificate: the one in DNS if there is a good one, else it is asked for and awaited.
pub async fn obtain(net: &Net, wanted: &Wanted) -> Result<Certified, ClientError> {
    let mut asking = Asking::new(net, wanted)?;
    let (deadline, mut pause) = (Instant::now() + wanted.patience, LOOKS.0);
    let mut contents = asking.look().await?;
    let mut words = None;
    if asking.choose(&contents).is_none() {
        asking.upload(&contents).await?;
    }
    loop {
        if let Some(chain) = asking.choose(&contents) {
            return Ok(Certified { chain, key: wanted.key.clone() });
        }
        if Instant::now() + pause > deadline {
            return Err(ClientError::Patience { host: host_names::text(asking.host), words });
        }
        sleep(pause).await;
        pause = (pause * 2).min(LOOKS.1);
        contents = asking.look().await?;
        words = asking.words(words).await?;
    }
}

/// Looks for a newer certificate from time to time; asks again when the request has gone.
async fn keep_up(provisioned: Arc<Provisioned>, net: Net, wanted: Wanted, mut current: Certificate) {
    loop {
        // Not all at the same time.
        sleep(NEWER + NEWER.mul_f64(f64::from(entropy::u16()) / 655_350.0)).await;
        match newer(&net, &wanted, &current).await {
            Ok(None) => (),
            Ok(Some(certified)) => match certified.to_rustls() {
                Ok(key) => {
                    tracing::info!("{:?} is used from now on", certified.chain.leaf);
                    *provisioned.0.lock().expect("no holder of the certificate panics") = Arc::new(key);
                    current = certified.chain.leaf;
                }
                Err(error) => tracing::warn!("a newer certificate is of no use: {error}"),
            },
            Err(error) => tracing::warn!("no look for a newer certificate: {error}"),
        }
    }
}

async fn newer(net: &Net, wanted: &Wanted, current: &Certificate) -> Result<Option<Certified>, ClientError> {
    let mut asking = Asking::new(net, wanted)?;
    let contents = asking.look().await?;
    if !asking.is_there(&contents) {
        asking.upload(&contents).await?;
    }
    let chain = asking.choose(&contents).filter(|chain| chain.leaf.not_after > current.not_after);
    Ok(chain.map(|chain| Certified { chain, key: wanted.key.clone() }))
}

/// A request and the connection over which it is made.
struct Asking<'a> {
    wanted: &'a Wanted,
    host: &'a Name,
    owner: Name,
    request: SigningRequest,
    exchange: Exchange,
}

impl<'a> Asking<'a> {
    fn new(net: &Net, wanted: &'a Wanted) -> Result<Asking<'a>, ClientError> {
        let host = wanted.names.first().ok_or(ClientError::NoNames)?;
        if let Some(grant) = wanted.tsig.grant()
            && !host.is_at_or_below(&grant.zone)
        {
            let (host, domain) = (host_names::text(host), host_names::text(&grant.zone));
            return Err(ClientError::NotOurs { host, domain });
        }
        let owner = records::owner(&host_names::base(host))?;
        let request = request(&wanted.names, &wanted.key)?;
        let exchange = Exchange::new(net.clone(), wanted.server);
        Ok(Asking { wanted, host, owner, request, exchange })
    }

    async fn look(&mut self) -> Result<Contents, ClientError> {
        let answer = self.exchange.ask(&self.owner, RecordType::TLSA).await?;
        Ok(Contents::read(answer.rdatas.iter().map(Rdata::as_octets)))
    }

    /// What the service has to say about our request; what it said before, if nothing new.
    async fn words(&mut self, before: Option<String>) -> Result<Option<String>, ClientError> {
        let answer = self.exchange.ask(&self.owner, RecordType::TXT).await?;
        let words = answer.rdatas.iter().find_map(|rdata| Status::read(rdata.as_octets())).map(|status| status.words);
        if let Some(words) = words.as_ref().filter(|words| before.as_ref() != Some(words)) {
            tracing::info!("{}: {words}", host_names::text(self.host));
        }
        Ok(words.or(before))
    }

    /// The certificate for our request that holds longest.
    fn choose(&self, contents: &Contents) -> Option<Chain> {
        let now = clock::unix_seconds();
        let leaves = contents.leaves.iter().filter_map(|der| Certificate::read(der).ok());
        let good = leaves.filter(|leaf| leaf.is_for(&self.request).is_ok() && leaf.holds(now).is_ok());
        let leaf = good.max_by_key(|leaf| leaf.not_after)?;
        Some(Chain::assemble(leaf, &contents.issuers))
    }

    fn is_there(&self, contents: &Contents) -> bool {
        let ours = |der: &Vec<u8>| SigningRequest::read(der).is_ok_and(|r| r.identity() == self.request.identity());
        contents.requests.iter().any(ours)
    }

    /// Puts the request into DNS in place of others; an equal one that is there already stays.
    async fn upload(&mut self, contents: &Contents) -> Result<(), ClientError> {
        if self.is_there(contents) && contents.requests.len() == 1 {
            return Ok(());
        }
        let request = |der: &Vec<u8>| records::rdata(Kind::Request, der);
        let old = contents.requests.iter().map(|der| removal(&self.owner, RecordType::TLSA, request(der)));
        let new = addition(&self.owner, RecordType::TLSA, records::TTL, request(&self.request.der));
        let lines: Vec<MessageRecord> = old.chain([new]).collect();
        let zone = self.zone().await?;
        self.exchange.update(&zone, &self.wanted.tsig, vec![], lines).await?;
        Ok(())
    }

    /// The zone section of our update: the zone, or where our key's domain begins below it.
    async fn zone(&mut self) -> Result<Name, ClientError> {
        let base = host_names::base(self.host);
        let answer = self.exchange.ask(&base, RecordType::SOA).await?;
        let soa = answer.authorities.iter().find(|record| record.rtype == RecordType::SOA);
        let apex = match soa {
            _ if !answer.rdatas.is_empty() => base,
            Some(soa) => soa.owner.clone(),
            None => return Err(ClientError::NoZone { host: host_names::text(self.host), server: self.wanted.server }),
        };
        let domain = self.wanted.tsig.grant().map(|grant| &grant.zone).filter(|domain| domain.is_below(&apex));
        Ok(domain.cloned().unwrap_or(apex))
    }
}

fn request(names: &[Name], key: &PrivateKey) -> Result<SigningRequest, ClientError> {
    let texts: Vec<String> = names.iter().map(host_names::text).collect();
    let common_name = texts.first().cloned().unwrap_or_default();
    let made = (|| {
        let mut params = CertificateParams::new(texts)?;
        params.distinguished_name = DistinguishedName::new();
        // Of what fits there (RFC 5280 appendix A): some servers of MirageOS look for it.
        if common_name.len() <= 64 {
            params.distinguished_name.push(DnType::CommonName, common_name);
        }
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(key.pkcs8(), &PKCS_ECDSA_P256_SHA256)?;
        Ok(params.serialize_request(&pair)?.der().to_vec())
    })();
    Ok(SigningRequest::read(&made.map_err(ClientError::Making)?)?)
}
