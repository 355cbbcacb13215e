//! OPTIONS: what this server can do (RFC 4918 section 10.1).

use http::{HeaderValue, StatusCode};

use super::plain;
use crate::request::Response;

/// The methods.
pub const ALLOW: &str = "OPTIONS, GET, HEAD, PUT, DELETE, POST, PROPFIND, PROPPATCH, MKCOL, MKCALENDAR, COPY, MOVE, LOCK, UNLOCK, REPORT, ACL";

/// The classes of WebDAV, and of what stands on it. Each is announced because it works: clients stop doing for
/// themselves what a server says it does.
pub const DAV: &str = "1, 2, 3, access-control, extended-mkcol, add-member, calendar-access, calendar-auto-schedule, \
                       calendar-availability, calendar-no-timezone, calendarserver-sharing, calendarserver-subscribed, \
                       calendarserver-principal-property-search";

/// The reply, whatever is at the path.
pub fn response() -> Response {
    let mut response = plain(StatusCode::OK);
    response.headers_mut().insert("allow", HeaderValue::from_static(ALLOW));
    response.headers_mut().insert("dav", HeaderValue::from_static(DAV));
    response
}
