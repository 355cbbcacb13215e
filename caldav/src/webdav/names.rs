//! XML namespaces, and the prefixes under which we write them.

/// WebDAV (RFC 4918).
pub const DAV: &str = "DAV:";
/// CalDAV (RFC 4791).
pub const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
/// Apple's calendar server.
pub const CALENDAR_SERVER: &str = "http://calendarserver.org/ns/";
/// Apple's calendars.
pub const APPLE: &str = "http://apple.com/ns/ical/";
/// What only we have.
pub const GITSTEAD: &str = "urn:gitstead:caldav";
/// The namespace of `xml:lang`, which is bound to `xml` always.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The namespaces that the root element of each reply declares.
pub const PREFIXES: [(&str, &str); 5] =
    [("D", DAV), ("C", CALDAV), ("CS", CALENDAR_SERVER), ("A", APPLE), ("G", GITSTEAD)];

/// A name and its namespace.
pub type Name<'a> = (&'a str, &'a str);
