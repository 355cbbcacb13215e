//! acl-principal-prop-set (RFC 3744 section 9.2): properties of whoever an access control list names.

use crate::context::Context;
use crate::error::Error;
use crate::method::{Outcome, missing};
use crate::repository::collection::Grantee;
use crate::resource::{Resource, principal_href};
use crate::webdav::access::Rights;
use crate::webdav::multistatus::Multistatus;
use crate::webdav::properties::{Question, View};
use crate::webdav::xml::Element;

/// The reply.
pub fn handle(context: &Context<'_>, resource: &Resource, body: &Element) -> Result<Outcome, Error> {
    let collection = resource.collection().ok_or(Error::NotFound)?;
    if resource.rights != Rights::Owner {
        return Err(missing(&resource.href, "read-acl"));
    }
    let question = Question::read(Some(body), None).unwrap_or(Question::Named(Vec::new()));
    let shared = collection.file.shares.iter().filter_map(|share| match &share.grantee {
        Grantee::User(name) | Grantee::Group(name) => Some(name.as_str()),
        Grantee::Everyone => None,
    });
    let mut multistatus = Multistatus::new(context.request.wants_minimal());
    let mut buffer = Vec::new();
    for name in [collection.owner()].into_iter().chain(shared) {
        if let Some(principal) = context.resource(&principal_href(name)) {
            let view = View { context, resource: &principal };
            multistatus.properties(&view, question.wanted(&view, &mut buffer));
        }
    }
    Ok(Outcome::Reply(multistatus.finish()))
}
