//! Our account at a CA (RFC 8555 section 7.3). The ACME library registers keys of its own making, or ours without
//! contact and without external account binding; a service without a disk needs all three at once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use p256::SecretKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::sec1::ToSec1Point;
use serde_json::{Value, json};
use sha2::Sha256;

use super::https::{Https, HttpsError};

/// Times that a nonce may be refused in a row.
const NONCES: usize = 8;

/// Who we are.
#[derive(Clone)]
pub struct Registration {
    /// The account's key.
    pub key: SecretKey,
    /// Where the CA writes to, for our operator.
    pub email: Option<String>,
    /// An account that the CA knows already: its identifier and its key for HMAC (RFC 8555 section 7.3.4).
    pub external: Option<(String, Vec<u8>)>,
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Registration({:?})", self.email)
    }
}

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// At fault: the network, or the CA.
    #[error("{0}")]
    Https(#[from] HttpsError),
    /// At fault: the CA.
    #[error("the CA's answer lacks {0}")]
    Lacks(&'static str),
    /// The CA says no.
    #[error("the CA refuses the account: {0}")]
    Refused(String),
}

/// What is needed of a CA's directory (RFC 8555 section 7.1.1).
#[derive(Clone, Debug)]
pub struct Directory {
    new_nonce: String,
    new_account: String,
    /// How CAA records name it.
    pub caa_identities: Vec<String>,
    /// Whether it says when to renew (RFC 9773).
    pub renewal_info: bool,
    /// The profiles that it has.
    pub profiles: Vec<String>,
}

impl Directory {
    /// Fetches it.
    pub async fn fetch(https: &Https, url: &str) -> Result<Directory, RegistrationError> {
        let json: Value = serde_json::from_slice(&https.get(url).await?).unwrap_or_default();
        let text = |field: &'static str| json[field].as_str().map(str::to_owned).ok_or(RegistrationError::Lacks(field));
        let identities = json["meta"]["caaIdentities"].as_array().into_iter().flatten();
        let profiles = json["meta"]["profiles"].as_object().into_iter().flatten();
        Ok(Directory {
            new_nonce: text("newNonce")?,
            new_account: text("newAccount")?,
            caa_identities: identities.filter_map(|identity| Some(identity.as_str()?.to_owned())).collect(),
            renewal_info: json["renewalInfo"].is_string(),
            profiles: profiles.map(|(name, _)| name.clone()).collect(),
        })
    }
}

impl Registration {
    /// The account's URL; it is made, if the CA does not know the key yet.
    pub async fn account(&self, https: &Https, directory: &Directory) -> Result<String, RegistrationError> {
        let mut nonce = None;
        for _ in 0..NONCES {
            let fresh = match nonce.take() {
                Some(nonce) => nonce,
                None => header(&https.head(&directory.new_nonce).await?, "replay-nonce")?,
            };
            let body = self.request(&directory.new_account, &fresh);
            let reply = https.post(&directory.new_account, body).await?;
            if reply.status().is_success() {
                return header(&reply, "location");
            }
            let problem: Value = serde_json::from_slice(reply.body()).unwrap_or_default();
            let kind = problem["type"].as_str().unwrap_or_default();
            if !kind.ends_with(":badNonce") {
                let detail = problem["detail"].as_str().unwrap_or("no reason");
                return Err(RegistrationError::Refused(format!("{detail:?} ({kind})")));
            }
            nonce = header(&reply, "replay-nonce").ok();
        }
        Err(RegistrationError::Refused("it takes none of its nonces".to_owned()))
    }

    /// JWS of a newAccount request.
    fn request(&self, url: &str, nonce: &str) -> Bytes {
        let jwk = self.jwk();
        let mut payload = json!({ "termsOfServiceAgreed": true });
        if let Some(email) = &self.email {
            payload["contact"] = json!([format!("mailto:{email}")]);
        }
        if let Some((identifier, secret)) = &self.external {
            let header = json!({ "alg": "HS256", "kid": identifier, "url": url });
            payload["externalAccountBinding"] = jws(&header, &jwk, |octets| {
                let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
                mac.update(octets);
                mac.finalize().into_bytes().to_vec()
            });
        }
        let key = SigningKey::from(&self.key);
        let header = json!({ "alg": "ES256", "jwk": jwk, "nonce": nonce, "url": url });
        let request = jws(&header, &payload, |octets| {
            let signature: Signature = key.sign(octets);
            signature.to_bytes().to_vec()
        });
        request.to_string().into()
    }

    /// RFC 7518 section 6.2.
    fn jwk(&self) -> Value {
        let point = self.key.public_key().to_sec1_point(false);
        let coordinate = |octets: Option<&[u8]>| URL_SAFE_NO_PAD.encode(octets.unwrap_or_default());
        let x = coordinate(point.x().map(|x| x.as_slice()));
        let y = coordinate(point.y().map(|y| y.as_slice()));
        json!({ "crv": "P-256", "kty": "EC", "x": x, "y": y })
    }
}

/// RFC 7515 section 7.2.2.
fn jws(header: &Value, payload: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> Value {
    let (header, payload) = (URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(sign(format!("{header}.{payload}").as_bytes()));
    json!({ "protected": header, "payload": payload, "signature": signature })
}

fn header(reply: &hyper::Response<Bytes>, name: &'static str) -> Result<String, RegistrationError> {
    let value = reply.headers().get(name).and_then(|value| value.to_str().ok());
    value.map(str::to_owned).ok_or(RegistrationError::Lacks(name))
}
