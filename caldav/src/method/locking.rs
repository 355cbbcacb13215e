//! LOCK and UNLOCK (RFC 4918 sections 9.10 and 9.11).

use http::{HeaderValue, StatusCode};

use super::{Change, Outcome, Write, git_path, missing, plain};
use crate::context::Context;
use crate::error::Error;
use crate::request::{Depth, Response};
use crate::resource::{Found, Path};
use crate::webdav::conditional::If;
use crate::webdav::lock::{LONGEST, Lock, LockChange, Touch};
use crate::webdav::multistatus::response;
use crate::webdav::names::DAV;
use crate::webdav::xml::{Element, Writer};

/// Octets of what a client says of itself.
const OWNER: usize = 4096;

/// LOCK: a new one, or more time for one.
pub fn lock(context: &Context<'_>) -> Result<Outcome, Error> {
    match context.request.xml()? {
        Some(body) => new(context, &body),
        None => refresh(context),
    }
}

fn new(context: &Context<'_>, body: &Element) -> Result<Outcome, Error> {
    let bad = |reason: &str| Error::BadRequest(reason.to_owned());
    if !body.is(DAV, "lockinfo") || body.child(DAV, "locktype").is_none_or(|kind| kind.child(DAV, "write").is_none()) {
        return Err(bad("the body asks for no write lock"));
    }
    let scope = body.child(DAV, "lockscope").ok_or_else(|| bad("lockscope is missing"))?;
    let owner = body.child(DAV, "owner").map(Element::inner_xml).unwrap_or_default();
    if owner.len() > OWNER {
        return Err(Error::TooLarge(format!("owner is longer than {OWNER} octets")));
    }
    let (path, href, is_new) = match context.find(&Path::parse(&context.request.path)?) {
        Found::Nowhere => return Err(Error::NoParent),
        Found::Resource(resource) if !resource.rights.can_write() => {
            return Err(missing(&resource.href, "write-content"));
        }
        Found::Resource(resource) => {
            let path = git_path(&resource).ok_or_else(|| missing(&resource.href, "write-content"))?;
            (path, resource.href, false)
        }
        Found::Free(place) => {
            if !place.rights.can_write() || place.parent.as_ref().is_none_or(|parent| parent.is_calendar()) {
                return Err(missing(&place.href, "bind"));
            }
            (place.path(), place.href, true)
        }
    };
    let now = context.request.now;
    let lock = Lock {
        path: path.clone(),
        href,
        is_deep: context.request.depth(Depth::Infinity)? != Depth::Zero,
        is_exclusive: scope.child(DAV, "shared").is_none(),
        owner,
        user: context.login().user.clone(),
        expires: now + timeout(context),
    };
    if is_new {
        let tokens = If::of(context.request)?;
        context.locks.permit(&path, Touch::Existence, &tokens.tokens(), &context.login().user, now)?;
    }
    let token = token(&context.request.random);
    let change = LockChange::Add(token.clone(), lock.clone());
    context.locks.clone().apply(&change, now)?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = answer(&lock, &token, now, status);
    let value = HeaderValue::from_str(&format!("<{token}>")).expect("a token is made of letters and digits");
    response.headers_mut().insert("lock-token", value);
    if !is_new {
        return Ok(Outcome::Locks(change, response));
    }
    // A lock on nothing makes an empty resource (RFC 4918 section 7.3).
    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
    let writes = vec![Write::File(path, bytes::Bytes::new())];
    Ok(Outcome::Change(Change { writes, message: format!("lock {name}"), response, locks: vec![change] }))
}

fn refresh(context: &Context<'_>) -> Result<Outcome, Error> {
    let conditions = If::of(context.request)?;
    let now = context.request.now;
    let path = super::repository_path(context, &context.request.path).ok_or(Error::NotFound)?;
    let held = conditions.tokens().into_iter().find_map(|token| {
        let lock =
            context.locks.on(&path, now).find(|(known, lock)| *known == token && lock.user == context.login().user);
        lock.map(|(token, lock)| (token.to_owned(), lock.clone()))
    });
    let Some((token, mut lock)) = held else {
        return Err(Error::PreconditionFailed("no lock that the If header names is on this resource".to_owned()));
    };
    lock.expires = now + timeout(context);
    let change = LockChange::Refresh(token.clone(), lock.expires);
    Ok(Outcome::Locks(change, answer(&lock, &token, now, StatusCode::OK)))
}

/// UNLOCK.
pub fn unlock(context: &Context<'_>) -> Result<Outcome, Error> {
    let header = context.request.header("lock-token");
    let header = header.ok_or_else(|| Error::BadRequest("there is no Lock-Token".to_owned()))?;
    let token = header.trim().trim_start_matches('<').trim_end_matches('>');
    let path = super::repository_path(context, &context.request.path).ok_or(Error::NotFound)?;
    let is_here = context.locks.on(&path, context.request.now).any(|(known, _)| known == token);
    let Some(lock) = context.locks.get(token, context.request.now).filter(|_| is_here) else {
        let reason = "no such lock is on this resource";
        return Err(Error::conflict((DAV, "lock-token-matches-request-uri"), reason));
    };
    let is_owner = super::resource(context).is_ok_and(|found| found.rights == crate::webdav::access::Rights::Owner);
    if lock.user != context.login().user && !is_owner {
        return Err(missing(&lock.href, "unlock"));
    }
    Ok(Outcome::Locks(LockChange::Remove(token.to_owned()), plain(StatusCode::NO_CONTENT)))
}

fn answer(lock: &Lock, token: &str, now: u64, status: StatusCode) -> Response {
    let (root, discovery) = ((DAV, "prop"), (DAV, "lockdiscovery"));
    let mut xml = Writer::document(root);
    xml.start(discovery);
    lock.write(token, now, &mut xml);
    xml.end(discovery);
    xml.end(root);
    response(status, xml.finish())
}

/// `Timeout: Second-600, Infinite`: the first that can be read, as long as we let it be.
fn timeout(context: &Context<'_>) -> u64 {
    let wishes = context.request.header("timeout").unwrap_or_default().split(',').map(str::trim);
    let seconds = wishes.filter_map(|wish| match wish.strip_prefix("Second-") {
        Some(number) => number.parse::<u64>().ok(),
        None => (wish == "Infinite").then_some(LONGEST),
    });
    seconds.map(|seconds| seconds.clamp(1, LONGEST)).next().unwrap_or(LONGEST)
}

/// A URI that nobody guesses (RFC 4918 section 6.5).
fn token(random: &[u8; 20]) -> String {
    let hex: String = random.iter().map(|octet| format!("{octet:02x}")).collect();
    let (version, variant) = (&hex[13..16], &hex[17..20]);
    format!("urn:uuid:{}-{}-4{version}-8{variant}-{}", &hex[..8], &hex[8..12], &hex[20..32])
}
