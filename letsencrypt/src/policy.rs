//! Who may ask for what, before any CA is asked.
//!
//! A zone does not say who wrote a record. What it does say is where the record lies: whoever wrote
//! `_letsencrypt._tcp.HOST` holds a key for `HOST` or for a domain above it, and could as well have changed `HOST` and
//! everything below. So a request may name `HOST`, what is below it, and `*.HOST`. Any other name has to be vouched
//! for: by the same request (its key, at least) lying at that name's own `_letsencrypt._tcp` too, which only a key for
//! that name can have put there; or by the operator, who says with `--trust DOMAIN` that all who may update anything in
//! a domain may have certificates for all of it, as MirageOS has it.

use dns::{Name, RecordType, ZoneSet};

use crate::host_names;

/// The host where a request lies, and what else vouches for names.
pub struct Uploader<'a> {
    /// The host.
    pub host: &'a Name,
    /// Domains of `--trust`.
    pub trusted: &'a [Name],
    /// Whether a request with the same key lies at this host as well.
    pub also_at: &'a dyn Fn(&Name) -> bool,
}

/// Why a certificate is not asked for. At fault: the requester, or who looks after the zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// See the module's text.
    #[error(
        "the request lies at {host}, which does not show that its sender may have a certificate for {name}; put the same request at {name}, too"
    )]
    NotTheirs {
        /// Where the request lies.
        host: String,
        /// What it asks for.
        name: String,
    },
    /// No zone of ours contains it.
    #[error("{0} is in no zone that is seen here")]
    NoZone(String),
    /// RFC 8659.
    #[error("CAA of {domain} allows {allowed} to issue for {name}, not {asked}")]
    Caa {
        /// Where the CAA records are.
        domain: String,
        /// Whom they name.
        allowed: String,
        /// What is asked for.
        name: String,
        /// Whom we would ask.
        asked: String,
    },
}

impl Uploader<'_> {
    /// Whether who put the request there may have a certificate for `name`.
    pub fn may_have(&self, name: &Name) -> Result<(), PolicyError> {
        let base = host_names::base(name);
        let trusted = |domain: &Name| base.is_at_or_below(domain) && self.host.is_at_or_below(domain);
        if base.is_at_or_below(self.host) || self.trusted.iter().any(trusted) || (self.also_at)(&base) {
            return Ok(());
        }
        Err(PolicyError::NotTheirs { host: host_names::text(self.host), name: host_names::text(name) })
    }
}

/// The CA as CAA records know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issuer {
    /// Any of these domains means it (`caaIdentities` of its directory); none: it does not look at CAA.
    pub domains: Vec<String>,
    /// Our account there (RFC 8657).
    pub account: Option<String>,
}

/// Whether the CAA records of our zones let `issuer` issue for `name` by dns-01 (RFC 8659, RFC 8657). Above our zones
/// nothing is known, and the CA looks for itself.
pub fn check_caa(zones: &ZoneSet, name: &Name, issuer: &Issuer) -> Result<(), PolicyError> {
    if issuer.domains.is_empty() {
        return Ok(());
    }
    let mut domain = Some(host_names::base(name));
    while let Some(at) = domain {
        let zone = zones.find(&at);
        if let Some(records) = zone.and_then(|zone| zone.rrset(&at, RecordType::CAA)) {
            let records: Vec<Caa<'_>> = records.rdatas().filter_map(Caa::read).collect();
            return judge(&records, &at, name, issuer);
        }
        domain = at.parent().filter(|parent| !parent.is_root());
    }
    Ok(())
}

struct Caa<'a> {
    critical: bool,
    tag: &'a [u8],
    value: &'a [u8],
}

impl<'a> Caa<'a> {
    fn read(rdata: &'a [u8]) -> Option<Caa<'a>> {
        let [flags, length, rest @ ..] = rdata else { return None };
        let (tag, value) = rest.split_at_checked(usize::from(*length))?;
        Some(Caa { critical: flags & 128 != 0, tag, value })
    }

    fn is(&self, tag: &str) -> bool {
        self.tag.eq_ignore_ascii_case(tag.as_bytes())
    }

    /// Whether it names this issuer, this account and this way of proving.
    fn allows(&self, issuer: &Issuer) -> bool {
        let value = String::from_utf8_lossy(self.value);
        let mut parts = value.split(';').map(str::trim);
        let domain = parts.next().unwrap_or_default();
        issuer.domains.iter().any(|own| own.eq_ignore_ascii_case(domain))
            && parts.filter(|part| !part.is_empty()).all(|part| match part.split_once('=') {
                Some((key, uri)) if key.trim().eq_ignore_ascii_case("accounturi") => {
                    issuer.account.as_deref() == Some(uri.trim())
                }
                Some((key, methods)) if key.trim().eq_ignore_ascii_case("validationmethods") => {
                    methods.split(',').any(|method| method.trim().eq_ignore_ascii_case("dns-01"))
                }
                _ => true,
            })
    }
}

fn judge(records: &[Caa<'_>], domain: &Name, name: &Name, issuer: &Issuer) -> Result<(), PolicyError> {
    let wild = name.is_wildcard() && records.iter().any(|record| record.is("issuewild"));
    let tag = if wild { "issuewild" } else { "issue" };
    let relevant: Vec<&Caa<'_>> = records.iter().filter(|record| record.is(tag)).collect();
    let known = ["issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"];
    let unknown = records.iter().find(|record| record.critical && !known.iter().any(|tag| record.is(tag)));
    if unknown.is_none() && (relevant.is_empty() || relevant.iter().any(|record| record.allows(issuer))) {
        return Ok(());
    }
    let allowed: Vec<String> = relevant
        .iter()
        .map(|record| String::from_utf8_lossy(record.value).into_owned())
        .map(|value| if value.trim_matches([' ', ';']).is_empty() { "nobody".to_owned() } else { value })
        .chain(unknown.map(|record| format!("only who knows {:?}", String::from_utf8_lossy(record.tag))))
        .collect();
    Err(PolicyError::Caa {
        domain: host_names::text(domain),
        allowed: allowed.join(", "),
        name: host_names::text(name),
        asked: issuer.domains.join(" or "),
    })
}

#[cfg(test)]
mod tests {
    use dns::zonefile;

    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn a_request_may_name_its_host_what_is_below_and_what_is_vouched_for() {
        let (host, trusted) = (name("www.example.com"), [name("trusted.example")]);
        let also_at = |at: &Name| *at == name("example.com");
        let uploader = Uploader { host: &host, trusted: &trusted, also_at: &also_at };
        for allowed in ["www.example.com", "a.b.www.example.com", "*.www.example.com", "example.com", "*.example.com"] {
            assert_eq!(uploader.may_have(&name(allowed)), Ok(()), "{allowed}");
        }
        for refused in ["mail.example.com", "xwww.example.com", "com", "www.trusted.example"] {
            let error = uploader.may_have(&name(refused)).unwrap_err().to_string();
            assert!(error.contains(refused), "{error}");
        }
        let host = name("a.trusted.example");
        let uploader = Uploader { host: &host, ..uploader };
        assert_eq!(uploader.may_have(&name("b.trusted.example")), Ok(()));
    }

    struct OneFile(String);

    impl zonefile::Files for OneFile {
        fn read(&self, _: &str) -> Result<bytes::Bytes, String> {
            Ok(self.0.clone().into())
        }
    }

    fn zones(caa: &str) -> ZoneSet {
        let text = format!("@ 60 SOA ns a 1 1 1 1 1\n@ 60 NS ns\nns 60 A 127.0.0.1\n{caa}");
        let parsed = zonefile::parse("example.com", &name("example.com"), &OneFile(text));
        ZoneSet::new().with(parsed.zone.expect("a zone"))
    }

    #[test]
    fn caa_is_read_as_the_ca_reads_it() {
        let issuer =
            Issuer { domains: vec!["ca.example".to_owned()], account: Some("https://ca.example/account/1".to_owned()) };
        let allowed = |caa: &str, name: &str| check_caa(&zones(caa), &name.parse().unwrap(), &issuer);
        let account = "@ CAA 0 issue \"ca.example; accounturi=https://ca.example/account/";
        for (caa, host) in [
            ("", "www.example.com"),
            ("@ CAA 0 issue \"ca.example\"", "www.example.com"),
            ("@ CAA 0 issue \"other\"\n@ CAA 0 issue \"CA.example\"", "www.example.com"),
            ("@ CAA 0 iodef \"mailto:a@b\"", "www.example.com"),
            ("@ CAA 0 issue \";\"\nwww CAA 0 issue \"ca.example\"", "www.example.com"),
            ("@ CAA 0 issue \"ca.example\"\n@ CAA 0 issuewild \"other\"", "www.example.com"),
            ("@ CAA 0 issue \"ca.example; validationmethods=http-01,dns-01\"", "www.example.com"),
            (&format!("{account}1\""), "www.example.com"),
            ("@ CAA 0 issue \";\"", "elsewhere.example.org"),
        ] {
            assert_eq!(allowed(caa, host), Ok(()), "{caa}");
        }
        for (caa, host) in [
            ("@ CAA 0 issue \"other\"", "www.example.com"),
            ("@ CAA 0 issue \";\"", "example.com"),
            ("@ CAA 0 issue \"ca.example\"\n@ CAA 0 issuewild \"other\"", "*.example.com"),
            ("@ CAA 0 issue \"other\"", "*.example.com"),
            ("@ CAA 128 tbs \"unknown\"", "www.example.com"),
            ("@ CAA 0 issue \"ca.example; validationmethods=http-01\"", "www.example.com"),
            (&format!("{account}2\""), "www.example.com"),
        ] {
            let error = allowed(caa, host).unwrap_err().to_string();
            assert!(error.starts_with("CAA of example.com allows"), "{error}");
        }
    }
}
