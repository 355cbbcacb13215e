//! COPY and MOVE (RFC 4918 sections 9.8 and 9.9), of members and of collections.

use std::sync::Arc;

use http::StatusCode;

use super::delete::{removal, removed, word};
use super::put::{Target, check_object, refusal, target};
use super::{Change, Outcome, Write, git_path, missing, permit, plain, resource, room, write_file};
use crate::context::Context;
use crate::error::Error;
use crate::repository::collection::{CALENDAR_FILE, COLLECTION_FILE};
use crate::request::Depth;
use crate::resource::{Found, Path, Resource, What, is_hidden};
use crate::scheduling;
use crate::webdav::access::Rights;
use crate::webdav::conditional::{self, State};
use crate::webdav::lock::{LockChange, Touch};
use crate::webdav::names::{CALDAV, DAV};
use crate::world::{Collection, Member};

/// `calendars/OWNER`: names in the path of a home.
const HOME_DEPTH: usize = 2;

/// The change.
pub fn handle(context: &Context<'_>) -> Result<Outcome, Error> {
    let source = resource(context)?;
    let destination = context.request.header("destination");
    let destination = destination.ok_or_else(|| Error::BadRequest("there is no Destination".to_owned()))?;
    let to = Path::parse(destination)?;
    let is_move = context.request.method.as_str() == "MOVE";
    conditional::check(context.request, &State { etag: source.etag(), schedule_tag: None })?;
    if let Some(path) = git_path(&source).filter(|_| is_move) {
        permit(context, &path, Touch::Existence)?;
    }
    let change = match &source.what {
        What::Member(collection, member) => of_member(context, &source, collection, member, &to, is_move)?,
        What::Collection(collection) => of_collection(context, &source, collection, &to, is_move)?,
        _ => return Err(Error::NotAllowed { method: context.request.method.to_string(), what: "this resource" }),
    };
    Ok(Outcome::Change(change))
}

/// `Overwrite: F` forbids to replace what is there.
fn may_overwrite(context: &Context<'_>) -> bool {
    context.request.header("overwrite").is_none_or(|value| !value.trim().eq_ignore_ascii_case("F"))
}

fn overwritten(context: &Context<'_>) -> Result<(), Error> {
    match may_overwrite(context) {
        true => Ok(()),
        false => Err(Error::PreconditionFailed("something is at the destination already".to_owned())),
    }
}

fn same() -> Error {
    Error::forbidden((DAV, "valid-destination"), "source and destination are the same")
}

fn of_member(
    context: &Context<'_>,
    source: &Resource,
    collection: &Arc<Collection>,
    member: &Arc<Member>,
    to: &Path,
    is_move: bool,
) -> Result<Change, Error> {
    if let Found::Resource(Resource { what: What::Collection(there), rights, .. }) = context.find(to) {
        // A file takes the place of a collection.
        if rights != Rights::Owner || there.is_calendar() {
            return Err(Error::NotAllowed { method: context.request.method.to_string(), what: "a collection" });
        }
        return replace_collection(context, source, member, &there, is_move);
    }
    if is_move && is_hidden(member, source.rights) {
        return Err(missing(&source.href, "read"));
    }
    let target = target(context, to)?;
    let path = format!("{}/{}", collection.path, member.name);
    if target.path() == path {
        return Err(same());
    }
    if target.present.is_some() {
        overwritten(context)?;
    }
    let touch = if target.present.is_some() { Touch::Itself } else { Touch::Existence };
    permit(context, &target.path(), touch)?;
    // What is confidential to its owner is not to be had by a copy.
    let octets = super::get::visible(member, source.rights);
    let replaced = target.present.as_ref().map_or(0, |present| present.octets.len() as u64);
    let stays = is_move && target.collection.owner() == collection.owner();
    let gone = if stays { member.octets.len() as u64 } else { 0 };
    room::check_octets(context, target.collection.owner(), octets.len() as u64, replaced + gone)?;
    check_member(context, &target, collection, member, is_move)?;
    let mut writes = vec![Write::File(target.path(), octets)];
    writes.extend(carry_properties(context, collection, member, &target, is_move)?);
    let is_another = |present: &&Arc<Member>| uid(present) != uid(member);
    let mut gone_for_others: Vec<(&Collection, &Member)> =
        target.present.iter().filter(is_another).map(|present| (&*target.collection, &**present)).collect();
    if is_move {
        let gone = removal(context, source)?;
        // The properties' file of one and the same collection is written once, with both changes.
        let own_file = |write: &Write| matches!(write, Write::File(path, _) if path.ends_with(".toml"));
        let is_same = target.collection.path == collection.path;
        writes.extend(gone.into_iter().filter(|write| !(own_file(write) && is_same)));
        // For who takes part in it, an event that lies elsewhere in the same home has not changed.
        if target.collection.owner() != collection.owner() {
            gone_for_others.extend(removed(source));
        }
    }
    let plan = scheduling::delete(context, gone_for_others);
    let status = if target.present.is_some() { StatusCode::NO_CONTENT } else { StatusCode::CREATED };
    let name = ical_name(member);
    let message = match is_move {
        true if target.collection.path == collection.path => format!("rename {} to {}", member.name, target.name),
        true => format!("move {name} to {:?}", target.collection.name()),
        false => format!("copy {name} to {:?}", target.collection.name()),
    };
    let message = plan.tell_of(message);
    writes.extend(plan.writes);
    let mut change = Change::new(writes, message, plain(status));
    if is_move {
        change.locks.push(LockChange::RemoveAt(path));
    }
    Ok(change)
}

fn uid(member: &Member) -> Option<String> {
    member.object.as_ref().map(|object| object.uid())
}

fn ical_name(member: &Member) -> String {
    let summary = member.object.as_ref().and_then(|object| object.summary());
    summary.map_or_else(|| member.name.to_string(), |summary| format!("{summary:?}"))
}

fn check_member(
    context: &Context<'_>,
    target: &Target,
    collection: &Collection,
    member: &Member,
    is_move: bool,
) -> Result<(), Error> {
    if target.collection.file.source.is_some() {
        return Err(missing(&target.href, "bind"));
    }
    if !target.collection.is_calendar() {
        return Ok(());
    }
    let object = match &member.object {
        Some(object) if collection.is_calendar() => Arc::clone(object),
        // A message of an inbox was read as one, and is none that a calendar can keep.
        _ => context.parser.parse(member.id, &member.octets).map_err(refusal)?,
    };
    check_object(&target.collection.file, &object)?;
    if !is_move || target.collection.owner() != collection.owner() {
        scheduling::check_copy(context, target, &object)?;
    }
    let same_collection = target.collection.path == collection.path;
    let other = target.collection.by_uid(&object.uid()).filter(|other| {
        let is_source = same_collection && other.name == member.name;
        *other.name != *target.name && !(is_source && is_move)
    });
    if other.is_some() {
        let reason = format!("the UID {} is in this calendar already", object.uid());
        return Err(Error::forbidden((CALDAV, "no-uid-conflict"), reason));
    }
    Ok(())
}

/// Dead properties go where the member goes.
fn carry_properties(
    context: &Context<'_>,
    collection: &Collection,
    member: &Member,
    target: &Target,
    is_move: bool,
) -> Result<Option<Write>, Error> {
    let mut file = (*target.collection.file).clone();
    file.member_properties.retain(|(name, _)| *name != target.name);
    let carried = collection.file.properties_of(&member.name).map(|property| (target.name.clone(), property.clone()));
    file.member_properties.extend(carried);
    if is_move && target.collection.path == collection.path {
        file.member_properties.retain(|(name, _)| **name != *member.name);
    }
    if file.member_properties == target.collection.file.member_properties {
        return Ok(None);
    }
    write_file(context.world, &target.collection, &file)
}

/// A file takes the place of a folder and of all in it.
fn replace_collection(
    context: &Context<'_>,
    source: &Resource,
    member: &Arc<Member>,
    there: &Collection,
    is_move: bool,
) -> Result<Change, Error> {
    overwritten(context)?;
    permit(context, &there.path, Touch::Existence)?;
    let (path, from) = (there.path.to_string(), git_path(source).unwrap_or_default());
    if path.split('/').count() <= HOME_DEPTH + 1 {
        let reason = "in a home there are calendars and folders, and files only in these";
        return Err(Error::forbidden((CALDAV, "calendar-collection-location-ok"), reason));
    }
    if from.starts_with(&format!("{path}/")) {
        return Err(Error::forbidden((DAV, "valid-destination"), "the source is in what would be replaced"));
    }
    if is_move && is_hidden(member, source.rights) {
        return Err(missing(&source.href, "read"));
    }
    let octets = super::get::visible(member, source.rights);
    let replaced = there.octets + context.world.below(&path).map(|below| below.octets).sum::<u64>();
    room::check_octets(context, there.owner(), octets.len() as u64, replaced)?;
    let mut writes = vec![Write::Remove(path.clone()), Write::File(path.clone(), octets)];
    if is_move {
        writes.extend(removal(context, source)?);
    }
    let message = format!("replace the folder {} by a file", there.name());
    let mut change = Change::new(writes, message, plain(StatusCode::NO_CONTENT));
    change.locks.push(LockChange::RemoveAt(path));
    change.locks.extend(is_move.then_some(from).map(LockChange::RemoveAt));
    Ok(change)
}

fn of_collection(
    context: &Context<'_>,
    source: &Resource,
    collection: &Collection,
    to: &Path,
    is_move: bool,
) -> Result<Change, Error> {
    if is_move && source.rights != Rights::Owner || !source.rights.can_read() {
        return Err(missing(&source.href, "unbind"));
    }
    let (path, is_there) = destination(context, to, collection)?;
    let from = collection.path.to_string();
    if path == from || path.starts_with(&format!("{from}/")) || from.starts_with(&format!("{path}/")) {
        return Err(same());
    }
    permit(context, &path, Touch::Existence)?;
    let mut writes = Vec::new();
    if is_there {
        writes.push(Write::Remove(path.clone()));
    }
    match is_move {
        true => {
            move_tree(context, &from, &path, &mut writes);
            writes.push(Write::Remove(from.clone()));
        }
        false => {
            let is_deep = context.request.depth(Depth::Infinity)? != Depth::Zero;
            copy_tree(context, &from, &path, is_deep, &mut writes);
            check_copy(context, &path, &writes)?;
        }
    }
    let status = if is_there { StatusCode::NO_CONTENT } else { StatusCode::CREATED };
    let verb = if is_move { "move" } else { "copy" };
    let name = path.rsplit('/').next().unwrap_or_default();
    let message = format!("{verb} the {} {} to {name}", word(collection), collection.name());
    let mut change = Change::new(writes, message, plain(status));
    if is_move || is_there {
        let gone = [Some(path), is_move.then_some(from)].into_iter().flatten();
        change.locks.extend(gone.map(LockChange::RemoveAt));
    }
    Ok(change)
}

/// The path in the repository that a collection goes to, and whether something is there.
fn destination(context: &Context<'_>, to: &Path, collection: &Collection) -> Result<(String, bool), Error> {
    let (path, is_there, parent) = match context.find(to) {
        Found::Nowhere => return Err(Error::NoParent),
        Found::Free(place) if place.rights == Rights::Owner => (place.path(), false, place.parent),
        Found::Free(place) => return Err(missing(&place.href, "bind")),
        Found::Resource(resource) => {
            overwritten(context)?;
            let path = git_path(&resource).filter(|_| resource.rights == Rights::Owner);
            let path = path.filter(|_| !matches!(resource.what, What::Home(_) | What::Inbox(..)));
            let path = path.ok_or_else(|| missing(&resource.href, "write-content"))?;
            let above = path.rsplit_once('/').map_or("", |(above, _)| above);
            let parent = context.world.collection(above).filter(|_| above.split('/').count() > 2).cloned();
            (path, true, parent)
        }
    };
    let in_calendar = parent.as_ref().is_some_and(|parent| parent.is_calendar());
    if in_calendar || collection.is_calendar() && parent.is_some() {
        let reason = "a calendar is in a home, and not in another collection";
        return Err(Error::forbidden((CALDAV, "calendar-collection-location-ok"), reason));
    }
    Ok((path, is_there))
}

/// Whether the user who asks has room for a copy, in place of what is there.
fn check_copy(context: &Context<'_>, path: &str, writes: &[Write]) -> Result<(), Error> {
    let files = writes.iter().filter_map(|write| match write {
        Write::File(path, octets) => Some((path, octets.len() as u64)),
        Write::Remove(_) => None,
    });
    let is_own_file = |path: &str| path.ends_with(CALENDAR_FILE) || path.ends_with(COLLECTION_FILE);
    let collections = files.clone().filter(|(path, _)| is_own_file(path)).count();
    let deepest = files.clone().map(|(path, _)| path.rsplit_once('/').map_or("", |(above, _)| above));
    let deepest = deepest.max_by_key(|path| path.split('/').count()).unwrap_or_default();
    room::check_collections(context, collections, deepest)?;
    let there = context.world.collection(path).into_iter().chain(context.world.below(path));
    let replaced = there.map(|collection| collection.octets).sum();
    room::check_octets(context, &context.login().user, files.map(|(_, octets)| octets).sum(), replaced)
}

/// Every file below a directory as it lies in the repository, those included that only a person could have put there.
fn move_tree(context: &Context<'_>, from: &str, to: &str, writes: &mut Vec<Write>) {
    let snapshot = context.world.snapshot();
    let mut directories = vec![String::new()];
    while let Some(below) = directories.pop() {
        for entry in snapshot.list(&format!("{from}{below}")) {
            let path = format!("{below}/{}", entry.name);
            match snapshot.read(&format!("{from}{path}")) {
                Ok(octets) => writes.push(Write::File(format!("{to}{path}"), octets)),
                Err(_) => directories.push(path),
            }
        }
    }
}

/// What the user who asks may read below a directory, with the collections' own files.
fn copy_tree(context: &Context<'_>, from: &str, to: &str, is_deep: bool, writes: &mut Vec<Write>) {
    let collections = context.world.collection(from).into_iter().chain(context.world.below(from).filter(|_| is_deep));
    for collection in collections {
        let rights = Rights::of(context.world, context.login(), collection);
        if !rights.can_read() {
            continue;
        }
        let below = &collection.path[from.len()..];
        let members = || collection.members().filter(|member| is_deep && crate::resource::may_see(rights, member));
        let mut file = (*collection.file).clone();
        if rights != Rights::Owner {
            file.shares.clear();
            // The address of a subscription is its owner's secret.
            file.source = None;
        }
        file.link = None;
        file.member_properties.retain(|(name, _)| members().any(|member| *member.name == **name));
        let name = if collection.is_calendar() { CALENDAR_FILE } else { COLLECTION_FILE };
        writes.push(Write::File(format!("{to}{below}/{name}"), file.write_into("").into()));
        for member in members() {
            let octets = super::get::visible(member, rights);
            writes.push(Write::File(format!("{to}{below}/{}", member.name), octets));
        }
    }
}

#[cfg(test)]
mod tests;
