//! XML as WebDAV uses it: a request's body becomes a small tree, a reply is written front to back.

mod element;
mod reader;
mod writer;

pub use element::{Element, Node};
pub use reader::{XmlError, parse};
pub use writer::{Writer, escape};
