//! The repositories of robur's CalDAV server: its `.prop` files, and in `migration` what becomes of them here.
//!
//! Next to each file `X` lies `X.prop`, in each folder `.prop`: an s-expression that lists properties, `(((NAMESPACE
//! NAME) (ATTRIBUTES CHILDREN)) …)`, with XML as `(Node NAMESPACE NAME ATTRIBUTES CHILDREN)` and `(Pcdata TEXT)`.

mod acl;
mod calendars;
mod layout;
mod migration;
mod principals;
mod properties;
mod sexp;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use sexp::Sexp;

use super::FileError;
use crate::webdav::names::DAV;
use crate::webdav::xml::{Element, Node};

pub use migration::{MigrateError, Report, UNTRANSLATED, migrate};

/// The namespace of what only robur's server has.
const ROBUR: &str = "io:robur:webdav";

/// Versions of the format; before the last one, files do not say when they were modified.
const VERSIONS: [&str; 3] = ["0", "1", "2"];

/// What a `.prop` file says, by namespace and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Properties(BTreeMap<(String, String), Element>);

impl Properties {
    fn parse(text: &[u8]) -> Result<Properties, FileError> {
        let file = sexp::parse(text)?;
        let mut properties = Properties::default();
        for entry in file.list()? {
            let [name, value] = entry.exactly()?;
            let [namespace, local] = name.exactly()?;
            let [attributes, children] = value.exactly()?;
            let (namespace, local) = (namespace.atom()?.to_owned(), local.atom()?.to_owned());
            let element = element(&namespace, &local, attributes, children)?;
            properties.0.insert((namespace, local), element);
        }
        match properties.text(ROBUR, "prop_version") {
            Some(version) if !VERSIONS.contains(&version.as_str()) => {
                Err(file.complain(format!("the version {version:?} of this format is not known")))
            }
            _ => Ok(properties),
        }
    }

    fn get(&self, namespace: &str, local: &str) -> Option<&Element> {
        self.0.get(&(namespace.to_owned(), local.to_owned()))
    }

    fn text(&self, namespace: &str, local: &str) -> Option<String> {
        self.get(namespace, local).map(Element::text)
    }

    /// Whether `DAV:resourcetype` has this element.
    fn is_a(&self, namespace: &str, local: &str) -> bool {
        self.get(DAV, "resourcetype").is_some_and(|types| types.child(namespace, local).is_some())
    }

    /// The principals that a property of hrefs names.
    fn principals(&self, namespace: &str, local: &str) -> Vec<String> {
        let hrefs = self.get(namespace, local).into_iter().flat_map(|element| element.children_named(DAV, "href"));
        hrefs.filter_map(|href| acl::principal_of(&href.text())).collect()
    }
}

fn element(namespace: &str, local: &str, attributes: &Sexp, children: &Sexp) -> Result<Element, FileError> {
    Ok(Element {
        namespace: namespace.into(),
        local: local.into(),
        attributes: attributes.list()?.iter().map(attribute).collect::<Result<_, _>>()?,
        children: children.list()?.iter().map(node).collect::<Result<_, _>>()?,
    })
}

fn attribute(sexp: &Sexp) -> Result<(std::sync::Arc<str>, Box<str>, String), FileError> {
    let [name, value] = sexp.exactly()?;
    let [namespace, local] = name.exactly()?;
    Ok((namespace.atom()?.into(), local.atom()?.into(), value.atom()?.to_owned()))
}

fn node(sexp: &Sexp) -> Result<Node, FileError> {
    match sexp.list()? {
        [kind, text] if kind.atom()? == "Pcdata" => Ok(Node::Text(text.atom()?.to_owned())),
        [kind, namespace, local, attributes, children] if kind.atom()? == "Node" => {
            Ok(Node::Element(element(namespace.atom()?, local.atom()?, attributes, children)?))
        }
        _ => Err(sexp.complain("this is neither a node nor a text of XML")),
    }
}
