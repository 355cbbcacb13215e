//! HTTP over TLS over the network that we are given: what the ACME client asks with. Connections are kept and used
//! again.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use platform::Net;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::problem;

/// How long an exchange may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Octets of an answer.
const MOST: usize = 1 << 20;

/// Who we say we are (RFC 8555 section 6.1).
const AGENT: &str = concat!("gitstead-letsencrypt/", env!("CARGO_PKG_VERSION"));

type Sender = SendRequest<Full<Bytes>>;

/// An HTTPS client; cheap to clone.
#[derive(Clone)]
pub struct Https(Arc<Inner>);

struct Inner {
    net: Net,
    tls: TlsConnector,
    /// Connections that wait for a request, by host and port.
    idle: Mutex<Vec<(String, Sender)>>,
    /// What the last refusal said.
    retry_after: Mutex<Option<Duration>>,
}

impl std::fmt::Debug for Https {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Https")
    }
}

/// Why an exchange failed. At fault: the network, or the server.
#[derive(Debug, thiserror::Error)]
pub enum HttpsError {
    /// Not a URL of ours.
    #[error("{0} is not an https URL")]
    Url(String),
    /// No connection, or none with TLS.
    #[error("{host}: {error}")]
    Connection {
        /// The host.
        host: String,
        /// What happened.
        error: std::io::Error,
    },
    /// After the connection stood.
    #[error("{host}: {error}")]
    Http {
        /// The host.
        host: String,
        /// What happened.
        error: hyper::Error,
    },
    /// [`MOST`], or an end too soon.
    #[error("{host}: the answer did not arrive whole: {error}")]
    Body {
        /// The host.
        host: String,
        /// What happened.
        error: Box<dyn std::error::Error + Send + Sync>,
    },
    /// [`PATIENCE`].
    #[error("{0} did not answer in time")]
    Timeout(String),
}

impl Https {
    /// Trusts these roots; none: those of browsers.
    pub fn new(net: Net, roots: &[CertificateDer<'static>]) -> Https {
        let mut store = RootCertStore::empty();
        match roots {
            [] => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            roots => {
                store.add_parsable_certificates(roots.iter().cloned());
            }
        }
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows the versions of TLS")
            .with_root_certificates(store)
            .with_no_client_auth();
        let tls = TlsConnector::from(Arc::new(config));
        Https(Arc::new(Inner { net, tls, idle: Mutex::default(), retry_after: Mutex::default() }))
    }

    /// Fetches a document.
    pub async fn get(&self, url: &str) -> Result<Bytes, HttpsError> {
        let request = Request::get(url).body(Full::default()).map_err(|_| HttpsError::Url(url.to_owned()))?;
        Ok(self.request(request).await?.into_body())
    }

    /// Asks for the head of a document.
    pub async fn head(&self, url: &str) -> Result<Response<Bytes>, HttpsError> {
        let request = Request::head(url).body(Full::default()).map_err(|_| HttpsError::Url(url.to_owned()))?;
        self.request(request).await
    }

    /// Posts a signed message (RFC 8555 section 6.2).
    pub async fn post(&self, url: &str, body: Bytes) -> Result<Response<Bytes>, HttpsError> {
        let request = Request::post(url).header(CONTENT_TYPE, "application/jose+json").body(Full::new(body));
        self.request(request.map_err(|_| HttpsError::Url(url.to_owned()))?).await
    }

    /// How long the server that refused last wants us to wait; asked for once.
    pub fn take_retry_after(&self) -> Option<Duration> {
        self.0.retry_after.lock().expect("no holder of the delay panics").take()
    }

    async fn request(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, HttpsError> {
        let place = place(request.uri())?;
        let exchange = self.exchange(&place, request);
        let response = timeout(PATIENCE, exchange).await.map_err(|_| HttpsError::Timeout(place.clone()))??;
        if response.status().is_client_error() || response.status().is_server_error() {
            let value = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let wait = value.and_then(|value| problem::retry_after(value, SystemTime::now()));
            *self.0.retry_after.lock().expect("no holder of the delay panics") = wait;
        }
        Ok(response)
    }

    async fn exchange(&self, place: &str, mut request: Request<Full<Bytes>>) -> Result<Response<Bytes>, HttpsError> {
        let host = HeaderValue::from_str(place.trim_end_matches(":443"));
        request.headers_mut().insert(HOST, host.map_err(|_| HttpsError::Url(place.to_owned()))?);
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
        // To the server itself, only the path is said (RFC 9112 section 3.2.1).
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse().map_err(|_| HttpsError::Url(path.to_owned()))?;
        let mut sender = match self.take_idle(place).await {
            Some(sender) => sender,
            None => self.connect(place).await?,
        };
        let failed = |error| HttpsError::Http { host: place.to_owned(), error };
        let (parts, body) = sender.send_request(request).await.map_err(failed)?.into_parts();
        let body = Limited::new(body, MOST).collect().await;
        let body = body.map_err(|error| HttpsError::Body { host: place.to_owned(), error })?;
        self.idle().push((place.to_owned(), sender));
        Ok(Response::from_parts(parts, body.to_bytes()))
    }

    async fn take_idle(&self, place: &str) -> Option<Sender> {
        loop {
            let mut sender = {
                let mut idle = self.idle();
                let at = idle.iter().position(|(other, _)| other == place)?;
                idle.swap_remove(at).1
            };
            if sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
    }

    async fn connect(&self, place: &str) -> Result<Sender, HttpsError> {
        let failed = |error| HttpsError::Connection { host: place.to_owned(), error };
        let wrong = || HttpsError::Url(place.to_owned());
        let (host, port) = place.rsplit_once(':').ok_or_else(wrong)?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(bare.to_owned()).map_err(|_| wrong())?;
        let stream = self.0.net.tcp_connect_name(host, port.parse().map_err(|_| wrong())?).await.map_err(failed)?;
        let stream = self.0.tls.connect(name, stream).await.map_err(failed)?;
        let shaken = handshake(TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(|error| HttpsError::Http { host: place.to_owned(), error })?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("a connection to the CA ended: {error}");
            }
        });
        Ok(sender)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(String, Sender)>> {
        self.0.idle.lock().expect("no holder of the connections panics")
    }
}

/// Host and port of a URL.
fn place(uri: &Uri) -> Result<String, HttpsError> {
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(host)) => Ok(format!("{host}:{}", uri.port_u16().unwrap_or(443))),
        _ => Err(HttpsError::Url(uri.to_string())),
    }
}

impl HttpClient for Https {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let Ok(body) = body.collect().await;
            let request = Request::from_parts(parts, Full::new(body.to_bytes()));
            let response = client.request(request).await.map_err(|error| Error::Other(Box::new(error)))?;
            Ok(BytesResponse::from(response.map(Full::new)))
        })
    }
}
