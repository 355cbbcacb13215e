//! DELETE: a member, or a collection with everything in it.

use http::StatusCode;

use super::{Change, Outcome, Write, git_path, missing, permit, plain, resource, write_file};
use crate::context::Context;
use crate::error::Error;
use crate::resource::{Resource, What};
use crate::scheduling;
use crate::webdav::access::Rights;
use crate::webdav::conditional::{self, State};
use crate::webdav::lock::{LockChange, Touch};
use crate::world::{Collection, Member};

/// The change.
pub fn handle(context: &Context<'_>) -> Result<Outcome, Error> {
    // RFC 4918 section 9.6.1 lets a collection be removed with Depth infinity only.
    if context
        .request
        .header("depth")
        .is_some_and(|depth| !depth.trim().eq_ignore_ascii_case("infinity") && depth.trim() != "0")
    {
        return Err(Error::BadRequest("DELETE takes the Depth infinity".to_owned()));
    }
    let resource = resource(context)?;
    let schedule_tag = match &resource.what {
        What::Member(collection, member) => scheduling::schedule_tag(context, collection, member),
        _ => None,
    };
    conditional::check(context.request, &State { etag: resource.etag(), schedule_tag })?;
    let path = git_path(&resource).ok_or_else(|| not_allowed(context))?;
    permit(context, &path, Touch::Existence)?;
    let mut writes = removal(context, &resource)?;
    let plan = scheduling::delete(context, removed(&resource));
    let message = match &resource.what {
        What::Member(_, member) if member.object.is_some() => ical::describe::change(member.object.as_deref(), None),
        What::Member(_, member) => format!("remove {}", member.name),
        What::Collection(collection) => format!("remove the {} {}", word(collection), collection.name()),
        _ => return Err(not_allowed(context)),
    };
    let message = match &resource.what {
        What::Member(..) => plan.describe(message),
        _ => plan.tell_of(message),
    };
    writes.extend(plan.writes);
    let mut change = Change::new(writes, message, plain(StatusCode::NO_CONTENT));
    change.locks.push(LockChange::RemoveAt(path));
    Ok(Outcome::Change(change))
}

fn not_allowed(context: &Context<'_>) -> Error {
    Error::NotAllowed { method: context.request.method.to_string(), what: "this resource" }
}

/// What a collection is called in a message.
pub fn word(collection: &Collection) -> &'static str {
    if collection.is_calendar() { "calendar" } else { "folder" }
}

/// What has to be written to remove a resource.
pub fn removal(context: &Context<'_>, resource: &Resource) -> Result<Vec<Write>, Error> {
    match &resource.what {
        What::Member(collection, member) => {
            if !resource.rights.can_write() || collection.file.source.is_some() {
                return Err(missing(&resource.href, "unbind"));
            }
            let mut writes = vec![Write::Remove(format!("{}/{}", collection.path, member.name))];
            writes.extend(forget_properties(context, collection, &member.name)?);
            Ok(writes)
        }
        What::Collection(collection) if resource.rights == Rights::Owner => {
            Ok(vec![Write::Remove(collection.path.to_string())])
        }
        What::Collection(collection) if resource.rights > Rights::None => {
            leave(context, resource, collection).map(|write| write.into_iter().collect())
        }
        _ => Err(not_allowed(context)),
    }
}

/// The objects that are no more when a resource is removed.
pub fn removed(resource: &Resource) -> Vec<(&Collection, &Member)> {
    match &resource.what {
        What::Member(collection, member) => vec![(collection, member)],
        What::Collection(collection) if resource.rights == Rights::Owner => {
            collection.members().map(|member| (&**collection, &**member)).collect()
        }
        _ => Vec::new(),
    }
}

/// To remove a calendar that somebody shares with one is to do without the share.
fn leave(context: &Context<'_>, resource: &Resource, collection: &Collection) -> Result<Option<Write>, Error> {
    let mut file = (*collection.file).clone();
    let user = crate::repository::collection::Grantee::User(context.login().user.clone());
    let before = file.shares.len();
    file.shares.retain(|share| share.grantee != user);
    if file.shares.len() == before {
        return Err(missing(&resource.href, "unbind"));
    }
    write_file(context.world, collection, &file)
}

/// The dead properties of a member go with it.
fn forget_properties(context: &Context<'_>, collection: &Collection, name: &str) -> Result<Option<Write>, Error> {
    if collection.file.properties_of(name).next().is_none() {
        return Ok(None);
    }
    let mut file = (*collection.file).clone();
    file.member_properties.retain(|(member, _)| member != name);
    write_file(context.world, collection, &file)
}
