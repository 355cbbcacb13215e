//! ACL (RFC 3744 section 8.1): the access control entries of a calendar become its shares.

use http::StatusCode;

use super::{Change, Outcome, missing, permit, plain, resource, write_file};
use crate::context::Context;
use crate::error::Error;
use crate::repository::collection::{Access, Grantee, Share};
use crate::resource::{Path, What};
use crate::sharing;
use crate::webdav::access::Rights;
use crate::webdav::lock::Touch;
use crate::webdav::names::{CALDAV, DAV, Name};
use crate::webdav::xml::Element;

/// The change.
pub fn handle(context: &Context<'_>) -> Result<Outcome, Error> {
    let resource = resource(context)?;
    let What::Collection(collection) = &resource.what else {
        return Err(Error::NotAllowed { method: "ACL".to_owned(), what: "anything but a collection" });
    };
    if resource.rights != Rights::Owner {
        return Err(missing(&resource.href, "write-acl"));
    }
    permit(context, &collection.path, Touch::Itself)?;
    let body = context.request.xml()?.filter(|body| body.is(DAV, "acl"));
    let body = body.ok_or_else(|| Error::BadRequest("the body is no acl element".to_owned()))?;
    let mut shares: Vec<Share> = Vec::new();
    for entry in body.children_named(DAV, "ace").filter(|entry| entry.child(DAV, "protected").is_none()) {
        let Some(share) = share(context, collection.owner(), entry)? else { continue };
        match shares.iter_mut().find(|other| other.grantee == share.grantee) {
            Some(other) => other.access = other.access.max(share.access),
            None => shares.push(share),
        }
    }
    let before = collection.file.shares.clone();
    let mut file = (*collection.file).clone();
    file.shares = shares;
    let message = sharing::describe(collection, &before, &file.shares);
    match write_file(context.world, collection, &file)? {
        Some(write) => Ok(Outcome::Change(Change::new(vec![write], message, plain(StatusCode::OK)))),
        None => Ok(Outcome::Reply(plain(StatusCode::OK))),
    }
}

/// One entry; none if it grants to the owner what is the owner's anyway.
fn share(context: &Context<'_>, owner: &str, entry: &Element) -> Result<Option<Share>, Error> {
    let refuse = |name: &'static str, reason: &str| Err(Error::forbidden((DAV, name), reason));
    if entry.child(DAV, "deny").is_some() {
        return refuse("grant-only", "nothing can be denied, only granted or not");
    }
    if entry.child(DAV, "invert").is_some() {
        return refuse("no-invert", "a principal cannot be inverted");
    }
    let grant = entry.child(DAV, "grant").ok_or_else(|| Error::BadRequest("an ace grants nothing".to_owned()))?;
    let access = access(grant)?;
    let principal =
        entry.child(DAV, "principal").ok_or_else(|| Error::BadRequest("an ace without principal".to_owned()))?;
    let grantee = match principal.elements().next().map(Element::name) {
        Some((DAV, "href")) => {
            let href = principal.child(DAV, "href").map(Element::text).unwrap_or_default();
            let grantee = sharing::grantee(context, &href);
            grantee.ok_or_else(|| Error::forbidden((DAV, "recognized-principal"), format!("nobody is at {href}")))?
        }
        Some((DAV, "authenticated" | "all")) => Grantee::Everyone,
        Some((DAV, "self" | "owner")) => return Ok(None),
        Some((DAV, "property")) => return Ok(None),
        _ => return refuse("allowed-principal", "a principal is an href, or authenticated"),
    };
    if grantee == Grantee::User(owner.to_owned()) {
        return Ok(None);
    }
    Ok(Some(Share { grantee, access }))
}

/// What the privileges of an entry come to: abstract ones are not granted by themselves.
fn access(grant: &Element) -> Result<Access, Error> {
    let privileges: Vec<Name<'_>> =
        grant.children_named(DAV, "privilege").flat_map(Element::elements).map(Element::name).collect();
    let mut access = None;
    let mut writes = false;
    for privilege in &privileges {
        match privilege {
            (CALDAV, "read-free-busy") | (DAV, "read-current-user-privilege-set") => {
                access = access.max(Some(Access::FreeBusy))
            }
            (DAV, "read") => access = access.max(Some(Access::Read)),
            (DAV, "all") => access = Some(Access::ReadWrite),
            (DAV, "write") => writes = true,
            // What write contains may be named beside it.
            (DAV, "write-content" | "write-properties" | "bind" | "unbind" | "unlock")
                if privileges.contains(&(DAV, "write")) => {}
            (_, other) => {
                let reason = format!("{other} cannot be granted by itself: there are read, write and read-free-busy");
                return Err(Error::forbidden((DAV, "not-supported-privilege"), reason));
            }
        }
    }
    match (access, writes) {
        (Some(Access::Read | Access::ReadWrite), true) => Ok(Access::ReadWrite),
        (Some(access), false) => Ok(access),
        (_, true) => {
            Err(Error::forbidden((DAV, "not-supported-privilege"), "write is granted together with read only"))
        }
        (None, false) => Err(Error::BadRequest("an ace grants no privilege".to_owned())),
    }
}

/// Whether a path is that of a principal, for who gives it as a grantee.
pub fn principal_name(href: &str) -> Option<String> {
    let path = Path::parse(href).ok()?;
    match path.segments.as_slice() {
        [first, name] if first == "principals" => Some(name.clone()),
        _ => None,
    }
}
