//! Certificates and keys as text (RFC 7468).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A certificate.
pub fn certificate(der: &[u8]) -> String {
    block("CERTIFICATE", der)
}

/// A private key in PKCS#8.
pub fn private_key(der: &[u8]) -> String {
    block("PRIVATE KEY", der)
}

fn block(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// The octets of a private key in PKCS#8; none for other text.
pub fn private_key_der(text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once("-----BEGIN PRIVATE KEY-----")?;
    let (body, _) = rest.split_once("-----END PRIVATE KEY-----")?;
    STANDARD.decode(body.split_whitespace().collect::<String>()).ok()
}
