//! From a request and a world to what comes of it: one line a method.

use crate::context::Context;
use crate::error::Error;
use crate::method::{Outcome, acl, copy_move, delete, get, locking, mkcol, options, post, propfind, proppatch, put};
use crate::report;

/// What comes of a request.
pub fn handle(context: &Context<'_>) -> Result<Outcome, Error> {
    match context.request.method.as_str() {
        "OPTIONS" => Ok(Outcome::Reply(options::response())),
        "GET" | "HEAD" => get::handle(context),
        "PUT" => put::handle(context),
        "DELETE" => delete::handle(context),
        "POST" => post::handle(context),
        "PROPFIND" => propfind::handle(context),
        "PROPPATCH" => proppatch::handle(context),
        "MKCOL" | "MKCALENDAR" => mkcol::handle(context),
        "COPY" | "MOVE" => copy_move::handle(context),
        "LOCK" => locking::lock(context),
        "UNLOCK" => locking::unlock(context),
        "REPORT" => report::handle(context),
        "ACL" => acl::handle(context),
        other => Err(Error::NotAllowed { method: other.to_owned(), what: "anything here" }),
    }
}

/// Whether a method leaves everything as it is (RFC 9110 section 9.2.1), so that the published world answers it.
pub fn is_safe(method: &http::Method) -> bool {
    matches!(method.as_str(), "OPTIONS" | "GET" | "HEAD" | "PROPFIND" | "REPORT")
}
