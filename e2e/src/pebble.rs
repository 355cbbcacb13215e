//! Let's Encrypt's pebble: a small certification authority that speaks ACME, and looks for proofs at one DNS server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use crate::folder::{Folder, write};
use crate::network;
use crate::ports::free_address;
use crate::process::{Process, run};
use crate::wait;

/// How pebble behaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Behaviour {
    /// Waits up to 15 seconds before it looks, as it comes.
    pub sleeps: bool,
    /// Of a hundred nonces, so many are refused.
    pub refused_nonces: u8,
    /// Only accounts that it knows already; see [`Pebble::EXTERNAL`].
    pub external_accounts: bool,
}

/// A running pebble.
#[derive(Debug)]
pub struct Pebble {
    process: Process,
    api: SocketAddr,
    management: SocketAddr,
    home: PathBuf,
}

impl Pebble {
    /// Identifier and key (base64url) of an account that it knows.
    pub const EXTERNAL: (&str, &str) = ("kid-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W");

    /// Starts one that looks for proofs at `dns`.
    pub fn start(folder: &Folder, dns: SocketAddr, behaviour: Behaviour) -> Pebble {
        Pebble::start_at(folder, free_address(), dns, behaviour)
    }

    /// Starts one with its API at an address.
    pub fn start_at(folder: &Folder, api: SocketAddr, dns: SocketAddr, behaviour: Behaviour) -> Pebble {
        let (home, management) = (folder.subfolder(&format!("pebble-{}", api.port())), free_address());
        make_certificate(&home);
        let external = match behaviour.external_accounts {
            true => {
                let (identifier, key) = Pebble::EXTERNAL;
                format!(
                    "\"externalAccountBindingRequired\":true,\"externalAccountMACKeys\":{{\"{identifier}\":\"{key}\"}}"
                )
            }
            false => "\"externalAccountBindingRequired\":false".to_owned(),
        };
        let path = home.display();
        let configuration = format!(
            "{{\"pebble\":{{\"listenAddress\":\"{api}\",\"managementListenAddress\":\"{management}\",\
             \"certificate\":\"{path}/api.pem\",\"privateKey\":\"{path}/api.key\",\"httpPort\":5002,\"tlsPort\":5001,\
             \"ocspResponderURL\":\"\",{external}}}}}"
        );
        write(&home.join("pebble.json"), configuration);
        let mut command = Command::new("pebble");
        command.arg("-strict").arg("-config").arg(home.join("pebble.json")).args(["-dnsserver", &dns.to_string()]);
        command.env("PEBBLE_WFE_NONCEREJECT", behaviour.refused_nonces.to_string()).env("PEBBLE_AUTHZREUSE", "0");
        if !behaviour.sleeps {
            command.env("PEBBLE_VA_NOSLEEP", "1");
        }
        let mut process = Process::start("pebble", &mut command, &home.join("log"));
        process.wait_for_output("its directory", |text| text.contains("ACME directory available"));
        wait::until("pebble answers", || std::net::TcpStream::connect(api).is_ok());
        Pebble { process, api, management, home }
    }

    /// The URL of its directory.
    pub fn directory(&self) -> String {
        format!("https://{}/dir", self.api)
    }

    /// Where its API is.
    pub fn address(&self) -> SocketAddr {
        self.api
    }

    /// The root that its API's certificate is trusted by (PEM).
    pub fn ca_file(&self) -> PathBuf {
        self.home.join("ca.pem")
    }

    /// The root that it issues from (PEM), in a file; another one at each start.
    pub fn issuing_root(&self) -> PathBuf {
        let (path, url) = (self.home.join("root.pem"), format!("https://{}/roots/0", self.management));
        let outcome =
            run(Command::new("curl").arg("-sSf").arg("--cacert").arg(self.ca_file()).arg("-o").arg(&path).arg(url), "");
        assert!(outcome.success, "{}", outcome.output);
        path
    }

    /// What it logged.
    pub fn log(&self) -> String {
        self.process.output()
    }

    /// Orders that were placed.
    pub fn orders(&self) -> usize {
        self.log().matches("Added order").count()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}

/// A CA (ca.pem) of one certificate, that of pebble's API (api.pem); Debian ships none.
pub fn make_certificate(home: &std::path::Path) {
    let script = "set -e
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 \
            -subj /CN=tests -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout api.key -out api.csr -subj /CN=localhost
        echo subjectAltName=DNS:localhost,IP:127.0.0.1,IP:$HOST >ext
        openssl x509 -req -in api.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out api.pem";
    let outcome =
        run(Command::new("sh").args(["-c", script]).env("HOST", network::host().to_string()).current_dir(home), "");
    assert!(outcome.success, "{}", outcome.output);
}
