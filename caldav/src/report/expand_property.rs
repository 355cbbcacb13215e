//! expand-property (RFC 3253 section 3.8): properties that are references, and properties of what they refer to.

use http::StatusCode;

use crate::context::Context;
use crate::error::Error;
use crate::method::Outcome;
use crate::resource::Resource;
use crate::webdav::multistatus::response;
use crate::webdav::names::{DAV, Name};
use crate::webdav::properties::{View, Wanted};
use crate::webdav::xml::{self, Element, Node, Writer};

/// How far references are followed.
const DEPTH: usize = 4;
/// How many references are followed for one reply.
const REFERENCES: usize = 2000;

/// The reply.
pub fn handle(context: &Context<'_>, resource: &Resource, body: &Element) -> Result<Outcome, Error> {
    let root = (DAV, "multistatus");
    let mut expansion = Expansion { context, xml: Writer::document(root), left: REFERENCES };
    expansion.response(resource, body, 0);
    expansion.xml.end(root);
    Ok(Outcome::Reply(response(StatusCode::MULTI_STATUS, expansion.xml.finish())))
}

struct Expansion<'a> {
    context: &'a Context<'a>,
    xml: Writer,
    left: usize,
}

impl Expansion<'_> {
    fn response(&mut self, resource: &Resource, asked: &Element, depth: usize) {
        let (outer, propstat, prop) = ((DAV, "response"), (DAV, "propstat"), (DAV, "prop"));
        let mut missing = Vec::new();
        self.xml.start(outer);
        self.xml.href(&resource.href);
        self.xml.start(propstat);
        self.xml.start(prop);
        for property in asked.children_named(DAV, "property") {
            let name = (property.attribute("namespace").unwrap_or(DAV), property.attribute("name").unwrap_or_default());
            if !self.property(resource, name, property, depth) {
                missing.push(name);
            }
        }
        self.xml.end(prop);
        self.xml.leaf((DAV, "status"), "HTTP/1.1 200 OK");
        self.xml.end(propstat);
        if !missing.is_empty() {
            self.xml.start(propstat);
            self.xml.start(prop);
            missing.iter().for_each(|name| self.xml.empty(*name));
            self.xml.end(prop);
            self.xml.leaf((DAV, "status"), "HTTP/1.1 404 Not Found");
            self.xml.end(propstat);
        }
        self.xml.end(outer);
    }

    fn property(&mut self, resource: &Resource, name: Name<'_>, asked: &Element, depth: usize) -> bool {
        let element = Element { namespace: name.0.into(), local: name.1.into(), attributes: vec![], children: vec![] };
        let view = View { context: self.context, resource };
        let is_expanded = asked.child(DAV, "property").is_some() && depth < DEPTH;
        if !is_expanded {
            return view.write(&Wanted::of(&element), &mut self.xml);
        }
        let mut alone = Writer::document((DAV, "prop"));
        if !view.write(&Wanted::of(&element), &mut alone) {
            return false;
        }
        alone.end((DAV, "prop"));
        let Ok(value) = xml::parse(alone.finish().as_bytes()) else { return false };
        self.xml.start(name);
        let inside = value.elements().next().map_or(&[][..], |property| &property.children[..]);
        for node in inside {
            let Node::Element(href) = node else { continue };
            match self.context.resource(href.text().trim()).filter(|_| href.is(DAV, "href") && self.left > 0) {
                Some(found) => {
                    self.left -= 1;
                    self.response(&found, asked, depth + 1);
                }
                None => self.xml.leaf(href.name(), &href.text()),
            }
        }
        self.xml.end(name);
        true
    }
}
