//! Names that certificates are for, and how ACME, X.509 and DNS write them.

use dns::Name;
use dns::name::NameError;

/// Why a name cannot be in a certificate of ours. At fault: the requester.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostNameError {
    /// Not a domain name at all.
    #[error("{text:?} is not a domain name: {error}")]
    Name {
        /// What was asked for.
        text: String,
        /// What is wrong with it.
        error: NameError,
    },
    /// A domain name, but of no host: an underscore, say.
    #[error("{0} is not the name of a host")]
    NotAHost(Name),
}

/// Reads `www.example.com` or `*.example.com`; in lower case from then on.
pub fn parse(text: &str) -> Result<Name, HostNameError> {
    let name = text.parse::<Name>().map_err(|error| HostNameError::Name { text: text.to_owned(), error })?;
    let name = name.to_lowercase();
    match base(&name) {
        host if host.is_host_name() && host.label_count() > 0 => Ok(name),
        _ => Err(HostNameError::NotAHost(name)),
    }
}

/// The name without the asterisk of a wildcard.
pub fn base(name: &Name) -> Name {
    name.parent().filter(|_| name.is_wildcard()).unwrap_or_else(|| name.clone())
}

/// Without the dot at the end, as in certificates.
pub fn text(name: &Name) -> String {
    name.to_string().trim_end_matches('.').to_owned()
}

/// Where the CA looks for the proof of `name` (RFC 8555 section 8.4); a wildcard is proved where its base is.
pub fn challenge(name: &Name) -> Result<Name, NameError> {
    base(name).prepend(b"_acme-challenge")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_wildcards() {
        let wildcard = parse("*.Example.COM").unwrap();
        assert_eq!(text(&wildcard), "*.example.com");
        assert_eq!(text(&challenge(&wildcard).unwrap()), "_acme-challenge.example.com");
        assert_eq!(challenge(&parse("example.com").unwrap()), challenge(&wildcard));
        for wrong in ["", ".", "*", "a..b", "_x.example.com", "www.*.example.com", "*.*.example.com"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
