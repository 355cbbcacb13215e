//! `gitstead certificate`: a certificate through DNS, as files for software that is not ours.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dns::Name;
use dns::keys::Key;
use letsencrypt::client::{self, Certified, ClientError, PrivateKey, Wanted};
use letsencrypt::{host_names, pem};
use platform::Net;

/// Get a certificate through DNS and write it into files
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What it is for; the request lies at the first
    #[arg(required = true, value_parser = |text: &str| host_names::parse(text))]
    hosts: Vec<Name>,
    /// The primary's address
    #[arg(long, value_name = "IP")]
    dns_server: std::net::IpAddr,
    /// The primary's port
    #[arg(long, default_value_t = 53)]
    port: u16,
    /// A key that may update the first host, NAME:ALGORITHM:SECRET
    #[arg(long)]
    dns_key: Key,
    /// The folder for HOST.key.pem and HOST.pem (the chain, the certificate first)
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Derive the private key from this; without it, the one in the folder is used, or a new one is made
    #[arg(long, value_name = "SEED")]
    key_seed: Option<String>,
    /// How many seconds to wait for the certificate
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    patience: u64,
}

/// A command line of nothing else.
#[derive(Debug, clap::Parser)]
pub struct Line {
    /// Its arguments.
    #[command(flatten)]
    pub arguments: Arguments,
}

/// Why there are no files.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// See there.
    #[error("{0}")]
    Client(#[from] ClientError),
    /// The environment's.
    #[error("{}: {error}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What happened.
        error: io::Error,
    },
    /// Who put the file there.
    #[error("{}: this is not a P-256 key in PKCS#8", .0.display())]
    Key(PathBuf),
}

impl Error {
    /// 75, "try again later", when the certificate may come yet (sysexits' EX_TEMPFAIL); else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Client(error) if error.is_temporary() => 75,
            _ => 1,
        }
    }
}

/// Gets the certificate; says so if the files are new, and nothing if they are as they were.
pub async fn run(arguments: &Arguments) -> Result<Option<String>, Error> {
    let host = arguments.hosts.first().expect("clap asks for one");
    let name = host_names::text(host).replace('*', "_");
    let (key_path, chain_path) =
        (arguments.out.join(format!("{name}.key.pem")), arguments.out.join(format!("{name}.pem")));
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| Error::File { path, error }
    };
    fs::create_dir_all(&arguments.out).map_err(failed(&arguments.out))?;
    let wanted = Wanted {
        names: arguments.hosts.clone(),
        key: private_key(arguments, host, &key_path)?,
        server: SocketAddr::new(arguments.dns_server, arguments.port),
        tsig: arguments.dns_key.clone(),
        patience: Duration::from_secs(arguments.patience),
    };
    // Before it is asked for: who is interrupted goes on with the same key.
    write(&key_path, &wanted.key.to_pem()).map_err(failed(&key_path))?;
    let certified = client::obtain(&Net::host(), &wanted).await?;
    let chain = chain(&certified);
    if fs::read_to_string(&chain_path).is_ok_and(|old| old == chain) {
        return Ok(None);
    }
    write(&chain_path, &chain).map_err(failed(&chain_path))?;
    let until = platform::clock::rfc3339(certified.chain.leaf.not_after);
    Ok(Some(format!("{}: new, until {until}", chain_path.display())))
}

fn private_key(arguments: &Arguments, host: &Name, path: &Path) -> Result<PrivateKey, Error> {
    if let Some(seed) = &arguments.key_seed {
        return Ok(PrivateKey::from_seed(seed, host));
    }
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(PrivateKey::generate()),
        Err(error) => Err(Error::File { path: path.to_owned(), error }),
        Ok(text) => {
            let der = pem::private_key_der(&text).ok_or_else(|| Error::Key(path.to_owned()))?;
            PrivateKey::from_pkcs8(&der).map_err(|_| Error::Key(path.to_owned()))
        }
    }
}

fn chain(certified: &Certified) -> String {
    certified.ders().iter().map(|der| pem::certificate(der)).collect()
}

/// Replaces a file as a whole, for its owner only; whoever reads it meanwhile sees the old one or the new one.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(new, path)
}
