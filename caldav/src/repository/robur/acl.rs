//! Access control lists of robur's server, and the shares that they come to here.

use std::fmt;

use percent_encoding::percent_decode_str;

use super::Properties;
use crate::repository::collection::Access;
use crate::webdav::names::{CALDAV, DAV};
use crate::webdav::xml::Element;

/// Privileges that together are `DAV:write`.
const PARTS_OF_WRITE: [&str; 4] = ["write-content", "write-properties", "bind", "unbind"];

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) principal: Principal,
    pub(super) rule: Rule,
}

/// For whom it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Principal {
    /// A user or group.
    Named(String),
    /// Everybody who is logged in, which on that server is everybody.
    All,
    /// Something else, as its element is called.
    Other(String),
}

/// What it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Grant(Vec<String>),
    Deny,
    /// As on another resource.
    Inherited(String),
    Unknown,
}

/// What a grant comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Granted {
    /// None for privileges that give nothing here.
    pub(super) access: Option<Access>,
    /// Whether that is less than it was.
    pub(super) is_less: bool,
    /// Whether it was everything there is.
    pub(super) is_all: bool,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Rule::Grant(privileges) => write!(f, "{} granted to ", privileges.join(", "))?,
            Rule::Deny => f.write_str("what is denied to ")?,
            Rule::Inherited(href) => write!(f, "what {href} grants to ")?,
            Rule::Unknown => f.write_str("what is said of ")?,
        }
        match &self.principal {
            Principal::Named(name) | Principal::Other(name) => f.write_str(name),
            Principal::All => f.write_str("all"),
        }
    }
}

/// The list of a resource.
pub(super) fn entries(properties: &Properties) -> Vec<Entry> {
    let list = properties.get(DAV, "acl").into_iter().flat_map(|acl| acl.children_named(DAV, "ace"));
    list.map(|entry| Entry { principal: principal(entry), rule: rule(entry) }).collect()
}

/// The name in the path or URL of a principal.
pub(super) fn principal_of(href: &str) -> Option<String> {
    let (_, rest) = href.split_once("/principals/")?;
    let name = rest.trim_matches('/');
    let name = percent_decode_str(name).decode_utf8().ok()?;
    (!name.is_empty() && !name.contains('/')).then(|| name.into_owned())
}

/// Never more than was granted: what has no counterpart is less here.
pub(super) fn granted(privileges: &[String]) -> Granted {
    let has = |name: &str| privileges.iter().any(|privilege| privilege == name);
    let is_all = has("all");
    let (read, some_write) = (is_all || has("read"), PARTS_OF_WRITE.iter().any(|part| has(part)));
    let write = is_all || has("write") || PARTS_OF_WRITE.iter().all(|part| has(part));
    let access = match (read, write) {
        (true, true) => Some(Access::ReadWrite),
        (true, false) => Some(Access::Read),
        (false, _) if has("read-free-busy") => Some(Access::FreeBusy),
        (false, _) => None,
    };
    let is_less = (write || some_write) && access != Some(Access::ReadWrite);
    Granted { access, is_less, is_all }
}

fn principal(entry: &Element) -> Principal {
    let Some(inner) = entry.child(DAV, "principal").and_then(|principal| principal.elements().next()) else {
        return Principal::Other("nobody".to_owned());
    };
    match &*inner.local {
        "all" | "authenticated" => Principal::All,
        "href" => principal_of(&inner.text()).map_or_else(|| Principal::Other(inner.text()), Principal::Named),
        other => Principal::Other(other.to_owned()),
    }
}

fn rule(entry: &Element) -> Rule {
    if let Some(grant) = entry.child(DAV, "grant") {
        let privileges = grant.children_named(DAV, "privilege").flat_map(Element::elements);
        let known = privileges.filter(|element| [DAV, CALDAV].contains(&&*element.namespace));
        return Rule::Grant(known.map(|element| element.local.to_string()).collect());
    }
    if entry.child(DAV, "deny").is_some() {
        return Rule::Deny;
    }
    match entry.child(DAV, "inherited").and_then(|inherited| inherited.child(DAV, "href")) {
        Some(href) => Rule::Inherited(href.text()),
        None => Rule::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(privileges: &[&str]) -> (Option<Access>, bool) {
        let granted = granted(&privileges.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        (granted.access, granted.is_less)
    }

    #[test]
    fn nobody_gets_more_than_was_granted() {
        assert_eq!(access(&["all"]), (Some(Access::ReadWrite), false));
        assert_eq!(access(&["read", "write"]), (Some(Access::ReadWrite), false));
        assert_eq!(access(&["read", "read-acl"]), (Some(Access::Read), false));
        assert_eq!(access(&["read", "bind", "unbind"]), (Some(Access::Read), true));
        assert_eq!(
            access(&["read", "write-content", "write-properties", "bind", "unbind"]),
            (Some(Access::ReadWrite), false)
        );
        assert_eq!(access(&["write"]), (None, true));
        assert_eq!(access(&["read-free-busy"]), (Some(Access::FreeBusy), false));
        assert_eq!(access(&["read-acl"]), (None, false));
    }

    #[test]
    fn principals_are_paths_or_urls() {
        assert_eq!(principal_of("/principals/alice/").as_deref(), Some("alice"));
        assert_eq!(principal_of("https://h:1/principals/a%40b").as_deref(), Some("a@b"));
        assert_eq!(principal_of("/principals/"), None);
        assert_eq!(principal_of("/calendars/alice"), None);
    }
}
