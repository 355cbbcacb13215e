//! Addresses of a branch: `user@host:path#branch`, `ssh://user@host:port/path#branch`, `/path#branch`,
//! `file:///path#branch`.

use std::fmt;
use std::str::FromStr;

use crate::error::AddressError;

const DEFAULT_BRANCH: &str = "main";
const DEFAULT_USER: &str = "git";

/// One branch of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteAddress {
    pub(crate) place: Place,
    branch: String,
}

/// Where the repository is, without its branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Ssh { user: String, host: String, port: u16, path: String },
    Local { path: String },
}

impl RemoteAddress {
    /// The branch's short name, or the full name of a reference outside `refs/heads/`.
    pub fn branch(&self) -> &str {
        &self.branch
    }

    /// The branch's full name.
    pub(crate) fn reference(&self) -> String {
        if self.branch.starts_with("refs/") { self.branch.clone() } else { format!("refs/heads/{}", self.branch) }
    }

    /// Is the repository reached over SSH?
    pub fn is_ssh(&self) -> bool {
        matches!(self.place, Place::Ssh { .. })
    }
}

impl fmt::Display for RemoteAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.place, self.branch)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Local { path } => f.write_str(path),
            Place::Ssh { user, host, port, path } => {
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                if *port == 22 {
                    return write!(f, "{user}@{host}:{path}");
                }
                let path =
                    if path.starts_with('/') { path.clone() } else { format!("/~/{}", path.trim_start_matches("~/")) };
                write!(f, "ssh://{user}@{host}:{port}{path}")
            }
        }
    }
}

impl FromStr for RemoteAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<RemoteAddress, AddressError> {
        parse(text).map_err(|reason| AddressError { text: text.to_owned(), reason })
    }
}

fn parse(text: &str) -> Result<RemoteAddress, &'static str> {
    let (place, branch) = text.rsplit_once('#').unwrap_or((text, DEFAULT_BRANCH));
    if !is_reference_name(branch) {
        return Err("what follows # is not the name of a branch");
    }
    if place.contains(|c: char| c.is_control()) {
        return Err("it has control characters");
    }
    Ok(RemoteAddress { place: parse_place(place)?, branch: branch.to_owned() })
}

fn parse_place(place: &str) -> Result<Place, &'static str> {
    if let Some(path) = place.strip_prefix("file://") {
        return local(path);
    }
    if let Some(rest) = place.strip_prefix("ssh://") {
        return parse_url(rest);
    }
    if place.contains("://") {
        return Err("only ssh:// and file:// are spoken");
    }
    if place.starts_with('/') {
        return local(place);
    }
    let (user, rest) = split_user(place)?;
    let (host, path) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once("]:").ok_or("the address in brackets has no end, or no path follows it")?,
        None => rest.split_once(':').ok_or("it is neither user@host:path, ssh://… nor an absolute path")?,
    };
    ssh(user, host, 22, path)
}

fn local(path: &str) -> Result<Place, &'static str> {
    match path.starts_with('/') {
        true => Ok(Place::Local { path: path.to_owned() }),
        false => Err("a local path must be absolute"),
    }
}

fn parse_url(rest: &str) -> Result<Place, &'static str> {
    let (authority, path) = rest.split_once('/').ok_or("no path follows the host")?;
    let (user, host_port) = split_user(authority)?;
    let (host, port) = match host_port.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or("the address in brackets has no end")?,
        None => match host_port.split_once(':') {
            Some((host, _)) => (host, &host_port[host.len()..]),
            None => (host_port, ""),
        },
    };
    let port = match port.strip_prefix(':') {
        Some(digits) => {
            digits.parse().ok().filter(|port| *port != 0).ok_or("the port is not a number from 1 to 65535")?
        }
        None if port.is_empty() => 22,
        None => return Err("something stands between the host and the path"),
    };
    // As git does: what begins with a tilde is relative to a home directory.
    if path.starts_with('~') { ssh(user, host, port, path) } else { ssh(user, host, port, &format!("/{path}")) }
}

fn split_user(text: &str) -> Result<(&str, &str), &'static str> {
    match text.rsplit_once('@') {
        Some(("", _)) => Err("the user is empty"),
        Some((user, _)) if user.contains(':') => Err("a password does not belong in an address"),
        Some(parts) => Ok(parts),
        None => Ok((DEFAULT_USER, text)),
    }
}

fn ssh(user: &str, host: &str, port: u16, path: &str) -> Result<Place, &'static str> {
    if host.is_empty() || host.starts_with('-') || host.contains(['/', ' ']) {
        return Err("the host is not a name or an address");
    }
    if path.is_empty() || path == "/" {
        return Err("the path is empty");
    }
    if path.starts_with('-') {
        return Err("a path must not begin with a dash");
    }
    Ok(Place::Ssh { user: user.to_owned(), host: host.to_owned(), port, path: path.to_owned() })
}

/// git-check-ref-format(1), for the part after `refs/heads/` or a whole name.
pub(crate) fn is_reference_name(name: &str) -> bool {
    let bad_octet = |c: char| c.is_ascii_control() || " ~^:?*[\\\u{7f}".contains(c);
    let bad_part =
        |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock") || part.ends_with('.');
    name.len() < 250
        && !name.starts_with('-')
        && !name.contains(bad_octet)
        && !name.contains("..")
        && !name.contains("@{")
        && name != "@"
        && !name.split('/').any(bad_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        text.parse::<RemoteAddress>().unwrap().place
    }

    fn remote(user: &str, host: &str, port: u16, path: &str) -> Place {
        Place::Ssh { user: user.into(), host: host.into(), port, path: path.into() }
    }

    #[test]
    fn all_forms_are_read() {
        assert_eq!(place("git@example.org:zones.git"), remote("git", "example.org", 22, "zones.git"));
        assert_eq!(place("git@example.org:/srv/z#live"), remote("git", "example.org", 22, "/srv/z"));
        assert_eq!(place("git@[2001:db8::1]:z"), remote("git", "2001:db8::1", 22, "z"));
        assert_eq!(place("ssh://example.org/srv/z"), remote("git", "example.org", 22, "/srv/z"));
        assert_eq!(place("ssh://me@[::1]:2222/~/z#x/y"), remote("me", "::1", 2222, "~/z"));
        assert_eq!(place("ssh://me@h:2222/~other/z"), remote("me", "h", 2222, "~other/z"));
        assert_eq!(place("/srv/z#b"), Place::Local { path: "/srv/z".into() });
        assert_eq!(place("file:///srv/z"), Place::Local { path: "/srv/z".into() });
    }

    #[test]
    fn the_branch_is_main_unless_named() {
        let reference = |text: &str| text.parse::<RemoteAddress>().unwrap().reference();
        assert_eq!(reference("git@h:z"), "refs/heads/main");
        assert_eq!(reference("git@h:z#a/b"), "refs/heads/a/b");
        assert_eq!(reference("git@h:z#refs/notes/x"), "refs/notes/x");
    }

    #[test]
    fn what_is_printed_is_read_again() {
        for text in ["git@h:z#main", "git@[::1]:/z#b", "ssh://me@h:2222/~/z#main", "ssh://me@h:2222/z#main", "/z#main"]
        {
            let address: RemoteAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn errors_say_what_is_wrong() {
        for (text, part) in [
            ("https://h/z", "only ssh"),
            ("zones", "neither"),
            ("git@h:", "path is empty"),
            ("git@h:z#", "branch"),
            ("git@h:z#a..b", "branch"),
            ("ssh://h:99999/z", "port"),
            ("ssh://h", "no path"),
            ("git:secret@h:z", "password"),
            ("git@h:-x", "dash"),
        ] {
            let error = text.parse::<RemoteAddress>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
