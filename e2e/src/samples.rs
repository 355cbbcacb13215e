//! The zones and keys that the stories are told with.
//!
//! All addresses of name servers are loopback addresses, so that nothing that a primary sends on its own account
//! (NOTIFY to every NS) leaves the machine.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A TSIG key, HMAC-SHA256 unless said otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name without the final dot; the name carries the rights.
    pub name: &'static str,
    /// The algorithm as BIND spells it.
    pub algorithm: &'static str,
    /// The algorithm's number in a key file.
    pub number: u8,
    /// The secret in base64.
    pub secret: &'static str,
}

impl Key {
    const fn sha256(name: &'static str, secret: &'static str) -> Key {
        Key { name, algorithm: "hmac-sha256", number: 163, secret }
    }

    /// As `-y` of dig, kdig, nsupdate and knsupdate takes it.
    pub fn argument(&self) -> String {
        format!("{}:{}:{}", self.algorithm, self.name, self.secret)
    }

    /// The line of a key file that holds it.
    pub fn record(&self) -> String {
        format!("{}. DNSKEY 0 3 {} {}\n", self.name, self.number, self.secret)
    }

    /// The octets of the secret.
    pub fn octets(&self) -> Vec<u8> {
        STANDARD.decode(self.secret).expect("sample secrets are base64")
    }

    /// The same name with another secret: its signatures are wrong.
    pub fn forged(&self) -> Key {
        Key { secret: "bm90IHRoZSByaWdodCBzZWNyZXQgYXQgYWxsISEhISE=", ..*self }
    }

    /// Another name with the same secret.
    pub fn named(&self, name: &'static str) -> Key {
        Key { name, ..*self }
    }
}

/// May change `example.com`.
pub const UPDATE: Key = Key::sha256("laptop._update.example.com", "dGhlIGxhcHRvcCBtYXkgdXBkYXRlIGl0IGFsbCEhISE=");
/// May transfer `example.com`.
pub const TRANSFER: Key = Key::sha256("ns2._transfer.example.com", "bnMyIG1heSBjb3B5IGV4YW1wbGUuY29tICEhISEhISE=");
/// May tell the primary to pull, for any zone.
pub const NOTIFY: Key = Key::sha256("hook._notify", "dGhlIGhvb2sgbWF5IHNheSB0aGF0IGl0IHB1c2hlZCE=");
/// May change only what is at and below `host.example.com`.
pub const HOST: Key = Key::sha256("acme._update.host.example.com", "b25seSBmb3IgdGhlIGhvc3QncyBvd24gbmFtZXMhISE=");
/// May change every zone.
pub const ROOT: Key = Key::sha256("admin._update", "YWRtaW4gbWF5IGNoYW5nZSB3aGF0ZXZlciB0aGVyZSA=");
/// May change `example.org`.
pub const ORG: Key = Key::sha256("laptop._update.example.org", "YW5vdGhlciB6b25lLCBhbm90aGVyIGtleSwgc2FtZSE=");

/// May transfer every zone.
pub const TRANSFER_ALL: Key = Key::sha256("ns3._transfer", "bnMzIG1heSBjb3B5IGV2ZXJ5dGhpbmcgISEhISEhISE=");

/// Every key above.
pub const KEYS: [Key; 7] = [UPDATE, TRANSFER, NOTIFY, HOST, ROOT, ORG, TRANSFER_ALL];

/// `example.com`, with the comments, units and blank lines of a person; serial 2024010101.
pub const EXAMPLE_COM: &str = "\
; example.com, kept by hand
$ORIGIN example.com.
$TTL 1h

@       IN SOA  ns1 hostmaster (
                2024010101 ; serial
                1d         ; refresh
                2h         ; retry
                4w         ; expire
                5m )       ; negative answers
        IN NS   ns1
        IN MX   10 mail
        IN TXT  \"v=spf1 mx -all\"

ns1     IN A    127.0.0.1
mail    IN A    192.0.2.25

; the web
www     IN A    192.0.2.80      ; the old machine
www     IN AAAA 2001:db8::80
blog    IN CNAME www
*.apps  300 IN A 192.0.2.99

host    IN A    192.0.2.7
";

/// `example.org`, as short as a zone can be; serial 1.
pub const EXAMPLE_ORG: &str = "\
$ORIGIN example.org.
$TTL 3600
@ SOA ns1 hostmaster 1 86400 7200 2419200 300
@ NS ns1
ns1 A 127.0.0.1
www A 198.51.100.80
";

/// The reverse zone of 192.0.2.0/24; serial 7.
pub const REVERSE: &str = "\
$ORIGIN 2.0.192.in-addr.arpa.
$TTL 3600
@ SOA ns1.example.com. hostmaster.example.com. 7 86400 7200 2419200 300
@ NS ns1.example.com.
25 PTR mail.example.com.
80 PTR www.example.com.
";

/// The key file that holds [`KEYS`].
pub fn key_file() -> String {
    KEYS.iter().map(Key::record).collect()
}

/// The files of the sample repository: `(path, content)`.
pub fn files() -> Vec<(String, String)> {
    [("example.com", EXAMPLE_COM), ("example.org", EXAMPLE_ORG), ("2.0.192.in-addr.arpa", REVERSE)]
        .map(|(name, content)| (name.to_owned(), content.to_owned()))
        .into_iter()
        .chain([("_keys".to_owned(), key_file())])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_base64() {
        for key in KEYS {
            assert_eq!(key.octets().len(), 32, "{}", key.name);
        }
        assert_ne!(UPDATE.octets(), UPDATE.forged().octets());
    }
}
