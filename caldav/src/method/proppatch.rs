//! PROPPATCH (RFC 4918 section 9.2).

use http::StatusCode;

use super::{Change, Outcome, Write, git_path, missing, permit, plain, resource, write_file};
use crate::context::Context;
use crate::error::Error;
use crate::repository::collection::CollectionFile;
use crate::resource::What;
use crate::scheduling::calendars;
use crate::webdav::access::Rights;
use crate::webdav::lock::Touch;
use crate::webdav::multistatus::Multistatus;
use crate::webdav::names::{CALENDAR_SERVER, DAV};
use crate::webdav::properties::{self, Of};
use crate::world::{Collection, Kind, World};

/// The change.
pub fn handle(context: &Context<'_>) -> Result<Outcome, Error> {
    let resource = resource(context)?;
    let body = context.request.xml()?.filter(|body| body.is(DAV, "propertyupdate"));
    let body = body.ok_or_else(|| Error::BadRequest("the body is no propertyupdate element".to_owned()))?;
    let changes = properties::instructions(&body);
    let path = git_path(&resource).ok_or_else(|| missing(&resource.href, "write-properties"))?;
    if !resource.rights.can_write() {
        return Err(missing(&resource.href, "write-properties"));
    }
    permit(context, &path, Touch::Itself)?;
    let home;
    let (collection, of) = match &resource.what {
        What::Collection(collection) if collection.is_calendar() => (collection, Of::Calendar { is_new: false }),
        What::Collection(collection) => (collection, Of::Collection),
        What::Inbox(_, Some(collection)) => (collection, Of::Inbox),
        What::Member(collection, member) => (collection, Of::Member(&member.name)),
        What::Home(owner) => {
            let path = World::home_path(owner);
            let there = context.world.collection(&path).cloned();
            home = there.unwrap_or_else(|| Collection::new(&path, Kind::Plain).into());
            (&home, Of::Collection)
        }
        What::Inbox(owner, None) => {
            home = Collection::new(&World::inbox_path(owner), Kind::Inbox).into();
            (&home, Of::Inbox)
        }
        _ => return Err(missing(&resource.href, "write-properties")),
    };
    let mut file: CollectionFile = (*collection.file).clone();
    let mut multistatus = Multistatus::new(false);
    let source = (CALENDAR_SERVER, "source");
    if resource.rights != Rights::Owner && changes.iter().any(|change| change.name() == source) {
        return Err(missing(&resource.href, "write-properties"));
    }
    if let Err(refused) = properties::apply(&mut file, &changes, of) {
        multistatus.outcome(&resource.href, &refused);
        return Ok(Outcome::Reply(multistatus.finish()));
    }
    check_default_calendar(context, collection, &file)?;
    if let Some(source) = &file.source {
        crate::subscription::check(source)?;
    }
    let names = changes.iter().map(|change| change.name()).collect();
    multistatus.outcome(&resource.href, &[(StatusCode::OK, names, None)]);
    let response = match context.request.wants_minimal() {
        true => plain(StatusCode::OK),
        false => multistatus.finish(),
    };
    match write_file(context.world, collection, &file)? {
        Some(write) => Ok(Outcome::Change(change(collection, &file, write, response))),
        None => Ok(Outcome::Reply(response)),
    }
}

/// Invitations go to an own calendar, and to none that lies elsewhere (RFC 6638 section 9.2).
fn check_default_calendar(context: &Context<'_>, inbox: &Collection, file: &CollectionFile) -> Result<(), Error> {
    let Some(name) = file.default_calendar.as_ref().filter(|_| file.default_calendar != inbox.file.default_calendar)
    else {
        return Ok(());
    };
    match calendars::own(context.world, inbox.owner()).any(|calendar| calendar.name() == name) {
        true => Ok(()),
        false => {
            Err(Error::caldav("valid-schedule-default-calendar-URL", format!("{name} is no calendar of one's own")))
        }
    }
}

fn change(collection: &Collection, file: &CollectionFile, write: Write, response: crate::request::Response) -> Change {
    let (before, after) = (&collection.file.display_name, &file.display_name);
    let name = before.as_deref().unwrap_or(collection.name());
    let message = match after {
        Some(after) if Some(after) != before.as_ref() => format!("rename {name:?} to {after:?}"),
        _ => format!("change properties of {name:?}"),
    };
    Change::new(vec![write], message, response)
}
