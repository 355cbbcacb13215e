//! sync-collection (RFC 6578): what has changed since a token, which is a commit.
//!
//! Any commit of the branch is a token, before and after a restart, on any server of the repository. With `DAV:limit`
//! the changes come in the order of their names, and the token in between says up to which name they were told. The
//! last token of such a round is the commit that was there when it began: what changed meanwhile comes with the next
//! one, and nothing is ever dropped.

use std::sync::Arc;

use gitstore::ObjectId;
use http::StatusCode;

use super::{CalendarData, floating_zone};
use crate::context::Context;
use crate::error::Error;
use crate::history::Question as HistoryQuestion;
use crate::method::{Outcome, missing};
use crate::request::Depth;
use crate::resource::{Resource, What, children, may_see, member_resource, push_segment};
use crate::webdav::access::Rights;
use crate::webdav::multistatus::Multistatus;
use crate::webdav::names::{CALDAV, DAV};
use crate::webdav::properties::{Question, View};
use crate::webdav::xml::Element;
use crate::world::{Changed, Collection};

const PREFIX: &str = "urn:gitstead:sync:";

/// The token of a collection as it is.
pub fn token(collection: &Collection) -> Option<String> {
    collection.since.map(|commit| format!("{PREFIX}{commit}"))
}

/// A token, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The commit that the client has seen; the null ID if it has seen none.
    pub commit: ObjectId,
    /// In the middle of a round: the commit with which it began, and the last name that was told.
    pub partial: Option<(ObjectId, String)>,
}

impl Token {
    /// Reads one of ours.
    pub fn parse(text: &str) -> Option<Token> {
        let mut parts = text.trim().strip_prefix(PREFIX)?.splitn(3, ':');
        let mut commit = || ObjectId::from_hex(parts.next()?.as_bytes()).ok();
        let (seen, target) = (commit()?, commit());
        let name = parts.next().map(|name| percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned());
        Some(Token { commit: seen, partial: target.zip(name) })
    }

    /// Its text.
    fn print(&self) -> String {
        let commit = &self.commit;
        match &self.partial {
            None => format!("{PREFIX}{commit}"),
            Some((target, name)) => {
                let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
                format!("{PREFIX}{commit}:{target}:{name}")
            }
        }
    }
}

/// A token that says nothing here.
pub fn invalid() -> Error {
    Error::forbidden((DAV, "valid-sync-token"), "the sync token is not of this calendar, or too old")
}

/// `DAV:limit` with `DAV:nresults`.
pub fn limit(body: &Element) -> Result<Option<usize>, Error> {
    let Some(limit) = body.child(DAV, "limit").or_else(|| body.child(CALDAV, "limit")) else { return Ok(None) };
    let count = limit.child(DAV, "nresults").or_else(|| limit.child(CALDAV, "nresults"));
    let count = count.map(Element::text).and_then(|text| text.trim().parse::<usize>().ok()).filter(|count| *count > 0);
    count.map(Some).ok_or_else(|| Error::BadRequest("nresults is no number".to_owned()))
}

/// The reply, or the question that history has to answer first.
pub fn handle(context: &Context<'_>, resource: &Resource, body: &Element) -> Result<Outcome, Error> {
    let Some(collection) = resource.collection().filter(|_| resource.is_collection()) else {
        return match resource.what {
            // A box that nothing has come to yet, or a home: nothing is synchronised there.
            What::Inbox(..) => Ok(Outcome::Reply(Multistatus::new(true).finish())),
            _ => Err(Error::forbidden((DAV, "supported-report"), "this is no collection of resources")),
        };
    };
    if !resource.rights.can_read() {
        return Err(missing(&resource.href, "read"));
    }
    if body.child(DAV, "sync-level").is_some_and(|level| level.text().trim() == "infinite") {
        let reason = "what is inside the members is not told, only they are";
        return Err(Error::forbidden((DAV, "sync-traversal-supported"), reason));
    }
    if context.request.depth(Depth::Zero)? == Depth::Infinity {
        return Err(Error::BadRequest("sync-collection takes the Depth 0".to_owned()));
    }
    let text = body.child(DAV, "sync-token").map(Element::text).unwrap_or_default();
    if text.trim().is_empty() {
        return reply(context, resource, body, None, None).map(Outcome::Reply);
    }
    let token = Token::parse(&text).ok_or_else(invalid)?;
    if token.commit.is_null() {
        return reply(context, resource, body, None, Some(&token)).map(Outcome::Reply);
    }
    if Some(token.commit) == collection.since && token.partial.is_none() {
        return reply(context, resource, body, Some(&Changed::new()), Some(&token)).map(Outcome::Reply);
    }
    Ok(Outcome::History(HistoryQuestion::Sync { collection: Arc::clone(collection), token }))
}

/// The reply, once it is known which members changed; all that are there if nothing is known to the client.
pub fn reply(
    context: &Context<'_>,
    resource: &Resource,
    body: &Element,
    changed: Option<&Changed>,
    token: Option<&Token>,
) -> Result<crate::request::Response, Error> {
    let collection = resource.collection().ok_or(Error::NotFound)?;
    let data = CalendarData::read(body, floating_zone(None, Some(&collection.file))?)?;
    let question = Question::read(Some(body), Some(&data))?;
    let told = token.and_then(|token| token.partial.as_ref()).map(|(_, name)| name.as_str());
    let there = Present { context, resource, collection };
    let names: Vec<&str> = match changed {
        Some(changed) => {
            let told = changed.iter().filter(|(name, was_visible)| there.is_to_be_told(name, **was_visible));
            told.map(|(name, _)| name.as_str()).collect()
        }
        None => {
            collection.members().filter(|member| may_see(resource.rights, member)).map(|member| &*member.name).collect()
        }
    };
    let names: Vec<&str> = names.into_iter().filter(|name| told.is_none_or(|told| *name > told)).collect();
    let limit = limit(body)?;
    let shown = &names[..limit.unwrap_or(usize::MAX).min(names.len())];
    let mut multistatus = Multistatus::new(context.request.wants_minimal());
    let mut buffer = Vec::new();
    for name in shown {
        match there.find(name) {
            Some(found) => {
                let view = View { context, resource: &found };
                multistatus.properties(&view, question.wanted(&view, &mut buffer));
            }
            None => {
                let mut href = resource.href.clone();
                push_segment(&mut href, name);
                multistatus.status(&href, StatusCode::NOT_FOUND);
            }
        }
    }
    if changed.is_none() && told.is_none() {
        folders(context, resource, &question, &mut multistatus);
    }
    let current = collection.since.ok_or_else(|| Error::Internal("the calendar is of no commit".to_owned()))?;
    let target = token.and_then(|token| token.partial.as_ref()).map_or(current, |(target, _)| *target);
    let next = match shown.last().filter(|_| shown.len() < names.len()) {
        Some(last) => {
            multistatus.truncated(&resource.href);
            let seen = token.map_or_else(nothing, |token| token.commit);
            Token { commit: seen, partial: Some((target, (*last).to_owned())) }
        }
        None => Token { commit: target, partial: None },
    };
    multistatus.sync_token(&next.print());
    Ok(multistatus.finish())
}

/// A collection as it is now for whoever asks.
struct Present<'a> {
    context: &'a Context<'a>,
    resource: &'a Resource,
    collection: &'a Arc<Collection>,
}

impl Present<'_> {
    /// A member, or a folder in a folder.
    fn find(&self, name: &str) -> Option<Resource> {
        let member = self.collection.member(name).filter(|member| may_see(self.resource.rights, member));
        member.map(|member| member_resource(self.resource, self.collection, member)).or_else(|| self.folder(name))
    }

    fn folder(&self, name: &str) -> Option<Resource> {
        let world = self.context.world;
        let folder = world.collection(&format!("{}/{name}", self.collection.path))?;
        let rights = Rights::of(world, self.context.login(), folder);
        let mut href = self.resource.href.clone();
        push_segment(&mut href, name);
        href.push('/');
        (rights > Rights::None).then(|| Resource { href, what: What::Collection(Arc::clone(folder)), rights })
    }

    /// A member that is not to be seen is gone for who saw it (RFC 6578 section 3.5.2). Who did not is not to learn its
    /// name now.
    fn is_to_be_told(&self, name: &str, was_visible: bool) -> bool {
        let is_owner = self.resource.rights == Rights::Owner;
        !name.is_empty() && (is_owner || was_visible || self.find(name).is_some())
    }
}

fn nothing() -> ObjectId {
    ObjectId::from_hex(&[b'0'; 40]).expect("these are forty digits")
}

/// Folders in a folder belong to it as well.
fn folders(context: &Context<'_>, resource: &Resource, question: &Question<'_>, multistatus: &mut Multistatus) {
    let mut buffer = Vec::new();
    let inside = children(context.world, context.login(), resource);
    for child in inside.iter().filter(|child| child.is_collection()) {
        let view = View { context, resource: child };
        multistatus.properties(&view, question.wanted(&view, &mut buffer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Server;

    #[test]
    fn what_is_inside_the_members_is_not_asked_for() {
        let mut server = Server::of(&["alice"]);
        let body =
            "<sync-collection xmlns='DAV:'><sync-token/><sync-level>infinite</sync-level><prop/></sync-collection>";
        let reply = server.ask("alice", &format!("REPORT /calendars/alice/work/\n\n{body}"));
        assert_eq!(reply.status, 403);
        assert!(reply.body.contains("sync-traversal-supported"), "{}", reply.body);
    }

    #[test]
    fn tokens_survive_a_round_trip() {
        let commit = ObjectId::from_hex(&[b'a'; 40]).unwrap();
        for partial in [None, Some((commit, "a:b ü.ics".to_owned()))] {
            let token = Token { commit: nothing(), partial };
            assert_eq!(Token::parse(&token.print()).as_ref(), Some(&token));
        }
        assert_eq!(Token::parse("http://example.com/1"), None);
        assert_eq!(Token::parse("urn:gitstead:sync:1"), None);
    }
}
