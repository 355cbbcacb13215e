//! `DAV:multistatus` (RFC 4918 section 13): responses, each with its properties by status.

use bytes::Bytes;
use http::StatusCode;

use super::names::{DAV, GITSTEAD};
use super::properties::{View, Wanted};
use super::xml::Writer;
use crate::error::Error;
use crate::request::Response;

/// A multistatus that is being written.
#[derive(Debug)]
pub struct Multistatus {
    xml: Writer,
    /// Properties that are not there are left out (RFC 8144).
    minimal: bool,
}

/// Octets of a reply: far more than clients take at once, far less than there is memory.
const MOST: usize = 64 << 20;

const ROOT: (&str, &str) = (DAV, "multistatus");
const RESPONSE: (&str, &str) = (DAV, "response");
const PROPSTAT: (&str, &str) = (DAV, "propstat");
const PROP: (&str, &str) = (DAV, "prop");

impl Multistatus {
    /// One without responses.
    pub fn new(minimal: bool) -> Multistatus {
        Multistatus { xml: Writer::document(ROOT), minimal }
    }

    /// A resource's properties; nothing once the reply is too large.
    pub fn properties(&mut self, view: &View<'_>, wanted: &[Wanted<'_>]) {
        if self.is_too_large() {
            return;
        }
        let xml = &mut self.xml;
        xml.start(RESPONSE);
        xml.href(&view.resource.href);
        xml.start(PROPSTAT);
        xml.start(PROP);
        let missing: Vec<&Wanted<'_>> = wanted.iter().filter(|wanted| !view.write(wanted, xml)).collect();
        xml.end(PROP);
        status(xml, StatusCode::OK);
        xml.end(PROPSTAT);
        if !missing.is_empty() && !self.minimal {
            xml.start(PROPSTAT);
            xml.start(PROP);
            missing.iter().for_each(|wanted| xml.empty(wanted.name()));
            xml.end(PROP);
            status(xml, StatusCode::NOT_FOUND);
            xml.end(PROPSTAT);
        }
        xml.end(RESPONSE);
    }

    /// The names of a resource's properties.
    pub fn names(&mut self, view: &View<'_>, wanted: &[Wanted<'_>]) {
        let xml = &mut self.xml;
        xml.start(RESPONSE);
        xml.href(&view.resource.href);
        xml.start(PROPSTAT);
        xml.start(PROP);
        wanted.iter().for_each(|wanted| xml.empty(wanted.name()));
        xml.end(PROP);
        status(xml, StatusCode::OK);
        xml.end(PROPSTAT);
        xml.end(RESPONSE);
    }

    /// What became of single properties: the same status for each group.
    pub fn outcome(&mut self, href: &str, groups: &[(StatusCode, Vec<super::names::Name<'_>>, Option<Error>)]) {
        let xml = &mut self.xml;
        xml.start(RESPONSE);
        xml.href(href);
        for (code, names, error) in groups.iter().filter(|(_, names, _)| !names.is_empty()) {
            xml.start(PROPSTAT);
            xml.start(PROP);
            names.iter().for_each(|name| xml.empty(*name));
            xml.end(PROP);
            status(xml, *code);
            error.iter().for_each(|error| write_error(xml, error));
            xml.end(PROPSTAT);
        }
        xml.end(RESPONSE);
    }

    /// A resource's status.
    pub fn status(&mut self, href: &str, code: StatusCode) {
        self.xml.start(RESPONSE);
        self.xml.href(href);
        status(&mut self.xml, code);
        self.xml.end(RESPONSE);
    }

    /// A resource that could not be dealt with.
    pub fn error(&mut self, href: &str, error: &Error) {
        self.xml.start(RESPONSE);
        self.xml.href(href);
        status(&mut self.xml, error.status());
        write_error(&mut self.xml, error);
        self.xml.end(RESPONSE);
    }

    /// More than was asked for (RFC 6578 section 3.6).
    pub fn truncated(&mut self, href: &str) {
        self.xml.start(RESPONSE);
        self.xml.href(href);
        status(&mut self.xml, StatusCode::INSUFFICIENT_STORAGE);
        self.xml.start((DAV, "error"));
        self.xml.empty((DAV, "number-of-matches-within-limits"));
        self.xml.end((DAV, "error"));
        self.xml.end(RESPONSE);
    }

    /// The token with which to go on (RFC 6578).
    pub fn sync_token(&mut self, token: &str) {
        self.xml.leaf((DAV, "sync-token"), token);
    }

    fn is_too_large(&self) -> bool {
        self.xml.len() > MOST
    }

    /// The reply; an error where it would be too large.
    pub fn finish(mut self) -> Response {
        if self.is_too_large() {
            return Error::beyond_limits(format!("the reply would have more than {} MiB", MOST >> 20)).response();
        }
        self.xml.end(ROOT);
        response(StatusCode::MULTI_STATUS, self.xml.finish())
    }
}

/// A reply with an XML body.
pub fn response(status: StatusCode, xml: String) -> Response {
    http::Response::builder()
        .status(status)
        .header("content-type", "application/xml; charset=utf-8")
        .body(Bytes::from(xml))
        .expect("these are header fields")
}

fn status(xml: &mut Writer, code: StatusCode) {
    let name = (DAV, "status");
    xml.start(name);
    match code {
        StatusCode::OK => xml.raw("HTTP/1.1 200 OK"),
        other => xml.text(&format!("HTTP/1.1 {} {}", other.as_u16(), other.canonical_reason().unwrap_or("Error"))),
    }
    xml.end(name);
}

fn write_error(xml: &mut Writer, error: &Error) {
    let name = (DAV, "error");
    xml.start(name);
    error.write_condition(xml);
    xml.leaf((GITSTEAD, "reason"), &error.to_string());
    xml.end(name);
}
