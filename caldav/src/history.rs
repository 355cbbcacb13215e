//! Questions that older commits answer: what changed since a sync token, which versions there were of an event (RFC
//! 3253), what one of them said.
//!
//! A version of a resource is its path with `?version=COMMIT`. The questions are plain values; [`crate::service`]
//! looks them up.

use std::sync::Arc;

use gitstore::ObjectId;

use crate::context::Context;
use crate::error::Error;
use crate::method::missing;
use crate::report::sync::{Token, limit};
use crate::request::Depth;
use crate::resource::{Found, Path, Resource, What};
use crate::webdav::names::DAV;
use crate::webdav::xml::Element;
use crate::world::Collection;

/// Versions that are told at most.
const MOST: usize = 100;

/// A question about older commits.
#[derive(Clone, Debug)]
pub enum Question {
    /// What has changed since a token.
    Sync {
        /// Where.
        collection: Arc<Collection>,
        /// Since when.
        token: Token,
    },
    /// An older version.
    Version {
        /// The file.
        path: String,
        /// The commit.
        commit: ObjectId,
    },
    /// All versions.
    Versions {
        /// The path in URLs of the resource.
        href: String,
        /// The file, or the directory.
        path: String,
        /// Whether it is a calendar, and the versions are its members'.
        is_calendar: bool,
        /// How many.
        limit: usize,
        /// The properties that are asked for.
        properties: Vec<(String, String)>,
    },
}

impl Question {
    /// A version of what is, or was, at the request's path.
    pub fn version(context: &Context<'_>, version: &str) -> Result<Question, Error> {
        let commit = ObjectId::from_hex(version.as_bytes()).map_err(|_| Error::NotFound)?;
        let path = match context.find(&Path::parse(&context.request.path)?) {
            Found::Resource(Resource { what: What::Member(collection, member), rights, href }) => {
                // What was public once may have become private since, and the other way round.
                if rights != crate::webdav::access::Rights::Owner {
                    return Err(missing(&href, "read"));
                }
                format!("{}/{}", collection.path, member.name)
            }
            Found::Free(place) if place.rights == crate::webdav::access::Rights::Owner => place.path(),
            _ => return Err(Error::NotFound),
        };
        Ok(Question::Version { path, commit })
    }

    /// The versions of a resource.
    pub fn versions(context: &Context<'_>, resource: &Resource, body: &Element) -> Result<Question, Error> {
        let limit = limit(body)?.unwrap_or(MOST).min(MOST);
        if resource.rights != crate::webdav::access::Rights::Owner {
            return Err(missing(&resource.href, "read"));
        }
        let (path, is_calendar) = match &resource.what {
            What::Member(collection, member) => (format!("{}/{}", collection.path, member.name), false),
            What::Collection(collection) if context.request.depth(Depth::Zero)? != Depth::Infinity => {
                (collection.path.to_string(), true)
            }
            _ => return Err(Error::forbidden((DAV, "supported-report"), "there are no versions of this")),
        };
        let asked = body.child(DAV, "prop").map(Element::elements).into_iter().flatten();
        let properties = asked.map(|element| (element.namespace.to_string(), element.local.to_string())).collect();
        Ok(Question::Versions { href: resource.href.clone(), path, is_calendar, limit, properties })
    }
}
