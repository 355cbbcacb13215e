//! Fetches one file over HTTP or HTTPS: within a time and a size, and not from inside a private network, which a user
//! of the service has no business to look into.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use platform::Net;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

/// How long it may take, however often we are sent elsewhere.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest file.
const MOST: usize = 16 << 20;
/// How often we are sent elsewhere.
const REDIRECTIONS: usize = 5;

/// What came of it.
pub enum Fetched {
    /// It is as it was.
    Same,
    /// It is another one.
    New {
        /// Its content.
        octets: Bytes,
        /// How the server calls this version.
        etag: Option<String>,
    },
}

/// A client.
pub struct Client {
    net: Net,
    tls: TlsConnector,
    allows_private: bool,
}

impl Client {
    /// One that trusts whom browsers trust.
    pub fn new(net: Net, allows_private: bool) -> Client {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows the versions of TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Client { net, tls: TlsConnector::from(Arc::new(config)), allows_private }
    }

    /// Fetches a file, if it is not the version that is known.
    pub async fn fetch(&self, source: &str, known: Option<&str>) -> Result<Fetched, String> {
        let fetched = tokio::time::timeout(PATIENCE, self.follow(source, known)).await;
        fetched.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }

    async fn follow(&self, source: &str, known: Option<&str>) -> Result<Fetched, String> {
        let mut url = source.replacen("webcal://", "https://", 1);
        for _ in 0..REDIRECTIONS {
            let response = self.exchange(&url, known).await?;
            let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            match response.status() {
                StatusCode::NOT_MODIFIED => return Ok(Fetched::Same),
                StatusCode::OK => {
                    let etag = response.headers().get(header::ETAG).and_then(|value| value.to_str().ok());
                    return Ok(Fetched::New { etag: etag.map(str::to_owned), octets: response.into_body() });
                }
                status if status.is_redirection() => {
                    url = elsewhere(&url, location.ok_or("we are sent elsewhere without being told where")?)?;
                }
                status => return Err(format!("the answer is {status}")),
            }
        }
        Err(format!("we were sent elsewhere more than {REDIRECTIONS} times"))
    }

    async fn exchange(&self, url: &str, known: Option<&str>) -> Result<Response<Bytes>, String> {
        let uri: Uri = url.parse().map_err(|_| format!("{url} is no address"))?;
        let host = uri.host().ok_or_else(|| format!("{url} names no host"))?.to_owned();
        let is_tls = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let stream = self.connect(&bare, port).await?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::get(path).body(Empty::<Bytes>::new()).map_err(|error| error.to_string())?;
        let authority = uri.authority().map_or(host.as_str(), |authority| authority.as_str());
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        let fields = request.headers_mut();
        let value = |text: &str| HeaderValue::from_str(text).map_err(|error| error.to_string());
        fields.insert(header::HOST, value(authority)?);
        fields.insert(
            header::USER_AGENT,
            HeaderValue::from_static(concat!("gitstead-caldav/", env!("CARGO_PKG_VERSION"))),
        );
        fields.insert(header::ACCEPT, HeaderValue::from_static("text/calendar, */*;q=0.1"));
        if let Some(known) = known {
            fields.insert(header::IF_NONE_MATCH, value(known)?);
        }
        if !is_tls {
            return converse(stream, request).await;
        }
        let name = ServerName::try_from(bare).map_err(|error| error.to_string())?;
        let stream = self.tls.connect(name, stream).await.map_err(|error| error.to_string())?;
        converse(stream, request).await
    }

    /// The address is looked at, not the name: what a name leads to can change.
    async fn connect(&self, host: &str, port: u16) -> Result<platform::net::TcpStream, String> {
        let addresses = self.net.resolve(host, port).await.map_err(|error| error.to_string())?;
        let allowed: Vec<SocketAddr> =
            addresses.into_iter().filter(|address| self.allows_private || is_public(address.ip())).collect();
        let mut last = format!("{host} is in a private network, from which nothing is fetched");
        for address in allowed {
            match self.net.tcp_connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error.to_string(),
            }
        }
        Err(last)
    }
}

async fn converse<S>(stream: S, request: Request<Empty<Bytes>>) -> Result<Response<Bytes>, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let talking = tokio::spawn(connection);
    let response: Result<Response<Incoming>, _> = sender.send_request(request).await;
    let (parts, body) = response.map_err(|error| error.to_string())?.into_parts();
    let body = Limited::new(body, MOST).collect().await.map_err(|error| error.to_string());
    talking.abort();
    Ok(Response::from_parts(parts, body?.to_bytes()))
}

fn elsewhere(from: &str, location: &str) -> Result<String, String> {
    if location.contains("://") {
        let to = location.replacen("webcal://", "https://", 1);
        // A secret in the address must not go out in the clear.
        let is_downgrade = from.starts_with("https://") && to.starts_with("http://");
        return if is_downgrade { Err("we are sent from https to http".to_owned()) } else { Ok(to) };
    }
    let host_end = from.find("://").map_or(0, |at| at + 3);
    let path_start = from[host_end..].find('/').map_or(from.len(), |at| host_end + at);
    match location.starts_with('/') {
        true => Ok(format!("{}{location}", &from[..path_start])),
        false => {
            let folder = from.rfind('/').filter(|at| *at >= path_start).unwrap_or(from.len());
            Ok(format!("{}/{location}", &from[..folder]))
        }
    }
}

fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            !(address.is_private() || address.is_loopback() || address.is_link_local() || address.is_multicast())
                && !(address.is_unspecified()
                    || address.is_broadcast()
                    || address.is_documentation()
                    || is_shared
                    || first == 0)
        }
        IpAddr::V6(address) => {
            let first = address.segments()[0];
            let is_local = first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80;
            !(address.is_loopback() || address.is_multicast() || address.is_unspecified() || is_local)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_is_fetched_from() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:127.0.0.1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        assert!(is_public("1.1.1.1".parse().unwrap()) && is_public("2606:4700::1".parse().unwrap()));
    }

    #[test]
    fn redirections() {
        assert_eq!(elsewhere("https://a/b/c", "d").unwrap(), "https://a/b/d");
        assert_eq!(elsewhere("https://a/b/c", "/d").unwrap(), "https://a/d");
        assert_eq!(elsewhere("https://a", "d").unwrap(), "https://a/d");
        assert_eq!(elsewhere("http://a/", "https://b/").unwrap(), "https://b/");
        assert!(elsewhere("https://a/", "http://b/").is_err());
    }
}
