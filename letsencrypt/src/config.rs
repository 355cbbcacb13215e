//! Boot arguments as typed, and the checked values that the rest of the service works with.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use dns::Name;
use dns::keys::Key;
use p256::SecretKey;
use platform::ArgumentError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::authority::Registration;
use crate::certifier::RenewalRule;
use crate::keys;

/// The port of the protocol (RFC 1035 section 4.2).
const DNS_PORT: u16 = 53;
/// How certificates begin as text.
const PEM: &str = "-----BEGIN CERTIFICATE-----";
const PRODUCTION: &str = "https://acme-v02.api.letsencrypt.org/directory";
const STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";

/// The arguments of `letsencrypt`.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Service")]
pub struct Arguments {
    /// The primary: requests are fetched from it, proofs and certificates written to it.
    #[arg(long, value_name = "IP[:PORT]", required_unless_present = "print_root")]
    dns_server: Option<String>,

    /// The primary's port, where --dns-server names none.
    #[arg(long, value_name = "PORT", default_value_t = DNS_PORT)]
    port: u16,

    /// The TSIG key for all of it; a name like x._update.example.com also says which zone to look after, x._update all
    /// zones.
    #[arg(long, value_name = "NAME:ALG:BASE64", required_unless_present = "print_root")]
    dns_key: Option<Key>,

    /// A zone to look after, where the key's name does not say; may be repeated.
    #[arg(long, value_name = "ZONE")]
    zone: Vec<Name>,

    /// Who issues: letsencrypt, staging, the URL of an ACME directory, or local:SEED for a CA of our own [default:
    /// staging].
    #[arg(long, value_name = "ISSUER", conflicts_with = "production")]
    issuer: Option<String>,

    /// The same as --issuer letsencrypt.
    #[arg(long)]
    production: bool,

    /// The account's P-256 key, base64 of its 32 secret octets.
    #[arg(long, value_name = "BASE64", conflicts_with = "account_key_seed", value_parser = parse_account_key)]
    account_key: Option<AccountKey>,

    /// What the account's P-256 key is derived from.
    #[arg(long, value_name = "SEED")]
    account_key_seed: Option<String>,

    /// Accepted for MirageOS, and without effect: the key is always P-256.
    #[arg(long, value_name = "TYPE", hide = true)]
    account_key_type: Option<String>,

    /// Accepted for MirageOS, and without effect.
    #[arg(long, value_name = "BITS", hide = true)]
    account_bits: Option<u32>,

    /// Where the CA writes to when something is wrong.
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// An account that the CA knows already (external account binding): its identifier.
    #[arg(long, value_name = "ID", requires = "eab_key")]
    eab_kid: Option<String>,

    /// Its HMAC key, base64url as the CA shows it.
    #[arg(long, value_name = "BASE64", requires = "eab_kid", value_parser = parse_base64)]
    eab_key: Option<Octets>,

    /// Trust the CA's servers by these certificates in place of the web's: a file of PEM, or its text itself where
    /// there are no files.
    #[arg(long, value_name = "FILE|PEM", allow_hyphen_values = true)]
    ca_file: Option<String>,

    /// The CA's certificate profile.
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,

    /// Renew so long before the end, such as 30d or 36h, when the CA does not say [default: when a third of the time is
    /// left].
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    renew_before: Option<u64>,

    /// Whoever may put a request anywhere in this domain may have certificates for all of it; may be repeated.
    #[arg(long, value_name = "DOMAIN")]
    trust: Vec<Name>,

    /// Wait until these servers have a proof, in place of the zones' own name servers; may be repeated.
    #[arg(long, value_name = "IP[:PORT]", value_parser = |text: &str| platform::boot::parse_peer(text, DNS_PORT))]
    check: Vec<SocketAddr>,

    /// Orders that may be open at a time.
    #[arg(long, value_name = "NUMBER", default_value_t = 16)]
    orders: usize,

    /// Where NOTIFY comes in, from primaries that do not send it down our own connection; may be repeated.
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = |text: &str| platform::boot::parse_peer(text, DNS_PORT))]
    listen: Vec<SocketAddr>,

    /// Print the root certificate of --issuer local:SEED, and end.
    #[arg(long, requires = "issuer")]
    print_root: bool,
}

/// Octets of a secret.
#[derive(Clone)]
struct Octets(Vec<u8>);

impl std::fmt::Debug for Octets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} octets", self.0.len())
    }
}

/// The account's key.
#[derive(Clone)]
struct AccountKey(SecretKey);

impl std::fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }
}

/// Checked values.
#[derive(Clone, Debug)]
pub enum Config {
    /// Show the root of this seed.
    PrintRoot(String),
    /// Run the service.
    Serve(Box<ServeConfig>),
}

/// What the service is run with.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// The primary.
    pub primary: SocketAddr,
    /// The TSIG key.
    pub key: Key,
    /// Zones that the operator named.
    pub zones: Vec<Name>,
    /// Who issues.
    pub issuer: IssuerConfig,
    /// When to renew.
    pub renewal: RenewalRule,
    /// Domains of `--trust`.
    pub trusted: Vec<Name>,
    /// Servers of `--check`.
    pub named_servers: Vec<SocketAddr>,
    /// Orders that may be open at a time; at least one.
    pub orders: usize,
    /// Where NOTIFY comes in.
    pub listen: Vec<SocketAddr>,
}

/// Who issues.
#[derive(Clone, Debug)]
pub enum IssuerConfig {
    /// A CA of our own.
    Local {
        /// What its key is derived from.
        seed: String,
    },
    /// A CA that speaks ACME.
    Acme {
        /// The URL of its directory.
        directory: String,
        /// Our account.
        registration: Box<Registration>,
        /// Trusted roots; none: the web's.
        roots: Vec<CertificateDer<'static>>,
        /// The profile.
        profile: Option<String>,
    },
}

impl Arguments {
    /// Checks the arguments against each other and reads the file of roots.
    pub fn check(self) -> Result<Config, ArgumentError> {
        if self.print_root {
            return match self.issuer()? {
                IssuerConfig::Local { seed } => Ok(Config::PrintRoot(seed)),
                IssuerConfig::Acme { .. } => error("--print-root needs --issuer local:SEED"),
            };
        }
        let issuer = self.issuer()?;
        let (Some(server), Some(key)) = (&self.dns_server, &self.dns_key) else {
            return error("--dns-server and --dns-key are needed");
        };
        if key.grant().is_none() && self.zone.is_empty() {
            return error("the name of --dns-key says no zone, as x._update.example.com does: give --zone");
        }
        let primary = platform::boot::parse_peer(server, self.port).map_err(ArgumentError)?;
        if self.orders == 0 {
            return error("--orders 0 would never issue anything");
        }
        Ok(Config::Serve(Box::new(ServeConfig {
            primary,
            key: key.clone(),
            zones: self.zone,
            issuer,
            renewal: self.renew_before.map_or(RenewalRule::Proportional, RenewalRule::Before),
            trusted: self.trust,
            named_servers: self.check,
            orders: self.orders,
            listen: self.listen,
        })))
    }

    fn issuer(&self) -> Result<IssuerConfig, ArgumentError> {
        let named = self.issuer.as_deref().unwrap_or(if self.production { "letsencrypt" } else { "staging" });
        let directory = match named {
            "letsencrypt" => PRODUCTION,
            "staging" => STAGING,
            url if url.starts_with("https://") => url,
            other => match other.strip_prefix("local:") {
                Some("") => return error("--issuer local: needs a seed, and whoever knows it can issue"),
                Some(seed) => return Ok(IssuerConfig::Local { seed: seed.to_owned() }),
                None => {
                    return error(format!(
                        "--issuer {other}: there are letsencrypt, staging, https://… and local:SEED"
                    ));
                }
            },
        };
        let key = match (&self.account_key, &self.account_key_seed) {
            (Some(AccountKey(key)), _) => key.clone(),
            (None, Some(seed)) if seed.is_empty() => return error("--account-key-seed is empty"),
            (None, Some(seed)) => keys::from_seed(seed.as_bytes(), "gitstead ACME account"),
            (None, None) => {
                return error("--account-key or --account-key-seed is needed: the CA knows us by it after a restart");
            }
        };
        let external = self.eab_kid.clone().zip(self.eab_key.clone().map(|key| key.0));
        let registration = Box::new(Registration { key, email: self.email.clone(), external });
        let (directory, profile) = (directory.to_owned(), self.profile.clone());
        Ok(IssuerConfig::Acme { directory, registration, roots: self.roots()?, profile })
    }

    fn roots(&self) -> Result<Vec<CertificateDer<'static>>, ArgumentError> {
        let Some(argument) = &self.ca_file else { return Ok(vec![]) };
        let is_text = argument.contains(PEM);
        let shown = if is_text { PEM } else { argument.as_str() };
        let failed = |error: &dyn std::fmt::Display| ArgumentError(format!("--ca-file {shown}: {error}"));
        let file = || std::fs::read(argument).map_err(|error| failed(&error));
        let pem = if is_text { argument.clone().into_bytes() } else { file()? };
        let roots: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        match roots {
            Ok(roots) if roots.is_empty() => Err(failed(&"there is no certificate in it")),
            Ok(roots) => Ok(roots),
            Err(error) => Err(failed(&error)),
        }
    }
}

fn error<T>(words: impl Into<String>) -> Result<T, ArgumentError> {
    Err(ArgumentError(words.into()))
}

fn parse_account_key(text: &str) -> Result<AccountKey, String> {
    let octets = STANDARD.decode(text).map_err(|_| "the account's key is not base64")?;
    SecretKey::from_slice(&octets).map(AccountKey).map_err(|_| "the account's key is not 32 octets of P-256".to_owned())
}

fn parse_base64(text: &str) -> Result<Octets, String> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map(Octets).map_err(|_| "this is not base64url".to_owned())
}

/// `36h`, `30d`, or a number of seconds.
fn parse_time(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.char_indices().last() {
        Some((place, 's')) => (&text[..place], 1),
        Some((place, 'm')) => (&text[..place], 60),
        Some((place, 'h')) => (&text[..place], 3600),
        Some((place, 'd')) => (&text[..place], 86_400),
        _ => (text, 1),
    };
    let number: u64 = number.parse().map_err(|_| format!("{text} is no time, such as 30d, 36h or 600"))?;
    number.checked_mul(unit).filter(|seconds| *seconds > 0).ok_or_else(|| format!("{text} is out of range"))
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;

    const KEY: &str = "x._update.example.com:SHA256:c2VjcmV0";

    fn check(arguments: &[&str]) -> Result<Config, String> {
        let command = Arguments::augment_args(Command::new("test").no_binary_name(true));
        let matches = command.try_get_matches_from(arguments).map_err(|error| error.to_string())?;
        let arguments = Arguments::from_arg_matches(&matches).map_err(|error| error.to_string())?;
        arguments.check().map_err(|error| error.to_string())
    }

    fn serve(arguments: &[&str]) -> ServeConfig {
        let common = ["--dns-server", "192.0.2.1", "--dns-key", KEY];
        match check(&[&common, arguments].concat()).unwrap() {
            Config::Serve(config) => *config,
            Config::PrintRoot(_) => panic!("nobody asked for the root"),
        }
    }

    /// As `dns-letsencrypt-secondary` of MirageOS is started.
    #[test]
    fn the_words_of_mirage_are_understood() {
        let config = serve(&["--port", "5353", "--production", "--account-key-seed", "s", "--account-key-type", "rsa"]);
        assert_eq!(config.primary, "192.0.2.1:5353".parse().unwrap());
        let IssuerConfig::Acme { directory, .. } = config.issuer else { panic!("not ACME") };
        assert_eq!(directory, PRODUCTION);
        let IssuerConfig::Acme { directory, .. } = serve(&["--account-key-seed", "s"]).issuer else {
            panic!("not ACME")
        };
        assert_eq!(directory, STAGING);
    }

    #[test]
    fn times_have_units() {
        let renewal = |text| serve(&["--issuer", "local:x", "--renew-before", text]).renewal;
        assert_eq!(renewal("30d"), RenewalRule::Before(30 * 86_400));
        assert_eq!(renewal("90"), RenewalRule::Before(90));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let common = ["--dns-server", "192.0.2.1", "--dns-key", KEY];
        for (arguments, named) in [
            (&[][..], "--account-key-seed"),
            (&["--issuer", "acme"], "--issuer acme"),
            (&["--issuer", "local:"], "seed"),
            (&["--issuer", "http://ca.example"], "--issuer http://ca.example"),
            (&["--issuer", "local:x", "--orders", "0"], "--orders"),
            (&["--issuer", "local:x", "--renew-before", "soon"], "soon"),
            (&["--account-key-seed", "s", "--ca-file", "/nowhere/ca.pem"], "/nowhere/ca.pem"),
            (&["--account-key-seed", "s", "--ca-file", "-----BEGIN CERTIFICATE-----\n!\n"], "--ca-file -----BEGIN"),
            (&["--account-key", "AAAA"], "P-256"),
            (&["--account-key-seed", "s", "--eab-kid", "k"], "eab-key"),
            (&["--issuer", "staging", "--account-key-seed", "s", "--print-root"], "--print-root"),
        ] {
            let error = check(&[&common, arguments].concat()).unwrap_err();
            assert!(error.contains(named), "{error}, not {named}");
        }
        let error = check(&["--dns-server", "1.2.3.4", "--dns-key", "k:SHA256:c2VjcmV0", "--issuer", "local:x"]);
        assert!(error.unwrap_err().contains("--zone"));
    }

    #[test]
    fn the_root_needs_no_server() {
        assert!(matches!(check(&["--issuer", "local:x", "--print-root"]), Ok(Config::PrintRoot(seed)) if seed == "x"));
    }
}
