//! Calendar user addresses (RFC 6638 section 2.4.1): which user has which.
//!
//! A user has the addresses in the user's file, `mailto:NAME@HOST`, and the path of the principal. What is written in
//! capitals is the same address.

use std::collections::BTreeMap;

use crate::context::Context;
use crate::method::acl::principal_name;
use crate::resource::principal_href;

/// All addresses of all users.
#[derive(Clone, Debug)]
pub struct Addresses {
    users: BTreeMap<String, String>,
    hostname: String,
}

impl Addresses {
    /// Those that a world knows.
    pub fn of(context: &Context<'_>) -> Addresses {
        let names: Vec<&str> = context.world.users().map(|(name, _)| name).collect();
        Addresses::of_users(context, &names)
    }

    /// Those of one user, for who need not know whose the others are.
    pub fn of_one(context: &Context<'_>, user: &str) -> Addresses {
        Addresses::of_users(context, &[user])
    }

    fn of_users(context: &Context<'_>, names: &[&str]) -> Addresses {
        let hostname = context.settings.hostname.to_ascii_lowercase();
        let mut users = BTreeMap::new();
        // What is somebody's by name cannot be claimed by a line in somebody else's file.
        for name in names {
            users.insert(principal_href(name), (*name).to_owned());
            users.entry(format!("{}@{hostname}", name.to_ascii_lowercase())).or_insert_with(|| (*name).to_owned());
        }
        for name in names {
            for address in context.addresses(name) {
                users.entry(plain(&address)).or_insert_with(|| (*name).to_owned());
            }
        }
        Addresses { users, hostname }
    }

    /// Whose an address is.
    pub fn user(&self, address: &str) -> Option<&str> {
        let principal = principal_name(address.trim()).map(|name| principal_href(&name));
        let by_path = principal.and_then(|path| self.users.get(&path));
        by_path.or_else(|| self.users.get(&plain(address))).map(String::as_str)
    }

    /// The same text for all addresses of one user, and for all spellings of one address.
    pub fn identity(&self, address: &str) -> String {
        self.user(address).map_or_else(|| plain(address), principal_href)
    }

    /// Whether an address could only be a user's of this server.
    pub fn is_ours(&self, address: &str) -> bool {
        let plain = plain(address);
        plain.rsplit_once('@').is_none_or(|(_, host)| host == self.hostname) || plain.starts_with('/')
    }
}

/// An address without its scheme, in small letters.
fn plain(address: &str) -> String {
    let address = address.trim().to_ascii_lowercase();
    address.strip_prefix("mailto:").unwrap_or(&address).to_owned()
}
