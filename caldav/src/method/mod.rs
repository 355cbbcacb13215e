//! One file a method: from a request and a world to a reply, or to a change and the reply for when it is done.

pub mod acl;
pub mod copy_move;
pub mod delete;
pub mod get;
pub mod locking;
pub mod mkcol;
pub mod options;
pub mod post;
pub mod propfind;
pub mod proppatch;
pub mod put;
mod room;

use bytes::Bytes;
use gitstore::ObjectId;
use http::StatusCode;

use crate::context::Context;
use crate::error::Error;
use crate::report::sync;
use crate::repository::collection::{CALENDAR_FILE, COLLECTION_FILE, CollectionFile};
use crate::request::Response;
use crate::resource::{Found, Path, Resource, What};
use crate::webdav::conditional::If;
use crate::webdav::lock::{LockChange, Touch};
use crate::world::{Collection, World};

/// What comes of a request.
#[derive(Debug)]
pub enum Outcome {
    /// This is the reply.
    Reply(Response),
    /// The repository is to be changed, and then there is a reply.
    Change(Change),
    /// The table of locks is to be changed.
    Locks(LockChange, Response),
    /// The repository's history is to be looked into first.
    History(crate::history::Question),
}

/// A change of the repository.
#[derive(Debug)]
pub struct Change {
    /// What is written, in this order.
    pub writes: Vec<Write>,
    /// What the commit says, without the name of who did it.
    pub message: String,
    /// The reply for when the remote has accepted it.
    pub response: Response,
    /// What becomes of locks then.
    pub locks: Vec<LockChange>,
}

/// A change of one path of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// A file with this content.
    File(String, Bytes),
    /// No such file, or no such directory with all that is in it.
    Remove(String),
}

impl Write {
    /// The path.
    pub fn path(&self) -> &str {
        match self {
            Write::File(path, _) | Write::Remove(path) => path,
        }
    }
}

impl Change {
    /// One without an effect on locks.
    pub fn new(writes: Vec<Write>, message: impl Into<String>, response: Response) -> Change {
        Change { writes, message: message.into(), response, locks: Vec::new() }
    }
}

/// A reply without a body.
pub fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// As [`plain`], with the entity tag of what was written.
pub fn with_etag(status: StatusCode, id: &ObjectId) -> Response {
    let mut response = plain(status);
    let etag = http::HeaderValue::from_str(&crate::resource::etag(id)).expect("an ID is hexadecimal");
    response.headers_mut().insert("etag", etag);
    response
}

/// The resource of a request.
pub fn resource(context: &Context<'_>) -> Result<Resource, Error> {
    match context.find(&Path::parse(&context.request.path)?) {
        Found::Resource(resource) => Ok(resource),
        Found::Free(_) | Found::Nowhere => Err(Error::NotFound),
    }
}

/// Where a resource lies in the repository, if it does.
pub fn git_path(resource: &Resource) -> Option<String> {
    match &resource.what {
        What::Home(owner) => Some(World::home_path(owner)),
        What::Inbox(owner, _) => Some(World::inbox_path(owner)),
        What::Collection(collection) => Some(collection.path.to_string()),
        What::Member(collection, member) => Some(format!("{}/{}", collection.path, member.name)),
        _ => None,
    }
}

/// Checks the conditions of `If` and the locks on a path that is to be changed. What names no resource is about the
/// request's own (RFC 4918 section 10.4.3), wherever the change is.
pub fn permit(context: &Context<'_>, path: &str, touch: Touch) -> Result<(), Error> {
    let conditions = If::of(context.request)?;
    let now = context.request.now;
    let own = context.request.path.as_str();
    let etag = |resource: Option<&str>| context.resource(resource.unwrap_or(own))?.etag();
    let has_token = |resource: Option<&str>, token: &str| {
        let resource = resource.unwrap_or(own);
        let path = repository_path(context, resource);
        let is_locked = path.is_some_and(|path| context.locks.on(&path, now).any(|(known, _)| known == token));
        is_locked || sync_token(context, resource).as_deref() == Some(token)
    };
    if !conditions.holds(etag, has_token) {
        return Err(Error::PreconditionFailed("what the If header says is not so".to_owned()));
    }
    context.locks.permit(path, touch, &conditions.tokens(), &context.login().user, now)
}

/// The sync token of a collection, which is a state token (RFC 6578 section 5).
fn sync_token(context: &Context<'_>, text: &str) -> Option<String> {
    let resource = context.resource(text).filter(|resource| resource.is_collection() && resource.rights.can_read())?;
    sync::token(resource.collection()?)
}

/// The path in the repository of what is, or could be, at a path of a URL.
pub fn repository_path(context: &Context<'_>, text: &str) -> Option<String> {
    match context.find(&Path::parse(text).ok()?) {
        Found::Resource(resource) => git_path(&resource),
        Found::Free(place) => Some(place.path()),
        Found::Nowhere => None,
    }
}

/// A right that is missing, told to whoever may know that the resource is there.
pub fn missing(href: &str, privilege: &'static str) -> Error {
    Error::Forbidden { href: href.to_owned(), privilege }
}

/// The file that a collection's properties are in, as it is now.
pub fn collection_file(world: &World, collection: &Collection) -> Result<(String, String), Error> {
    let name = if collection.is_calendar() { CALENDAR_FILE } else { COLLECTION_FILE };
    let path = format!("{}/{name}", collection.path);
    // To write a file that could not be read would lose what a person wrote.
    if let Some(broken) = world.broken().get(&path) {
        return Err(Error::Broken { path, reason: broken.error.to_string() });
    }
    let text = world.snapshot().read(&path).ok().map(|octets| String::from_utf8_lossy(&octets).into_owned());
    Ok((path, text.unwrap_or_default()))
}

/// The collection's file, changed; nothing if it says the same.
pub fn write_file(world: &World, collection: &Collection, file: &CollectionFile) -> Result<Option<Write>, Error> {
    let (path, old) = collection_file(world, collection)?;
    let new = file.write_into(&old);
    Ok((new != old).then(|| Write::File(path, new.into())))
}

#[cfg(test)]
mod tests {
    use crate::testing::Server;

    const EVENT: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\n\
        DTSTART:20260101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    const LOCK: &str =
        "<lockinfo xmlns='DAV:'><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>";

    #[test]
    fn a_condition_without_a_tag_is_about_the_path_of_the_request() {
        let mut server = Server::of(&["alice"]);
        server.put("alice", "/calendars/alice/work/a.ics", EVENT);
        let token = server.ask("alice", &format!("LOCK /calendars/alice/work/a.ics\n\n{LOCK}"));
        let token = token.header("lock-token").to_owned();
        let mut moved = |condition: &str| {
            let head = format!("If: {condition}\nDestination: /calendars/alice/work/b.ics");
            server.ask("alice", &format!("MOVE /calendars/alice/work/a.ics\n{head}\n\n")).status
        };
        assert_eq!(moved("(<urn:uuid:00000000-0000-0000-0000-000000000000>)"), 412);
        assert_eq!(moved(&format!("({token})")), 201);
    }
}
