//! One request of HTTP: who sends it, where it goes, its body within limits, and the reply.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use hyper::body::Incoming;
use platform::{clock, entropy, memory};

use crate::calendar_server::{handle, is_safe};
use crate::context::{Context, Health};
use crate::error::Error;
use crate::history::Question;
use crate::method::{Outcome, options, plain};
use crate::password::{Credentials, Verdict, parse_basic};
use crate::request::{Request, Response};
use crate::service::Service;
use crate::service::{administration, body, follow, past, versions, web, writes};
use crate::webdav::access::Login;
use crate::world::{Since, World};
use crate::{report, sharing};

/// How long the path of a URL may be.
const LONGEST_PATH: usize = 8192;

/// The reply to a request.
pub async fn answer(service: &Arc<Service>, request: http::Request<Incoming>, client: IpAddr) -> Response {
    let (parts, mut body) = request.into_parts();
    let client = service.client_address(&parts.headers, client);
    let arrived = Arrived {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        client,
    };
    let (method, is_short) = (arrived.method.clone(), body::is_short(&arrived.headers));
    let mut response = route(service, arrived, &mut body).await;
    body::discard(is_short, &mut body, &mut response).await;
    if response.status().is_server_error() {
        tracing::warn!("{method} was answered with {}", response.status());
    }
    service.counters.answered(&method, response.status());
    web::secure(response.headers_mut());
    response
}

/// A request whose body has not been read.
struct Arrived {
    method: Method,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
    client: IpAddr,
}

async fn route(service: &Arc<Service>, arrived: Arrived, body: &mut Incoming) -> Response {
    if arrived.path.len() > LONGEST_PATH {
        return plain(StatusCode::URI_TOO_LONG);
    }
    if is_forged(&arrived.method, &arrived.headers) {
        return plain(StatusCode::FORBIDDEN);
    }
    let segments: Vec<&str> = arrived.path.split('/').filter(|part| !part.is_empty()).collect();
    match (arrived.method.as_str(), segments.as_slice()) {
        // OPTIONS is asked before anybody logs in.
        ("OPTIONS", _) => options::response(),
        (_, [".well-known", "caldav"]) => web::redirect("/"),
        ("POST", [".well-known", "gitstead", "pull"]) => pull(service, &arrived).await,
        ("GET" | "HEAD", [first, name]) if *first == sharing::LINKS => link(service, &arrived, name),
        ("GET" | "HEAD", _) if web::is_page(&arrived.path) => web::serve(&arrived.path, &arrived.headers),
        _ => match log_in(service, &arrived) {
            Ok(login) => of_user(service, arrived, login, body).await,
            Err(response) => *response,
        },
    }
}

/// Whether the page of another site has a browser change something with a password that the browser remembers.
fn is_forged(method: &Method, headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    !is_safe(method) && site.is_some_and(|site| site.eq_ignore_ascii_case(b"cross-site"))
}

/// The webhook: somebody has pushed.
async fn pull(service: &Service, arrived: &Arrived) -> Response {
    use subtle::ConstantTimeEq;
    let shown = arrived.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let shown = shown.strip_prefix("Bearer ").unwrap_or_default();
    let is_known =
        service.pull_token.as_ref().is_some_and(|token| bool::from(token.as_bytes().ct_eq(shown.as_bytes())));
    if !is_known {
        return plain(StatusCode::FORBIDDEN);
    }
    match follow::pull(service).await {
        Ok(()) => plain(StatusCode::NO_CONTENT),
        Err(reason) => Error::RemoteDown(reason).response(),
    }
}

fn no_memory() -> Response {
    Error::RemoteDown("too little memory is left".to_owned()).response()
}

/// A secret link: whoever has it may read.
fn link(service: &Service, arrived: &Arrived, name: &str) -> Response {
    let world = service.published.world();
    let Some(collection) = sharing::linked(&world, name.strip_suffix(".ics").unwrap_or(name)) else {
        return plain(StatusCode::NOT_FOUND);
    };
    if memory::is_scarce() {
        return no_memory();
    }
    let nobody = Login::default();
    let request = request(arrived, nobody, Bytes::new());
    let (locks, health) = (service.locks(), Health::default());
    let context = context(service, &world, &request, &locks, &health);
    crate::method::get::export(&context, collection, crate::webdav::access::Rights::Read)
}

fn request(arrived: &Arrived, login: Login, body: Bytes) -> Request {
    Request {
        method: arrived.method.clone(),
        path: arrived.path.clone(),
        query: arrived.query.clone(),
        headers: arrived.headers.clone(),
        body,
        login,
        now: clock::unix_seconds(),
        random: entropy::octets(),
    }
}

/// What a method is given.
pub fn context<'a>(
    service: &'a Service,
    world: &'a World,
    request: &'a Request,
    locks: &'a crate::webdav::lock::Locks,
    health: &'a Health,
) -> Context<'a> {
    Context { world, request, locks, parser: &service.published.parser, settings: &service.settings, health }
}

/// Who sends it, or the reply to somebody unknown.
fn log_in(service: &Service, arrived: &Arrived) -> Result<Login, Box<Response>> {
    let header = arrived.headers.get("authorization").and_then(|value| value.to_str().ok());
    let credentials: Option<Credentials> = header.and_then(parse_basic);
    let Some(credentials) = credentials else { return Err(Box::new(unauthorized())) };
    let world = service.published.world();
    let user = world.user(&credentials.user);
    let now = clock::unix_seconds();
    let checked = service.logins().check(&credentials, user.map(|user| &**user), arrived.client, now);
    match (checked, user) {
        (Verdict::Accepted { app_password }, Some(user)) => Ok(Login {
            user: credentials.user,
            administrator: user.administrator,
            with_app_password: app_password.is_some(),
        }),
        (Verdict::Wait(wait), _) => {
            let mut response = plain(StatusCode::TOO_MANY_REQUESTS);
            response.headers_mut().insert("retry-after", HeaderValue::from(wait.seconds));
            Err(Box::new(response))
        }
        _ => {
            service.counters.refused_logins.inc();
            tracing::info!("a login as {:?} from {} was refused", credentials.user, arrived.client);
            Err(Box::new(unauthorized()))
        }
    }
}

fn unauthorized() -> Response {
    let mut response = plain(StatusCode::UNAUTHORIZED);
    let challenge = HeaderValue::from_static("Basic realm=\"calendars\", charset=\"UTF-8\"");
    response.headers_mut().insert("www-authenticate", challenge);
    response
}

async fn of_user(service: &Arc<Service>, arrived: Arrived, login: Login, body: &mut Incoming) -> Response {
    let body = match body::read(service, &arrived.headers, body).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let request = request(&arrived, login, body);
    // A whole calendar is the largest of replies.
    if matches!(request.method, Method::GET | Method::HEAD) && memory::is_scarce() {
        return no_memory();
    }
    let done = match administration::is_meant(&request.path) {
        true => administration::handle(service, &request).await,
        false => act(service, &request).await,
    };
    done.unwrap_or_else(|error| error.response())
}

/// Answers from the published world, or by a change that the remote accepts.
async fn act(service: &Arc<Service>, request: &Request) -> Result<Response, Error> {
    let outcome = {
        let (world, locks, health) = (service.published.world(), service.locks(), service.health());
        let context = context(service, &world, request, &locks, &health);
        handle(&context)?
    };
    match outcome {
        Outcome::Reply(response) => Ok(response),
        Outcome::Locks(change, response) => service.change_locks(&change).map(|()| response),
        Outcome::History(question) => look_back(service, request, question).await,
        Outcome::Change(change) if !is_safe(&request.method) => writes::commit(service, request, change.message).await,
        Outcome::Change(_) => Err(Error::Internal("a safe method would change something".to_owned())),
    }
}

async fn look_back(service: &Arc<Service>, request: &Request, question: Question) -> Result<Response, Error> {
    match question {
        Question::Version { path, commit } => service.past.version(&service.store, &path, commit).await,
        Question::Versions { href, path, is_calendar, limit, properties } => {
            let (href, path, properties) = (&href, &path, &properties);
            let wanted = versions::Wanted { href, path, is_calendar, limit, properties };
            versions::versions(service, &wanted).await
        }
        Question::Sync { collection, token } => {
            let then = match service.published.since(&token.commit, &collection.path) {
                Since::Changed(_) => None,
                Since::Unknown => Some(service.past.of_token(&service.store, token.commit).await?),
            };
            follow::publish(service);
            // From here on nothing is awaited, so that what changed and what there is are of one moment.
            let (world, locks, health) = (service.published.world(), service.locks(), service.health());
            let changed = match (then, service.published.since(&token.commit, &collection.path)) {
                (_, Since::Changed(changed)) => changed,
                (Some(then), Since::Unknown) => {
                    past::changed_members(world.snapshot(), &then, &collection, &service.published.parser)
                }
                (None, Since::Unknown) => return Err(report::sync::invalid()),
            };
            let context = context(service, &world, request, &locks, &health);
            let resource = crate::method::resource(&context)?;
            let body = request.xml()?.ok_or(Error::NotFound)?;
            report::sync::reply(&context, &resource, &body, Some(&changed), Some(&token))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_another_site_changes_nothing() {
        let is_forged = |method: &str, site: &'static str| {
            let headers = [(http::HeaderName::from_static("sec-fetch-site"), HeaderValue::from_static(site))];
            is_forged(&method.parse().unwrap(), &headers.into_iter().collect())
        };
        assert!(is_forged("POST", "cross-site") && is_forged("DELETE", "cross-site"));
        assert!(!is_forged("PUT", "same-origin") && !is_forged("PUT", "none") && !is_forged("GET", "cross-site"));
        assert!(!super::is_forged(&Method::PUT, &HeaderMap::new()), "a calendar program says nothing");
    }
}
