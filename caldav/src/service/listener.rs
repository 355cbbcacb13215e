//! Connections: TLS, HTTP/1.1 and HTTP/2, and how many there may be.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use platform::listen::in_flight::InFlight;
use platform::net::{TcpListener, TcpStream};
use platform::{BootError, Net};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

use crate::config::Config;
use crate::service::Service;
use crate::service::stalled::Impatient;
use crate::service::{exchange, web};

/// How long a client may take to send the head of a request, or to send the next one.
const HEAD_TIME: Duration = Duration::from_secs(60);
/// How long a handshake may take.
const HANDSHAKE_TIME: Duration = Duration::from_secs(15);
/// How long a peer may take nothing of a reply.
const WRITE_TIME: Duration = Duration::from_secs(60);
/// The longest head of a request.
const HEAD_OCTETS: usize = 64 << 10;
/// Requests at once on one connection of HTTP/2.
const STREAMS: u32 = 32;

/// What a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Requests, as they are.
    Plain,
    /// Requests in TLS.
    Tls,
    /// To send clients to where TLS is spoken.
    Redirect {
        /// The port there.
        port: u16,
    },
}

/// A listener and what it is for.
#[derive(Debug)]
pub struct Listener {
    /// The listener.
    pub listener: TcpListener,
    /// What it is for.
    pub purpose: Purpose,
}

/// Binds all addresses.
pub async fn bind(net: &Net, config: &Config) -> Result<Vec<Listener>, BootError> {
    let mut listeners = Vec::new();
    for (address, purpose) in &config.listening {
        let listener = net.tcp_listen(*address).await;
        let listener =
            listener.map_err(|error| BootError::Surroundings(format!("cannot listen on {address}: {error}")))?;
        listeners.push(Listener { listener, purpose: *purpose });
    }
    Ok(listeners)
}

/// How many connections there are at all listeners, in all and of each client; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Connections(Arc<Mutex<Count>>);

#[derive(Debug, Default)]
struct Count {
    all: usize,
    by_client: HashMap<IpAddr, usize>,
}

/// One connection that is counted, until it is dropped.
struct Counted {
    connections: Connections,
    client: IpAddr,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut count = self.connections.0.lock().expect("no holder of the count panics");
        count.all -= 1;
        if let Some(of_client) = count.by_client.get_mut(&self.client) {
            *of_client -= 1;
            if *of_client == 0 {
                count.by_client.remove(&self.client);
            }
        }
    }
}

/// What a connection needs to know.
#[derive(Clone)]
struct Connection {
    service: Arc<Service>,
    in_flight: InFlight,
    purpose: Purpose,
    peer: SocketAddr,
}

/// Accepts connections until the service ends.
pub fn serve(
    listener: TcpListener,
    purpose: Purpose,
    acceptor: Option<TlsAcceptor>,
    service: &Arc<Service>,
    (in_flight, connections): (&InFlight, &Connections),
    config: &Config,
) {
    let (service, in_flight, connections) = (Arc::clone(service), in_flight.clone(), connections.clone());
    let limits = (config.connections, config.connections_per_client);
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = in_flight.closing() => return,
            };
            let Ok((stream, peer)) = accepted.and_then(|stream| stream.peer_address().map(|peer| (stream, peer)))
            else {
                // Out of file descriptors, most likely, which takes a moment to pass.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let Some(counted) = connections.admit(peer.ip(), limits) else {
                service.counters.refused_connections.inc();
                continue;
            };
            let connection = Connection { service: Arc::clone(&service), in_flight: in_flight.clone(), purpose, peer };
            tokio::spawn(attend(stream, acceptor.clone(), connection, counted));
        }
    });
}

impl Connections {
    fn admit(&self, peer: IpAddr, (most, most_of_client): (usize, usize)) -> Option<Counted> {
        if platform::memory::is_scarce() {
            return None;
        }
        let client = platform::listen::client(peer);
        let mut count = self.0.lock().expect("no holder of the count panics");
        let of_client = count.by_client.get(&client).copied().unwrap_or(0);
        if count.all >= most || of_client >= most_of_client {
            return None;
        }
        count.all += 1;
        *count.by_client.entry(client).or_default() += 1;
        Some(Counted { connections: self.clone(), client })
    }
}

async fn attend(stream: TcpStream, acceptor: Option<TlsAcceptor>, connection: Connection, counted: Counted) {
    let stream = Impatient::new(stream, WRITE_TIME);
    match acceptor.filter(|_| connection.purpose == Purpose::Tls) {
        None => converse(stream, connection).await,
        Some(acceptor) => match tokio::time::timeout(HANDSHAKE_TIME, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => converse(stream, connection).await,
            Ok(Err(error)) => tracing::debug!("no TLS with {}: {error}", connection.peer),
            Err(_) => tracing::debug!("no TLS with {} in time", connection.peer),
        },
    }
    drop(counted);
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, connection: Connection) {
    // Until its last reply is written, and not only decided; one that is silent ends as soon as it is asked to.
    let _ticket = connection.in_flight.add();
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(HEAD_OCTETS);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(STREAMS).keep_alive_interval(HEAD_TIME);
    let of_request = connection.clone();
    let answer = service_fn(move |request| {
        let connection = of_request.clone();
        async move {
            let response = match connection.purpose {
                Purpose::Redirect { port } => web::to_tls(&request, port, &connection.service.settings.hostname),
                Purpose::Plain | Purpose::Tls => {
                    exchange::answer(&connection.service, request, connection.peer.ip()).await
                }
            };
            Ok::<http::Response<Full<Bytes>>, Infallible>(response.map(Full::new))
        }
    });
    let serving = builder.serve_connection(TokioIo::new(stream), answer);
    tokio::pin!(serving);
    tokio::select! {
        ended = serving.as_mut() => return note_end(&connection, ended),
        () = connection.in_flight.closing() => serving.as_mut().graceful_shutdown(),
    }
    note_end(&connection, serving.await);
}

fn note_end(connection: &Connection, ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!("the connection of {} ended: {error}", connection.peer);
    }
}
