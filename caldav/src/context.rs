//! What a request is answered with: who asks, in which world, and what the server was told at its start.

use crate::request::Request;
use crate::resource::{self, Found, Path, Resource};
use crate::webdav::access::Login;
use crate::webdav::lock::Locks;
use crate::world::{Parser, World};

/// What the server was told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server's name, also behind the `@` of users who have no address.
    pub hostname: String,
    /// The longest body of a member, in octets.
    pub max_resource_size: usize,
    /// Octets that the calendars of one user may have.
    pub quota: u64,
    /// The remote repository, for the administrator.
    pub remote: String,
    /// Whether subscriptions may be in private networks.
    pub subscribes_to_private: bool,
}

/// How the repository is doing, for the administrator.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Did the last attempt reach the remote?
    pub is_reachable: bool,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When a pull last succeeded, in unix seconds.
    pub last_pull: Option<u64>,
    /// When a push last succeeded, in unix seconds.
    pub last_push: Option<u64>,
}

/// What a request is answered with.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What the repository says.
    pub world: &'a World,
    /// The request.
    pub request: &'a Request,
    /// What is locked.
    pub locks: &'a Locks,
    /// Parses objects.
    pub parser: &'a Parser,
    /// What the server was told.
    pub settings: &'a Settings,
    /// How the repository is doing.
    pub health: &'a Health,
}

impl<'a> Context<'a> {
    /// Who asks.
    pub fn login(&self) -> &'a Login {
        &self.request.login
    }

    /// What is at a path.
    pub fn find(&self, path: &Path) -> Found {
        resource::find(self.world, self.login(), path)
    }

    /// The resource at the text of a path, if there is one to be seen.
    pub fn resource(&self, path: &str) -> Option<Resource> {
        match self.find(&Path::parse(path).ok()?) {
            Found::Resource(resource) => Some(resource),
            Found::Free(_) | Found::Nowhere => None,
        }
    }

    /// The calendar user addresses of somebody, the preferred one first, as `mailto:`.
    pub fn addresses(&self, user: &str) -> Vec<String> {
        let emails = self.world.user(user).map_or(&[][..], |user| &user.email);
        let own = format!("mailto:{}", address_of(user, &self.settings.hostname));
        let mut all: Vec<String> = emails.iter().map(|email| format!("mailto:{email}")).collect();
        if !all.iter().any(|address| address.eq_ignore_ascii_case(&own)) {
            all.push(own);
        }
        all
    }
}

/// The address of a user who gave none: the name, where it is one already.
pub fn address_of(user: &str, hostname: &str) -> String {
    if user.contains('@') { user.to_owned() } else { format!("{user}@{hostname}") }
}
