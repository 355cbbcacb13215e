//! Signing requests (PKCS#10, RFC 2986): what a certificate is asked for, and whether it may be passed on.

use std::fmt;

use dns::Name;
use sha2::{Digest, Sha256};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::{OID_PKCS1_MD5WITHRSAENC, OID_PKCS1_SHA1WITHRSA, OID_SHA1_WITH_RSA};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::host_names::{self, HostNameError};

/// As many names as Let's Encrypt's widest profile takes.
pub const MOST_NAMES: usize = 100;
/// Bits of an RSA key, at least (CA/Browser Forum).
const LEAST_RSA_BITS: usize = 2048;

/// A request whose signature holds, for names that a certificate can be for.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningRequest {
    /// As it came.
    pub der: Vec<u8>,
    /// What the certificate shall be for: in lower case, sorted, each once, at least one.
    pub names: Vec<Name>,
    /// The public key (SubjectPublicKeyInfo, DER).
    pub key: Vec<u8>,
}

/// Who asks for what: the same after a client has signed its request anew.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity([u8; 32]);

/// Why a request is not taken. At fault: the requester.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not DER of a request.
    #[error("the request cannot be read: {0}")]
    Malformed(String),
    /// The signature does not hold.
    #[error("the request's own signature does not hold")]
    Signature,
    /// MD5 or SHA-1.
    #[error("the request is signed with a broken hash; use SHA-256 or better")]
    BrokenHash,
    /// A short RSA key.
    #[error("an RSA key of {0} bits is too weak; at least {LEAST_RSA_BITS} are needed")]
    WeakKey(usize),
    /// Neither RSA nor an elliptic curve.
    #[error("this kind of key cannot be in a certificate")]
    KeyKind,
    /// Neither subject alternative names nor a common name.
    #[error("the request names no host")]
    NoNames,
    /// [`MOST_NAMES`].
    #[error("the request names {0} hosts; {MOST_NAMES} is the most")]
    TooManyNames(usize),
    /// An IP address, a mail address.
    #[error("the request asks for {0}, which DNS cannot prove")]
    NotAName(String),
    /// Not the name of a host.
    #[error("{0}")]
    HostName(#[from] HostNameError),
}

impl SigningRequest {
    /// Reads and verifies a request.
    pub fn read(der: &[u8]) -> Result<SigningRequest, RequestError> {
        let malformed = |error: &dyn fmt::Display| RequestError::Malformed(error.to_string());
        let (rest, request) = X509CertificationRequest::from_der(der).map_err(|error| malformed(&error))?;
        if !rest.is_empty() {
            return Err(malformed(&"octets are left over"));
        }
        let info = &request.certification_request_info;
        check_key(&info.subject_pki)?;
        let broken = [OID_PKCS1_MD5WITHRSAENC, OID_PKCS1_SHA1WITHRSA, OID_SHA1_WITH_RSA];
        if broken.contains(&request.signature_algorithm.algorithm) {
            return Err(RequestError::BrokenHash);
        }
        request.verify_signature().map_err(|_| RequestError::Signature)?;
        let names = names(&request)?;
        Ok(SigningRequest { der: der.to_vec(), names, key: info.subject_pki.raw.to_vec() })
    }

    /// The same for every request with this key and these names.
    pub fn identity(&self) -> Identity {
        let mut hash = Sha256::new();
        hash.update((self.key.len() as u64).to_be_bytes());
        hash.update(&self.key);
        self.names.iter().for_each(|name| hash.update(name.as_octets()));
        Identity(hash.finalize().into())
    }
}

impl Identity {
    /// Its first four octets, enough to tell one host's requests apart.
    pub fn short(self) -> u32 {
        u32::from_be_bytes(*self.0.first_chunk().expect("32 octets"))
    }
}

impl fmt::Debug for SigningRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.names.iter().map(host_names::text).collect();
        write!(f, "request({})", names.join(" "))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..4].iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

fn check_key(key: &SubjectPublicKeyInfo<'_>) -> Result<(), RequestError> {
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) if rsa.key_size() < LEAST_RSA_BITS => Err(RequestError::WeakKey(rsa.key_size())),
        Ok(PublicKey::RSA(_) | PublicKey::EC(_)) => Ok(()),
        // Ed25519 and its like, which x509-parser does not name: the CA decides.
        Ok(PublicKey::Unknown(_)) => Ok(()),
        _ => Err(RequestError::KeyKind),
    }
}

/// The subject alternative names; without any, the common name, as MirageOS clients ask for one name.
fn names(request: &X509CertificationRequest<'_>) -> Result<Vec<Name>, RequestError> {
    let mut texts = vec![];
    for extension in request.requested_extensions().into_iter().flatten() {
        if let ParsedExtension::SubjectAlternativeName(alternatives) = extension {
            for name in &alternatives.general_names {
                match name {
                    GeneralName::DNSName(name) => texts.push((*name).to_owned()),
                    other => return Err(RequestError::NotAName(other.to_string())),
                }
            }
        }
    }
    if texts.is_empty() {
        let common_names = request.certification_request_info.subject.iter_common_name();
        texts.extend(common_names.filter_map(|name| Some(name.as_str().ok()?.to_owned())));
    }
    if texts.len() > MOST_NAMES {
        return Err(RequestError::TooManyNames(texts.len()));
    }
    if let Some(address) = texts.iter().find(|text| text.parse::<std::net::IpAddr>().is_ok()) {
        return Err(RequestError::NotAName(format!("the address {address}")));
    }
    let mut names = texts.iter().map(|text| host_names::parse(text)).collect::<Result<Vec<_>, _>>()?;
    names.sort();
    names.dedup();
    if names.is_empty() { Err(RequestError::NoNames) } else { Ok(names) }
}

#[cfg(test)]
mod tests;
