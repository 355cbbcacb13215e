//! Our own CA, for networks without a public name. Its root follows from a seed: the same octets at every start.

use p256::SecretKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey as EcdsaKey};
use p256::elliptic_curve::sec1::ToSec1Point;
use platform::{clock, entropy};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer as Signing,
    KeyUsagePurpose, PublicKeyData, SerialNumber, SignatureAlgorithm, SigningKey, SubjectPublicKeyInfo, date_time_ymd,
};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::certificate::{Certificate, Chain};
use crate::certifier::{Failure, Fault, Window};
use crate::host_names;
use crate::keys;
use crate::order::{Authority, Prover};
use crate::policy::Issuer;
use crate::request::SigningRequest;

/// Seconds for which certificates hold.
const LIFETIME: u64 = 90 * 86_400;
/// Seconds by which clocks may be behind ours.
const BEFORE: u64 = 3600;

/// The CA of a seed.
#[derive(Debug)]
pub struct Local {
    root: Vec<u8>,
    signing: Signing<'static, RootKey>,
}

/// A key whose signatures follow from what is signed (RFC 6979), so that the root is the same each time.
#[derive(Debug)]
struct RootKey {
    key: EcdsaKey,
    public: Vec<u8>,
}

impl RootKey {
    fn new(key: &SecretKey) -> RootKey {
        let public = key.public_key().to_sec1_point(false).as_bytes().to_vec();
        RootKey { key: EcdsaKey::from(key), public }
    }
}

impl PublicKeyData for RootKey {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for RootKey {
    fn sign(&self, octets: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature: DerSignature = self.key.sign(octets);
        Ok(signature.as_bytes().to_vec())
    }
}

impl Local {
    /// Derives key and root from a seed.
    pub fn new(seed: &str) -> Local {
        let key = RootKey::new(&keys::from_seed(seed.as_bytes(), "gitstead local CA"));
        let params = root_params(&key);
        let root = params.self_signed(&key).expect("a root of our own making can be signed").der().to_vec();
        Local { root, signing: Signing::new(params, key) }
    }

    /// The root's certificate, to be trusted.
    pub fn root_pem(&self) -> String {
        crate::pem::certificate(&self.root)
    }

    /// A chain that holds for so many seconds from `now` on.
    pub(crate) fn chain(&self, request: &SigningRequest, now: u64, lifetime: u64) -> Result<Chain, Failure> {
        let failed = |words: String| Failure::new(Fault::Refused, words);
        let leaf = self.sign(request, now, lifetime);
        let leaf = leaf.map_err(|error| failed(format!("the request's key or names: {error}")))?;
        let leaf = Certificate::read(&leaf).map_err(|error| failed(error.to_string()))?;
        Ok(Chain { leaf, issuers: vec![self.root.clone()] })
    }

    fn sign(&self, request: &SigningRequest, now: u64, lifetime: u64) -> Result<Vec<u8>, rcgen::Error> {
        let names: Vec<String> = request.names.iter().map(host_names::text).collect();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = DistinguishedName::new();
        (params.not_before, params.not_after) = (at(now - BEFORE), at(now + lifetime));
        params.serial_number = Some(positive(entropy::octets::<16>()));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let key = SubjectPublicKeyInfo::from_der(&request.key)?;
        Ok(params.signed_by(&key, &self.signing)?.der().to_vec())
    }
}

fn root_params(key: &RootKey) -> CertificateParams {
    let hash: [u8; 32] = Sha256::digest(&key.public).into();
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    // Two roots of two seeds have two names.
    let short: String = hash[..4].iter().map(|octet| format!("{octet:02x}")).collect();
    name.push(DnType::CommonName, format!("gitstead local CA {short}"));
    params.distinguished_name = name;
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2120, 1, 1));
    params.serial_number = Some(positive(*hash.first_chunk().expect("32 octets")));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// A serial number of at most 127 bits, greater than zero (RFC 5280 section 4.1.2.2).
fn positive(mut octets: [u8; 16]) -> SerialNumber {
    octets[0] = octets[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&octets)
}

fn at(seconds: u64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds as i64).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

impl Authority for Local {
    /// That the request lies in DNS is proof enough.
    async fn issue<P: Prover>(
        &self,
        request: &SigningRequest,
        _: Option<&Certificate>,
        _: &P,
    ) -> Result<Chain, Failure> {
        self.chain(request, clock::unix_seconds(), LIFETIME)
    }

    async fn renewal(&self, _: &Certificate) -> (Option<Window>, u64) {
        (None, u64::from(u32::MAX))
    }

    fn issuer(&self) -> Issuer {
        Issuer::default()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::KeyPair;

    use super::*;

    struct NoProver;

    impl Prover for NoProver {
        fn permit(&self, _: &Issuer) -> Result<(), Failure> {
            unreachable!("our own CA asks nobody")
        }

        async fn prove(&self, _: Vec<crate::order::Proof>) -> Result<(), Failure> {
            unreachable!("our own CA wants no proof")
        }
    }

    #[test]
    fn a_seed_gives_the_same_root_for_ever() {
        assert_eq!(Local::new("seed").root, Local::new("seed").root);
        assert_ne!(Local::new("seed").root, Local::new("need").root);
    }

    #[tokio::test]
    async fn a_chain_answers_its_request() {
        for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519] {
            let names = ["www.example.com".to_owned(), "*.example.com".to_owned()];
            let params = CertificateParams::new(names).unwrap();
            let request = params.serialize_request(&KeyPair::generate_for(algorithm).unwrap()).unwrap();
            let request = SigningRequest::read(request.der()).unwrap();
            let chain = Local::new("seed").issue(&request, None, &NoProver).await.unwrap();
            chain.check(&request, clock::unix_seconds()).unwrap();
        }
    }
}
