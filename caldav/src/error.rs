//! Everything that can go wrong with a request, and its one mapping to HTTP.

use bytes::Bytes;
use http::StatusCode;

use crate::request::Response;
use crate::webdav::names::{CALDAV, DAV, GITSTEAD, Name};
use crate::webdav::xml::{Writer, XmlError};

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The client's: what it sent makes no sense.
    #[error("{0}")]
    BadRequest(String),
    /// The client's: its body is no XML that we take.
    #[error("{0}")]
    Xml(#[from] XmlError),
    /// The client's: nothing is there, or nothing that it may see.
    #[error("there is nothing here")]
    NotFound,
    /// The client's: this cannot be done with what is there.
    #[error("{method} cannot be done with {what}")]
    NotAllowed {
        /// The method.
        method: String,
        /// With what.
        what: &'static str,
    },
    /// The client's: it lacks a privilege (RFC 3744 section 7.1.1).
    #[error("the privilege {privilege} on {href} is missing")]
    Forbidden {
        /// The resource.
        href: String,
        /// The privilege.
        privilege: &'static str,
    },
    /// The client's: a named condition does not hold (RFC 4918 section 16).
    #[error("{reason}")]
    Condition {
        /// 403, or 409 where it may hold another time.
        status: StatusCode,
        /// The condition.
        name: Name<'static>,
        /// A path that the condition names.
        href: Option<String>,
        /// In words.
        reason: String,
    },
    /// The client's: the collection it should be in is not there.
    #[error("the collection above is not there")]
    NoParent,
    /// The client's: somebody else was first, or its condition does not hold.
    #[error("{0}")]
    PreconditionFailed(String),
    /// The client's: the resource is locked.
    #[error("{href} is locked")]
    Locked {
        /// What is locked.
        href: String,
    },
    /// The client's: too much.
    #[error("{0}")]
    TooLarge(String),
    /// The client's: a media type that we do not take.
    #[error("the body is {0}, which is not taken here")]
    MediaType(String),
    /// The operator's: a file in the repository is broken and would be lost.
    #[error("{path} in the repository cannot be read and must be mended first: {reason}")]
    Broken {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The environment's: the remote has not taken it.
    #[error("nothing was changed, since the repository cannot be written now: {0}")]
    RemoteDown(String),
    /// The operator's: the remote refuses.
    #[error("nothing was changed, since the repository refuses it: {0}")]
    Refused(String),
    /// The environment's: nobody knows whether the remote took it.
    #[error("it is not known whether the repository has taken the change: {0}")]
    Unknown(String),
    /// Ours.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// A condition that does not hold and will not.
    pub fn forbidden(name: Name<'static>, reason: impl Into<String>) -> Error {
        Error::Condition { status: StatusCode::FORBIDDEN, name, href: None, reason: reason.into() }
    }

    /// A condition that does not hold now.
    pub fn conflict(name: Name<'static>, reason: impl Into<String>) -> Error {
        Error::Condition { status: StatusCode::CONFLICT, name, href: None, reason: reason.into() }
    }

    /// A condition of CalDAV on what was sent.
    pub fn caldav(name: &'static str, reason: impl Into<String>) -> Error {
        Error::forbidden((CALDAV, name), reason)
    }

    /// A question whose answer would take more time or room than one may (RFC 4791 section 7.8).
    pub fn beyond_limits(reason: impl Into<String>) -> Error {
        let (status, name) = (StatusCode::INSUFFICIENT_STORAGE, (DAV, "number-of-matches-within-limits"));
        Error::Condition { status, name, href: None, reason: reason.into() }
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        match self {
            Error::BadRequest(_) | Error::Xml(_) => StatusCode::BAD_REQUEST,
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::NotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Error::Forbidden { .. } | Error::Refused(_) => StatusCode::FORBIDDEN,
            Error::Condition { status, .. } => *status,
            Error::NoParent | Error::Broken { .. } => StatusCode::CONFLICT,
            Error::PreconditionFailed(_) => StatusCode::PRECONDITION_FAILED,
            Error::Locked { .. } => StatusCode::LOCKED,
            Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Error::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Error::RemoteDown(_) | Error::Unknown(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The reply: always a `DAV:error` with the reason in words, so that a person sees it in whatever client.
    pub fn response(&self) -> Response {
        let mut response = http::Response::builder()
            .status(self.status())
            .header("content-type", "application/xml; charset=utf-8")
            .body(Bytes::from(self.body()))
            .expect("these are header fields");
        let headers = response.headers_mut();
        if let Error::RemoteDown(_) | Error::Unknown(_) = self {
            headers.insert("retry-after", http::HeaderValue::from_static("30"));
        }
        if let Error::NotAllowed { .. } = self {
            headers.insert("allow", http::HeaderValue::from_static(crate::method::options::ALLOW));
        }
        response
    }

    fn body(&self) -> String {
        let root = (DAV, "error");
        let mut xml = Writer::document(root);
        self.write_condition(&mut xml);
        xml.leaf((GITSTEAD, "reason"), &self.to_string());
        xml.end(root);
        xml.finish()
    }

    /// The element that names the condition, where there is one.
    pub fn write_condition(&self, xml: &mut Writer) {
        match self {
            Error::Forbidden { href, privilege } => {
                let (need, resource, name) = ((DAV, "need-privileges"), (DAV, "resource"), (DAV, "privilege"));
                xml.start(need);
                xml.start(resource);
                xml.href(href);
                xml.start(name);
                xml.empty((DAV, privilege));
                xml.end(name);
                xml.end(resource);
                xml.end(need);
            }
            Error::Condition { name, href: Some(href), .. } => {
                xml.start(*name);
                xml.href(href);
                xml.end(*name);
            }
            Error::Condition { name, href: None, .. } => xml.empty(*name),
            Error::Locked { href } => {
                let name = (DAV, "lock-token-submitted");
                xml.start(name);
                xml.href(href);
                xml.end(name);
            }
            _ => {}
        }
    }
}
