//! What needs no login: the web calendar's files, redirections, and header fields that every reply has.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::method::plain;
use crate::request::Response;

include!(concat!(env!("OUT_DIR"), "/web_ui.rs"));

/// A file of the web calendar, as it was built.
#[derive(Debug)]
struct File {
    path: &'static str,
    media_type: &'static str,
    /// Its name has a hash of its content, so that it never changes.
    is_immutable: bool,
    octets: &'static [u8],
    /// The same, compressed.
    gzip: Option<&'static [u8]>,
}

/// What the page may do: nothing that did not come from here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// Whether a path is a file of the web calendar.
pub fn is_page(path: &str) -> bool {
    find(path).is_some()
}

fn find(path: &str) -> Option<&'static File> {
    let wanted = if path == "/" { "/index.html" } else { path };
    FILES.iter().find(|file| file.path == wanted)
}

/// A file of the web calendar.
pub fn serve(path: &str, headers: &HeaderMap) -> Response {
    let Some(file) = find(path) else { return plain(StatusCode::NOT_FOUND) };
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let gzip = file.gzip.filter(|_| accepted.split(',').any(|coding| coding.trim().starts_with("gzip")));
    let mut response = Response::new(Bytes::from_static(gzip.unwrap_or(file.octets)));
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type));
    fields.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    let cache = if file.is_immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    fields.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if gzip.is_some() {
        fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// A lasting redirection.
pub fn redirect(to: &'static str) -> Response {
    let mut response = plain(StatusCode::MOVED_PERMANENTLY);
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(to));
    response
}

/// From plain HTTP to TLS. What was sent until here is lost, so a client that sends a password learns of it.
pub fn to_tls<B>(request: &http::Request<B>, port: u16, hostname: &str) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or(hostname);
    let host = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(host, _)| host);
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut response = plain(StatusCode::PERMANENT_REDIRECT);
    match HeaderValue::from_str(&format!("https://{host}{port}{path}")) {
        Ok(location) => drop(response.headers_mut().insert(header::LOCATION, location)),
        Err(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    response
}

/// What every reply says: that it is not to be guessed at, framed or kept.
pub fn secure(headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry("dav").or_insert(HeaderValue::from_static(crate::method::options::DAV));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    // What somebody stored is shown as what it is, and does nothing.
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
}
