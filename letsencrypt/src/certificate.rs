//! Certificates (X.509): which request one belongs to, how long it holds, and whether a chain is one.

use std::fmt;

use dns::Name;
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;

use crate::host_names;
use crate::request::SigningRequest;

/// A certificate and what counts about it.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    /// As it came.
    pub der: Vec<u8>,
    /// What it is for: in lower case, sorted, each once.
    pub names: Vec<Name>,
    /// The public key (SubjectPublicKeyInfo, DER).
    pub key: Vec<u8>,
    /// Seconds since 1970: it holds from then on.
    pub not_before: u64,
    /// Seconds since 1970: it holds no longer.
    pub not_after: u64,
}

/// A certificate and its issuers, each signed by the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The certificate.
    pub leaf: Certificate,
    /// DER of the issuers' certificates; the root need not be among them.
    pub issuers: Vec<Vec<u8>>,
}

/// Why a certificate or a chain is of no use. At fault: who issued it, or who wrote it into DNS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not a certificate.
    #[error("the certificate cannot be read: {0}")]
    Malformed(String),
    /// Nothing at all.
    #[error("the chain is empty")]
    Empty,
    /// The key is not the request's.
    #[error("the certificate is for another key than the request's")]
    OtherKey,
    /// The names are not the request's.
    #[error("the certificate is for other names than the request's: {0}")]
    OtherNames(String),
    /// By our clock.
    #[error("the certificate holds from {} to {}, and it is {}", at(*.not_before), at(*.not_after), at(*.now))]
    NotNow {
        /// Seconds since 1970.
        not_before: u64,
        /// Seconds since 1970.
        not_after: u64,
        /// Seconds since 1970.
        now: u64,
    },
    /// The next one's key did not sign it.
    #[error("certificate {0} of the chain is not signed by the one after it")]
    Broken(usize),
}

fn at(seconds: u64) -> String {
    platform::clock::rfc3339(seconds)
}

impl Certificate {
    /// Reads a certificate. Names that are no hosts' are left out.
    pub fn read(der: &[u8]) -> Result<Certificate, CertificateError> {
        let certificate = parse(der)?;
        let alternatives = certificate.subject_alternative_name().ok().flatten();
        let names = alternatives.iter().flat_map(|extension| &extension.value.general_names);
        let texts: Vec<&str> =
            names.filter_map(|name| if let GeneralName::DNSName(name) = name { Some(*name) } else { None }).collect();
        let common_name = || certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok()).collect();
        let texts: Vec<&str> = if texts.is_empty() { common_name() } else { texts };
        let mut names: Vec<Name> = texts.iter().filter_map(|text| host_names::parse(text).ok()).collect();
        names.sort();
        names.dedup();
        let validity = certificate.validity();
        let seconds = |time: i64| u64::try_from(time).unwrap_or(0);
        Ok(Certificate {
            der: der.to_vec(),
            names,
            key: certificate.public_key().raw.to_vec(),
            not_before: seconds(validity.not_before.timestamp()),
            not_after: seconds(validity.not_after.timestamp()),
        })
    }

    /// Whether it was made for this request: same key, same names.
    pub fn is_for(&self, request: &SigningRequest) -> Result<(), CertificateError> {
        if self.key != request.key {
            return Err(CertificateError::OtherKey);
        }
        if self.names != request.names {
            let names: Vec<String> = self.names.iter().map(host_names::text).collect();
            return Err(CertificateError::OtherNames(names.join(" ")));
        }
        Ok(())
    }

    /// Whether it holds at a time, in seconds since 1970.
    pub fn holds(&self, now: u64) -> Result<(), CertificateError> {
        let Certificate { not_before, not_after, .. } = *self;
        match (not_before..not_after).contains(&now) {
            true => Ok(()),
            false => Err(CertificateError::NotNow { not_before, not_after, now }),
        }
    }

    /// How long it holds in all, in seconds.
    pub fn lifetime(&self) -> u64 {
        self.not_after.saturating_sub(self.not_before)
    }

    /// SHA-256 of its DER.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.names.iter().map(host_names::text).collect();
        write!(f, "certificate({} until {})", names.join(" "), at(self.not_after))
    }
}

impl Chain {
    /// Reads what a CA sends: PEM, the certificate first.
    pub fn read_pem(pem: &str) -> Result<Chain, CertificateError> {
        let malformed = |error: &dyn fmt::Display| CertificateError::Malformed(error.to_string());
        let blocks: Vec<Pem> =
            Pem::iter_from_buffer(pem.as_bytes()).collect::<Result<_, _>>().map_err(|error| malformed(&error))?;
        let mut ders = blocks.into_iter().filter(|block| block.label == "CERTIFICATE").map(|block| block.contents);
        let leaf = Certificate::read(&ders.next().ok_or(CertificateError::Empty)?)?;
        Ok(Chain { leaf, issuers: ders.collect() })
    }

    /// Puts the issuers that lie in DNS, in any order, behind the certificate that they issued; those that did not are
    /// left out.
    pub fn assemble(leaf: Certificate, issuers: &[Vec<u8>]) -> Chain {
        let mut chain: Vec<Vec<u8>> = vec![];
        let mut left: Vec<&Vec<u8>> = issuers.iter().collect();
        while let Some(place) = left.iter().position(|issuer| signed(chain.last().unwrap_or(&leaf.der), issuer)) {
            chain.push(left.swap_remove(place).clone());
        }
        Chain { leaf, issuers: chain }
    }

    /// Whether it answers the request, holds now, and is a chain.
    pub fn check(&self, request: &SigningRequest, now: u64) -> Result<(), CertificateError> {
        self.leaf.is_for(request)?;
        self.leaf.holds(now)?;
        let ders = || std::iter::once(&self.leaf.der).chain(&self.issuers);
        for (place, (subject, issuer)) in ders().zip(ders().skip(1)).enumerate() {
            parse(issuer)?;
            if !signed(subject, issuer) {
                return Err(CertificateError::Broken(place + 1));
            }
        }
        Ok(())
    }
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, CertificateError> {
    match X509Certificate::from_der(der) {
        Ok((&[], certificate)) => Ok(certificate),
        Ok(_) => Err(CertificateError::Malformed("octets are left over".to_owned())),
        Err(error) => Err(CertificateError::Malformed(error.to_string())),
    }
}

fn signed(subject: &[u8], issuer: &[u8]) -> bool {
    let (Ok(subject), Ok(issuer)) = (parse(subject), parse(issuer)) else { return false };
    // A root signed itself; it is no one's next.
    subject.issuer() == issuer.subject()
        && subject.tbs_certificate.as_ref() != issuer.tbs_certificate.as_ref()
        && subject.verify_signature(Some(issuer.public_key())).is_ok()
}
