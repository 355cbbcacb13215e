//! Signing requests: good ones, and those that are refused with a reason.

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SanType};

use super::*;

fn made(edit: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    made_with(&KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(), edit)
}

fn made_with(key: &KeyPair, edit: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    edit(&mut params);
    params.serialize_request(key).unwrap().der().to_vec()
}

fn dns_names(names: &[&str]) -> Vec<SanType> {
    names.iter().map(|name| SanType::DnsName((*name).try_into().unwrap())).collect()
}

fn names_of(der: &[u8]) -> Vec<String> {
    SigningRequest::read(der).unwrap().names.iter().map(host_names::text).collect()
}

#[test]
fn names_are_the_alternative_names() {
    let der = made(|params| {
        params.subject_alt_names = dns_names(&["www.Example.com", "*.example.com", "www.example.com"]);
        params.distinguished_name.push(DnType::CommonName, "ignored.example.com");
    });
    assert_eq!(names_of(&der), ["*.example.com", "www.example.com"]);
}

/// As MirageOS clients ask for one name.
#[test]
fn without_alternative_names_the_common_name_counts() {
    let der = made(|params| params.distinguished_name.push(DnType::CommonName, "www.example.com"));
    assert_eq!(names_of(&der), ["www.example.com"]);
}

#[test]
fn every_reason_to_refuse_a_request() {
    let mut tampered = made(|params| params.subject_alt_names = dns_names(&["www.example.com"]));
    let place = tampered.windows(3).position(|window| window == b"www").unwrap();
    tampered[place] = b'x';
    let many: Vec<String> = (0..101).map(|number| format!("h{number}.example.com")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut trailing = made(|params| params.subject_alt_names = dns_names(&["www.example.com"]));
    trailing.push(0);
    let cases = [
        (b"nonsense".to_vec(), "cannot be read"),
        (vec![], "cannot be read"),
        (trailing, "left over"),
        (tampered, "signature does not hold"),
        (made(|_| ()), "names no host"),
        (made(|params| params.subject_alt_names = dns_names(&many)), "names 101 hosts"),
        (made(|params| params.subject_alt_names = vec![SanType::IpAddress([192, 0, 2, 1].into())]), "DNS cannot prove"),
        (made(|params| params.distinguished_name.push(DnType::CommonName, "192.0.2.1")), "DNS cannot prove"),
        (made(|params| params.subject_alt_names = dns_names(&["_x.example.com"])), "not the name of a host"),
    ];
    for (der, reason) in cases {
        let error = SigningRequest::read(&der).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}, not {reason}");
    }
}

/// A request of 1024 bits, made once with `openssl req -new -newkey rsa:1024`.
#[test]
fn a_short_rsa_key_is_refused() {
    let der = include_bytes!("rsa1024.der");
    assert_eq!(SigningRequest::read(der), Err(RequestError::WeakKey(1024)));
}

/// A request signed with SHA-1, made once with `openssl req -new -newkey rsa:2048 -sha1`.
#[test]
fn a_broken_hash_is_refused() {
    let der = include_bytes!("sha1.der");
    assert_eq!(SigningRequest::read(der), Err(RequestError::BrokenHash));
}

#[test]
fn a_request_signed_anew_is_the_same() {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let of = |key: &KeyPair, names: &[&str]| {
        let der = made_with(key, |params| params.subject_alt_names = dns_names(names));
        SigningRequest::read(&der).unwrap().identity()
    };
    assert_eq!(of(&key, &["a.example.com", "b.example.com"]), of(&key, &["b.example.com", "a.example.com"]));
    assert_ne!(of(&key, &["a.example.com"]), of(&key, &["b.example.com"]));
    let other = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    assert_ne!(of(&key, &["a.example.com"]), of(&other, &["a.example.com"]));
}
