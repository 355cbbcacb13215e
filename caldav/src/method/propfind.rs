//! PROPFIND (RFC 4918 section 9.1).

use super::{Outcome, resource};
use crate::context::Context;
use crate::error::Error;
use crate::request::Depth;
use crate::resource::{Resource, children};
use crate::webdav::multistatus::Multistatus;
use crate::webdav::names::DAV;
use crate::webdav::properties::{Question, View};

/// The reply.
pub fn handle(context: &Context<'_>) -> Result<Outcome, Error> {
    let body = context.request.xml()?;
    if let Some(body) = body.as_ref().filter(|body| !body.is(DAV, "propfind")) {
        return Err(Error::BadRequest(format!("the body is a {} element, and not propfind", body.local)));
    }
    let question = Question::read(body.as_ref(), None)?;
    let depth = context.request.depth(Depth::Infinity)?;
    let resource = resource(context)?;
    if depth == Depth::Infinity && resource.is_collection() {
        return Err(Error::forbidden((DAV, "propfind-finite-depth"), "the Depth is to be 0 or 1"));
    }
    let mut multistatus = Multistatus::new(context.request.wants_minimal());
    let mut buffer = Vec::new();
    let mut add = |resource: &Resource| {
        let view = View { context, resource };
        let wanted = question.wanted(&view, &mut buffer);
        match question.is_names() {
            true => multistatus.names(&view, wanted),
            false => multistatus.properties(&view, wanted),
        }
    };
    add(&resource);
    if depth == Depth::One {
        children(context.world, context.login(), &resource).iter().for_each(add);
    }
    Ok(Outcome::Reply(multistatus.finish()))
}
