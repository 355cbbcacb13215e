//! An element of a request's body, its namespaces resolved.

use std::sync::Arc;

use super::super::names::{Name, XML};
use super::Writer;

/// An element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its namespace; empty for none.
    pub namespace: Arc<str>,
    /// Its name.
    pub local: Box<str>,
    /// Namespace, name and value of its attributes.
    pub attributes: Vec<(Arc<str>, Box<str>, String)>,
    /// What is inside.
    pub children: Vec<Node>,
}

/// What can be inside an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Another one.
    Element(Element),
    /// Text, its references resolved.
    Text(String),
}

impl Element {
    /// Namespace and name.
    pub fn name(&self) -> Name<'_> {
        (&self.namespace, &self.local)
    }

    /// Whether it has this name.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.name() == (namespace, local)
    }

    /// The elements inside.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first element of that name inside.
    pub fn child(&self, namespace: &str, local: &str) -> Option<&Element> {
        self.elements().find(|element| element.is(namespace, local))
    }

    /// The elements of that name inside.
    pub fn children_named<'a>(&'a self, namespace: &'a str, local: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |element| element.is(namespace, local))
    }

    /// The text directly inside.
    pub fn text(&self) -> String {
        let texts = self.children.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    /// The value of an attribute without a namespace.
    pub fn attribute(&self, local: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(namespace, name, _)| namespace.is_empty() && **name == *local);
        found.map(|(_, _, value)| value.as_str())
    }

    /// `xml:lang`.
    pub fn language(&self) -> Option<&str> {
        let found = self.attributes.iter().find(|(namespace, name, _)| **namespace == *XML && &**name == "lang");
        found.map(|(_, _, value)| value.as_str())
    }

    /// What is inside, as XML that declares the namespaces it uses.
    pub fn inner_xml(&self) -> String {
        let mut writer = Writer::fragment();
        self.children.iter().for_each(|child| write(&mut writer, child));
        writer.finish()
    }
}

/// Writes without our prefixes, so that the text stands for itself wherever it is put.
fn write(writer: &mut Writer, node: &Node) {
    match node {
        Node::Text(text) => writer.text(text),
        Node::Element(element) => {
            writer.start_foreign(element.name(), &element.attributes);
            element.children.iter().for_each(|child| write(writer, child));
            writer.end_foreign(element.name());
        }
    }
}
